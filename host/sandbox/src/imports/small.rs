//! `timers`, `log`, `config` and the empty host of `types`.

use std::time::Duration;

use crate::bindings::{config, log, timers, types};
use crate::limits::LOG_LINE_BYTES_MAX;
use crate::state::GuestState;

impl types::Host for GuestState {}

impl timers::Host for GuestState {
    fn set(&mut self, ms: u32, repeat: bool) -> wasmtime::Result<Result<u32, types::Failure>> {
        let delay = Duration::from_millis(ms.into());
        let set = match &self.chat {
            Some(chat) => chat.lock().set_timer(delay, repeat),
            None => self.call()?.lock().set_timer(delay, repeat),
        };
        Ok(set.map_err(Into::into))
    }

    fn cancel(&mut self, id: u32) -> wasmtime::Result<()> {
        match &self.chat {
            Some(chat) => chat.lock().cancel_timer(id),
            None => self.call()?.lock().cancel_timer(id),
        }
        Ok(())
    }
}

impl log::Host for GuestState {
    fn log(&mut self, level: log::Level, mut message: String) -> wasmtime::Result<()> {
        if !self.voice.admit() {
            return Ok(());
        }
        message.truncate(message.floor_char_boundary(LOG_LINE_BYTES_MAX));
        self.voice.span().in_scope(|| match level {
            log::Level::Trace => tracing::trace!(target: "handler", "{message}"),
            log::Level::Debug => tracing::debug!(target: "handler", "{message}"),
            log::Level::Info => tracing::info!(target: "handler", "{message}"),
            log::Level::Warn => tracing::warn!(target: "handler", "{message}"),
            // Only what the operator of the host must act on is an ERROR. A field `level` would stand twice in a JSON line.
            log::Level::Error => tracing::warn!(target: "handler", handler_level = "error", "{message}"),
        });
        Ok(())
    }
}

impl config::Host for GuestState {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.config.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone()))
    }

    fn all(&mut self) -> wasmtime::Result<Vec<types::Field>> {
        Ok(super::convert::fields(&self.config))
    }
}

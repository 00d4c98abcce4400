//! `events`: the only place where a handler waits.

use std::future::poll_fn;
use std::time::Duration;

use crate::bindings::{events, types};
use crate::state::GuestState;
use crate::wait::Waited;

impl events::Host for GuestState {
    async fn next(&mut self) -> wasmtime::Result<Option<types::Event>> {
        Ok(match self.wait(None).await? {
            Waited::Event(event) => Some(event.into()),
            Waited::TimedOut | Waited::Over => None,
        })
    }

    async fn next_within(&mut self, ms: u32) -> wasmtime::Result<events::Waited> {
        Ok(match self.wait(Some(Duration::from_millis(ms.into()))).await? {
            Waited::Event(event) => events::Waited::Event(event.into()),
            Waited::TimedOut => events::Waited::TimedOut,
            Waited::Over => events::Waited::Over,
        })
    }
}

impl GuestState {
    async fn wait(&mut self, within: Option<Duration>) -> wasmtime::Result<Waited<call::Event>> {
        let call = self.call()?;
        let register = self.awaits;
        call.begin_wait(within);
        Ok(poll_fn(|cx| call.poll_wait(cx, register)).await)
    }
}

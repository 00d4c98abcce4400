//! `playout`: the outgoing audio. `play` and `play-samples` are bound by hand, see [`super::by_hand`].

use crate::bindings::{playout, types};
use crate::state::GuestState;

impl playout::Host for GuestState {
    fn play(&mut self, pcm: Vec<u8>) -> wasmtime::Result<Result<types::Ledger, types::Failure>> {
        if let Some(full) = self.full(pcm.len()) {
            return Ok(Err(full.into()));
        }
        let played = self.call()?.lock().play(&pcm);
        Ok(played.map(Into::into).map_err(Into::into))
    }

    fn play_samples(&mut self, samples: Vec<i16>) -> wasmtime::Result<Result<types::Ledger, types::Failure>> {
        if let Some(full) = self.full(2 * samples.len()) {
            return Ok(Err(full.into()));
        }
        let played = self.call()?.lock().play_samples(&samples);
        Ok(played.map(Into::into).map_err(Into::into))
    }

    fn mark(&mut self, name: String) -> wasmtime::Result<Result<(), types::Failure>> {
        let marked = self.call()?.lock().mark(&name);
        Ok(marked.map_err(Into::into))
    }

    fn flush(&mut self) -> wasmtime::Result<()> {
        self.call()?.lock().flush();
        Ok(())
    }

    fn clear(&mut self) -> wasmtime::Result<types::Ledger> {
        Ok(self.call()?.lock().clear().into())
    }

    fn notify_below(&mut self, samples: u64) -> wasmtime::Result<()> {
        self.call()?.lock().notify_below(samples);
        Ok(())
    }

    fn position(&mut self) -> wasmtime::Result<types::Ledger> {
        Ok(self.call()?.lock().position().into())
    }
}

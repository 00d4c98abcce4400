//! `events`: the only place where a handler waits.

use std::future::poll_fn;
use std::time::Duration;

use crate::bindings::{events, types};
use crate::prefetch::{Near, Piece};
use crate::state::GuestState;
use crate::wait::Waited;

/// What the engine polls while a guest waits has about so many bytes on each side of the call's name.
const WAIT_BYTES: usize = 64;

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
        // The call's name stands in what is polled then, which the engine keeps apart.
        call.begin_wait(
            within,
            Near { state: Piece::of(self), wait: Piece::of(&call).widened(WAIT_BYTES), ..Near::default() },
        );
        Ok(poll_fn(|cx| call.poll_wait(cx, register)).await)
    }
}

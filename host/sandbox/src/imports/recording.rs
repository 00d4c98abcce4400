//! `recording`: for guests whose plugin has the grant. Each function waits for the host's disk, and only its guest waits.

use std::sync::Arc;

use call::{Failure, RecordingStore, Side, code};

use super::granted::{Granted, not_granted};
use crate::bindings::recording;
use crate::shared::SharedCall;
use crate::state::GuestState;

impl recording::Host for GuestState {
    async fn start(&mut self, side: String) -> Granted<String> {
        let Some((store, call)) = self.recorder()? else { return not_granted("recording") };
        let Some(side) = Side::from_name(&side) else {
            let message = "there is no such side: heard, said, both and legs can be recorded";
            return Ok(Err(Failure::new(code::INVALID, message).into()));
        };
        Ok(call.start_recording(&*store, side).await.map_err(Into::into))
    }

    async fn stop(&mut self) -> Granted<()> {
        let Some((_, call)) = self.recorder()? else { return not_granted("recording") };
        Ok(call.stop_recording().await.map_err(Into::into))
    }

    async fn play(&mut self, reference: String) -> Granted<()> {
        let Some((store, call)) = self.recorder()? else { return not_granted("recording") };
        let memory = &mut self.memory;
        let admit = |bytes, queued| memory.admits_audio(bytes, || queued);
        Ok(call.play_recording(&*store, &reference, admit).await.map_err(Into::into))
    }

    async fn delete(&mut self, reference: String) -> Granted<()> {
        let Some((store, call)) = self.recorder()? else { return not_granted("recording") };
        Ok(call.delete_recording(&*store, &reference).await.map_err(Into::into))
    }
}

impl GuestState {
    /// `None` without the grant.
    fn recorder(&self) -> wasmtime::Result<Option<(Arc<dyn RecordingStore>, SharedCall)>> {
        let Some(store) = &self.recordings else { return Ok(None) };
        Ok(Some((store.clone(), self.call()?.clone())))
    }
}

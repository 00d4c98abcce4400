//! A guest's recording, between the call's tape and the host's store.
//!
//! The call's task hands on what the tape has in its turns and never waits. The guest waits for the disk when it starts,
//! stops, plays or deletes: it alone, while its call goes on.

use call::{Failure, RecordingSink, RecordingStore, RecordingTrouble, Side, code};

use tracing::Span;

use crate::shared::{Desk, SharedCall};

/// What a guest records. One at a time.
pub(crate) enum Recording {
    /// The tape runs, the file is being made.
    Starting,
    /// Both run; or, when the recording ended before the guest stopped it, the sink alone.
    Running(Running),
}

pub(crate) struct Running {
    sink: Box<dyn RecordingSink>,
    /// The operator was told why it ended.
    told: bool,
    /// Where its lines belong.
    span: Span,
}

impl SharedCall {
    /// Starts a recording: the tape at once, so that nothing is missing, then its file.
    pub(crate) async fn start_recording(&self, store: &dyn RecordingStore, side: Side) -> Result<String, Failure> {
        let format = {
            let mut desk = self.desk();
            if desk.recording.is_some() {
                return Err(Failure::new(code::NOT_NOW, "a recording is under way: stop it first"));
            }
            let format = desk.call.start_tape(side)?;
            desk.recording = Some(Recording::Starting);
            format
        };
        let created = self.paused(store.create(format)).await;
        let mut desk = self.desk();
        match created {
            Ok((reference, sink)) => {
                desk.recording = Some(Recording::Running(Running { sink, told: false, span: self.span().clone() }));
                Ok(reference)
            }
            Err(failure) => {
                desk.recording = None;
                desk.call.stop_tape();
                drop(desk);
                self.span().in_scope(|| {
                    tracing::warn!(code = %failure.code, "a recording did not start: {}", failure.message);
                });
                Err(failure)
            }
        }
    }

    /// Ends the recording, and waits until it is on the disk.
    pub(crate) async fn stop_recording(&self) -> Result<(), Failure> {
        let Some(Running { sink, told, span }) = self.desk().take_recording() else {
            return Err(Failure::new(code::NOT_NOW, "nothing is recorded"));
        };
        let stopped = self.paused(sink.finish()).await;
        if let Err(failure) = &stopped
            && !told
        {
            span.in_scope(|| warn_of(failure));
        }
        stopped
    }

    /// Queues a recording for playout, whole or not at all. `admit` says whether its bytes may be added to those that wait.
    pub(crate) async fn play_recording(
        &self,
        store: &dyn RecordingStore,
        reference: &str,
        admit: impl FnOnce(usize, usize) -> bool,
    ) -> Result<(), Failure> {
        let (room, sample_rate_hz) = {
            let desk = self.desk();
            (desk.call.playout_room()?, desk.call.info().sample_rate_hz)
        };
        let samples = self.paused(store.read(reference, sample_rate_hz, room)).await?;
        let mut call = self.lock();
        if !admit(2 * samples.len(), call.queued_bytes()) {
            return Err(Failure::new(code::FULL, "the tenant's guests have all the memory that they may have"));
        }
        call.play_samples(&samples).map(drop)
    }

    /// Removes a recording.
    pub(crate) async fn delete_recording(&self, store: &dyn RecordingStore, reference: &str) -> Result<(), Failure> {
        self.paused(store.delete(reference)).await
    }

    /// Ends what is recorded; nobody waits for it.
    pub(crate) fn drop_recording(&self) {
        // Dropped outside of the lock: where there is no thread left to write, it is written here.
        let recording = self.desk().take_recording();
        drop(recording);
    }
}

impl Desk {
    /// Hands on what the tape has, and tells what went wrong. One branch while nothing is recorded.
    pub(crate) fn hand_on_recording(&mut self) {
        let Some(Recording::Running(running)) = &mut self.recording else {
            return;
        };
        if let Some(pcm) = self.call.poll_tape() {
            running.sink.write(pcm);
        }
        while let Some(RecordingTrouble { failure, over }) = running.sink.trouble() {
            running.span.in_scope(|| warn_of(&failure));
            self.call.handle_warning(failure);
            if over {
                running.told = true;
                self.call.stop_tape();
            }
        }
    }

    /// The recording with all that is on the tape, out of the desk.
    fn take_recording(&mut self) -> Option<Running> {
        let recording = self.recording.take();
        let rest = self.call.stop_tape();
        let Some(Recording::Running(mut running)) = recording else {
            return None;
        };
        if let Some(rest) = rest {
            running.sink.write(rest);
        }
        Some(running)
    }
}

fn warn_of(failure: &Failure) {
    tracing::warn!(code = %failure.code, "a recording has trouble: {}", failure.message);
}

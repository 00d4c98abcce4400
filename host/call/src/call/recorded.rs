//! What is recorded of a call: the tape that its task empties. Files are no business of this crate.

use super::Call;
use crate::failure::code;
use crate::tape::{LEGS, Tape};
use crate::{Failure, RecordingFormat, Side, State};

impl Call {
    /// Begins to record, and says in which format. Whoever begins it sees to it that [`poll_tape`](Call::poll_tape) is
    /// called in every turn.
    ///
    /// # Errors
    /// `NOT_NOW` while something is recorded; `NOT_SUPPORTED` for the legs of a call that has none; `ENDED` after the end.
    pub fn start_tape(&mut self, side: Side) -> Result<RecordingFormat, Failure> {
        if self.state == State::Ended {
            return Err(Failure::ended());
        }
        if self.tape.is_some() {
            return Err(Failure::new(code::NOT_NOW, "a recording is under way: stop it first"));
        }
        if side == Side::Legs && !self.info.channels.iter().any(|channel| LEGS.contains(channel)) {
            let message = "the legs of this call do not come apart: its connector has audio_mode = \"mixed\"";
            return Err(Failure::new(code::NOT_SUPPORTED, message));
        }
        let sample_rate_hz = u64::from(self.info.sample_rate_hz.max(1));
        let tape = self.tape.insert(Box::new(Tape::new(side, sample_rate_hz, self.now)));
        Ok(tape.format())
    }

    /// What is certain of the recording, about once a second.
    pub fn poll_tape(&mut self) -> Option<Vec<u8>> {
        self.tape.as_mut()?.take_batch(self.now)
    }

    /// Stops recording, and gives what was not handed out. `None` when nothing is recorded.
    pub fn stop_tape(&mut self) -> Option<Vec<u8>> {
        let tape = self.tape.take()?;
        self.stats.tape_lost += tape.lost();
        Some(tape.take_rest(self.now))
    }

    /// Bytes of audio that wait for the carrier.
    pub fn queued_bytes(&self) -> usize {
        self.playout.queued_bytes()
    }

    /// Samples that [`play`](Call::play) would take now.
    ///
    /// # Errors
    /// `NOT_NOW` before the call is answered; `ENDED` after its end.
    pub fn playout_room(&self) -> Result<usize, Failure> {
        self.check_play(0)?;
        Ok(self.playout.free_bytes() / 2)
    }
}

//! The carrier's side of a call: what arrived goes in, what must leave comes out.

use std::borrow::Cow;

use super::Call;
use crate::failure::{code, truncate};
use crate::inbox::Noticed;
use crate::journal::Happening;
use crate::limits::{KEY_BYTES_MAX, OUTCOME_DETAIL_BYTES_MAX};
use crate::{Ability, Command, CommandId, EndReason, Event, Failure, State};

impl Call {
    /// Audio was heard on a channel: PCM, signed 16-bit little-endian. An odd last byte is dropped and counted, and so is
    /// audio on more channels than the call has and [`INBOX_UNKNOWN_CHANNELS_MAX`](crate::limits::INBOX_UNKNOWN_CHANNELS_MAX) more.
    /// False when the channel is one too many.
    pub fn handle_audio(&mut self, channel: u8, pcm: &[u8]) -> bool {
        if self.state == State::Ended {
            self.stats.late += 1;
            return true;
        }
        let even = pcm.len() & !1;
        self.stats.odd_bytes += (pcm.len() - even) as u64;
        if even == 0 {
            return true;
        }
        self.stats.frames_in += 1;
        self.stats.samples_in += (even / 2) as u64;
        if !self.inbox.admits(channel, &self.info.channels) {
            self.stats.frames_unheard += 1;
            self.stats.samples_lost += (even / 2) as u64;
            return false;
        }
        if let Some(tape) = &mut self.tape {
            tape.heard(self.now, channel, &pcm[..even]);
        }
        self.stats.samples_lost += self.inbox.push_audio(channel, &pcm[..even]);
        true
    }

    /// The carrier asks for so many bytes, in frames of the size it prefers (`None` or 0: 960 bytes). What is over the
    /// limits, or half a sample, is dropped and counted.
    pub fn handle_credit(&mut self, bytes: u64, frame_bytes: Option<u32>) {
        let dropped = if self.state == State::Ended { bytes } else { self.playout.grant(bytes, frame_bytes) };
        self.stats.bytes_requested = self.stats.bytes_requested.saturating_add(bytes);
        self.stats.credit_dropped = self.stats.credit_dropped.saturating_add(dropped);
    }

    /// A command finished: `Ok` with the carrier's JSON detail if it gave one, or why it failed. It moves the state of
    /// the call. An outcome of nothing that is open is ignored and counted.
    pub fn handle_outcome(&mut self, id: CommandId, result: Result<Option<String>, Failure>) {
        let Some(ability) = self.commands.finish(id) else {
            self.stats.outcomes_ignored += 1;
            return;
        };
        if ability == Ability::Interrupt {
            self.stats.interrupts_failed += u64::from(result.is_err());
            return;
        }
        let success = result.is_ok();
        let result = match result {
            Ok(Some(detail)) if detail.len() > OUTCOME_DETAIL_BYTES_MAX => {
                self.stats.details_dropped += 1;
                Ok(None)
            }
            Ok(detail) => Ok(detail),
            Err(failure) => Err(failure.bounded()),
        };
        self.finish(id, ability, result);
        if !success {
            self.leave_after_failure(id, ability);
            return;
        }
        self.state = self.state.after(ability);
        match ability {
            Ability::Close => self.handle_ended(EndReason::Closed),
            Ability::Disconnect => self.handle_ended(EndReason::Disconnected),
            _ => {}
        }
    }

    /// A key was signalled out of band by the leg of this channel.
    pub fn handle_dtmf(&mut self, digit: &str, channel: u8) {
        if self.state == State::Ended {
            self.stats.late += 1;
            return;
        }
        let mut digit = digit.to_owned();
        truncate(&mut digit, KEY_BYTES_MAX);
        let queued = self.inbox.push_key(digit, channel);
        self.stats.keys_dropped += u64::from(!queued);
    }

    /// The carrier reports an error of this call, which goes on.
    pub fn handle_error(&mut self, failure: Failure) {
        self.handle_notice(Event::CallError, |code| Happening::CallError { code }, failure);
    }

    /// The handler's author should know this; the call goes on.
    pub fn handle_warning(&mut self, failure: Failure) {
        self.handle_notice(Event::Warning, |code| Happening::Warning { code }, failure);
    }

    /// The way to the carrier broke, and may come back: the call goes on without it, in its state, with its queue, marks
    /// and timers. Credit is forgotten, and what was sent and not heard will not be: marks behind it come as not played.
    /// Told as the warning `VOICE_LOST`. Commands that were out are the carrier's to answer.
    pub fn handle_voice_lost(&mut self) {
        if self.state == State::Ended {
            return;
        }
        let unused = self.playout.lose_line();
        self.stats.credit_dropped = self.stats.credit_dropped.saturating_add(unused);
        if let Some(tape) = &mut self.tape {
            tape.unsay(self.now);
        }
        while let Some(name) = self.playout.mark_reached() {
            self.report_mark(name, false);
        }
        let message = "the call's voice is lost and is being opened again; what was sent and not heard is forgotten";
        self.handle_warning(Failure::new(code::VOICE_LOST, message));
    }

    /// The way to the carrier is open again after [`handle_voice_lost`](Call::handle_voice_lost). Told as the warning
    /// `VOICE_BACK`.
    pub fn handle_voice_back(&mut self) {
        self.handle_warning(Failure::new(code::VOICE_BACK, "the call has its voice again"));
    }

    /// The next command to send. Drain this before [`poll_audio`](Call::poll_audio).
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.poll()
    }

    /// Appends the PCM of the next frame to `frame`, which may already hold the carrier's own framing. False: nothing
    /// may leave now. Audio that was played after a `clear` does not overtake the interrupt of that `clear`.
    pub fn poll_audio(&mut self, frame: &mut Vec<u8>) -> bool {
        if self.commands.interrupt_due() {
            return false;
        }
        let before = frame.len();
        let Some(sent) = self.playout.poll_frame(self.now, frame) else {
            return false;
        };
        if let Some(tape) = &mut self.tape {
            tape.said(self.now, &frame[before..]);
        }
        self.stats.frames_out += 1;
        self.stats.bytes_out += (sent.audio_bytes + sent.padding_bytes) as u64;
        self.stats.padding_samples += (sent.padding_bytes / 2) as u64;
        self.report_low();
        true
    }

    /// True when [`poll_command`](Call::poll_command) or [`poll_audio`](Call::poll_audio) has something.
    pub fn has_output(&self) -> bool {
        self.commands.has_unsent() || (!self.commands.interrupt_due() && self.playout.has_frame())
    }

    fn handle_notice(
        &mut self,
        make: fn(Failure) -> Event,
        what: fn(Cow<'static, str>) -> Happening,
        failure: Failure,
    ) {
        if self.state == State::Ended {
            self.stats.late += 1;
            return;
        }
        let failure = failure.bounded();
        let code = failure.code.clone();
        match self.inbox.push_notice(make, failure) {
            Noticed::Queued => self.journal.write(self.now, what(code)),
            Noticed::Coalesced => self.stats.notices_coalesced += 1,
            Noticed::Dropped => self.stats.notices_dropped += 1,
        }
    }
}

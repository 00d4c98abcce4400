//! The ticks of a call: what is played, what the caller says, what is asked for.

use telcoflow::frame::voice::ToClient;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::CallTask;
use crate::line::Legs;
use crate::report::Outcome;
use crate::script::{Act, Sight};
use crate::transcript::Direction;
use crate::voice_plane::Phase;

impl CallTask {
    /// One tick of an open line.
    pub(super) fn tick(&mut self, now: Instant) {
        let connected = self.commands.phase() == Phase::Connected;
        self.line.play(self.commands.heard_by(), connected);
        let mut said = Vec::with_capacity(self.line.frame_samples());
        self.run_script(now, Some(&mut said));
        self.book.measure(&said, self.line.played());
        if self.outcome.is_some() && said.is_empty() {
            return;
        }
        let legs = Legs { connected, isolated: self.isolated, mix: self.inner.config.open_points.isolated_mix };
        let frames = self.line.frames(&mut said, legs);
        if self.wire.is_none() {
            self.tally.frames_unsent += frames.iter().flatten().count() as u64;
            return;
        }
        for (channel, frame) in frames.into_iter().flatten() {
            let bytes = frame.len() - 1;
            self.tally.frames_sent += 1;
            self.tally.bytes_sent += bytes as u64;
            self.book.audio(self.socket(), Direction::ToClient, channel, bytes);
            self.push(Message::Binary(frame));
        }
        if !said.is_empty() {
            self.line.sent(now, &said);
        }
    }

    /// Lets the script go on; with a frame, speaks into it.
    pub(super) fn run_script(&mut self, now: Instant, mut frame: Option<&mut Vec<i16>>) {
        let room = self.line.frame_samples();
        while self.outcome.is_none() {
            let phase = self.commands.phase();
            let sight = Sight {
                now,
                answered: matches!(phase, Phase::Answered | Phase::Connected),
                connected: phase == Phase::Connected,
                said_bytes: self.line.bytes_said,
                received_bytes: self.line.player.counts.bytes_received,
                heard_sound: self.line.heard_sound,
                interrupts: self.tally.interrupts,
            };
            let frame = frame.as_mut().map(|frame| (&mut **frame, room));
            match self.script.advance(&sight, frame) {
                None => return,
                Some(Act::HangUp) => self.end(Outcome::CallerHungUp),
                Some(Act::ServerHangUp) => self.end(Outcome::ServerHungUp),
                Some(Act::CutVoice) => self.lose_voice(Direction::ToClient),
                Some(Act::CallError { code, message }) => {
                    self.send(&ToClient::CallError { error_code: code, error_message: message });
                }
            }
        }
    }

    /// Asks for audio when enough is missing.
    pub(super) fn ask(&mut self) {
        let open = match self.commands.phase() {
            Phase::Answered | Phase::Connected => true,
            Phase::Ringing => self.inner.config.open_points.pull_before_answer,
            Phase::Over => false,
        };
        if !open || self.wire.is_none() || self.outcome.is_some() {
            return;
        }
        let Some(bytes) = self.line.player.ask() else {
            return;
        };
        self.request(bytes, 0);
        let legs = self.isolated && self.commands.phase() == Phase::Connected;
        if legs && self.inner.config.open_points.requests_for_legs {
            self.request(bytes, 1);
            self.request(bytes, 2);
        }
    }

    fn request(&mut self, bytes: u64, channel_id: i64) {
        let frame = ToClient::BufferRequest {
            requested_bytes: bytes.cast_signed(),
            prefer_audio_frame_bytes: self.line.player.preferred_frame_bytes(),
            channel_id,
        };
        self.book.asked(self.socket(), bytes);
        self.push(Message::text(frame.print()));
    }
}

//! The ticks of a call: what is played, what the caller says, what is asked for.

use bytes::Bytes;
use telcoflow::frame::voice::ToClient;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::CallTask;
use crate::caller::Party;
use crate::line::Legs;
use crate::report::Outcome;
use crate::script::{Act, Sight};
use crate::transcript::Direction;
use crate::voice_plane::Phase;

impl CallTask {
    /// One tick of an open line.
    pub(super) fn tick(&mut self, now: Instant) {
        let connected = self.commands.phase() == Phase::Connected;
        let heard_by = self.commands.heard_by();
        self.line.play(heard_by, connected);
        let mut said = Vec::with_capacity(self.line.frame_samples());
        self.run_script(now, Party::Caller, Some(&mut said));
        let mut callee_said = Vec::new();
        self.run_script(now, Party::Callee, Some(&mut callee_said));
        self.book.measure(&said, self.line.played());
        if connected {
            self.line.bridge(&said, &callee_said, heard_by);
        }
        if self.outcome.is_some() && said.is_empty() && callee_said.is_empty() {
            return;
        }
        let legs = Legs { isolated: self.isolated, mix: self.inner.config.open_points.isolated_mix };
        let frames = self.line.frames(&mut said, connected.then_some(&callee_said), legs);
        if self.wire.is_none() {
            self.tally.frames_unsent += frames.iter().flatten().count() as u64;
            return;
        }
        for (channel, frame) in frames.into_iter().flatten() {
            self.send_audio(channel, frame);
        }
        if !said.is_empty() {
            self.line.sent(now, &said);
        }
    }

    fn send_audio(&mut self, channel: u8, frame: Bytes) {
        let pcm = &frame[1..];
        self.tally.frames_sent += 1;
        self.tally.bytes_sent += pcm.len() as u64;
        let sent = self.tally.sent.entry(channel).or_default();
        sent.bytes += pcm.len() as u64;
        let mut crc32 = crc32fast::Hasher::new_with_initial(sent.crc32);
        crc32.update(pcm);
        sent.crc32 = crc32.finalize();
        self.book.audio(self.socket(), Direction::ToClient, channel, pcm.len());
        self.push(Message::Binary(frame));
    }

    /// Lets a party's script go on; with a frame, speaks into it. The callee's begins with being connected.
    pub(super) fn run_script(&mut self, now: Instant, party: Party, mut frame: Option<&mut Vec<i16>>) {
        let room = self.line.frame_samples();
        while self.outcome.is_none() {
            let phase = self.commands.phase();
            if party == Party::Callee && phase != Phase::Connected {
                return;
            }
            let [caller_heard, callee_heard] = self.line.heard_sound;
            let line = &self.line;
            let (script, said_bytes, recorded_samples, heard_sound) = match party {
                Party::Caller => (&mut self.script, line.bytes_said, line.said.len(), caller_heard),
                Party::Callee => {
                    (&mut self.callee_script, line.callee_bytes_said, line.callee_said.len(), callee_heard)
                }
            };
            let sight = Sight {
                now,
                answered: matches!(phase, Phase::Answered | Phase::Connected),
                connected: phase == Phase::Connected,
                said_bytes,
                recorded_samples,
                received_bytes: self.line.player.counts.bytes_received,
                heard_sound,
                interrupts: self.tally.interrupts,
            };
            let frame = frame.as_mut().map(|frame| (&mut **frame, room));
            match script.advance(&sight, frame) {
                None => return,
                Some(Act::HangUp) => self.end(match party {
                    Party::Caller => Outcome::CallerHungUp,
                    Party::Callee => Outcome::CalleeHungUp,
                }),
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

//! What the client says on a call's voice socket, and what becomes of its commands.

use std::time::Duration;

use telcoflow::frame::voice::{ToClient, ToServer, parse_audio};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::CallTask;
use crate::limits::{COMMANDS_LISTED_MAX, DELAYED_FRAMES_MAX};
use crate::report::Milestone;
use crate::transcript::{Direction, Frame};
use crate::voice_plane::{Effect, Refusal};

impl CallTask {
    pub(super) fn receive(&mut self, message: Message) {
        let (socket, up) = (self.socket(), Direction::ToServer);
        match message {
            Message::Binary(bytes) => match parse_audio(&bytes) {
                Some((channel, pcm)) => {
                    self.book.audio(socket, up, channel, pcm.len());
                    if channel == 0 {
                        self.line.received(Instant::now(), pcm);
                    } else {
                        self.line.player.counts.stray_frames += 1;
                    }
                }
                None => {
                    self.book.voice(socket, up, Frame::Binary(bytes.len()));
                    self.line.player.counts.stray_frames += 1;
                }
            },
            Message::Text(text) => {
                self.book.voice_text(socket, up, &text);
                self.receive_text(text.as_bytes());
            }
            Message::Ping(_) => self.book.voice(socket, up, Frame::Ping),
            Message::Pong(_) => self.book.voice(socket, up, Frame::Pong),
            Message::Close(close) => {
                self.peer_closed = true;
                let code = close.as_ref().map(|close| close.code.into());
                self.book.voice(socket, up, Frame::Closed(code));
            }
            Message::Frame(_) => {}
        }
    }

    fn receive_text(&mut self, text: &[u8]) {
        match ToServer::parse(text) {
            Ok(ToServer::Command { command_id, command, timeout_ms }) => {
                let now = Instant::now();
                if let Some(answer) = self.commands.begin(now, command_id, command, timeout_ms) {
                    self.take_effect(now, answer);
                }
            }
            Ok(ToServer::Unknown { .. }) => self.tally.bad_frames += 1,
            Err(error) => {
                tracing::debug!(call = self.ordinal, %error, "a frame could not be read");
                self.tally.bad_frames += 1;
            }
        }
    }

    /// Runs the commands that are due and sends the responses that were held back until now.
    pub(super) fn run_commands(&mut self, now: Instant) {
        while self.outcome.is_none()
            && let Some(effects) = self.commands.poll(now)
        {
            effects.into_iter().flatten().for_each(|effect| self.take_effect(now, effect));
        }
        while let Some(text) = self.late.take(now) {
            self.send_text(text);
        }
    }

    fn take_effect(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Respond { command_id, name, error } => {
                if self.tally.commands.len() < COMMANDS_LISTED_MAX {
                    self.tally.commands.push((name, error.as_ref().map(|error| error.code.clone())));
                }
                self.respond(now, command_id, error);
            }
            Effect::Answered => {
                self.book.reach(Milestone::Answered);
                self.line.open(now);
            }
            Effect::Connected => {
                self.book.reach(Milestone::Answered);
                self.book.reach(Milestone::Connected);
                self.line.open(now);
            }
            Effect::Interrupted => {
                self.tally.interrupts += 1;
                self.line.player.interrupt(self.inner.config.open_points.interrupt_cancels_credit);
            }
            Effect::Ended(outcome) => {
                // What was held back would come after the end.
                self.flush_late();
                self.end(outcome);
            }
        }
    }

    fn respond(&mut self, now: Instant, command_id: String, error: Option<Refusal>) {
        if self.responses_lost < self.faults.lost_responses {
            self.responses_lost += 1;
            return;
        }
        let frame = ToClient::CommandResponse {
            command_id,
            success: error.is_none(),
            result: None,
            error_code: error.as_ref().map(|error| error.code.clone()),
            error_message: error.map(|error| error.message.to_owned()),
        };
        let times = if self.faults.duplicate_responses { 2 } else { 1 };
        for _ in 0..times {
            match self.faults.response_ms {
                Some((from, to)) if self.late.len() < DELAYED_FRAMES_MAX => {
                    let late = self.rng.u32(from..=to.max(from));
                    self.late.hold(now + Duration::from_millis(late.into()), frame.print());
                }
                _ => self.send(&frame),
            }
        }
    }

    fn flush_late(&mut self) {
        while let Some(text) = self.late.take_next() {
            self.send_text(text);
        }
    }
}

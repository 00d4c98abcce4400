//! One call's voice link: commands and their answers, call events, and the server's requests for audio.
//!
//! It starts on an open socket and is not dialled again. Audio never passes through it: what arrives is split by
//! [`parse_audio`](crate::frame::voice::parse_audio), what leaves is made by the carrier. When it is lost, its one call
//! has lost its voice.

mod output;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use self::output::{CommandFailure, CommandRefused, Deadline, Event, Output};
use crate::codes::{LINK_LOST, TIMEOUT, UNKNOWN};
use crate::frame::voice::{CALL_CHANNEL, CommandName, ToClient, ToServer};
use crate::heartbeat::{Beat, Heartbeat};
use crate::limits::{
    COMMAND_GRACE_S, COMMANDS_MAX, PEER_TEXT_BYTES_MAX, RING_TIME_MAX_S, RING_TIME_MIN_S, VOICE_PING_INTERVAL_S,
    VOICE_PONG_DEADLINE_S,
};
use crate::oddity::{Oddities, Oddity, Tally};
use crate::text::{clipped, uuid_v4};

/// The link. After each call of a `&mut` method, drain [`Voice::poll_output`] until it says [`Output::Timeout`].
pub struct Voice {
    rng: fastrand::Rng,
    now: Instant,
    /// `None` once the socket is gone.
    socket: Option<Socket>,
    outputs: VecDeque<Output>,
    oddities: Oddities,
}

/// Everything that dies with the socket.
struct Socket {
    heartbeat: Heartbeat,
    commands: Vec<Pending>,
    terminated: bool,
}

struct Pending {
    command_id: String,
    key: u32,
    due: Instant,
}

impl Voice {
    /// A link on a socket that is open.
    pub fn new(seed: u64, now: Instant) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            now,
            socket: Some(Socket {
                heartbeat: Heartbeat::new(VOICE_PING_INTERVAL_S, VOICE_PONG_DEADLINE_S, now),
                commands: Vec::new(),
                terminated: false,
            }),
            outputs: VecDeque::new(),
            oddities: Oddities::default(),
        }
    }

    /// Counts oddities into this tally too, which other links may share.
    pub fn count_into(&mut self, tally: Tally) {
        self.oddities.count_into(tally);
    }

    /// Sends a command. Answered by one [`Event::Response`] with this `key`, at the latest when its
    /// [deadline](CommandName::deadline) and five seconds more have passed.
    ///
    /// # Errors
    /// [`CommandRefused`]: nothing was sent and no event will come.
    pub fn command(&mut self, now: Instant, key: u32, command: CommandName) -> Result<(), CommandRefused> {
        self.advance(now);
        let Some(socket) = &mut self.socket else {
            return Err(CommandRefused::LinkLost);
        };
        if let CommandName::Connect { ring_time_s } = command
            && !(RING_TIME_MIN_S..=RING_TIME_MAX_S).contains(&ring_time_s)
        {
            return Err(CommandRefused::RingTime);
        }
        if socket.commands.len() >= COMMANDS_MAX {
            return Err(CommandRefused::TooMany);
        }
        let command_id = uuid_v4(&mut self.rng);
        let deadline = command.deadline();
        socket.commands.push(Pending {
            command_id: command_id.clone(),
            key,
            due: self.now + deadline + Duration::from_secs(COMMAND_GRACE_S),
        });
        let frame = ToServer::Command { command_id, command: command.into(), timeout_ms: deadline.as_secs() * 1000 };
        self.outputs.push_back(Output::Transmit(frame.print()));
        Ok(())
    }

    /// A text message came.
    pub fn handle_text(&mut self, now: Instant, bytes: &[u8]) {
        self.advance(now);
        if self.socket.is_none() {
            return;
        }
        match ToClient::parse(bytes) {
            Ok(frame) => self.frame(frame, bytes.len()),
            Err(error) => {
                let oddity = self.oddities.unreadable(&error, bytes.len());
                self.tell(oddity);
            }
        }
    }

    /// A binary message came that is no audio, or whose audio ends in half a sample.
    pub fn handle_bad_audio(&mut self, now: Instant, bytes: usize) {
        self.advance(now);
        if self.socket.is_some() {
            self.odd(if bytes < 2 { "no-audio" } else { "half-a-sample" }, bytes);
        }
    }

    /// Audio came on more channels than a call is heard on, and was dropped.
    pub fn handle_stray_audio(&mut self, now: Instant, channel: u8, bytes: usize) {
        self.advance(now);
        if self.socket.is_some() {
            let oddity = self.oddities.note("stray-channel", || format!("channel {channel}, a frame of {bytes} bytes"));
            self.tell(oddity);
        }
    }

    /// The pong to the last ping came.
    pub fn handle_pong(&mut self, now: Instant) {
        self.advance(now);
        if let Some(socket) = &mut self.socket {
            socket.heartbeat.pong();
        }
    }

    /// The socket closed or broke, or is being closed by the host.
    pub fn handle_lost(&mut self, now: Instant) {
        self.advance(now);
        self.fall(None);
    }

    /// A moment that [`Output::Timeout`] named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        let Some(socket) = &mut self.socket else {
            return;
        };
        let late = |pending: &mut Pending| pending.due <= self.now;
        for pending in socket.commands.extract_if(.., late) {
            let event = failed(pending.key, TIMEOUT, "no answer came from the server");
            self.outputs.push_back(Output::Event(event));
        }
        match socket.heartbeat.beat(self.now) {
            Beat::Nothing => {}
            Beat::Ping => self.outputs.push_back(Output::Ping),
            Beat::Dead => self.fall(Some("no pong")),
        }
    }

    /// How often each kind of [`Oddity`] happened, by name.
    pub fn oddities(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.oddities.counts()
    }

    /// The next thing to do; [`Output::Timeout`] when there is none left.
    pub fn poll_output(&mut self) -> Output {
        match self.outputs.pop_front() {
            Some(output) => output,
            None => Output::Timeout(self.next_deadline()),
        }
    }
}

impl Voice {
    fn frame(&mut self, frame: ToClient, bytes: usize) {
        match frame {
            ToClient::CommandResponse { command_id, success, result, error_code, error_message } => {
                let result = if success { Ok(result) } else { Err(failure(error_code, error_message)) };
                self.answered(&command_id, result, bytes);
            }
            ToClient::CallTerminated => match &mut self.socket {
                Some(socket) if !socket.terminated => {
                    socket.terminated = true;
                    self.event(Event::Terminated);
                }
                _ => self.odd("terminated-twice", bytes),
            },
            ToClient::CallError { error_code, error_message } => self.event(Event::CallError {
                code: given(Some(error_code)).unwrap_or_else(|| UNKNOWN.to_owned()),
                message: given(error_message).unwrap_or_default(),
            }),
            ToClient::CallEventOther { .. } => self.odd("unknown-call-event", bytes),
            ToClient::BufferRequest { requested_bytes, prefer_audio_frame_bytes, channel_id } => {
                if requested_bytes <= 0 {
                    self.odd("request-for-nothing", bytes);
                } else if channel_id == i64::from(CALL_CHANNEL) {
                    self.event(Event::BufferRequest {
                        bytes: requested_bytes.unsigned_abs(),
                        frame_bytes: prefer_audio_frame_bytes
                            .filter(|frame_bytes| *frame_bytes > 0)
                            .map(|frame_bytes| u32::try_from(frame_bytes).unwrap_or(u32::MAX)),
                    });
                }
            }
            ToClient::Unknown { kind } => {
                let oddity = self.oddities.unknown_type(&kind, bytes);
                self.tell(oddity);
            }
        }
    }

    fn answered(&mut self, command_id: &str, result: Result<Option<serde_json::Value>, CommandFailure>, bytes: usize) {
        let commands = self.socket.as_mut().map(|socket| &mut socket.commands);
        let pending = commands.and_then(|commands| {
            let at = commands.iter().position(|pending| pending.command_id == command_id)?;
            Some(commands.remove(at))
        });
        match pending {
            Some(pending) => self.event(Event::Response { key: pending.key, result }),
            None => self.odd("answer-to-nothing", bytes),
        }
    }

    fn fall(&mut self, hang_up: Option<&'static str>) {
        let Some(socket) = self.socket.take() else {
            return;
        };
        for pending in socket.commands {
            self.event(failed(pending.key, LINK_LOST, "the voice link was lost"));
        }
        if let Some(why) = hang_up {
            self.outputs.push_back(Output::HangUp(why));
        }
        self.event(Event::Lost);
    }

    fn next_deadline(&self) -> Option<(Instant, Deadline)> {
        let socket = self.socket.as_ref()?;
        let (beat_at, is_pong) = socket.heartbeat.deadline();
        let beat = if is_pong { Deadline::Pong } else { Deadline::Ping };
        let commands = socket.commands.iter().map(|pending| (pending.due, Deadline::Command));
        commands.chain([(beat_at, beat)]).min_by_key(|(at, _)| *at)
    }

    /// Time never runs backwards here, whatever the caller's clock does.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn odd(&mut self, kind: &'static str, bytes: usize) {
        let oddity = self.oddities.note(kind, || format!("a frame of {bytes} bytes"));
        self.tell(oddity);
    }

    fn tell(&mut self, oddity: Option<Oddity>) {
        if let Some(oddity) = oddity {
            self.event(Event::Oddity(oddity));
        }
    }
}

/// A text of the server, when it gave one, cut to size.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| clipped(text, PEER_TEXT_BYTES_MAX))
}

fn failure(code: Option<String>, message: Option<String>) -> CommandFailure {
    CommandFailure {
        code: given(code).unwrap_or_else(|| UNKNOWN.to_owned()),
        message: given(message).unwrap_or_else(|| "the server gave no reason".to_owned()),
    }
}

fn failed(key: u32, code: &str, message: &str) -> Event {
    Event::Response { key, result: Err(CommandFailure { code: code.to_owned(), message: message.to_owned() }) }
}

//! One call's voice socket: reads into the call, writes out of it, in turns that its task gives.
//!
//! The way of a frame is here in full: `poll_read` hands the caller's audio to the call's inbox, the guest runs, and
//! `poll_write` takes from the call's playout what the server has asked for. No channel, no other task, no waking.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use call::{Call, Command, CommandKind, EndReason, Failure, State};
use telcoflow::Tally;
use telcoflow::frame::voice::{CommandName, parse_audio};
use telcoflow::frame::word;
use telcoflow::link::Refusal;
use telcoflow::voice::{CommandFailure, CommandRefused, Event, Output, Voice};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tracing::Span;
use url::Url;

use super::socket::{Received, Space, VoiceSocket};
use super::upgrade::{Secret, open_as, request};
use super::upgrading::Upgrading;
use super::{frame_log, goodbye};
use crate::clock::now;
use crate::dial::{ByteStream, Dial};
use crate::limits::{
    MESSAGE_BYTES_MAX, MESSAGES_PER_TURN_MAX, VOICE_READ_BYTES, VOICE_RECEIVE_BYTES, VOICE_WRITE_BYTES,
    VOICE_WRITE_BYTES_MAX,
};

/// The agent speaks on channel 0 only (PROTOCOL.md, voice plane).
const AGENT_CHANNEL: u8 = 0;

/// Where a call's voice is, as `call.in` said. The URL comes from the peer.
#[derive(Clone, Debug)]
pub struct VoiceTarget {
    /// `ws` or `wss`.
    pub url: String,
    /// The bearer token.
    pub token: Secret,
    /// Sent as `x-sdk-version`.
    pub sdk_version: String,
    /// Whether a `ws` URL is a downgrade: the session manager was reached over `wss`.
    pub secure_only: bool,
}

impl VoiceTarget {
    /// The same with another address and token, as a later `call.in` says them.
    pub fn follow(&mut self, url: String, token: String) {
        self.url = url;
        self.token = Secret::new(token);
    }
}

/// Why there is no voice socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    /// The peer's URL cannot be used.
    #[error("the voice URL is not usable: {0}")]
    Url(&'static str),
    /// `ws` under a `wss` session manager.
    #[error(
        "the voice URL is ws, but the session manager is wss: refused as a downgrade (allow_ws_voice_url = true permits it)"
    )]
    Downgrade,
    /// The server refused the token or something else.
    #[error("the voice server refused with {status}: {body}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's words, cut.
        body: String,
    },
    /// Nobody there, or not in time.
    #[error("the voice server is unreachable: {0}")]
    Unreachable(String),
    /// Somebody there who cannot be trusted, or who does not trust us.
    #[error("the voice server is not talked to: {0}")]
    Tls(String),
}

/// An open voice socket and the protocol's state on it.
pub struct VoiceLink<S> {
    socket: VoiceSocket<S>,
    core: Voice,
    outbox: VecDeque<Message>,
    unflushed: bool,
    open: bool,
    /// Whether its call goes on when it breaks.
    lasting: bool,
    /// The server closed it on purpose: no accident that another dial could mend.
    farewell: bool,
    /// When the core wants to be told the time.
    due: Option<Instant>,
    /// Where its lines belong. Turns are given outside of it.
    span: Span,
}

impl VoiceLink<Box<dyn ByteStream>> {
    /// Opens the socket that `call.in` named.
    pub async fn dial(target: &VoiceTarget, dialer: Arc<dyn Dial>, seed: u64) -> Result<Self, VoiceError> {
        let url = Url::parse(&target.url).map_err(|_| VoiceError::Url("it is not a URL"))?;
        match url.scheme() {
            "wss" => {}
            "ws" if target.secure_only => return Err(VoiceError::Downgrade),
            "ws" => {}
            _ => return Err(VoiceError::Url("its scheme is neither ws nor wss")),
        }
        let bearer = format!("Bearer {}", target.token.reveal());
        let headers = [("authorization", bearer.as_str(), true), ("x-sdk-version", &target.sdk_version, false)];
        let opened = match request(&url, &headers) {
            Ok(request) => open_as(dialer, url, request, socket_config(), Upgrading::new).await,
            Err(refusal) => Err(refusal),
        };
        match opened {
            Ok(socket) => {
                let (stream, arrived) = socket.into_inner().into_parts();
                Ok(Self::new(VoiceSocket::new(stream, arrived, socket_config()), seed))
            }
            Err(Refusal::Status { status, body }) => Err(VoiceError::Refused { status, body }),
            Err(Refusal::Unreachable(why)) => Err(VoiceError::Unreachable(why)),
            Err(Refusal::Tls(why) | Refusal::Certificate(why)) => Err(VoiceError::Tls(why)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> VoiceLink<S> {
    /// Takes over an upgraded socket. The seed feeds command ids. Its lines stand in the span that is current here.
    fn new(socket: VoiceSocket<S>, seed: u64) -> Self {
        let now = now();
        Self {
            socket,
            core: Voice::new(seed, now),
            outbox: VecDeque::new(),
            unflushed: false,
            open: true,
            lasting: false,
            farewell: false,
            due: Some(now),
            span: Span::current(),
        }
    }

    /// Counts what the server sends wrong into this tally too, which other links may share.
    pub fn count_into(&mut self, tally: Tally) {
        self.core.count_into(tally);
    }

    /// Lets its call go on when the socket breaks, by [`Call::handle_voice_lost`], instead of ending it. Whoever says so dials
    /// again, or ends the call. A socket that the server closes on purpose ends it all the same.
    pub fn let_call_outlive(&mut self) {
        self.lasting = true;
    }

    /// Whether the socket lives.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// When the protocol wants the next turn at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.filter(|_| self.open)
    }

    /// The first half of a turn: deadlines, and what arrived, into the call.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, call: &mut Call) {
        if self.due.is_some_and(|due| due <= call.now()) {
            self.core.handle_timeout(call.now());
            self.apply(call);
        }
        let mut memory = [const { MaybeUninit::uninit() }; VOICE_RECEIVE_BYTES];
        let mut space = Space::new(&mut memory);
        for _ in 0..MESSAGES_PER_TURN_MAX {
            if !self.open {
                return;
            }
            match self.socket.poll_next(cx, &mut space) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(Received::Audio(frame)))) => self.hear(frame, call),
                Poll::Ready(Some(Ok(Received::Message(message)))) => self.receive(message, call),
                Poll::Ready(Some(Err(error))) => self.lost(call, &error.to_string()),
                Poll::Ready(None) => self.lost(call, "the server closed it"),
            }
        }
        self.socket.keep(&space);
        cx.waker().wake_by_ref();
    }

    /// The second half of a turn: commands and audio out of the call, as far as the socket takes them.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, call: &mut Call) {
        while let Some(command) = call.poll_command() {
            self.command(command, call);
            self.apply(call);
        }
        if let Err(error) = self.poll_send(cx, call) {
            self.lost(call, &error.to_string());
        }
    }

    /// Says goodbye; [`Self::is_open`] turns false when the server has answered. Keep giving turns until then.
    pub fn close(&mut self) {
        if self.open {
            self.outbox.push_back(goodbye());
        }
    }

    fn hear(&mut self, frame: &[u8], call: &mut Call) {
        let audio = parse_audio(frame);
        if let Some((channel, pcm)) = audio
            && !call.handle_audio(channel, pcm)
        {
            self.core.handle_stray_audio(call.now(), channel, frame.len());
            self.apply(call);
        }
        if audio.is_none_or(|(_, pcm)| !pcm.len().is_multiple_of(2)) {
            self.core.handle_bad_audio(call.now(), frame.len());
            self.apply(call);
        }
    }

    fn receive(&mut self, message: Message, call: &mut Call) {
        match message {
            Message::Binary(frame) => self.hear(&frame, call),
            Message::Text(text) => {
                if frame_log::wanted() {
                    self.span.in_scope(|| frame_log::received(text.as_bytes()));
                }
                self.core.handle_text(call.now(), text.as_bytes());
                self.apply(call);
            }
            Message::Pong(_) => {
                self.core.handle_pong(call.now());
                self.apply(call);
            }
            // The library has queued the answer; it leaves with the next flush.
            Message::Ping(_) => self.unflushed = true,
            Message::Close(close) => {
                self.unflushed = true;
                self.farewell = close.is_none_or(|close| close.code == CloseCode::Normal);
            }
            Message::Frame(_) => {}
        }
    }

    fn command(&mut self, Command { id, kind }: Command, call: &mut Call) {
        let name = match kind {
            CommandKind::Answer => CommandName::Answer,
            CommandKind::Connect { ring_time_s } => CommandName::Connect { ring_time_s },
            CommandKind::Whisper => CommandName::Whisper,
            CommandKind::Barge => CommandName::Barge,
            CommandKind::Spy => CommandName::Spy,
            CommandKind::Interrupt => CommandName::Interrupt,
            CommandKind::Disconnect => CommandName::Disconnect,
            CommandKind::Close => CommandName::Close,
            CommandKind::Transfer { .. } | CommandKind::SendDigits { .. } => {
                let failure = Failure::new(call::code::NOT_SUPPORTED, "Telcoflow has no such command");
                return call.handle_outcome(id, Err(failure));
            }
        };
        self.span.in_scope(|| tracing::debug!(id, command = name.wire_name(), "command"));
        if let Err(refused) = self.core.command(call.now(), id, name) {
            let code = match refused {
                CommandRefused::LinkLost => call::code::LINK_LOST,
                CommandRefused::TooMany => call::code::FULL,
                CommandRefused::RingTime => call::code::INVALID,
            };
            call.handle_outcome(id, Err(Failure::new(code, refused.to_string())));
        }
    }

    /// Drains the core: what it wants sent into the outbox, what it has to tell into the call.
    fn apply(&mut self, call: &mut Call) {
        loop {
            match self.core.poll_output() {
                Output::Transmit(text) => self.outbox.push_back(Message::text(text)),
                Output::Ping => self.outbox.push_back(Message::Ping(Bytes::new())),
                Output::HangUp(why) => {
                    self.span.in_scope(|| tracing::debug!(why, "closing the voice socket"));
                    self.open = false;
                }
                Output::Event(Event::Lost) if self.lasting && !self.farewell => call.handle_voice_lost(),
                Output::Event(event) => tell(&self.span, event, call),
                Output::Timeout(timeout) => {
                    self.due = timeout.map(|(at, _)| at);
                    return;
                }
            }
        }
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        call: &mut Call,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        while self.open && (!self.outbox.is_empty() || call.has_output()) {
            match self.socket.poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready?,
            }
            // Commands go before audio: an interrupt must not stand behind what it interrupts.
            match self.outbox.pop_front() {
                Some(message) => {
                    self.span.in_scope(|| frame_log::sent(&message));
                    self.socket.send(cx, message)?;
                }
                None => {
                    let next = |frame: &mut Vec<u8>| {
                        frame.push(AGENT_CHANNEL);
                        call.poll_audio(frame)
                    };
                    if !self.socket.send_audio(cx, next)? {
                        break;
                    }
                }
            }
            self.unflushed = true;
        }
        if self.open && self.unflushed {
            match self.socket.poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(flushed) => {
                    self.unflushed = false;
                    flushed?;
                }
            }
        }
        Ok(())
    }

    fn lost(&mut self, call: &mut Call, why: &str) {
        if self.open {
            // A server closes the socket of a call that is over; one that it leaves in the midst of a call is odd.
            self.span.in_scope(|| match call.state() {
                State::Ended => tracing::debug!(why, "the voice socket is gone"),
                _ => tracing::warn!(why, "the voice socket is gone"),
            });
            self.open = false;
            self.outbox.clear();
            self.core.handle_lost(call.now());
            self.apply(call);
        }
    }
}

fn tell(span: &Span, event: Event, call: &mut Call) {
    match event {
        Event::Response { key, result } => {
            span.in_scope(|| tracing::debug!(id = key, result = shown(&result), "command finished"));
            let result = result.map(|detail| detail.map(|detail| detail.to_string()));
            call.handle_outcome(key, result.map_err(|failure| Failure::new(failure.code, failure.message)));
        }
        Event::Terminated => call.handle_ended(EndReason::Terminated),
        Event::CallError { code, message } => call.handle_error(Failure::new(code, message)),
        Event::BufferRequest { bytes, frame_bytes } => call.handle_credit(bytes, frame_bytes),
        Event::Lost => call.handle_ended(EndReason::VoiceLost),
        Event::Oddity(oddity) => span.in_scope(|| {
            tracing::warn!(kind = oddity.kind, detail = oddity.detail, "odd frame on the voice socket");
        }),
    }
}

/// How a command finished, as a log may show it.
fn shown<T>(result: &Result<T, CommandFailure>) -> String {
    result.as_ref().map_or_else(|failure| word(&failure.code), |_| "OK".to_owned())
}

fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(VOICE_READ_BYTES)
        .write_buffer_size(VOICE_WRITE_BYTES)
        .max_write_buffer_size(VOICE_WRITE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

//! What a [`Voice`](super::Voice) wants done, and what it has to tell.

use std::fmt;
use std::time::Instant;

use serde_json::Value;
use thiserror::Error;

use crate::Oddity;
use crate::frame::redact::Json;

/// What the driver must do next. Only [`Output::Timeout`] ends a drain.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Send this as a text message.
    Transmit(String),
    /// Send a WebSocket ping and report its pong with `handle_pong`.
    Ping,
    /// Close the socket and report nothing more of it: the link counts as lost. Says why.
    HangUp(&'static str),
    /// Something to know.
    Event(Event),
    /// Nothing more to do until an input, or until this moment: then call `handle_timeout`.
    Timeout(Option<(Instant, Deadline)>),
}

/// What happened on the voice link.
#[derive(Clone, PartialEq)]
pub enum Event {
    /// A command finished: exactly one for each accepted command.
    Response {
        /// The caller's name for the command.
        key: u32,
        /// What it gave, or why it failed.
        result: Result<Option<Value>, CommandFailure>,
    },
    /// The call is over. The server closes the socket when it likes. Told once.
    Terminated,
    /// Something went wrong; the call goes on.
    CallError {
        /// What, or [`UNKNOWN`](crate::codes::UNKNOWN).
        code: String,
        /// The same for people; may be empty.
        message: String,
    },
    /// The server wants audio on channel 0.
    BufferRequest {
        /// How much, in bytes; at least 1.
        bytes: u64,
        /// The frame size it likes best, in bytes; at least 1.
        frame_bytes: Option<u32>,
    },
    /// The socket is gone, told once, after the answers of all commands. Nothing follows.
    Lost,
    /// The peer did something that was ignored.
    Oddity(Oddity),
}

/// Without what a command gave.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { key, result } => f
                .debug_struct("Response")
                .field("key", key)
                .field("result", &result.as_ref().map(|value| value.as_ref().map(Json)))
                .finish(),
            Self::Terminated => f.write_str("Terminated"),
            Self::CallError { code, message } => {
                f.debug_struct("CallError").field("code", code).field("message", message).finish()
            }
            Self::BufferRequest { bytes, frame_bytes } => {
                f.debug_struct("BufferRequest").field("bytes", bytes).field("frame_bytes", frame_bytes).finish()
            }
            Self::Lost => f.write_str("Lost"),
            Self::Oddity(oddity) => f.debug_tuple("Oddity").field(oddity).finish(),
        }
    }
}

/// Why a command failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{code}: {message}")]
pub struct CommandFailure {
    /// The server's code, or ours: [`TIMEOUT`](crate::codes::TIMEOUT), [`LINK_LOST`](crate::codes::LINK_LOST),
    /// [`UNKNOWN`](crate::codes::UNKNOWN).
    pub code: String,
    /// For people; never empty.
    pub message: String,
}

/// What a moment in [`Output::Timeout`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// Sends a ping.
    Ping,
    /// The pong is overdue: hangs up.
    Pong,
    /// An answer is overdue: its command fails with `TIMEOUT`.
    Command,
}

/// Why a command was not even sent. The host is to blame, or nobody.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CommandRefused {
    /// The socket is gone.
    #[error("the voice link is lost")]
    LinkLost,
    /// [`COMMANDS_MAX`](crate::limits::COMMANDS_MAX) commands wait for their answers.
    #[error("too many commands wait for their answers")]
    TooMany,
    /// A ring time outside [`RING_TIME_MIN_S`](crate::limits::RING_TIME_MIN_S) to
    /// [`RING_TIME_MAX_S`](crate::limits::RING_TIME_MAX_S).
    #[error("a call rings for 1 to 120 seconds")]
    RingTime,
}

//! What a [`Link`](super::Link) wants done, and what it has to tell.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;
use thiserror::Error;

use super::{ClaimFailure, CreateFailure};
use crate::Oddity;
use crate::frame::manager::{CallIn, CloseReason, Session, SessionNotify, WaMsgIn};
use crate::frame::redact::Json;

/// What the driver must do next. Only [`Output::Timeout`] ends a drain.
#[derive(PartialEq)]
pub enum Output {
    /// Open a socket within [`DIAL_DEADLINE_S`](crate::limits::DIAL_DEADLINE_S) and report `handle_opened` or
    /// `handle_refused`.
    Dial,
    /// Send this as a text message.
    Transmit(String),
    /// Send a WebSocket ping and report its pong with `handle_pong`.
    Ping,
    /// Close the socket, or give up dialling, and report nothing more of it: the link has moved on. Says why.
    HangUp(&'static str),
    /// Something to know.
    Event(Event),
    /// Nothing more to do until an input, or until this moment: then call `handle_timeout`.
    Timeout(Option<(Instant, Deadline)>),
}

/// Without the text of [`Output::Transmit`], which may carry telephone numbers.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial => f.write_str("Dial"),
            Self::Transmit(text) => write!(f, "Transmit({} bytes)", text.len()),
            Self::Ping => f.write_str("Ping"),
            Self::HangUp(why) => f.debug_tuple("HangUp").field(why).finish(),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Timeout(at) => f.debug_tuple("Timeout").field(at).finish(),
        }
    }
}

/// What happened on the link.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// `setup.done` came: sessions can be claimed.
    Up {
        /// The server's name for this socket.
        sm_ws_id: Option<String>,
    },
    /// An open socket is gone. What was claimed on it has been answered or closed by events before this one.
    Down {
        /// Why, for people.
        why: String,
        /// The pause until the next dial.
        retry_in: Duration,
    },
    /// A dial failed. Refused credentials (401, 403, the certificate) are told once, until the dial ends differently.
    Refused {
        /// How.
        refusal: Refusal,
        /// The pause until the next dial.
        retry_in: Duration,
    },
    /// A session can be claimed by whoever is first.
    Notified(SessionNotify),
    /// A claim was granted. One answer for each accepted claim: this or the next.
    Claimed(Session),
    /// A claim was not granted.
    ClaimFailed {
        /// Which session.
        session_id: String,
        /// Why.
        failure: ClaimFailure,
    },
    /// A session was created and waits to be claimed. One answer for each accepted creation: this or the next.
    Created {
        /// The caller's name for the creation.
        key: u64,
        /// The session.
        session_id: String,
    },
    /// No session was created.
    CreateFailed {
        /// The caller's name for the creation.
        key: u64,
        /// Why.
        failure: CreateFailure,
    },
    /// The call of a claimed session, and where its voice is. A second one for a session replaces the first.
    CallIn(CallIn),
    /// A chat message of a claimed session.
    WaMsgIn(WaMsgIn),
    /// What became of a chat message: exactly one for each that [`Link::send`](super::Link::send) took.
    Sent {
        /// The chat's session.
        session_id: String,
        /// The caller's name for the message.
        key: u32,
        /// The server's detail, if it gave one, or why it failed.
        result: Result<Option<Value>, SendFailure>,
    },
    /// A chat whose socket was lost is claimed again, and ready again when it was before. One that could not be claimed is
    /// told as [`Event::SessionClosed`].
    Reclaimed {
        /// The chat's session.
        session_id: String,
    },
    /// A claimed session is over. `ForceClose` also when its socket is gone, but for a chat, which is claimed again. Says
    /// nothing of a call's voice.
    SessionClosed {
        /// Which session.
        session_id: String,
        /// Why.
        reason: CloseReason,
    },
    /// A session was claimed and `ready` was not called in time: the server sends nothing for it. The host is to blame.
    NotReadied {
        /// Which session.
        session_id: String,
    },
    /// The answer to the call flow, once for each setup, or the code of its failure.
    CallFlowSet(Result<(), String>),
    /// The peer did something that was ignored.
    Oddity(Oddity),
}

/// Why a chat message was not sent.
#[derive(Clone, PartialEq)]
pub struct SendFailure {
    /// The server's code, as it wrote it, or ours: [`TIMEOUT`](crate::codes::TIMEOUT),
    /// [`LINK_LOST`](crate::codes::LINK_LOST), [`UNKNOWN`](crate::codes::UNKNOWN).
    pub code: String,
    /// What else the server said.
    pub content: Option<Value>,
}

impl fmt::Debug for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.content.as_ref().map(Json);
        f.debug_struct("SendFailure").field("code", &self.code).field("content", &content).finish()
    }
}

/// Why a dial failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The server answered the upgrade with something else. Its body is cut to
    /// [`REFUSAL_BODY_BYTES_MAX`](crate::limits::REFUSAL_BODY_BYTES_MAX).
    #[error("the server answered with status {status}{}{body}", if body.is_empty() { "" } else { ": " })]
    Status {
        /// The HTTP status; 401 and 403 blame the credentials, 426 the SDK version.
        status: u16,
        /// What it said.
        body: String,
    },
    /// No socket came to be.
    #[error("the server is unreachable: {0}")]
    Unreachable(String),
    /// The server cannot be trusted, or there was no agreement on TLS.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The server demands a client certificate, or does not take ours.
    #[error("the client certificate was refused: {0}")]
    Certificate(String),
}

impl Refusal {
    /// Whether only other credentials would help.
    pub fn blames_credentials(&self) -> bool {
        matches!(self, Self::Status { status: 401 | 403, .. } | Self::Certificate(_))
    }
}

/// What a moment in [`Output::Timeout`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// The pause is over: dials again.
    Redial,
    /// `setup.done` is overdue: hangs up and dials again later.
    SetupDone,
    /// Sends a ping.
    Ping,
    /// The pong is overdue: hangs up and dials again later.
    Pong,
    /// An answer is overdue: its request fails with `TIMEOUT`.
    Request,
    /// A claimed session is still not ready: tells so once.
    Ready,
}

/// Why a request was not even sent. The host is to blame, or nobody.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RequestRefused {
    /// There is no socket that is set up.
    #[error("the session-manager link is down")]
    LinkDown,
    /// [`REQUESTS_MAX`](crate::limits::REQUESTS_MAX) requests wait for their answers.
    #[error("too many requests wait for their answers")]
    TooManyRequests,
    /// [`SESSIONS_MAX`](crate::limits::SESSIONS_MAX) sessions are claimed or being claimed.
    #[error("too many sessions are claimed")]
    TooManySessions,
    /// The session is claimed on this link, or being claimed.
    #[error("the session is claimed already")]
    AlreadyClaimed,
    /// The session was never claimed on this socket, or is closed, or is a chat that is being claimed again.
    #[error("the session is not claimed")]
    NotClaimed,
    /// The message is longer than [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX), at which a server ends the socket.
    #[error("the message is longer than a frame may be")]
    TooLong,
}

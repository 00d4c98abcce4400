//! What the frames of the session-manager plane carry.
//!
//! Sets that a server may enlarge keep an unknown member as text, so that a new one breaks no running host.

use std::fmt;

use serde_json::{Map, Value};

use super::super::json::{Fields, Printer};
use super::super::redact::{Address, Hidden, Json, Url};
use crate::frame::ParseError;

/// What a session is about. Row `SM-10`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A telephone call.
    Telco,
    /// A chat.
    Wa,
    /// Something newer than this crate, as the server wrote it.
    Other(String),
}

impl Channel {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Telco => "TELCO",
            Self::Wa => "WA",
            Self::Other(text) => text,
        }
    }

    /// Reads the word; never fails.
    pub fn from_wire(text: String) -> Self {
        match text.as_str() {
            "TELCO" => Self::Telco,
            "WA" => Self::Wa,
            _ => Self::Other(text),
        }
    }
}

/// Why a session was announced. Row `SM-10`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Activity {
    /// A call comes in.
    NewIncomingCall,
    /// A chat message came in.
    NewIncomingMessage,
    /// A call that was alive when an earlier socket dropped is still alive.
    Resume,
    /// Something newer than this crate, as the server wrote it.
    Other(String),
}

impl Activity {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NewIncomingCall => "NEW_INCOMING_CALL",
            Self::NewIncomingMessage => "NEW_INCOMING_MESSAGE",
            Self::Resume => "RESUME",
            Self::Other(text) => text,
        }
    }

    /// Reads the word; never fails.
    pub fn from_wire(text: String) -> Self {
        match text.as_str() {
            "NEW_INCOMING_CALL" => Self::NewIncomingCall,
            "NEW_INCOMING_MESSAGE" => Self::NewIncomingMessage,
            "RESUME" => Self::Resume,
            _ => Self::Other(text),
        }
    }
}

/// Why a session ended. Row `SM-13`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// This client asked.
    SdkRequest,
    /// The server decided; also what an unknown or missing reason reads as.
    ForceClose,
    /// The call ended.
    CallTerminated,
}

impl CloseReason {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SdkRequest => "SDK_REQUEST",
            Self::ForceClose => "FORCE_CLOSE",
            Self::CallTerminated => "CALL_TERMINATED",
        }
    }

    /// Reads the word; an unknown one is [`CloseReason::ForceClose`], as the public SDK has it.
    pub fn from_wire(text: &str) -> Self {
        match text {
            "SDK_REQUEST" => Self::SdkRequest,
            "CALL_TERMINATED" => Self::CallTerminated,
            _ => Self::ForceClose,
        }
    }
}

/// Which inbound calls a connector wants. Row `SM-8`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InboundCall {
    /// Every call.
    All,
    /// Only calls that nobody took.
    MissedOnly,
    /// None.
    #[default]
    No,
}

impl InboundCall {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::MissedOnly => "MISSED_ONLY",
            Self::No => "NO",
        }
    }

    /// Reads the word.
    pub fn from_wire(text: &str) -> Option<Self> {
        match text {
            "ALL" => Some(Self::All),
            "MISSED_ONLY" => Some(Self::MissedOnly),
            "NO" => Some(Self::No),
            _ => None,
        }
    }
}

/// What a connector handles. Everything is off by default, as in the public SDK. Row `SM-8`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallFlow {
    /// Which inbound calls are announced.
    pub inbound_call: InboundCall,
    /// Whether calls that the subscriber places are announced.
    pub outbound_call: bool,
    /// Whether incoming chat messages are announced.
    pub inbound_message: bool,
    /// Whether outgoing chat messages are announced.
    pub outbound_message: bool,
}

/// `session.notify`: a session can be claimed. Row `SM-10`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionNotify {
    /// The session; empty when the server named none.
    pub session_id: String,
    /// Call or chat.
    pub channel: Channel,
    /// The other party.
    pub remote_address: String,
    /// The connector's side.
    pub local_address: String,
    /// Why it is announced.
    pub activity: Activity,
    /// When the notice was sent, in seconds since 1970; 0 when the server did not say.
    pub created_at_s: i64,
}

impl fmt::Debug for SessionNotify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionNotify")
            .field("session_id", &self.session_id)
            .field("channel", &self.channel)
            .field("remote_address", &Address(&self.remote_address))
            .field("local_address", &Address(&self.local_address))
            .field("activity", &self.activity)
            .field("created_at_s", &self.created_at_s)
            .finish()
    }
}

/// `call.in`: the call of a session, and where its voice is. Row `SM-11`.
#[derive(Clone, PartialEq, Eq)]
pub struct CallIn {
    /// The session, claimed and readied before.
    pub session_id: String,
    /// The call.
    pub call_id: String,
    /// The organisation.
    pub org_uuid: String,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// Where to dial the voice link. Chosen by the peer: not to be trusted further than the session manager itself.
    pub url: String,
    /// The bearer token of the voice link. A secret.
    pub token: String,
}

impl fmt::Debug for CallIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallIn")
            .field("session_id", &self.session_id)
            .field("call_id", &self.call_id)
            .field("org_uuid", &self.org_uuid)
            .field("from", &Address(&self.from))
            .field("to", &Address(&self.to))
            .field("url", &Url(&self.url))
            .field("token", &Hidden(&self.token))
            .finish()
    }
}

/// `wa.msg.in`: a chat message. Row `SM-12`.
#[derive(Clone, PartialEq)]
pub struct WaMsgIn {
    /// The session.
    pub session_id: String,
    /// Who wrote.
    pub sender: String,
    /// What, in the chat network's own form.
    pub content: Map<String, Value>,
}

impl fmt::Debug for WaMsgIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaMsgIn")
            .field("session_id", &self.session_id)
            .field("sender", &Address(&self.sender))
            .field("content", &format_args!("(object of {})", self.content.len()))
            .finish()
    }
}

/// The payload of `wa.msg.out`: a chat message to send. Row `SM-9`.
#[derive(Clone, PartialEq)]
pub struct WaMsgOut {
    /// The session.
    pub session_id: String,
    /// A UUID of the sender's, for telling repeats.
    pub client_msg_id: String,
    /// Version of the chat network's own form.
    pub api_version: String,
    /// The message in that form.
    pub data: Value,
}

impl fmt::Debug for WaMsgOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaMsgOut")
            .field("session_id", &self.session_id)
            .field("client_msg_id", &self.client_msg_id)
            .field("api_version", &self.api_version)
            .field("data", &Json(&self.data))
            .finish()
    }
}

impl CallFlow {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ParseError> {
        let mode = fields.text("inboundCall")?;
        Ok(Self {
            inbound_call: InboundCall::from_wire(&mode)
                .ok_or_else(|| fields.wrong("inboundCall", "ALL, MISSED_ONLY or NO"))?,
            outbound_call: fields.boolean("outboundCall")?,
            inbound_message: fields.boolean("inboundMessage")?,
            outbound_message: fields.boolean("outboundMessage")?,
        })
    }

    pub(super) fn printer(&self) -> Printer {
        Printer::object()
            .field("inboundCall", self.inbound_call.as_str())
            .field("outboundCall", self.outbound_call)
            .field("inboundMessage", self.inbound_message)
            .field("outboundMessage", self.outbound_message)
    }
}

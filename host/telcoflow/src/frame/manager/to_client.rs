//! What a server says on the session-manager plane.

use std::fmt;

use serde_json::{Map, Value};

use super::super::json::{Fields, Printer, lenient_seconds, truthy};
use super::super::redact::Json;
use super::types::{Activity, CallIn, Channel, CloseReason, SessionNotify, WaMsgIn};
use crate::frame::ParseError;

/// A frame from server to client.
#[derive(Clone, Debug, PartialEq)]
pub enum ToClient {
    /// `setup.done`: the link is up. Row `SM-3`.
    SetupDone {
        /// The server's name for this socket; `None` when it gave none.
        sm_ws_id: Option<String>,
    },
    /// `response`: the answer to a request. Row `SM-4`.
    Response(Response),
    /// `session.notify`. Row `SM-10`.
    SessionNotify(SessionNotify),
    /// `call.in`. Row `SM-11`.
    CallIn(CallIn),
    /// `wa.msg.in`. Row `SM-12`.
    WaMsgIn(WaMsgIn),
    /// `session.closed`. Row `SM-13`.
    SessionClosed {
        /// The session; empty when the server named none.
        session_id: String,
        /// Why.
        reason: CloseReason,
    },
    /// A type that this crate does not know: ignored.
    Unknown {
        /// The type.
        kind: String,
    },
}

/// The answer to a request. Row `SM-4`.
#[derive(Clone, PartialEq)]
pub struct Response {
    /// Which request; empty when the server named none.
    pub req_id: String,
    /// Whether it was granted. A missing `ok` reads as no.
    pub ok: bool,
    /// What was granted; `null` reads as absent.
    pub content: Option<Value>,
    /// Why it was not.
    pub error_code: Option<String>,
    /// More about why; `null` reads as absent.
    pub error_content: Option<Value>,
}

impl Response {
    /// A grant.
    pub fn granted(req_id: impl Into<String>, content: Option<Value>) -> Self {
        Self { req_id: req_id.into(), ok: true, content, error_code: None, error_content: None }
    }

    /// A refusal.
    pub fn refused(req_id: impl Into<String>, code: impl Into<String>, content: Option<Value>) -> Self {
        Self { req_id: req_id.into(), ok: false, content: None, error_code: Some(code.into()), error_content: content }
    }

    /// Whose session it is, from a `SESSION_BUSY`.
    pub fn bound_sm_ws_id(&self) -> Option<&str> {
        self.error_content.as_ref()?.get("boundSmWsId")?.as_str()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("req_id", &self.req_id)
            .field("ok", &self.ok)
            .field("content", &self.content.as_ref().map(Json))
            .field("error_code", &self.error_code)
            .field("error_content", &self.error_content.as_ref().map(Json))
            .finish()
    }
}

impl ToClient {
    /// Reads a frame as leniently as the public SDK does.
    ///
    /// # Errors
    /// Those of [`ParseError`]; the server is to blame, and the public SDK ignores such a frame too.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut fields = Fields::read(bytes)?;
        Ok(match fields.kind() {
            "setup.done" => Self::SetupDone {
                // The id is only shown: one of another type must not keep the link down.
                sm_ws_id: match fields.take("smWsId") {
                    Some(Value::String(id)) if !id.is_empty() => Some(id),
                    _ => None,
                },
            },
            "response" => Self::Response(response(fields)?),
            "session.notify" => Self::SessionNotify(session_notify(fields)?),
            "call.in" => Self::CallIn(call_in(fields)?),
            "wa.msg.in" => Self::WaMsgIn(wa_msg_in(fields)?),
            "session.closed" => Self::SessionClosed {
                session_id: fields.text_or_empty("sessionId")?,
                reason: CloseReason::from_wire(&fields.text_or_empty("reason")?),
            },
            _ => Self::Unknown { kind: fields.into_kind() },
        })
    }

    /// The frame as JSON text.
    pub fn print(&self) -> String {
        let frame = Printer::frame(self.kind());
        match self {
            Self::SetupDone { sm_ws_id } => frame.optional("smWsId", sm_ws_id.as_ref()),
            Self::Response(response) => frame
                .field("reqId", &response.req_id)
                .field("ok", response.ok)
                .optional("content", response.content.as_ref())
                .optional("errorCode", response.error_code.as_ref())
                .optional("errorContent", response.error_content.as_ref()),
            Self::SessionNotify(notify) => frame
                .field("sessionId", &notify.session_id)
                .field("channel", notify.channel.as_str())
                .field("remoteAddress", &notify.remote_address)
                .field("localAddress", &notify.local_address)
                .field("activity", notify.activity.as_str())
                .field("createdAt", notify.created_at_s),
            Self::CallIn(call) => frame
                .field("sessionId", &call.session_id)
                .field("callId", &call.call_id)
                .field("orgUuid", &call.org_uuid)
                .field("from", &call.from)
                .field("to", &call.to)
                .field("url", &call.url)
                .field("token", &call.token),
            Self::WaMsgIn(message) => frame
                .field("sessionId", &message.session_id)
                .field("sender", &message.sender)
                .field("content", &message.content),
            Self::SessionClosed { session_id, reason } => {
                frame.field("sessionId", session_id).field("reason", reason.as_str())
            }
            Self::Unknown { .. } => frame,
        }
        .finish()
    }

    /// The frame type on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::SetupDone { .. } => "setup.done",
            Self::Response(_) => "response",
            Self::SessionNotify(_) => "session.notify",
            Self::CallIn(_) => "call.in",
            Self::WaMsgIn(_) => "wa.msg.in",
            Self::SessionClosed { .. } => "session.closed",
            Self::Unknown { kind } => kind,
        }
    }
}

fn response(mut fields: Fields) -> Result<Response, ParseError> {
    Ok(Response {
        req_id: fields.any_text("reqId").unwrap_or_default(),
        ok: fields.take("ok").is_some_and(|ok| truthy(&ok)),
        content: fields.take("content"),
        error_code: fields.any_text("errorCode"),
        error_content: fields.take("errorContent"),
    })
}

fn session_notify(mut fields: Fields) -> Result<SessionNotify, ParseError> {
    Ok(SessionNotify {
        session_id: fields.text_or_empty("sessionId")?,
        channel: Channel::from_wire(fields.text_or_empty("channel")?),
        remote_address: fields.text_or_empty("remoteAddress")?,
        local_address: fields.text_or_empty("localAddress")?,
        activity: Activity::from_wire(fields.text_or_empty("activity")?),
        created_at_s: fields.raw("createdAt").map_or(0, |value| lenient_seconds(&value)),
    })
}

fn call_in(mut fields: Fields) -> Result<CallIn, ParseError> {
    Ok(CallIn {
        session_id: fields.text_or_empty("sessionId")?,
        call_id: fields.text_or_empty("callId")?,
        org_uuid: fields.text_or_empty("orgUuid")?,
        from: fields.text_or_empty("from")?,
        to: fields.text_or_empty("to")?,
        url: fields.text_or_empty("url")?,
        token: fields.text_or_empty("token")?,
    })
}

fn wa_msg_in(mut fields: Fields) -> Result<WaMsgIn, ParseError> {
    Ok(WaMsgIn {
        session_id: fields.text_or_empty("sessionId")?,
        sender: fields.text_or_empty("sender")?,
        content: match fields.raw("content") {
            None => Map::new(),
            Some(Value::Object(content)) => content,
            Some(_) => return Err(fields.wrong("content", "an object")),
        },
    })
}

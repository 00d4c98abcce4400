//! What a client says on the session-manager plane.

use std::fmt;

use serde_json::Value;

use super::super::json::{Fields, Printer};
use super::super::redact::Address;
use super::types::{CallFlow, WaMsgOut};
use crate::frame::{AudioMode, ParseError, SAMPLE_RATES_HZ};

/// A frame from client to server. Field order in print is that of the public SDK.
#[derive(Clone, PartialEq)]
pub enum ToServer {
    /// `setup`: the first frame of a socket. Row `SM-2`.
    Setup {
        /// 8000, 16000 or 24000.
        sample_rate_hz: u32,
        /// Mixed or isolated.
        audio_mode: AudioMode,
    },
    /// `session.open`: claims a session. Row `SM-5`.
    SessionOpen {
        /// Names the answer.
        req_id: String,
        /// The session.
        session_id: String,
    },
    /// `session.ready`: its events may start. Never answered. Row `SM-6`.
    SessionReady {
        /// The session.
        session_id: String,
    },
    /// `session.create`: starts a session with somebody. Row `SM-7`.
    SessionCreate {
        /// Names the answer.
        req_id: String,
        /// `TELCO` or `WA`, as it goes on the wire.
        channel: String,
        /// With whom.
        remote_address: String,
    },
    /// `call_flow.setup`: what this connector handles. Row `SM-8`.
    CallFlowSetup {
        /// Names the answer.
        req_id: String,
        /// The wish.
        call_flow: CallFlow,
    },
    /// `wa.msg.out`: a chat message. Row `SM-9`.
    WaMsgOut {
        /// Names the answer.
        req_id: String,
        /// The message.
        data: WaMsgOut,
    },
    /// A type that this crate does not know.
    Unknown {
        /// The type.
        kind: String,
    },
}

impl ToServer {
    /// Reads a frame strictly: every field of the public SDK must be there with its type.
    ///
    /// # Errors
    /// Those of [`ParseError`]; the client is to blame.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut fields = Fields::read(bytes)?;
        Ok(match fields.kind() {
            "setup" => setup(fields.object("data")?)?,
            "session.open" => {
                Self::SessionOpen { req_id: fields.text("reqId")?, session_id: fields.text("sessionId")? }
            }
            "session.ready" => Self::SessionReady { session_id: fields.text("sessionId")? },
            "session.create" => Self::SessionCreate {
                req_id: fields.text("reqId")?,
                channel: fields.text("channel")?,
                remote_address: fields.text("remoteAddress")?,
            },
            "call_flow.setup" => Self::CallFlowSetup {
                req_id: fields.text("reqId")?,
                call_flow: CallFlow::read(&mut fields.object("data")?)?,
            },
            "wa.msg.out" => Self::WaMsgOut { req_id: fields.text("reqId")?, data: wa_msg_out(fields.object("data")?)? },
            _ => Self::Unknown { kind: fields.into_kind() },
        })
    }

    /// The frame as JSON text.
    pub fn print(&self) -> String {
        let frame = Printer::frame(self.kind());
        match self {
            Self::Setup { sample_rate_hz, audio_mode } => frame.nested(
                "data",
                Printer::object().field("sampleRate", sample_rate_hz).field("audioMode", audio_mode.as_str()),
            ),
            Self::SessionOpen { req_id, session_id } => frame.field("sessionId", session_id).field("reqId", req_id),
            Self::SessionReady { session_id } => frame.field("sessionId", session_id),
            Self::SessionCreate { req_id, channel, remote_address } => {
                frame.field("channel", channel).field("remoteAddress", remote_address).field("reqId", req_id)
            }
            Self::CallFlowSetup { req_id, call_flow } => {
                frame.nested("data", call_flow.printer()).field("reqId", req_id)
            }
            Self::WaMsgOut { req_id, data } => frame
                .nested(
                    "data",
                    Printer::object()
                        .field("sessionId", &data.session_id)
                        .field("clientMsgId", &data.client_msg_id)
                        .field("apiVersion", &data.api_version)
                        .field("data", &data.data),
                )
                .field("reqId", req_id),
            Self::Unknown { .. } => frame,
        }
        .finish()
    }

    /// The frame type on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::Setup { .. } => "setup",
            Self::SessionOpen { .. } => "session.open",
            Self::SessionReady { .. } => "session.ready",
            Self::SessionCreate { .. } => "session.create",
            Self::CallFlowSetup { .. } => "call_flow.setup",
            Self::WaMsgOut { .. } => "wa.msg.out",
            Self::Unknown { kind } => kind,
        }
    }
}

impl fmt::Debug for ToServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.kind());
        match self {
            Self::Setup { sample_rate_hz, audio_mode } => {
                shown.field("sample_rate_hz", sample_rate_hz).field("audio_mode", audio_mode)
            }
            Self::SessionOpen { req_id, session_id } => shown.field("req_id", req_id).field("session_id", session_id),
            Self::SessionReady { session_id } => shown.field("session_id", session_id),
            Self::SessionCreate { req_id, channel, remote_address } => shown
                .field("req_id", req_id)
                .field("channel", channel)
                .field("remote_address", &Address(remote_address)),
            Self::CallFlowSetup { req_id, call_flow } => shown.field("req_id", req_id).field("call_flow", call_flow),
            Self::WaMsgOut { req_id, data } => shown.field("req_id", req_id).field("data", data),
            Self::Unknown { .. } => &mut shown,
        }
        .finish()
    }
}

fn setup(mut data: Fields) -> Result<ToServer, ParseError> {
    let sample_rate_hz = data.whole_u32("sampleRate")?;
    if !SAMPLE_RATES_HZ.contains(&sample_rate_hz) {
        return Err(data.wrong("sampleRate", "8000, 16000 or 24000"));
    }
    let audio_mode = data.text("audioMode")?.parse().map_err(|_| data.wrong("audioMode", "`mixed` or `isolated`"))?;
    Ok(ToServer::Setup { sample_rate_hz, audio_mode })
}

fn wa_msg_out(mut data: Fields) -> Result<WaMsgOut, ParseError> {
    Ok(WaMsgOut {
        session_id: data.text("sessionId")?,
        client_msg_id: data.text("clientMsgId")?,
        api_version: data.text("apiVersion")?,
        data: data.raw("data").unwrap_or(Value::Null),
    })
}

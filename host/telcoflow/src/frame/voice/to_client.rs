//! What a server says in text on the voice plane.

use std::fmt;

use serde_json::Value;

use super::super::json::{Fields, Printer, lenient_int, truthy};
use super::super::redact::Json;
use crate::frame::ParseError;

/// A text frame from server to client.
#[derive(Clone, PartialEq)]
pub enum ToClient {
    /// `command_response`: a command finished. Row `V-4`.
    CommandResponse {
        /// Which one.
        command_id: String,
        /// Whether it worked.
        success: bool,
        /// What it gave; `null` reads as absent.
        result: Option<Value>,
        /// Why it did not work. `TIMEOUT`: the server's own deadline passed.
        error_code: Option<String>,
        /// The same for people.
        error_message: Option<String>,
    },
    /// `call_event` `call.terminated`: the call is over. Row `V-5`.
    CallTerminated,
    /// `call_event` `call.error`: something went wrong and the call goes on. Row `V-6`.
    CallError {
        /// What; empty when the server did not say.
        error_code: String,
        /// The same for people.
        error_message: Option<String>,
    },
    /// Any other `call_event`: ignored. Row `V-7`.
    CallEventOther {
        /// Its name.
        event: String,
    },
    /// `buffer_request`: the server wants audio. Row `V-8`.
    BufferRequest {
        /// How much, in bytes; nothing is owed for 0 or less.
        requested_bytes: i64,
        /// The frame size it likes best, in bytes; 0 or less is no wish.
        prefer_audio_frame_bytes: Option<i64>,
        /// For which channel, 0 when it is not said; only those for channel 0 are served.
        channel_id: i64,
    },
    /// A type that this crate does not know: ignored.
    Unknown {
        /// The type.
        kind: String,
    },
}

impl ToClient {
    /// Reads a frame as leniently as the public SDK does.
    ///
    /// # Errors
    /// Those of [`ParseError`]; the server is to blame, and the public SDK ignores such a frame too.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let mut fields = Fields::read(text)?;
        Ok(match fields.kind() {
            "command_response" => command_response(fields.object("data")?)?,
            "call_event" => call_event(fields.object("data")?)?,
            "buffer_request" => buffer_request(fields.object("data")?)?,
            _ => Self::Unknown { kind: fields.into_kind() },
        })
    }

    /// The frame as JSON text.
    pub fn print(&self) -> String {
        let frame = Printer::frame(self.kind());
        let data = Printer::object();
        match self {
            Self::CommandResponse { command_id, success, result, error_code, error_message } => frame.nested(
                "data",
                data.field("command_id", command_id)
                    .field("success", success)
                    .optional("result", result.as_ref())
                    .optional("error_code", error_code.as_ref())
                    .optional("error_message", error_message.as_ref()),
            ),
            Self::CallTerminated => frame.nested("data", data.field("event", "call.terminated")),
            Self::CallError { error_code, error_message } => frame.nested(
                "data",
                data.field("event", "call.error")
                    .field("error_code", error_code)
                    .optional("error_message", error_message.as_ref()),
            ),
            Self::CallEventOther { event } => frame.nested("data", data.field("event", event)),
            Self::BufferRequest { requested_bytes, prefer_audio_frame_bytes, channel_id } => frame.nested(
                "data",
                data.field("requested_bytes", requested_bytes)
                    .optional("prefer_audio_frame_bytes", prefer_audio_frame_bytes.as_ref())
                    .optional("channelId", Some(channel_id).filter(|id| **id != 0)),
            ),
            Self::Unknown { .. } => frame,
        }
        .finish()
    }

    /// The frame type on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::CommandResponse { .. } => "command_response",
            Self::CallTerminated | Self::CallError { .. } | Self::CallEventOther { .. } => "call_event",
            Self::BufferRequest { .. } => "buffer_request",
            Self::Unknown { kind } => kind,
        }
    }
}

impl fmt::Debug for ToClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.kind());
        match self {
            Self::CommandResponse { command_id, success, result, error_code, error_message } => shown
                .field("command_id", command_id)
                .field("success", success)
                .field("result", &result.as_ref().map(Json))
                .field("error_code", error_code)
                .field("error_message", error_message),
            Self::CallTerminated => shown.field("event", &"call.terminated"),
            Self::CallError { error_code, error_message } => shown
                .field("event", &"call.error")
                .field("error_code", error_code)
                .field("error_message", error_message),
            Self::CallEventOther { event } => shown.field("event", event),
            Self::BufferRequest { requested_bytes, prefer_audio_frame_bytes, channel_id } => shown
                .field("requested_bytes", requested_bytes)
                .field("prefer_audio_frame_bytes", prefer_audio_frame_bytes)
                .field("channel_id", channel_id),
            Self::Unknown { .. } => &mut shown,
        }
        .finish()
    }
}

fn command_response(mut data: Fields) -> Result<ToClient, ParseError> {
    Ok(ToClient::CommandResponse {
        command_id: data.text("command_id")?,
        success: match data.raw("success") {
            Some(success) => truthy(&success),
            None => return Err(data.wrong("success", "there")),
        },
        result: data.take("result"),
        error_code: data.any_text("error_code"),
        error_message: data.any_text("error_message"),
    })
}

fn call_event(mut data: Fields) -> Result<ToClient, ParseError> {
    let Some(event) = data.any_text("event") else {
        return Err(data.wrong("event", "there"));
    };
    Ok(match event.as_str() {
        "call.terminated" => ToClient::CallTerminated,
        "call.error" => ToClient::CallError {
            error_code: data.any_text("error_code").unwrap_or_default(),
            error_message: data.any_text("error_message"),
        },
        _ => ToClient::CallEventOther { event },
    })
}

fn buffer_request(mut data: Fields) -> Result<ToClient, ParseError> {
    Ok(ToClient::BufferRequest {
        requested_bytes: match data.take("requested_bytes") {
            None => 0,
            Some(value) => lenient_int(&value).ok_or_else(|| data.wrong("requested_bytes", "a number"))?,
        },
        prefer_audio_frame_bytes: data.take("prefer_audio_frame_bytes").and_then(|value| lenient_int(&value)),
        channel_id: data.take("channelId").and_then(|value| lenient_int(&value)).unwrap_or(0),
    })
}

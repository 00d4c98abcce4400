//! What a server says in text on the voice plane.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::super::json::{Fields, Printer, lenient_int, truthy};
use super::super::redact::Json;
use crate::frame::ParseError;

/// No usual request for audio is longer.
const USUAL_BYTES_MAX: usize = 256;

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
        if let Some(request) = usual_request(text) {
            return Ok(request);
        }
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

/// A request for audio as servers usually write it, one for each frame of a call: read without a tree of values.
/// `None`: it is something else, or is written otherwise, and is read as everything else is.
fn usual_request(text: &[u8]) -> Option<ToClient> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Frame<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        data: Request,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        requested_bytes: i64,
        prefer_audio_frame_bytes: Option<i64>,
        #[serde(rename = "channelId", default)]
        channel_id: i64,
    }
    if text.len() > USUAL_BYTES_MAX {
        return None;
    }
    let Frame { kind, data } = serde_json::from_slice(text).ok()?;
    let Request { requested_bytes, prefer_audio_frame_bytes, channel_id } = data;
    (kind == "buffer_request").then_some(ToClient::BufferRequest {
        requested_bytes,
        prefer_audio_frame_bytes,
        channel_id,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers as a server may write them, and things that are none.
    fn number() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| format!("{number:?}")),
            any::<i32>().prop_map(|number| format!("\"{number}\"")),
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("-0".to_owned()),
            Just("[]".to_owned()),
        ]
    }

    fn field() -> impl Strategy<Value = String> {
        let name = prop_oneof![
            4 => Just("requested_bytes"),
            2 => Just("prefer_audio_frame_bytes"),
            2 => Just("channelId"),
            1 => Just("more"),
        ];
        (name, number()).prop_map(|(name, number)| format!("\"{name}\":{number}"))
    }

    proptest! {
        /// The short way reads what it reads at all as the long way does.
        #[test]
        fn the_short_way_agrees(fields in prop::collection::vec(field(), 0..4), kind in "buffer_request|buffer_requests|x") {
            let text = format!("{{\"type\":\"{kind}\",\"data\":{{{}}}}}", fields.join(","));
            if let Some(short) = usual_request(text.as_bytes()) {
                let mut read = Fields::read(text.as_bytes()).expect("the short way read it");
                let long = buffer_request(read.object("data").expect("the short way read it"));
                prop_assert_eq!(Ok(short), long, "{}", text);
            }
        }
    }

    #[test]
    fn the_usual_request_takes_the_short_way() {
        for (preferred, channel_id) in [(None, 0), (Some(640), 0), (Some(-1), 2)] {
            let frame =
                ToClient::BufferRequest { requested_bytes: 640, prefer_audio_frame_bytes: preferred, channel_id };
            assert_eq!(usual_request(frame.print().as_bytes()), Some(frame));
        }
        assert_eq!(usual_request(ToClient::CallTerminated.print().as_bytes()), None);
    }
}

//! A call on its way from one process to another, as the public SDK writes it (`Call.to_json`) and reads it
//! (`Call.from_json`).
//!
//! Only a call whose voice socket was never opened can move. The token in it lets whoever has it take the call, so `Debug`
//! hides it.

use std::fmt;

use serde_json::{Map, Value};

use super::json::Printer;
use super::manager::CallIn;
use super::redact::{Address, Hidden, Url};
use crate::limits::{HANDOVER_BYTES_MAX, PEER_TEXT_BYTES_MAX};

/// The only channel that can move.
const CHANNEL: &str = "TELCO";

/// What the taker needs to know of a call. Audio settings are its own; the session stays where it was.
#[derive(Clone, PartialEq, Eq)]
pub struct Handover {
    /// The call's id.
    pub id: String,
    /// Who calls.
    pub caller: String,
    /// Who is called.
    pub callee: String,
    /// Where the voice socket is.
    pub session_url: String,
    /// What opens it. A secret.
    pub session_token: String,
}

/// Why something is no call to be taken. It never contains what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// More than the limit.
    #[error("a call that is handed over has at most {HANDOVER_BYTES_MAX} bytes")]
    TooLong,
    /// No JSON.
    #[error("it is not JSON")]
    NotJson,
    /// JSON, but no object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A field is missing, or is no text.
    #[error("`{0}` must be there, and be a text")]
    Field(&'static str),
    /// A name or number that nobody has.
    #[error("`{0}` has at most {PEER_TEXT_BYTES_MAX} bytes")]
    Long(&'static str),
    /// A field is there and empty.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// Another channel.
    #[error("`channel` must be `{CHANNEL}`: nothing else can be handed over")]
    Channel,
}

impl Handover {
    /// Reads what another process gave. Fields that nobody knows are ignored, and so is a missing `channel`, as in the SDK.
    ///
    /// # Errors
    /// It is not the JSON of a call.
    pub fn parse(json: &[u8]) -> Result<Self, HandoverError> {
        if json.len() > HANDOVER_BYTES_MAX {
            return Err(HandoverError::TooLong);
        }
        let value = serde_json::from_slice(json).map_err(|_| HandoverError::NotJson)?;
        let Value::Object(mut map) = value else { return Err(HandoverError::NotAnObject) };
        if map.remove("channel").is_some_and(|channel| channel != CHANNEL) {
            return Err(HandoverError::Channel);
        }
        Ok(Self {
            id: full(&mut map, "id").and_then(|text| short("id", text))?,
            caller: text(&mut map, "caller").and_then(|text| short("caller", text))?,
            callee: text(&mut map, "callee").and_then(|text| short("callee", text))?,
            session_url: full(&mut map, "session_url")?,
            session_token: full(&mut map, "session_token")?,
        })
    }

    /// As the SDK reads it, with the fields in its order.
    pub fn print(&self) -> String {
        let Self { id, caller, callee, session_url, session_token } = self;
        Printer::object()
            .field("channel", CHANNEL)
            .field("id", id)
            .field("caller", caller)
            .field("callee", callee)
            .field("session_url", session_url)
            .field("session_token", session_token)
            .finish()
    }
}

impl From<Handover> for CallIn {
    /// Without session and organisation: nobody has told them.
    fn from(handover: Handover) -> Self {
        Self {
            session_id: String::new(),
            call_id: handover.id,
            org_uuid: String::new(),
            from: handover.caller,
            to: handover.callee,
            url: handover.session_url,
            token: handover.session_token,
        }
    }
}

impl From<CallIn> for Handover {
    fn from(call_in: CallIn) -> Self {
        Self {
            id: call_in.call_id,
            caller: call_in.from,
            callee: call_in.to,
            session_url: call_in.url,
            session_token: call_in.token,
        }
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover")
            .field("id", &self.id)
            .field("caller", &Address(&self.caller))
            .field("callee", &Address(&self.callee))
            .field("session_url", &Url(&self.session_url))
            .field("session_token", &Hidden(&self.session_token))
            .finish()
    }
}

fn text(map: &mut Map<String, Value>, field: &'static str) -> Result<String, HandoverError> {
    match map.remove(field) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(HandoverError::Field(field)),
    }
}

fn short(field: &'static str, text: String) -> Result<String, HandoverError> {
    if text.len() > PEER_TEXT_BYTES_MAX { Err(HandoverError::Long(field)) } else { Ok(text) }
}

fn full(map: &mut Map<String, Value>, field: &'static str) -> Result<String, HandoverError> {
    text(map, field).and_then(|text| if text.is_empty() { Err(HandoverError::Empty(field)) } else { Ok(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `Call.to_json` of the SDK 1.0.0 prints, byte by byte.
    const SDKS: &str = "{\"channel\": \"TELCO\", \"id\": \"c-1\", \"caller\": \"+15550100\", \"callee\": \"+15550199\", \
                        \"session_url\": \"wss://v.example/s\", \"session_token\": \"a.b.c\"}";

    fn call() -> Handover {
        Handover {
            id: "c-1".into(),
            caller: "+15550100".into(),
            callee: "+15550199".into(),
            session_url: "wss://v.example/s".into(),
            session_token: "a.b.c".into(),
        }
    }

    #[test]
    fn it_is_the_sdks_json_both_ways() {
        assert_eq!(Handover::parse(SDKS.as_bytes()), Ok(call()));
        let (ours, sdks): (Value, Value) =
            (serde_json::from_str(&call().print()).expect("JSON"), serde_json::from_str(SDKS).expect("JSON"));
        assert_eq!(ours, sdks);
        let flat = |text: &str| text.replace(": ", ":").replace(", ", ",");
        assert_eq!(flat(SDKS), call().print(), "in the SDK's order too");
    }

    #[test]
    fn what_the_sdk_ignores_is_ignored() {
        let more = SDKS.replace("\"channel\": \"TELCO\", ", "\"more\": [1], ");
        assert_eq!(Handover::parse(more.as_bytes()), Ok(call()));
    }

    #[test]
    fn what_is_no_call_is_refused_without_repeating_it() {
        let with = |field: &str, value: &str| {
            let mut json: Value = serde_json::from_str(SDKS).expect("JSON");
            json[field] = serde_json::from_str(value).expect("JSON");
            Handover::parse(json.to_string().as_bytes())
        };
        assert_eq!(with("channel", "\"WA\""), Err(HandoverError::Channel));
        assert_eq!(with("channel", "null"), Err(HandoverError::Channel));
        let long = format!("\"{}\"", "1".repeat(PEER_TEXT_BYTES_MAX + 1));
        for field in ["id", "caller", "callee"] {
            assert_eq!(with(field, &long), Err(HandoverError::Long(field)));
        }
        assert_eq!(with("id", "1"), Err(HandoverError::Field("id")));
        assert_eq!(with("session_token", "\"\""), Err(HandoverError::Empty("session_token")));
        assert_eq!(with("caller", "\"\"").map(|call| call.caller), Ok(String::new()), "a hidden number");
        for field in ["id", "caller", "callee", "session_url", "session_token"] {
            let mut json: Value = serde_json::from_str(SDKS).expect("JSON");
            json.as_object_mut().expect("JSON").remove(field);
            assert_eq!(Handover::parse(json.to_string().as_bytes()), Err(HandoverError::Field(field)));
        }
        assert_eq!(Handover::parse(b"[]"), Err(HandoverError::NotAnObject));
        assert_eq!(Handover::parse(b"{\"id\": \"secret\""), Err(HandoverError::NotJson));
        assert_eq!(Handover::parse(&vec![b' '; HANDOVER_BYTES_MAX + 1]), Err(HandoverError::TooLong));
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", call());
        assert!(!shown.contains("a.b.c") && !shown.contains("+15550100"), "{shown}");
    }
}

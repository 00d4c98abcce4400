//! What the answers to requests carry in their `content`.

use std::fmt;

use serde_json::{Map, Value};

use super::super::json::{Fields, lenient_seconds, truthy};
use super::super::redact::Address;
use super::types::Channel;
use crate::frame::ParseError;

/// `content.session` of the answer to `session.open`. Row `SM-5`.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: String,
    /// Call or chat.
    pub channel: Channel,
    /// The other party.
    pub remote_address: String,
    /// The connector's side.
    pub local_address: String,
    /// When it was opened, in seconds since 1970; 0 when the server did not say so in a number.
    pub opened_at: i64,
}

impl Session {
    /// Reads the `content` of the answer. Only `session.id` and `session.channel` must be there.
    ///
    /// # Errors
    /// [`ParseError::Field`] of kind `session.open`.
    pub fn from_content(content: Option<Value>) -> Result<Self, ParseError> {
        let mut fields = content_fields("session.open", content)?.object("session")?;
        Ok(Self {
            id: fields.text("id")?,
            channel: Channel::from_wire(fields.text("channel")?),
            remote_address: text_or_nothing(&mut fields, "remoteAddress")?,
            local_address: text_or_nothing(&mut fields, "localAddress")?,
            opened_at: fields.raw("openedAt").map_or(0, |value| lenient_seconds(&value)),
        })
    }

    /// The `content` of the answer, for a server to print.
    pub fn to_content(&self) -> Value {
        serde_json::json!({"session": {
            "id": self.id,
            "channel": self.channel.as_str(),
            "remoteAddress": self.remote_address,
            "localAddress": self.local_address,
            "openedAt": self.opened_at,
        }})
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("remote_address", &Address(&self.remote_address))
            .field("local_address", &Address(&self.local_address))
            .field("opened_at", &self.opened_at)
            .finish()
    }
}

/// `content` of the answer to `session.create`. Row `SM-7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The session, to be claimed with `session.open` next.
    pub session_id: String,
    /// False when a session with this address was open before. A missing flag reads as true.
    pub created: bool,
}

impl Created {
    /// Reads the `content` of the answer.
    ///
    /// # Errors
    /// [`ParseError::Field`] of kind `session.create`.
    pub fn from_content(content: Option<Value>) -> Result<Self, ParseError> {
        let mut fields = content_fields("session.create", content)?;
        Ok(Self {
            session_id: fields.text("sessionId")?,
            created: fields.raw("created").is_none_or(|value| truthy(&value)),
        })
    }

    /// The `content` of the answer, for a server to print.
    pub fn to_content(&self) -> Value {
        serde_json::json!({"sessionId": self.session_id, "created": self.created})
    }
}

fn content_fields(kind: &str, content: Option<Value>) -> Result<Fields, ParseError> {
    let map = match content {
        Some(Value::Object(map)) => map,
        _ => return Err(Fields::inside(kind, Map::new()).wrong("content", "an object")),
    };
    Ok(Fields::inside(kind, map))
}

fn text_or_nothing(fields: &mut Fields, field: &'static str) -> Result<String, ParseError> {
    match fields.take(field) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(fields.wrong(field, "a text")),
    }
}

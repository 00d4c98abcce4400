//! What the REST interface for sessions carries: requests are a path and a query, answers are JSON.
//!
//! Read as leniently as the frames of a server are, because a list is only looked at and a session that was closed stays
//! closed, whatever the server says of it. Rows `RE-1` to `RE-3`.

use std::fmt;

use serde_json::{Map, Value, json};

use super::ParseError;
use super::json::{Fields, lenient_seconds};
use super::manager::Channel;
use super::redact::Address;
use crate::codes::UNKNOWN;
use crate::limits::{MESSAGE_BYTES_MAX, PEER_TEXT_BYTES_MAX};
use crate::text::clipped;

/// The path of the sessions, under the base URL with `http` or `https`.
pub const SESSIONS_PATH: &str = "/public/v1/sessions";

/// One session of the list. Row `RE-1`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its id.
    pub id: String,
    /// Call or chat.
    pub channel: Channel,
    /// Who started it: `SDK` or `CONNECTOR`, as the server wrote it.
    pub initiator: String,
    /// `OPEN` or `CLOSED`, as the server wrote it.
    pub state: String,
    /// The other party.
    pub remote_address: String,
    /// The connector's side.
    pub local_address: String,
    /// When it was opened, in seconds since 1970.
    pub opened_at_s: Option<i64>,
    /// When it was closed, in seconds since 1970.
    pub closed_at_s: Option<i64>,
}

impl SessionInfo {
    /// Reads the answer to a list. A missing `items` is an empty list, a missing or strange text an empty one.
    ///
    /// # Errors
    /// [`ParseError`]; the server is to blame.
    pub fn parse_list(bytes: &[u8]) -> Result<Vec<Self>, ParseError> {
        let mut list = object("sessions", bytes)?;
        let items = match list.take("items") {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(list.wrong("items", "an array")),
        };
        let item = |value| match value {
            Value::Object(map) => Ok(Self::from_map(map)),
            _ => Err(list.wrong("items", "an array of objects")),
        };
        items.into_iter().map(item).collect()
    }

    fn from_map(map: Map<String, Value>) -> Self {
        let mut fields = Fields::inside("sessions", map);
        let mut text =
            |field| fields.any_text(field).map(|text| clipped(text, PEER_TEXT_BYTES_MAX)).unwrap_or_default();
        let (id, channel) = (text("id"), Channel::from_wire(text("channel")));
        let (initiator, state) = (text("initiator"), text("state"));
        let (remote_address, local_address) = (text("remoteAddress"), text("localAddress"));
        let mut time = |field| fields.take(field).map(|value| lenient_seconds(&value));
        let (opened_at_s, closed_at_s) = (time("openedAt"), time("closedAt"));
        Self { id, channel, initiator, state, remote_address, local_address, opened_at_s, closed_at_s }
    }

    /// The answer to a list, for a server to print.
    pub fn print_list(sessions: &[Self]) -> String {
        let item = |session: &Self| {
            json!({
                "id": session.id,
                "channel": session.channel.as_str(),
                "initiator": session.initiator,
                "state": session.state,
                "remoteAddress": session.remote_address,
                "localAddress": session.local_address,
                "openedAt": session.opened_at_s,
                "closedAt": session.closed_at_s,
            })
        };
        json!({ "items": sessions.iter().map(item).collect::<Vec<_>>() }).to_string()
    }
}

impl fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInfo")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("initiator", &self.initiator)
            .field("state", &self.state)
            .field("remote_address", &Address(&self.remote_address))
            .field("local_address", &Address(&self.local_address))
            .field("opened_at_s", &self.opened_at_s)
            .field("closed_at_s", &self.closed_at_s)
            .finish()
    }
}

/// The answer to a close. Row `RE-2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClosed {
    /// When, in seconds since 1970; `None` when the server did not say.
    pub closed_at_s: Option<i64>,
    /// Why, in the server's word; empty when it did not say.
    pub reason: String,
}

impl SessionClosed {
    /// Reads the answer. It never fails: the status has said that the session is closed.
    pub fn parse(bytes: &[u8]) -> Self {
        let Ok(mut fields) = object("close", bytes) else {
            return Self { closed_at_s: None, reason: String::new() };
        };
        let closed_at_s = fields.take("closedAt").map(|value| lenient_seconds(&value));
        let reason = fields.any_text("reason").unwrap_or_default();
        Self { closed_at_s, reason: clipped(reason, PEER_TEXT_BYTES_MAX) }
    }

    /// The answer, for a server to print.
    pub fn print(&self) -> String {
        json!({"closedAt": self.closed_at_s, "reason": self.reason}).to_string()
    }
}

/// Why a request was refused. Row `RE-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The code; [`UNKNOWN`] when the server gave none.
    pub code: String,
    /// Its words, for people; at most [`PEER_TEXT_BYTES_MAX`] bytes.
    pub message: String,
}

impl Refused {
    /// Reads the body of an answer that is no success. It never fails: what is not JSON is a message.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = || String::from_utf8_lossy(&bytes[..bytes.len().min(PEER_TEXT_BYTES_MAX)]).trim().to_owned();
        let Ok(mut fields) = object("refusal", bytes) else {
            return Self { code: UNKNOWN.to_owned(), message: text() };
        };
        let code = fields.any_text("code").filter(|code| !code.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned());
        let message = fields.any_text("message").unwrap_or_else(text);
        Self { code: clipped(code, PEER_TEXT_BYTES_MAX), message: clipped(message, PEER_TEXT_BYTES_MAX) }
    }

    /// The body, for a server to print.
    pub fn print(&self) -> String {
        json!({"code": self.code, "message": self.message}).to_string()
    }
}

fn object(kind: &str, bytes: &[u8]) -> Result<Fields, ParseError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(ParseError::TooLong { bytes: bytes.len() });
    }
    match serde_json::from_slice(bytes).map_err(|_| ParseError::NotJson)? {
        Value::Object(map) => Ok(Fields::inside(kind, map)),
        _ => Err(ParseError::NotAnObject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(id: &str) -> SessionInfo {
        SessionInfo {
            id: id.into(),
            channel: Channel::Wa,
            initiator: "SDK".into(),
            state: "OPEN".into(),
            remote_address: "+15550123".into(),
            local_address: "+15550199".into(),
            opened_at_s: Some(1_767_225_600),
            closed_at_s: None,
        }
    }

    #[test]
    fn what_a_server_prints_reads_as_the_same() {
        let sessions = [info("a"), SessionInfo { closed_at_s: Some(5), state: "CLOSED".into(), ..info("b") }];
        let read = SessionInfo::parse_list(SessionInfo::print_list(&sessions).as_bytes()).expect("a list");
        assert_eq!(read, sessions);
        let closed = SessionClosed { closed_at_s: Some(7), reason: "SDK_REQUEST".into() };
        assert_eq!(SessionClosed::parse(closed.print().as_bytes()), closed);
        let refused = Refused { code: "FORBIDDEN".into(), message: "no".into() };
        assert_eq!(Refused::parse(refused.print().as_bytes()), refused);
        assert!(!format!("{sessions:?}").contains("5550"), "numbers are not shown whole");
    }

    #[test]
    fn a_list_may_lack_anything_but_its_shape() {
        assert_eq!(SessionInfo::parse_list(b"{}"), Ok(vec![]));
        assert_eq!(SessionInfo::parse_list(br#"{"items":null}"#), Ok(vec![]));
        let odd = SessionInfo::parse_list(br#"{"items":[{"id":5,"openedAt":"7.9"}]}"#).expect("a list");
        assert_eq!((odd[0].id.as_str(), odd[0].state.as_str(), odd[0].opened_at_s), ("5", "", Some(7)));
        for wrong in [&b"[]"[..], b"no", br#"{"items":{}}"#, br#"{"items":[1]}"#] {
            assert!(SessionInfo::parse_list(wrong).is_err(), "{wrong:?}");
        }
        assert!(SessionInfo::parse_list(&vec![b' '; MESSAGE_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn a_refusal_has_a_code_whatever_it_looks_like() {
        let of = |body: &[u8]| {
            let Refused { code, message } = Refused::parse(body);
            (code, message)
        };
        assert_eq!(of(br#"{"code":"X"}"#), ("X".into(), r#"{"code":"X"}"#.into()));
        assert_eq!(of(b"<html>no</html> "), (UNKNOWN.into(), "<html>no</html>".into()));
        assert_eq!(of(b""), (UNKNOWN.into(), String::new()));
        assert_eq!(of(br#"{"code":5,"message":null}"#).0, "5");
        let long = format!(r#"{{"code":"X","message":"{}"}}"#, "m".repeat(5000));
        assert_eq!(Refused::parse(long.as_bytes()).message.len(), PEER_TEXT_BYTES_MAX);
        let closed = SessionClosed::parse(b"gone");
        assert_eq!((closed.closed_at_s, closed.reason.as_str()), (None, ""));
    }
}

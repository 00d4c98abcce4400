//! A transcript without what differs from run to run, for comparing the public SDK with a host.
//!
//! Ids become ordinals in the order of their first appearance, times and addresses of sockets go,
//! object fields are sorted, and audio becomes one closing line a direction and channel, because
//! its frames fall between other frames as the clocks will have it. The two planes are separate
//! sockets whose relative order is likewise a matter of clocks, so their lines stand apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::transcript::{Direction, Frame, Plane, TranscriptLine};

/// The lines of the session-manager plane, then those of the voice plane.
pub fn normalise(lines: &[TranscriptLine]) -> Vec<String> {
    let mut names = Names::default();
    let mut out = Vec::new();
    for plane in [Plane::SessionManager, Plane::Voice] {
        let mut audio = BTreeSet::new();
        for line in lines.iter().filter(|line| line.plane == plane) {
            if let Some(text) = line_of(line, &mut names, &mut audio) {
                out.push(format!("{} {} {text}", plane_name(plane), arrow(line.direction)));
            }
        }
        for (direction, channel) in audio {
            let arrow = arrow(direction);
            out.push(format!("{} {arrow} audio on channel {channel}", plane_name(plane)));
        }
    }
    out
}

fn line_of(line: &TranscriptLine, names: &mut Names, audio: &mut BTreeSet<(Direction, u8)>) -> Option<String> {
    match &line.frame {
        Frame::Audio { channel, .. } => {
            audio.insert((line.direction, *channel));
            None
        }
        Frame::Asked { .. } | Frame::Ping | Frame::Pong => None,
        Frame::Text(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) if value["type"] == "buffer_request" => None,
            Ok(mut value) => {
                names.replace(&mut value);
                Some(value.to_string())
            }
            Err(_) => Some(format!("not JSON, {} bytes", text.len())),
        },
        Frame::Opened => Some("opened".to_owned()),
        Frame::Binary(bytes) => Some(format!("binary, {bytes} bytes")),
        Frame::Closed(None) => Some("closed without a code".to_owned()),
        Frame::Closed(Some(code)) => Some(format!("closed with {code}")),
        Frame::Lost => Some("lost".to_owned()),
    }
}

fn plane_name(plane: Plane) -> &'static str {
    match plane {
        Plane::SessionManager => "manager",
        Plane::Voice => "voice",
    }
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "->",
        Direction::ToClient => "<-",
    }
}

/// The ids met so far, by kind and value.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, u32>,
}

impl Names {
    fn replace(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.replace_fields(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn replace_fields(&mut self, fields: &mut Map<String, Value>) {
        for (key, value) in fields.iter_mut() {
            let kind = match key.as_str() {
                "reqId" => "request",
                "sessionId" | "id" => "session",
                "callId" => "call",
                "orgUuid" => "organisation",
                "smWsId" | "boundSmWsId" => "link",
                "command_id" => "command",
                "clientMsgId" => "message",
                "createdAt" | "openedAt" | "closedAt" => {
                    *value = Value::from("<time>");
                    continue;
                }
                "url" => {
                    *value = Value::from("<url>");
                    continue;
                }
                _ => {
                    self.replace(value);
                    continue;
                }
            };
            if let Value::String(id) = value {
                *id = self.name(kind, id);
            }
        }
    }

    fn name(&mut self, kind: &'static str, id: &str) -> String {
        if let Some(name) = self.known.get(id) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{kind} {count}");
        self.known.insert(id.to_owned(), name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn line(at_ms: u64, plane: Plane, direction: Direction, frame: Frame) -> TranscriptLine {
        TranscriptLine { at: Duration::from_millis(at_ms), plane, socket: 0, direction, frame }
    }

    fn text(at_ms: u64, plane: Plane, direction: Direction, text: &str) -> TranscriptLine {
        line(at_ms, plane, direction, Frame::Text(text.to_owned()))
    }

    /// One call, with ids ending in `n`, at times that depend on `n`, its audio split by `n`.
    fn run(n: u64) -> Vec<TranscriptLine> {
        let (sm, voice) = (Plane::SessionManager, Plane::Voice);
        let (up, down) = (Direction::ToServer, Direction::ToClient);
        let mut lines = vec![
            text(n, sm, down, &format!(r#"{{"type":"session.notify","sessionId":"s{n}","createdAt":{n}}}"#)),
            text(n, sm, up, &format!(r#"{{"type":"session.open","sessionId":"s{n}","reqId":"r{n}"}}"#)),
            text(
                n,
                sm,
                down,
                &format!(r#"{{"reqId":"r{n}","type":"response","ok":true,"content":{{"session":{{"id":"s{n}"}}}}}}"#),
            ),
            line(n, voice, up, Frame::Opened),
            text(
                n,
                voice,
                up,
                &format!(r#"{{"type":"command","data":{{"command_id":"c{n}","command":"call.answer"}}}}"#),
            ),
            text(n, voice, down, r#"{"type":"buffer_request","data":{"requested_bytes":640}}"#),
        ];
        for _ in 0..n {
            lines.push(line(n, voice, down, Frame::Audio { channel: 0, frames: n, bytes: n }));
            lines.push(line(n, voice, down, Frame::Asked { requests: n, bytes: n }));
            lines.push(line(n, voice, up, Frame::Ping));
        }
        // The planes' relative order differs from run to run.
        let closed = text(n, sm, down, &format!(r#"{{"type":"session.closed","sessionId":"s{n}"}}"#));
        lines.insert(if n.is_multiple_of(2) { 4 } else { lines.len() }, closed);
        lines
    }

    #[test]
    fn runs_that_differ_in_ids_times_and_audio_timing_are_equal() {
        assert_eq!(normalise(&run(1)), normalise(&run(2)));
        assert_eq!(
            normalise(&run(3)),
            [
                r#"manager <- {"createdAt":"<time>","sessionId":"session 1","type":"session.notify"}"#,
                r#"manager -> {"reqId":"request 1","sessionId":"session 1","type":"session.open"}"#,
                r#"manager <- {"content":{"session":{"id":"session 1"}},"ok":true,"reqId":"request 1","type":"response"}"#,
                r#"manager <- {"sessionId":"session 1","type":"session.closed"}"#,
                "voice -> opened",
                r#"voice -> {"data":{"command":"call.answer","command_id":"command 1"},"type":"command"}"#,
                "voice <- audio on channel 0",
            ]
        );
    }

    #[test]
    fn another_order_of_ids_is_another_transcript() {
        let (sm, up) = (Plane::SessionManager, Direction::ToServer);
        let open = |id: &str| text(0, sm, up, &format!(r#"{{"type":"session.open","sessionId":"{id}"}}"#));
        let ready = |id: &str| text(0, sm, up, &format!(r#"{{"type":"session.ready","sessionId":"{id}"}}"#));
        let one = normalise(&[open("a"), open("b"), ready("a")]);
        assert_eq!(one, normalise(&[open("x"), open("y"), ready("x")]));
        assert_ne!(one, normalise(&[open("x"), open("y"), ready("y")]));
    }
}

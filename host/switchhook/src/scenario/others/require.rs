//! What must hold of other hosts: `[[expect.sent]]`, `[[expect.socket]]` and `[[expect.request]]`.

use std::ops::Range;
use std::path::Path;

use serde_json::Value;

use super::super::Line;
use super::super::expect::Sound;
use super::super::require::{COUNT_MAX, file, number, place_ms, step_name};
use super::Form;
use super::read::form;
use crate::config::read::{At, Field, Reader, Section};

/// Messages that were sent over a WebSocket.
#[derive(Clone, Debug)]
pub struct Sent {
    pub(super) line: Line,
    /// The socket's address begins so.
    pub(super) to: Option<String>,
    pub(super) what: SentWhat,
    pub(super) times: Option<u64>,
    pub(super) after: Option<String>,
    pub(super) place_ms: Range<u64>,
}

#[derive(Clone, Debug)]
pub(super) enum SentWhat {
    /// A message, whose numbers at some places are within bounds.
    Message(Form, Vec<(String, f64, f64)>),
    /// A sound in the audio that was sent.
    Audio(Sound),
}

/// Sockets that were opened.
#[derive(Clone, Debug)]
pub struct Opened {
    pub(super) line: Line,
    pub(super) url: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) closed: Option<u64>,
    pub(super) times: Option<u64>,
}

/// Requests that were made.
#[derive(Clone, Debug)]
pub struct Requested {
    pub(super) line: Line,
    pub(super) url: Option<String>,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Form,
    pub(super) times: Option<u64>,
}

pub(in crate::scenario) fn sent(
    reader: &mut Reader,
    mut section: Section<'_>,
    folder: &Path,
    names: &[&str],
) -> Option<Sent> {
    let place = section.place.clone();
    let before = reader.problems.len();
    let to = text(reader, &mut section, "to");
    let message = form(reader, &mut section, "message");
    let between = between(reader, &mut section);
    let sound = file(reader, &mut section, folder);
    let times = number(reader, &mut section, "times").map(|(_, times)| times);
    let after = step_name(reader, &mut section, names);
    let place_ms = place_ms(reader, &mut section);
    section.finish(reader, &[]);
    let what = match (message, sound) {
        (Some(message), None) => SentWhat::Message(message, between),
        (None, Some(sound)) if between.is_empty() => SentWhat::Audio(sound),
        _ if reader.problems.len() > before => return None,
        _ => {
            let what = "what is to be sent is not said, or more than one thing";
            reader.bad_value(&place, what, "give one of `message`, perhaps with `between`, and `file`");
            return None;
        }
    };
    Some(Sent { line: place.line, to, what, times, after, place_ms })
}

pub(in crate::scenario) fn opened(reader: &mut Reader, mut section: Section<'_>) -> Opened {
    let opened = Opened {
        line: section.place.line,
        url: text(reader, &mut section, "url"),
        headers: headers(reader, &mut section),
        closed: number(reader, &mut section, "closed").map(|(_, code)| code),
        times: number(reader, &mut section, "times").map(|(_, times)| times),
    };
    section.finish(reader, &[]);
    opened
}

pub(in crate::scenario) fn requested(reader: &mut Reader, mut section: Section<'_>) -> Requested {
    let requested = Requested {
        line: section.place.line,
        url: text(reader, &mut section, "url"),
        method: text(reader, &mut section, "method"),
        headers: headers(reader, &mut section),
        body: form(reader, &mut section, "body").unwrap_or(Form::Any),
        times: number(reader, &mut section, "times").map(|(_, times)| times),
    };
    section.finish(reader, &[]);
    requested
}

/// `between = { "item.audio_end_ms" = [900, 1100] }`
fn between(reader: &mut Reader, section: &mut Section<'_>) -> Vec<(String, f64, f64)> {
    let Field::Given(At { value, place }) = section.value(reader, "between") else { return Vec::new() };
    let bounds = value.as_object().map(|bounds| bounds.iter());
    let read: Option<Vec<_>> = bounds.and_then(|bounds| bounds.map(|(path, range)| bound(path, range)).collect());
    read.unwrap_or_else(|| {
        let what = "these are no bounds of numbers";
        reader.bad_value(&place, what, "write `between = { \"path.to.number\" = [900, 1100] }`");
        Vec::new()
    })
}

fn bound(path: &str, range: &Value) -> Option<(String, f64, f64)> {
    let [min, max] = &range.as_array()?[..] else { return None };
    let (min, max) = (min.as_f64()?, max.as_f64()?);
    (min <= max && max.abs() < COUNT_MAX as f64 * 1e6).then(|| (path.to_owned(), min, max))
}

fn headers(reader: &mut Reader, section: &mut Section<'_>) -> Vec<(String, String)> {
    section.table(reader, "headers").given().map_or(Vec::new(), |at| at.value.into_texts(reader))
}

fn text(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Option<String> {
    section.text(reader, key).given().map(|at| at.value)
}

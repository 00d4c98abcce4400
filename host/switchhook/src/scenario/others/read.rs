//! `[[websocket]]` and `[[http]]`: who is out there, and what they answer.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use call::Payload;
use network::limits::{ANSWER_PIECE_BYTES_MAX, MESSAGE_IN_BYTES_MAX};
use serde_json::Value;

use super::super::read::{one_of, wav, whole};
use super::{Address, AnswerScript, AudioForm, Encoding, Form, Others, SocketScript, Step};
use crate::config::read::{At, Field, Reader, Section};

const SOCKET_VERBS: &str = "hears, hears_voice, hears_silence_ms, says, says_audio, wait_ms, closes";
/// How long a host takes to answer unless the file says otherwise.
const USUAL_MS: u32 = 20;
const WAIT_MS_MAX: u32 = 86_400_000;

/// Reads both lists.
pub(in crate::scenario) fn others(reader: &mut Reader, root: &mut Section<'_>, folder: &Path) -> Others {
    let sockets = root.tables(reader, "websocket").given().map_or(Vec::new(), |at| at.value);
    let sockets = sockets.into_iter().filter_map(|section| socket(reader, section, folder)).collect();
    let answers = root.tables(reader, "http").given().map_or(Vec::new(), |at| at.value);
    let answers = answers.into_iter().filter_map(|section| answer(reader, section)).collect();
    Others { sockets, answers }
}

fn socket(reader: &mut Reader, mut section: Section<'_>, folder: &Path) -> Option<SocketScript> {
    let place = section.place.clone();
    let address = address(reader, &mut section, &["wss", "ws"]);
    let opens_after_ms = whole(reader, &mut section, "opens_after_ms", 0, WAIT_MS_MAX).unwrap_or(USUAL_MS);
    let refuses = section.text(reader, "refuses").given().map(|at| at.value);
    let secret_headers = texts(reader, &mut section, "secret_headers");
    let sent_audio = audio_form(reader, &mut section, "sent_audio");
    let said_audio = audio_form(reader, &mut section, "said_audio");
    let mut steps = Vec::new();
    for step in section.tables(reader, "does").given().map_or(Vec::new(), |at| at.value) {
        let place = step.place.clone();
        let hears = matches!(sent_audio, Some(AudioForm { .. }));
        if let Some(step) = self::step(reader, step, folder, said_audio.as_ref()) {
            if matches!(step, Step::HearsVoice | Step::HearsSilence(_)) && !hears {
                let what = "how what the handler sends is audio is not said";
                let help = "add `sent_audio = { field = \"audio\", sample_rate_hz = 24000 }` to this `[[websocket]]`";
                reader.bad_value(&place, what, help);
            }
            steps.push((place.line, step));
        }
    }
    section.finish(reader, &[]);
    Some(SocketScript {
        line: place.line,
        address: address?,
        opens_after: ms(opens_after_ms),
        refuses,
        secret_headers,
        sent_audio,
        steps,
    })
}

fn step(reader: &mut Reader, mut section: Section<'_>, folder: &Path, said_audio: Option<&AudioForm>) -> Option<Step> {
    let place = section.place.clone();
    let before = reader.problems.len();
    let mut steps = Vec::new();
    let times = whole(reader, &mut section, "times", 1, 1 << 20);
    if let Some(form) = form(reader, &mut section, "hears") {
        steps.push(Step::Hears(form, times.unwrap_or(1).into()));
    } else if times.is_some() {
        reader.bad_value(&place, "`times` belongs to `hears`", "remove it, or add `hears`");
    }
    if section.boolean(reader, "hears_voice").given().is_some_and(|at| at.value) {
        steps.push(Step::HearsVoice);
    }
    let silence = whole(reader, &mut section, "hears_silence_ms", 1, 600_000);
    steps.extend(silence.map(|time| Step::HearsSilence(ms(time))));
    if let Field::Given(At { value, place }) = section.value(reader, "says") {
        let text = match value {
            Value::String(text) => text,
            json => json.to_string(),
        };
        if text.len() > MESSAGE_IN_BYTES_MAX {
            reader.bad_value(&place, "too long for a message", format!("use {MESSAGE_IN_BYTES_MAX} bytes at the most"));
        }
        steps.push(Step::Says(Payload::Text(text)));
    }
    let within = section.value(reader, "as").given().map(|at| at.value);
    let piece_ms = whole(reader, &mut section, "piece_ms", 1, 10_000);
    let every_ms = whole(reader, &mut section, "every_ms", 0, 10_000);
    match section.text(reader, "says_audio") {
        Field::Given(At { value, place }) => {
            let form = said_audio.cloned().unwrap_or(AudioForm::PCM);
            let wav = wav(reader, &place, folder, &value);
            if let (Some(wav), Some(rate_hz)) = (&wav, form.sample_rate_hz)
                && let Err(error) = audio::Resampler::new(wav.sample_rate_hz, rate_hz)
            {
                reader.bad_value(&place, format!("{value}: {error}"), "convert it to the rate of `said_audio`");
            }
            if within.as_ref().is_some_and(|within| !within.to_string().contains("$audio")) {
                let what = "no `$audio` stands in `as`";
                reader.bad_value(&place, what, "write `\"$audio\"` where the audio goes");
            }
            steps.extend(wav.map(|wav| Step::SaysAudio {
                samples: Arc::from(wav.samples),
                sample_rate_hz: wav.sample_rate_hz,
                form,
                within,
                piece: ms(piece_ms.unwrap_or(100)),
                every: ms(every_ms.unwrap_or(0)),
            }));
        }
        Field::Absent if within.is_some() || piece_ms.is_some() || every_ms.is_some() => {
            let what = "`as`, `piece_ms` and `every_ms` belong to `says_audio`";
            reader.bad_value(&place, what, "remove them, or add `says_audio`");
        }
        Field::Absent | Field::Refused => {}
    }
    let wait = whole(reader, &mut section, "wait_ms", 0, WAIT_MS_MAX);
    steps.extend(wait.map(|time| Step::Waits(ms(time))));
    let code = whole(reader, &mut section, "closes", 1_000, 4_999);
    let reason = section.text(reader, "reason").given().map(|at| at.value).unwrap_or_default();
    steps.extend(code.map(|code| Step::Closes(code as u16, reason)));
    section.finish(reader, &[]);
    match steps.len() {
        1 => steps.pop(),
        _ if reader.problems.len() > before => None,
        0 => {
            reader.bad_value(&place, "a step without a verb", format!("use one of {SOCKET_VERBS}"));
            None
        }
        _ => {
            reader.bad_value(&place, "a step with several verbs", "make several steps of it");
            None
        }
    }
}

fn answer(reader: &mut Reader, mut section: Section<'_>) -> Option<AnswerScript> {
    let place = section.place.clone();
    let address = address(reader, &mut section, &["https", "http"]);
    let method = section.text(reader, "method").given().map(|at| at.value);
    let secret_headers = texts(reader, &mut section, "secret_headers");
    let after_ms = whole(reader, &mut section, "after_ms", 0, WAIT_MS_MAX).unwrap_or(USUAL_MS);
    let status = whole(reader, &mut section, "status", 100, 599).unwrap_or(200);
    let mut headers = section.table(reader, "headers").given().map_or(Vec::new(), |at| at.value.into_texts(reader));
    headers.iter_mut().for_each(|(name, _)| *name = name.to_lowercase());
    let mut pieces: Vec<Vec<u8>> = texts(reader, &mut section, "pieces").into_iter().map(String::into_bytes).collect();
    if let Field::Given(At { value, place }) = section.value(reader, "body") {
        if !pieces.is_empty() {
            reader.bad_value(&place, "both `body` and `pieces`", "keep one of them");
        }
        let body = match value {
            Value::String(text) => text,
            json => json.to_string(),
        };
        pieces = body.into_bytes().chunks(ANSWER_PIECE_BYTES_MAX).map(<[u8]>::to_vec).collect();
    }
    let every_ms = whole(reader, &mut section, "every_ms", 0, WAIT_MS_MAX).unwrap_or(0);
    let fails = section.text(reader, "fails").given().map(|at| at.value);
    section.finish(reader, &[]);
    Some(AnswerScript {
        line: place.line,
        address: address?,
        method,
        secret_headers,
        after: ms(after_ms),
        status: status as u16,
        headers,
        pieces,
        every: ms(every_ms),
        fails,
    })
}

fn address(reader: &mut Reader, section: &mut Section<'_>, schemes: &[&str]) -> Option<Address> {
    let place = section.place.child("url");
    match section.text(reader, "url") {
        Field::Given(At { value, place }) => {
            if !schemes.iter().any(|scheme| value.split_once("://").is_some_and(|(given, _)| given == *scheme)) {
                let what = format!("{value:?} is no address of this kind");
                reader.bad_value(&place, what, format!("begin it with `{}://`", schemes.join("://` or `")));
                return None;
            }
            Some(match value.strip_suffix('*') {
                Some(start) => Address { text: start.to_owned(), begins: true },
                None => Address { text: value, begins: false },
            })
        }
        Field::Absent => {
            reader.missing(&place, "missing", "write the address, or its beginning and `*`");
            None
        }
        Field::Refused => None,
    }
}

fn audio_form(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Option<AudioForm> {
    let At { value: mut section, .. } = section.table(reader, key).given()?;
    let encoding = section.text(reader, "encoding").given();
    let encoding = match encoding.and_then(|at| one_of(reader, at, &["pcm", "mulaw"])) {
        Some((_, "mulaw")) => Encoding::Mulaw,
        _ => Encoding::Pcm,
    };
    let field = section.text(reader, "field").given().map(|at| at.value);
    let sample_rate_hz = whole(reader, &mut section, "sample_rate_hz", 8_000, 48_000);
    section.finish(reader, &[]);
    Some(AudioForm { field, encoding, sample_rate_hz })
}

/// A text that a message contains, or a table that its JSON includes.
pub(super) fn form(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Option<Form> {
    Some(match section.value(reader, key).given()?.value {
        Value::String(text) => Form::Contains(text),
        json => Form::Json(json),
    })
}

fn texts(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    let list = section.texts(reader, key).given().map_or(Vec::new(), |at| at.value);
    list.into_iter().map(|at| at.value).collect()
}

fn ms(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

impl AudioForm {
    /// The message is PCM at the rate of the call.
    const PCM: AudioForm = AudioForm { field: None, encoding: Encoding::Pcm, sample_rate_hz: None };
}

//! The keys of `[expect]`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sim::Party;

use super::expect::{Expectations, Heard, Recorded, Silence, Sound};
use super::others::{opened, requested, sent};
use super::read::{one_of, wav, whole};
use super::{Line, hear};
use crate::config::read::{At, Field, Reader, Section};
use crate::config::suggest::nearest;

/// How the host may end a call, by `call::EndReason`.
const ENDS: &[&str] = &[
    "terminated",
    "closed",
    "disconnected",
    "voice-lost",
    "voice-unreachable",
    "session-closed",
    "handler-failed",
    "drained",
    "host-stopped",
];
/// How a call may end for the caller, by `sim::Outcome`.
const OUTCOMES: &[&str] = &[
    "caller-hung-up",
    "callee-hung-up",
    "gave-up",
    "agent-disconnected",
    "agent-closed",
    "agent-left",
    "server-hung-up",
    "voice-lost",
];
/// How a handler may end, by `sandbox::GuestEnd`.
const HANDLERS: &[&str] = &[
    "RETURNED",
    "FAILED",
    "HANDLER_RETURNED",
    "TRAPPED",
    "STACK_LIMIT",
    "MEMORY_LIMIT",
    "RUN_LIMIT",
    "SILENT",
    "DROPPED",
    "ANY",
];

/// The most that is counted.
pub(super) const COUNT_MAX: u64 = 1 << 20;
/// Later than any call goes on, ms.
const FOR_EVER_MS: u64 = 1 << 40;

impl Expectations {
    /// Reads the section. `names` are those of the steps.
    pub(super) fn read(reader: &mut Reader, mut section: Section<'_>, folder: &Path, names: &[&str]) -> Expectations {
        let mut expect = Expectations::default();
        let place = section.place.clone();
        if let Field::Given(At { value, place }) = section.texts(reader, "commands") {
            expect.commands = Some((place.line, value.into_iter().map(|at| at.value).collect()));
        }
        let mut word = |reader: &mut Reader, key, known: &[&'static str]| {
            let at = section.text(reader, key).given()?;
            one_of(reader, at, known).map(|(place, word)| (place.line, word.to_owned()))
        };
        expect.end = word(reader, "end", ENDS);
        expect.outcome = word(reader, "outcome", OUTCOMES);
        expect.handler = word(reader, "handler", HANDLERS);
        expect.handler_says = section.text(reader, "handler_says").given().map(|at| (at.place.line, at.value));
        let clears = number(reader, &mut section, "clears");
        let clears_min = number(reader, &mut section, "clears_min");
        expect.clears = match (clears, clears_min) {
            (Some((line, exact)), None) => Some((line, exact..exact + 1)),
            (None, Some((line, min))) => Some((line, min..u64::MAX)),
            (None, None) => None,
            (Some(_), Some(_)) => {
                reader.bad_value(&place, "both `clears` and `clears_min`", "keep one of them");
                None
            }
        };
        expect.recordings = number(reader, &mut section, "recordings");
        let mut texts = |reader: &mut Reader, key| {
            let list = section.texts(reader, key).given().map_or(Vec::new(), |at| at.value);
            list.into_iter().map(|at| (at.place.line, at.value)).collect()
        };
        expect.log = texts(reader, "log");
        expect.forgets = texts(reader, "forgets");
        expect.no_log = texts(reader, "no_log");
        if let Field::Given(At { value, place }) = section.table(reader, "remembers") {
            expect.remembers = (place.line, value.into_texts(reader));
        }
        for each in tables(reader, &mut section, "heard") {
            expect.heard.extend(heard(reader, each, folder, names));
        }
        for each in tables(reader, &mut section, "silence") {
            expect.silence.extend(silence(reader, each, names));
        }
        for each in tables(reader, &mut section, "recorded") {
            expect.recorded.extend(recorded(reader, each, folder));
        }
        for each in tables(reader, &mut section, "sent") {
            expect.sent.extend(sent(reader, each, folder, names));
        }
        let sockets = tables(reader, &mut section, "socket");
        expect.opened = sockets.into_iter().map(|each| opened(reader, each)).collect();
        let requests = tables(reader, &mut section, "request");
        expect.requested = requests.into_iter().map(|each| requested(reader, each)).collect();
        section.finish(reader, &[]);
        expect
    }
}

fn tables<'i>(reader: &mut Reader, section: &mut Section<'i>, key: &'static str) -> Vec<Section<'i>> {
    section.tables(reader, key).given().map_or(Vec::new(), |at| at.value)
}

pub(super) fn number(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Option<(Line, u64)> {
    let field = section.integer(reader, key);
    let At { value, place } = field.given()?;
    let number = u64::try_from(value).ok().filter(|number| *number <= COUNT_MAX);
    if number.is_none() {
        reader.bad_value(&place, format!("{value} is out of range"), format!("use 0 to {COUNT_MAX}"));
    }
    number.map(|number| (place.line, number))
}

/// `from_ms` and `to_ms`.
pub(super) fn place_ms(reader: &mut Reader, section: &mut Section<'_>) -> Range<u64> {
    let from = whole(reader, section, "from_ms", 0, u32::MAX).unwrap_or(0);
    let to = whole(reader, section, "to_ms", 0, u32::MAX);
    let range = from.into()..to.map_or(FOR_EVER_MS, u64::from);
    if range.is_empty() {
        reader.bad_value(&section.place, "`to_ms` is not behind `from_ms`", "write a later one");
    }
    range
}

fn by(reader: &mut Reader, section: &mut Section<'_>) -> Party {
    let at = section.text(reader, "by").given();
    match at.and_then(|at| one_of(reader, at, &["caller", "callee"])) {
        Some((_, "callee")) => Party::Callee,
        _ => Party::Caller,
    }
}

pub(super) fn step_name(reader: &mut Reader, section: &mut Section<'_>, names: &[&str]) -> Option<String> {
    let At { value, place } = section.text(reader, "after").given()?;
    if names.contains(&value.as_str()) {
        return Some(value);
    }
    let help = match nearest(&value, names.iter().copied()) {
        Some(name) => format!("did you mean {name:?}?"),
        None => "give the step that is meant a `name`".to_owned(),
    };
    reader.bad_value(&place, format!("no step is called {value:?}"), help);
    None
}

/// The key `file`, and how it is looked for.
pub(super) fn file(reader: &mut Reader, section: &mut Section<'_>, folder: &Path) -> Option<Sound> {
    let likeness = whole(reader, section, "likeness_percent", 10, 100).unwrap_or(90);
    let part_ms = whole(reader, section, "part_ms", 50, 60_000);
    let At { value, place } = section.text(reader, "file").given()?;
    let wav = wav(reader, &place, folder, &value)?;
    let mut samples = hear::for_search(&wav.samples, wav.sample_rate_hz);
    if let Some(ms) = part_ms {
        samples = loudest(&samples, (u64::from(hear::RATE_HZ) * u64::from(ms) / 1_000) as usize);
    }
    Some(Sound::File { name: PathBuf::from(value), samples: samples.into(), likeness_min: f64::from(likeness) / 100.0 })
}

/// The loudest part of so many samples.
fn loudest(samples: &[i16], length: usize) -> Vec<i16> {
    let parts = samples.windows(length.clamp(1, samples.len().max(1))).step_by(80);
    let part = parts.max_by_key(|part| (audio::level_dbfs(part) * 100.0) as i64);
    part.map_or(Vec::new(), <[i16]>::to_vec)
}

fn heard(reader: &mut Reader, mut section: Section<'_>, folder: &Path, names: &[&str]) -> Option<Heard> {
    let place = section.place.clone();
    let before = reader.problems.len();
    let mut sounds: Vec<Sound> = file(reader, &mut section, folder).into_iter().collect();
    let share_percent_min = whole(reader, &mut section, "share_percent", 1, 100).unwrap_or(80);
    if let Some(hz) = whole(reader, &mut section, "tone_hz", 20, 12_000) {
        sounds.push(Sound::Tone { hz, share_percent_min });
    }
    let dbfs_min = section.integer(reader, "dbfs_min").given().map(|at| at.value);
    let dbfs_max = section.integer(reader, "dbfs_max").given().map(|at| at.value);
    if dbfs_min.is_some() || dbfs_max.is_some() {
        sounds.push(Sound::Level { dbfs_min, dbfs_max });
    }
    if section.boolean(reader, "echo").given().is_some_and(|at| at.value) {
        sounds.push(Sound::Echo);
    }
    let heard = Heard {
        line: place.line,
        by: by(reader, &mut section),
        ear: section.boolean(reader, "ear").given().is_some_and(|at| at.value),
        sound: Sound::Echo,
        times: number(reader, &mut section, "times").map(|(_, times)| times),
        after: step_name(reader, &mut section, names),
        place_ms: place_ms(reader, &mut section),
    };
    section.finish(reader, &[]);
    match sounds.len() {
        1 => sounds.pop().map(|sound| Heard { sound, ..heard }),
        _ if reader.problems.len() > before => None,
        _ => {
            let help = "give one of `file`, `tone_hz`, `dbfs_min` and `dbfs_max`, or `echo`";
            reader.bad_value(&place, "what is to be heard is not said, or more than one thing", help);
            None
        }
    }
}

fn silence(reader: &mut Reader, mut section: Section<'_>, names: &[&str]) -> Option<Silence> {
    let place = section.place.clone();
    let by = by(reader, &mut section);
    let before = reader.problems.len();
    let after = step_name(reader, &mut section, names);
    if after.is_none() && reader.problems.len() == before {
        reader.missing(&place.child("after"), "missing", "name the step that silences");
    }
    let within_ms = whole(reader, &mut section, "within_ms", 0, 60_000).unwrap_or(200);
    let for_ms = whole(reader, &mut section, "for_ms", 1, 3_600_000).unwrap_or(500);
    let dbfs_max = section.integer(reader, "dbfs_max").given().map_or(-70, |at| at.value);
    section.finish(reader, &[]);
    Some(Silence { line: place.line, by, after: after?, within_ms: within_ms.into(), for_ms: for_ms.into(), dbfs_max })
}

fn recorded(reader: &mut Reader, mut section: Section<'_>, folder: &Path) -> Option<Recorded> {
    let place = section.place.clone();
    let sound = file(reader, &mut section, folder);
    let times = number(reader, &mut section, "times").map(|(_, times)| times);
    let place_ms = place_ms(reader, &mut section);
    section.finish(reader, &[]);
    Some(Recorded { line: place.line, sound: sound?, times, place_ms })
}

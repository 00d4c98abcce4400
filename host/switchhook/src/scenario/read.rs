//! The keys of a scenario file: read, checked, and put into the runs that they mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sim::{Callee, CalleeAnswer, Caller, Party};
use telcoflow::frame::{AudioMode, SAMPLE_RATES_HZ};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::expect::Expectations;
use super::others::others;
use super::script::{self, Draft};
use super::{Part, Place, Run, RunCall, Scenario, hear};
use crate::config::Grants;
use crate::config::read::{At, Field, Integers, Reader, Section};
use crate::config::suggest::nearest;
use crate::limits::SCENARIO_RUNS_MAX;

/// The calendar of a handler unless the file says otherwise: 1 January 2026, noon.
const STARTS_AT: Duration = Duration::from_secs(1_767_268_800);

/// The longest time between two calls, s: a year.
const AFTER_S_MAX: u32 = 366 * 86_400;

/// What a scenario says instead of some grants.
const OTHERS: &str = "name whom the handler may reach by `[[websocket]]` and `[[http]]`";
const SECRETS: &str = "name the headers by `secret_headers` of `[[websocket]]` or `[[http]]`";

/// Names and values.
type Texts = Vec<(String, String)>;

/// A call, as the runs need it.
struct Written {
    from: Option<String>,
    to: Option<String>,
    ring_ms: Option<u32>,
    give_up_ms: Option<Numbers>,
    subscriber: Party,
    caller: Vec<Draft>,
    callee: Vec<Draft>,
    answer: CalleeAnswer,
}

/// Reads the file. What is wrong is in the reader's problems; then the result means nothing.
pub(super) fn scenario(reader: &mut Reader, mut root: Section<'_>, file: &Path) -> Option<Scenario> {
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let place = root.place.clone();
    let about = text(&mut root, reader, "about");
    let rates_hz = rates(reader, &mut root);
    let audio_mode = match root.text(reader, "audio_mode") {
        Field::Given(at) => one_of(reader, at, &["mixed", "isolated"]).map_or("mixed", |(_, mode)| mode),
        Field::Absent | Field::Refused => "mixed",
    };
    let voice_redial = root.boolean(reader, "voice_redial").given().is_some_and(|at| at.value);
    let starts_at = starts_at(reader, &mut root);
    let (config, grants, remembers) = plugin(reader, &mut root);
    let calls = match root.tables(reader, "call") {
        Field::Given(At { value, .. }) => several(reader, &mut root, value, &folder),
        Field::Absent | Field::Refused => vec![Written::read(reader, &mut root, &folder)],
    };
    root.finish(reader, &[]);
    let (written, parts): (Vec<Written>, Vec<Part>) = calls.into_iter().unzip();
    let runs = runs(reader, &place, &rates_hz, &written);
    let audio_mode = if audio_mode == "isolated" { AudioMode::Isolated } else { AudioMode::Mixed };
    Some(Scenario {
        file: file.to_owned(),
        about,
        config,
        grants,
        remembers,
        audio_mode,
        voice_redial,
        starts_at,
        parts,
        runs,
    })
}

/// The calls of `[[call]]`. What is said of a call stands in them then.
fn several(
    reader: &mut Reader,
    root: &mut Section<'_>,
    calls: Vec<Section<'_>>,
    folder: &Path,
) -> Vec<(Written, Part)> {
    for key in ["caller", "callee", "websocket", "http", "expect"] {
        if let Some(at) = root.value(reader, key).given() {
            let help = format!("write `[call.{key}]`, or `[[call.{key}]]`, below its `[[call]]`");
            reader.bad_value(&at.place, format!("which call's `{key}` this is, is not said"), help);
        }
    }
    let read = calls.into_iter().map(|mut section| {
        let after_s = whole(reader, &mut section, "after_s", 0, AFTER_S_MAX).unwrap_or(0);
        let (written, mut part) = Written::read(reader, &mut section, folder);
        part.after = Duration::from_secs(after_s.into());
        section.finish(reader, &[]);
        (written, part)
    });
    read.collect()
}

/// One for each rate and each choice of numbers, of all calls.
fn runs(reader: &mut Reader, place: &Place, rates_hz: &[u32], calls: &[Written]) -> Vec<Run> {
    let choices = calls.iter().map(Written::choices).fold(1, usize::saturating_mul);
    if choices.saturating_mul(rates_hz.len()).saturating_mul(calls.len()) > SCENARIO_RUNS_MAX {
        let what = format!("this makes more than {SCENARIO_RUNS_MAX} calls");
        reader.bad_value(place, what, "give fewer numbers, or make several files of it");
        return Vec::new();
    }
    let run = |sample_rate_hz: u32, choice: usize| {
        let mut picker = Picker { choice, said: vec![format!("{sample_rate_hz} Hz")] };
        let calls = calls.iter().map(|call| call.run(sample_rate_hz, &mut picker)).collect();
        Run { name: picker.said.join(", "), sample_rate_hz, calls }
    };
    rates_hz.iter().flat_map(|rate_hz| (0..choices).map(move |choice| run(*rate_hz, choice))).collect()
}

impl Written {
    /// Reads a call, and what must hold of it.
    fn read(reader: &mut Reader, section: &mut Section<'_>, folder: &Path) -> (Written, Part) {
        let mut written = Written {
            from: None,
            to: None,
            ring_ms: None,
            give_up_ms: None,
            subscriber: Party::Callee,
            caller: Vec::new(),
            callee: Vec::new(),
            answer: CalleeAnswer::After { ms: 1_000 },
        };
        if let Field::Given(At { value, .. }) = section.table(reader, "caller") {
            written.caller(reader, value, folder);
        }
        if let Field::Given(At { value, .. }) = section.table(reader, "callee") {
            written.callee(reader, value, folder);
        }
        let others = others(reader, section, folder);
        let names: Vec<&str> = written.caller.iter().chain(&written.callee).filter_map(Draft::name).collect();
        let expect = match section.table(reader, "expect") {
            Field::Given(At { value, .. }) => Expectations::read(reader, value, folder, &names),
            Field::Refused => Expectations::default(),
            Field::Absent => {
                let place = section.place.child("expect");
                reader.missing(&place, "missing: nothing would have to hold", "add `[expect]`");
                Expectations::default()
            }
        };
        (written, Part { after: Duration::ZERO, others, expect })
    }

    fn caller(&mut self, reader: &mut Reader, mut section: Section<'_>, folder: &Path) {
        self.from = text(&mut section, reader, "from");
        self.to = text(&mut section, reader, "to");
        self.ring_ms = whole(reader, &mut section, "ring_ms", 0, 3_600_000);
        self.give_up_ms = Numbers::read(reader, &mut section, "give_up_ms", 86_400_000);
        if let Field::Given(at) = section.boolean(reader, "is_subscriber") {
            self.subscriber = if at.value { Party::Caller } else { Party::Callee };
        }
        self.caller = script::drafts(reader, &mut section, folder);
        section.finish(reader, &[]);
    }

    fn callee(&mut self, reader: &mut Reader, mut section: Section<'_>, folder: &Path) {
        let ms = whole(reader, &mut section, "answers_after_ms", 0, 3_600_000).unwrap_or(1_000);
        let never = section.boolean(reader, "never_answers").given().is_some_and(|at| at.value);
        let refuses = text(&mut section, reader, "refuses");
        self.answer = match (never, refuses) {
            (true, _) => CalleeAnswer::Never,
            (false, Some(code)) => CalleeAnswer::Refused { ms, code },
            (false, None) => CalleeAnswer::After { ms },
        };
        self.callee = script::drafts(reader, &mut section, folder);
        section.finish(reader, &[]);
    }

    /// How many ways to make it the numbers that are given as several leave.
    fn choices(&self) -> usize {
        let give_up = self.give_up_ms.as_ref().map_or(1, Numbers::len);
        give_up * script::several(&self.caller) * script::several(&self.callee)
    }

    fn run(&self, sample_rate_hz: u32, picker: &mut Picker) -> RunCall {
        let usual = Caller::default();
        let give_up_ms = self.give_up_ms.as_ref().map_or(usual.give_up_ms, |numbers| picker.pick(numbers));
        let caller = script::script(&self.caller, Party::Caller, sample_rate_hz, picker);
        let callee = script::script(&self.callee, Party::Callee, sample_rate_hz, picker);
        let names = [caller.names, callee.names].concat();
        RunCall {
            words: [caller.words, callee.words],
            names,
            caller: Caller {
                from: self.from.clone().unwrap_or(usual.from),
                to: self.to.clone().unwrap_or(usual.to),
                script: caller.steps,
                callee: Callee { answer: self.answer.clone(), script: callee.steps },
                subscriber: self.subscriber,
                ring_ms: self.ring_ms.unwrap_or(usual.ring_ms),
                give_up_ms,
                ..Caller::default()
            },
        }
    }
}

fn rates(reader: &mut Reader, root: &mut Section<'_>) -> Vec<u32> {
    let Some(numbers) = Numbers::read(reader, root, "sample_rates_hz", 1 << 20) else { return vec![16_000] };
    for rate_hz in &numbers.list {
        if !SAMPLE_RATES_HZ.contains(rate_hz) {
            let what = format!("{rate_hz} Hz is not a sample rate of Telcoflow");
            reader.bad_value(&numbers.place, what, "use 8000, 16000 or 24000");
        }
    }
    numbers.list
}

fn starts_at(reader: &mut Reader, root: &mut Section<'_>) -> Duration {
    let Field::Given(At { value, place }) = root.datetime(reader, "starts_at") else { return STARTS_AT };
    let seconds = OffsetDateTime::parse(&value, &Rfc3339).ok();
    let seconds = seconds.and_then(|time| u64::try_from(time.unix_timestamp()).ok());
    if seconds.is_none() {
        reader.bad_value(&place, format!("{value} is no point in time"), "write it as `2026-03-02T08:59:00Z`");
    }
    seconds.map_or(STARTS_AT, Duration::from_secs)
}

/// `[plugin]`: what it is configured with, what it may do, and what it remembers.
fn plugin(reader: &mut Reader, root: &mut Section<'_>) -> (Texts, Grants, Texts) {
    let mut granted = Grants::default();
    let Field::Given(At { value: mut section, .. }) = root.table(reader, "plugin") else {
        return (Vec::new(), granted, Vec::new());
    };
    let config = section.table(reader, "config").given().map_or(Vec::new(), |at| at.value.into_texts(reader));
    if let Field::Given(At { value: mut grants, .. }) = section.table(reader, "grants") {
        granted.recording = grants.boolean(reader, "recording").given().is_some_and(|at| at.value);
        granted.key_value = grants.boolean(reader, "key_value").given().is_some_and(|at| at.value);
        for (key, instead) in [("hosts", OTHERS), ("private_hosts", OTHERS), ("secrets", SECRETS)] {
            if let Some(at) = grants.value(reader, key).given() {
                reader.bad_value(&at.place, format!("`{key}` is not for scenarios"), instead);
            }
        }
        grants.finish(reader, &["calls"]);
    }
    let remembers = section.table(reader, "remembers").given();
    if let Some(at) = remembers.as_ref().filter(|_| !granted.key_value) {
        reader.bad_value(&at.place, "the plugin may not remember anything", "add `grants = { key_value = true }`");
    }
    let remembers = remembers.map_or(Vec::new(), |at| at.value.into_texts(reader));
    section.finish(reader, &["limits"]);
    (config, granted, remembers)
}

/// Numbers of which each makes a run of its own.
pub(super) struct Numbers {
    key: &'static str,
    place: Place,
    list: Vec<u32>,
}

impl Numbers {
    /// A number, several, or `{ from, to, step }`; each up to so much.
    pub(super) fn read(reader: &mut Reader, section: &mut Section<'_>, key: &'static str, max: u32) -> Option<Numbers> {
        let Field::Given(At { value, place }) = section.integers(reader, key) else { return None };
        let list = match value {
            Integers::List(list) => list,
            Integers::Range(mut range) => {
                let mut read = |key| whole(reader, &mut range, key, 0, max);
                let (from, to, step) = (read("from"), read("to"), read("step"));
                range.finish(reader, &[]);
                let (Some(from), Some(to), Some(step @ 1..)) = (from, to, step) else {
                    reader.bad_value(
                        &place,
                        "a range that is not whole",
                        "write `{ from = 0, to = 1000, step = 100 }`",
                    );
                    return None;
                };
                (from..=to).step_by(step as usize).take(SCENARIO_RUNS_MAX + 1).map(i64::from).collect()
            }
        };
        let numbers: Vec<u32> =
            list.iter().filter_map(|number| u32::try_from(*number).ok().filter(|number| *number <= max)).collect();
        if numbers.is_empty() || numbers.len() < list.len() {
            reader.bad_value(&place, "a number is missing, or out of range", format!("use 0 to {max}"));
            return None;
        }
        Some(Numbers { key, place, list: numbers })
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

/// Picks one of several numbers for a run, always the same for the same run.
pub(super) struct Picker {
    choice: usize,
    said: Vec<String>,
}

impl Picker {
    pub(super) fn pick(&mut self, numbers: &Numbers) -> u32 {
        let picked = numbers.list[self.choice % numbers.list.len()];
        self.choice /= numbers.list.len();
        if numbers.list.len() > 1 {
            self.said.push(format!("{} {picked}", numbers.key));
        }
        picked
    }
}

pub(super) fn text(section: &mut Section<'_>, reader: &mut Reader, key: &'static str) -> Option<String> {
    section.text(reader, key).given().map(|at| at.value)
}

/// A whole number in a range. None: absent, or told.
pub(super) fn whole(
    reader: &mut Reader,
    section: &mut Section<'_>,
    key: &'static str,
    min: u32,
    max: u32,
) -> Option<u32> {
    let At { value, place } = section.integer(reader, key).given()?;
    let number = u32::try_from(value).ok().filter(|number| (min..=max).contains(number));
    if number.is_none() {
        reader.bad_value(&place, format!("{value} is out of range"), format!("use {min} to {max}"));
    }
    number
}

/// One of the words that are known, with its place.
pub(super) fn one_of(
    reader: &mut Reader,
    At { value, place }: At<String>,
    known: &[&'static str],
) -> Option<(Place, &'static str)> {
    if let Some(word) = known.iter().find(|word| **word == value) {
        return Some((place, word));
    }
    let help = match nearest(&value, known.iter().copied()) {
        Some(word) => format!("did you mean {word:?}?"),
        None => format!("use one of {}", known.join(", ")),
    };
    reader.bad_value(&place, format!("{value:?} is not known here"), help);
    None
}

/// A WAV file that can be said in a call of any rate, and looked for.
pub(super) fn wav(reader: &mut Reader, place: &Place, folder: &Path, name: &str) -> Option<audio::Wav> {
    let path: PathBuf = folder.join(name);
    let wav = match audio::Wav::read_file(&path) {
        Ok(wav) => wav,
        Err(error) => {
            let what = format!("`{}`: {error}", path.display());
            reader.bad_value(place, what, "name a WAV file; a relative path starts at the folder of this scenario");
            return None;
        }
    };
    for rate_hz in SAMPLE_RATES_HZ.into_iter().chain([hear::RATE_HZ]) {
        if let Err(error) = audio::Resampler::new(wav.sample_rate_hz, rate_hz) {
            reader.bad_value(place, format!("`{}`: {error}", path.display()), "convert it to 16000 Hz");
            return None;
        }
    }
    Some(wav)
}

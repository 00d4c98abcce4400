//! The steps of a party: from the file to the simulator's script.

use std::path::Path;
use std::sync::Arc;

use sim::{Party, Step};

use super::read::{Numbers, Picker, one_of, whole};
use crate::config::read::{At, Field, Reader, Section};

/// The verbs of a step. Each step has one.
const VERBS: &[&str] = &[
    "until",
    "say",
    "keys",
    "tone_hz",
    "noise_ms",
    "silence_ms",
    "wait_ms",
    "hang_up",
    "server_hang_up",
    "cut_voice",
    "call_error",
];

/// What `until` waits for.
const UNTIL: &[&str] = &["ringing", "answered", "connected", "sound", "echo", "clear"];

/// A step as it is written: numbers may be several.
pub(super) struct Draft {
    name: Option<String>,
    verb: Verb,
}

enum Verb {
    Until(&'static str),
    Say { file: String, samples: Vec<i16>, sample_rate_hz: u32 },
    Keys { keys: String, tone_ms: u32, pause_ms: u32 },
    Tone { hz: u32, dbfs: i64, ms: u32 },
    Noise(Numbers),
    Silence(Numbers),
    Wait(Numbers),
    HangUp,
    ServerHangUp,
    CutVoice,
    CallError(String),
}

/// A script for one run.
#[derive(Default)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) words: Vec<String>,
    pub(super) names: Vec<(String, Party, usize)>,
}

/// Reads `does = [ ... ]`.
pub(super) fn drafts(reader: &mut Reader, section: &mut Section<'_>, folder: &Path) -> Vec<Draft> {
    let Field::Given(At { value, .. }) = section.tables(reader, "does") else { return Vec::new() };
    value.into_iter().filter_map(|step| draft(reader, step, folder)).collect()
}

fn draft(reader: &mut Reader, mut section: Section<'_>, folder: &Path) -> Option<Draft> {
    let place = section.place.clone();
    let name = section.text(reader, "name").given().map(|at| at.value);
    let mut verbs: Vec<Verb> = Vec::new();
    if let Field::Given(at) = section.text(reader, "until") {
        verbs.extend(one_of(reader, at, UNTIL).map(|(_, what)| Verb::Until(what)));
    }
    if let Field::Given(At { value, place }) = section.text(reader, "say")
        && let Some(wav) = super::read::wav(reader, &place, folder, &value)
    {
        verbs.push(Verb::Say { file: value, samples: wav.samples, sample_rate_hz: wav.sample_rate_hz });
    }
    let keys = section.text(reader, "keys").given();
    let tone_ms = whole(reader, &mut section, "tone_ms", 20, 10_000);
    let pause_ms = whole(reader, &mut section, "pause_ms", 0, 10_000);
    if let Some(At { value, place }) = keys {
        if value.is_empty() || value.chars().any(|key| !"0123456789*#ABCD".contains(key)) {
            reader.bad_value(&place, format!("{value:?} are not keys"), "use `0` to `9`, `*`, `#` and `A` to `D`");
        }
        verbs.push(Verb::Keys { keys: value, tone_ms: tone_ms.unwrap_or(120), pause_ms: pause_ms.unwrap_or(120) });
    } else if tone_ms.is_some() || pause_ms.is_some() {
        reader.bad_value(&place, "`tone_ms` and `pause_ms` belong to `keys`", "remove them, or add `keys`");
    }
    let hz = whole(reader, &mut section, "tone_hz", 20, 12_000);
    let ms = whole(reader, &mut section, "ms", 1, 600_000);
    let dbfs = section.integer(reader, "dbfs").given().map(|at| at.value);
    match (hz, ms) {
        (Some(hz), ms) => verbs.push(Verb::Tone { hz, dbfs: dbfs.unwrap_or(-12).min(0), ms: ms.unwrap_or(1_000) }),
        (None, None) if dbfs.is_none() => {}
        _ => reader.bad_value(&place, "`ms` and `dbfs` belong to `tone_hz`", "remove them, or add `tone_hz`"),
    }
    verbs.extend(Numbers::read(reader, &mut section, "noise_ms", 600_000).map(Verb::Noise));
    verbs.extend(Numbers::read(reader, &mut section, "silence_ms", 600_000).map(Verb::Silence));
    verbs.extend(Numbers::read(reader, &mut section, "wait_ms", 86_400_000).map(Verb::Wait));
    for (key, verb) in
        [("hang_up", Verb::HangUp), ("server_hang_up", Verb::ServerHangUp), ("cut_voice", Verb::CutVoice)]
    {
        match section.boolean(reader, key) {
            Field::Given(At { value: true, .. }) => verbs.push(verb),
            Field::Given(at) => reader.bad_value(&at.place, "a step that does nothing", "write `true`, or remove it"),
            Field::Absent | Field::Refused => {}
        }
    }
    if let Field::Given(at) = section.text(reader, "call_error") {
        verbs.push(Verb::CallError(at.value));
    }
    let before = reader.problems.len();
    section.finish(reader, &[]);
    match verbs.len() {
        1 => verbs.pop().map(|verb| Draft { name, verb }),
        // Something of it was refused, and that is told already.
        0 if reader.problems.len() > before || reader.problems.iter().any(|problem| problem.line() == place.line) => {
            None
        }
        0 => {
            reader.bad_value(&place, "a step without a verb", format!("use one of {}", VERBS.join(", ")));
            None
        }
        _ => {
            reader.bad_value(&place, "a step with several verbs", "make several steps of it");
            None
        }
    }
}

impl Draft {
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// The steps of one run. A caller waits for the answer first, unless its first step says otherwise.
pub(super) fn script(drafts: &[Draft], party: Party, sample_rate_hz: u32, picker: &mut Picker) -> Script {
    let mut script = Script::default();
    if party == Party::Caller && !matches!(drafts.first(), Some(Draft { verb: Verb::Until(_), .. })) {
        script.steps.push(Step::WaitAnswered);
        script.words.push("waits until answered".to_owned());
    }
    for Draft { name, verb } in drafts {
        if let Some(name) = name {
            script.names.push((name.clone(), party, script.steps.len()));
        }
        let (step, words) = step(verb, sample_rate_hz, picker);
        script.steps.push(step);
        script.words.push(words);
    }
    script
}

fn step(verb: &Verb, sample_rate_hz: u32, picker: &mut Picker) -> (Step, String) {
    match verb {
        Verb::Until(what) => {
            let step = match *what {
                "answered" => Step::WaitAnswered,
                "connected" => Step::WaitConnected,
                "sound" => Step::WaitHeardSound,
                "echo" => Step::WaitEcho,
                "clear" => Step::WaitInterrupts(1),
                _ => Step::Wait { ms: 0 },
            };
            (step, format!("waits: {what}"))
        }
        Verb::Say { file, samples, sample_rate_hz: from_hz } => {
            // Its rate was tried against every rate of a call when it was read.
            let samples = audio::resample(samples, *from_hz, sample_rate_hz).unwrap_or_default();
            (Step::Say(Arc::from(samples)), format!("says {file}"))
        }
        Verb::Keys { keys, tone_ms, pause_ms } => {
            let step = Step::Keys { keys: keys.clone(), tone_ms: *tone_ms, pause_ms: *pause_ms };
            (step, format!("presses {keys}"))
        }
        Verb::Tone { hz, dbfs, ms } => {
            let amplitude = 10_f64.powf(*dbfs as f64 / 20.0);
            (Step::Tone { freq_hz: f64::from(*hz), amplitude, ms: *ms }, format!("says a tone of {hz} Hz for {ms} ms"))
        }
        Verb::Noise(numbers) => {
            let ms = picker.pick(numbers);
            (Step::Marked { ms }, format!("says noise for {ms} ms"))
        }
        Verb::Silence(numbers) => {
            let ms = picker.pick(numbers);
            (Step::Silence { ms }, format!("is silent for {ms} ms"))
        }
        Verb::Wait(numbers) => {
            let ms = picker.pick(numbers);
            (Step::Wait { ms }, format!("waits for {ms} ms"))
        }
        Verb::HangUp => (Step::HangUp, "hangs up".to_owned()),
        Verb::ServerHangUp => (Step::ServerHangUp, "is cut off by the carrier".to_owned()),
        Verb::CutVoice => (Step::CutVoice, "has its voice socket cut".to_owned()),
        Verb::CallError(code) => {
            let step = Step::CallError { code: code.clone(), message: None };
            (step, format!("is told the call error {code}"))
        }
    }
}

/// How many runs the numbers of some steps make.
pub(super) fn several(drafts: &[Draft]) -> usize {
    let numbers = drafts.iter().map(|draft| match &draft.verb {
        Verb::Noise(numbers) | Verb::Silence(numbers) | Verb::Wait(numbers) => numbers.len(),
        _ => 1,
    });
    numbers.fold(1, usize::saturating_mul)
}

//! The handlers of `plugins/`, in whole calls on the virtual clock: what a caller does, hears, and leaves behind. What there is
//! in several languages goes through the same calls in each.

mod call_back;
mod echo;
mod keypad_menu;
mod voicemail;
mod whisper_coach;

use ::audio::{LEVEL_DBFS_MIN, Wav, find_lag, level_dbfs};
use libtest_mimic::Trial;
use sim::{CallReport, Step};
use switchhook_tests::components;

/// Recordings are compared by this much of them, ms.
const PROBE_MS: usize = 200;
/// A probe this alike is the same.
const LIKENESS_MIN: f64 = 0.98;

pub(crate) fn trials() -> Vec<Trial> {
    let each = LANGUAGES.iter().flat_map(|language| {
        [echo::trials(*language), keypad_menu::trials(*language), voicemail::trials(*language)].into_iter().flatten()
    });
    each.chain(call_back::trials()).chain(whisper_coach::trials()).collect()
}

/// The languages in which handlers are built here.
const LANGUAGES: &[Language] = &[
    Language::RUST,
    Language { name: "js", memory_bytes: 6 << 20 },
    Language { name: "python", memory_bytes: 40 << 20 },
    Language { name: "c", memory_bytes: 1 << 20 },
    Language { name: "go", memory_bytes: 8 << 20 },
];

/// A language, for the tests of what is built from it.
#[derive(Clone, Copy)]
struct Language {
    name: &'static str,
    /// What an echo in it needs, however long its call, bytes.
    memory_bytes: usize,
}

impl Language {
    const RUST: Self = Self { name: "rust", memory_bytes: 2 << 20 };

    /// A component's name by its plugin's.
    fn component(self, plugin: &str) -> String {
        if self.name == Self::RUST.name { plugin.to_owned() } else { format!("{plugin}.{}", self.name) }
    }

    /// A test's name.
    fn test(self, name: &str) -> String {
        if self.name == Self::RUST.name {
            format!("plugins::{name}")
        } else {
            format!("plugins::{}::{name}", self.name)
        }
    }
}

/// The samples of a file of `plugins/prompts`, 8 kHz.
fn prompt(name: &str) -> Vec<i16> {
    let path = components::root().join(format!("plugins/prompts/{name}.wav"));
    Wav::read_file(path).expect("a prompt can be read").at_rate(8_000).expect("prompts have 8 kHz")
}

/// Keys as a person presses them.
fn keys(keys: &str) -> Step {
    Step::Keys { keys: keys.to_owned(), tone_ms: 120, pause_ms: 120 }
}

fn wait(ms: u32) -> Step {
    Step::Wait { ms }
}

/// Every place where audio at 8 kHz is found in audio at a multiple of that rate, ms from its start. A prompt that was
/// resampled still has its own samples at every second or third place.
fn places(wanted: &[i16], audio: &[i16], sample_rate_hz: u32) -> Vec<usize> {
    let probe_samples = PROBE_MS * 8;
    let probes = wanted.windows(probe_samples).step_by(80).enumerate();
    let loudest = probes.max_by_key(|(_, probe)| (level_dbfs(probe) * 100.0) as i64);
    let (probe_at, probe) = loudest.map(|(index, probe)| (index * 80, probe)).expect("a prompt is longer than a probe");
    let step = (sample_rate_hz / 8_000) as usize;
    let mut found = Vec::new();
    for phase in 0..step {
        let slow: Vec<i16> = audio.iter().skip(phase).step_by(step).copied().collect();
        let mut from = 0;
        while from + probe_samples <= slow.len() {
            // The best place within one probe's length, if it is any good, and on behind it.
            let lag = find_lag(probe, &slow[from..], probe_samples).filter(|lag| lag.likeness > LIKENESS_MIN);
            if let Some(lag) = lag {
                found.push((from + lag.samples).saturating_sub(probe_at) / 8);
                from += lag.samples;
            }
            from += probe_samples;
        }
    }
    found.sort_unstable();
    found.dedup_by(|b, a| b.abs_diff(*a) < PROBE_MS);
    found
}

/// When the caller heard a prompt, ms since the answer; each time.
fn heard(name: &str, report: &CallReport) -> Vec<usize> {
    places(&prompt(name), &report.heard, report.sample_rate_hz)
}

/// How loud a part of some audio is, from one ms to another. Silence where there is none.
fn level(audio: &[i16], sample_rate_hz: u32, from_ms: usize, to_ms: usize) -> f64 {
    let at = |ms: usize| (ms * sample_rate_hz as usize / 1_000).min(audio.len());
    let part = &audio[at(from_ms)..at(to_ms)];
    if part.is_empty() { LEVEL_DBFS_MIN } else { level_dbfs(part) }
}

/// The commands of a call in order, without the interrupts.
fn commands(report: &CallReport) -> Vec<(&str, Option<&str>)> {
    let commands = report.commands.iter().map(|(name, error)| (name.as_str(), error.as_deref()));
    commands.filter(|(name, _)| *name != "agent.interrupt").collect()
}

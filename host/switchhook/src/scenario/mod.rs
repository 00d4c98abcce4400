//! Scenario files: what a caller does, what the callee does, and what must hold. One file is one behaviour of a handler,
//! and is the same for every language that the handler is written in.
//!
//! A file is read with the reader of the configuration, so that every wrong key is refused with its line and what to do
//! (`read.rs`, the list of keys). It becomes [`Run`]s: one for each sample rate and for each value of a number that is
//! given as several. A run is a whole call, or several one after the other with one memory, through the simulator and the
//! host on a virtual clock ([`play`]), judged by `verdict.rs`; `timeline.rs` tells what happened when it fails.
//!
//! Times are milliseconds of what a party heard: for the caller since the answer, for the callee since being connected.

mod expect;
mod hear;
mod log;
mod memory;
mod others;
mod play;
mod read;
mod require;
mod script;
mod timeline;
mod verdict;

use std::path::{Path, PathBuf};
use std::time::Duration;

use telcoflow::frame::AudioMode;

pub use expect::{Expectations, Heard, Recorded, Silence, Sound};
pub use log::LogLine;
pub use others::{Opened, Others, Requested, Sent};
pub use play::{PlayError, Played, play};
pub use verdict::Miss;

use crate::config::{Grants, Problem, Problems, problem, read as reader, syntax};
use crate::limits::{SCENARIO_BYTES_MAX, SCENARIO_FILES_MAX};

/// A scenario file that can be relied on.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub file: PathBuf,
    /// What it shows, in a sentence.
    pub about: Option<String>,
    /// What the plugin is configured with.
    pub config: Vec<(String, String)>,
    /// What the plugin may do beyond its call.
    pub grants: Grants,
    /// What the plugin remembers when the first call comes.
    pub remembers: Vec<(String, String)>,
    /// Which legs the handler hears.
    pub audio_mode: AudioMode,
    /// The carrier lets a voice socket that broke be dialled again.
    pub voice_redial: bool,
    /// What the handler's calendar says when the first call comes, since 1970.
    pub starts_at: Duration,
    /// Its calls, one after the other: one, unless the file says `[[call]]`.
    pub parts: Vec<Part>,
    /// How all of them are made.
    pub runs: Vec<Run>,
}

/// One of a scenario's calls, however it is made.
#[derive(Clone, Debug)]
pub struct Part {
    /// How long after the end of the one before it comes.
    pub after: Duration,
    /// Whom the handler may reach.
    pub others: Others,
    /// What must hold in it.
    pub expect: Expectations,
}

/// One way in which a scenario's calls are made.
#[derive(Clone, Debug)]
pub struct Run {
    /// What tells it from the others, such as `16000 Hz, silence_ms 400`.
    pub name: String,
    /// The calls' rate, Hz.
    pub sample_rate_hz: u32,
    /// The calls, in the order of the scenario's parts.
    pub calls: Vec<RunCall>,
}

/// Who calls, and what they do.
#[derive(Clone, Debug)]
pub struct RunCall {
    /// Who calls.
    pub caller: sim::Caller,
    /// What each step of the caller does, for people; and of the callee.
    pub words: [Vec<String>; 2],
    /// The steps that have a name: whose, and which.
    pub names: Vec<(String, sim::Party, usize)>,
}

impl Scenario {
    /// Its file's name, without its ending.
    pub fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads a file, and those that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn load(file: &Path) -> Result<Scenario, Problems> {
        let text = crate::config::read_file(file, SCENARIO_BYTES_MAX, "is it a scenario?")?;
        Scenario::parse(file, &text)
    }

    /// Reads a text that stands for a file.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(file: &Path, text: &str) -> Result<Scenario, Problems> {
        let parsed = syntax::parse(text);
        let mut reader = reader::Reader::new(text);
        let root = reader::Section::root(&reader, parsed.table);
        let scenario = read::scenario(&mut reader, root, file);
        let found = std::mem::take(&mut reader.problems);
        let problems: Vec<Problem> = parsed.errors.report(&reader, found);
        match scenario {
            Some(scenario) if problems.is_empty() => Ok(scenario),
            _ => Err(Problems::new(file, problems)),
        }
    }
}

/// The scenario files that are meant: each is itself, a folder is every `.toml` in it, in the order of their names.
///
/// # Errors
/// What cannot be read, or that there is none.
pub fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Problems> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error: std::io::Error| {
            Problems::unreadable(path, format!("cannot be read: {error}"), "correct the path or its permissions")
        };
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)?.take(SCENARIO_FILES_MAX) {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|end| end == "toml") {
                inside.push(path);
            }
        }
        if inside.is_empty() {
            return Err(Problems::unreadable(path, "there is no `.toml` in this folder".to_owned(), "name a scenario"));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// Where something stands in the file, so that what failed can be found.
pub type Line = u32;

pub(crate) use problem::Place;

#[cfg(test)]
mod tests;

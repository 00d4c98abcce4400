//! What is wrong with a configuration file: where, what, and what to do about it.
//!
//! Texts never contain the value of a secret or of a URL, only names of keys and values that are safe to show.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::limits::CONFIG_PROBLEMS_MAX;

/// A spot in the file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Place {
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
    /// Path of the key, such as `tenant[0].telcoflow[1].sample_rate_hz`; empty for the file as a whole.
    pub key: String,
}

impl Place {
    /// The same spot, for a key that is not there.
    pub(crate) fn child(&self, key: &str) -> Place {
        let key = if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) };
        Place { key, ..*self }
    }
}

/// The sort of a problem, for programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The configuration file, or a file that it names, cannot be read.
    Unreadable,
    /// Not TOML.
    Syntax,
    /// No such key.
    UnknownKey,
    /// A key or value whose feature a later version brings.
    NotSupportedYet,
    /// A number where text belongs, and so on.
    WrongType,
    /// A key that must be there.
    Missing,
    /// The right type, but not a legal value.
    BadValue,
    /// A name that is taken.
    Duplicate,
    /// A name that nothing has.
    UnknownName,
    /// A secret that is not there or cannot be used.
    Secret,
    /// A certificate or private key that cannot be used.
    Certificate,
}

/// One problem.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// Its sort.
    pub kind: ProblemKind,
    /// Where; none when the file could not be read at all.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, place: &Place, what: impl Into<String>, help: impl Into<String>) -> Problem {
        let place = Place { key: on_one_line(&place.key), ..*place };
        Problem { kind, place: Some(place), what: on_one_line(&what.into()), help: on_one_line(&help.into()) }
    }

    /// True when it can be told from one line alone, so that it holds even when other lines cannot be read.
    pub(crate) fn is_local(&self) -> bool {
        match self.kind {
            ProblemKind::Missing | ProblemKind::UnknownName => false,
            ProblemKind::Unreadable
            | ProblemKind::Syntax
            | ProblemKind::UnknownKey
            | ProblemKind::NotSupportedYet
            | ProblemKind::WrongType
            | ProblemKind::BadValue
            | ProblemKind::Duplicate
            | ProblemKind::Secret
            | ProblemKind::Certificate => true,
        }
    }

    pub(crate) fn line(&self) -> u32 {
        self.place.as_ref().map_or(0, |place| place.line)
    }
}

/// Everything that is wrong with one file, in the order of its lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problems {
    file: PathBuf,
    list: Vec<Problem>,
    omitted: usize,
}

impl Problems {
    pub(crate) fn new(file: &Path, mut list: Vec<Problem>) -> Problems {
        list.sort_by(|a, b| a.place.cmp(&b.place));
        let omitted = list.len().saturating_sub(CONFIG_PROBLEMS_MAX);
        list.truncate(CONFIG_PROBLEMS_MAX);
        Problems { file: file.to_owned(), list, omitted }
    }

    pub(crate) fn unreadable(file: &Path, what: String, help: &str) -> Problems {
        let problem = Problem { kind: ProblemKind::Unreadable, place: None, what, help: help.to_owned() };
        Problems::new(file, vec![problem])
    }

    /// The file as it was named.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The problems, first line first, [`CONFIG_PROBLEMS_MAX`] at most.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many there are beyond [`Problems::list`].
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

/// Keys and paths may have anything in them: what would break the line, or a terminal, is shown as its escape.
fn on_one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().collect() } else { String::from(c) };
    text.chars().map(shown).collect()
}

/// One line a problem: `FILE:LINE:COLUMN: KEY: WHAT: HELP`.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { place, what, help, .. }) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file.display())?;
            if let Some(Place { line, column, key }) = place {
                write!(f, "{line}:{column}:")?;
                if !key.is_empty() {
                    write!(f, " {key}:")?;
                }
            }
            write!(f, " {what}: {help}")?;
        }
        if self.omitted > 0 {
            write!(f, "\n{}: and {} more", self.file.display(), self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

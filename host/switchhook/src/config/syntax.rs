//! TOML that is broken: say where, and keep reporting what can still be trusted of the rest.
//!
//! The parser recovers from errors, but guesses. A value without quotes spoils its own line only; a header or a bracket
//! that is not closed changes what every later line means. The two are told apart by blanking the lines that have
//! errors: when no header is among them and the rest parses, the rest means what it says.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::problem::{Problem, ProblemKind};
use super::read::Reader;

/// What was parsed, with gaps where there were errors.
pub(crate) struct Parsed<'i> {
    pub(crate) table: DeTable<'i>,
    pub(crate) errors: SyntaxErrors,
}

/// The errors, and how far the rest can be trusted.
pub(crate) struct SyntaxErrors {
    /// Where, in bytes, and what.
    list: Vec<(usize, String)>,
    /// The lines with errors concern nobody but themselves.
    contained: bool,
}

pub(crate) fn parse(text: &str) -> Parsed<'_> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut list: Vec<(usize, String)> = errors
        .iter()
        .map(|error| (error.span().map_or(0, |span| span.start).min(text.len()), error.message().to_owned()))
        .collect();
    list.sort();
    let contained = list.is_empty() || is_contained(text, &list);
    Parsed { table: table.into_inner(), errors: SyntaxErrors { list, contained } }
}

impl SyntaxErrors {
    /// The errors, one a line, with those of the `found` problems that they do not put in doubt.
    pub(crate) fn report(self, reader: &Reader, found: Vec<Problem>) -> Vec<Problem> {
        if self.list.is_empty() {
            return found;
        }
        let mut problems: Vec<Problem> = Vec::new();
        let mut lines = BTreeSet::new();
        for (byte, message) in self.list {
            let place = reader.place(byte, "");
            if lines.insert(place.line) {
                let (what, help) = match message.split_once(", expected ") {
                    Some((what, "nothing")) => (what.to_owned(), "remove it".to_owned()),
                    Some((what, expected)) => (what.to_owned(), format!("expected {expected}")),
                    None => (message, "correct the TOML".to_owned()),
                };
                problems.push(Problem::new(ProblemKind::Syntax, &place, what, help));
            }
        }
        let first = lines.first().copied().unwrap_or(u32::MAX);
        problems.extend(found.into_iter().filter(|problem| {
            let line = problem.line();
            problem.is_local() && !lines.contains(&line) && (self.contained || line < first)
        }));
        problems
    }
}

fn is_contained(text: &str, errors: &[(usize, String)]) -> bool {
    let mut blanked = String::with_capacity(text.len());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let ends_here = |at: usize| at < end || (at == end && end == text.len());
        if errors.iter().any(|&(at, _)| start <= at && ends_here(at)) {
            if line.trim_start().starts_with('[') {
                return false;
            }
            blanked.push('\n');
        } else {
            blanked.push_str(line);
        }
        start = end;
    }
    DeTable::parse(&blanked).is_ok()
}

//! What a peer does that it should not, told once and then only counted, so that no peer can flood a log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::frame::ParseError;
use crate::limits::SHOWN_KIND_BYTES_MAX;

/// Something a peer did that was ignored. Told once for each kind and link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// A short stable name, one of a closed set.
    pub kind: &'static str,
    /// Frame type, field and length, never contents.
    pub detail: String,
}

/// How often each kind happened on all links that count into it. A clone counts into the same.
///
/// Bounded, because kinds are a closed set. Its lock is taken for an oddity and for whoever reads, never for a good frame.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Tally {
    /// The kinds that happened, by name.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(kind, count)| (*kind, *count)).collect()
    }

    fn add(&self, kind: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(kind).or_default();
        *count = count.saturating_add(1);
    }
}

/// How often each kind happened on one link. Bounded, because kinds are a closed set.
#[derive(Default)]
pub(crate) struct Oddities {
    counts: BTreeMap<&'static str, u64>,
    tally: Tally,
}

impl Oddities {
    /// Counts into this one too, from here on.
    pub(crate) fn count_into(&mut self, tally: Tally) {
        self.tally = tally;
    }

    /// Counts one; the first of its kind is to be told. The detail is only made for that one.
    pub(crate) fn note(&mut self, kind: &'static str, detail: impl FnOnce() -> String) -> Option<Oddity> {
        self.tally.add(kind);
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        (*count == 1).then(|| Oddity { kind, detail: detail() })
    }

    pub(crate) fn unreadable(&mut self, error: &ParseError, bytes: usize) -> Option<Oddity> {
        self.note(error.name(), || format!("{error} ({bytes} bytes)"))
    }

    pub(crate) fn unknown_type(&mut self, kind: &str, bytes: usize) -> Option<Oddity> {
        self.note("unknown-type", || format!("a frame of type {} ({bytes} bytes)", shown(kind)))
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().map(|(kind, count)| (*kind, *count))
    }
}

/// A word of a peer, when it looks like one.
pub(crate) fn shown(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphabetic() || b"._-".contains(&byte);
    if !word.is_empty() && word.len() <= SHOWN_KIND_BYTES_MAX && word.bytes().all(plain) {
        format!("`{word}`")
    } else {
        format!("(not shown, {} bytes)", word.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_once_and_counted() {
        let mut oddities = Oddities::default();
        assert!(oddities.note("a", String::new).is_some());
        assert!(oddities.note("a", || unreachable!("no second detail")).is_none());
        assert!(oddities.unreadable(&ParseError::NotJson, 3).is_some());
        let counts: Vec<_> = oddities.counts().collect();
        assert_eq!(counts, [("a", 2), ("not-json", 1)]);
    }

    #[test]
    fn links_count_into_one_tally() {
        let tally = Tally::default();
        for _ in 0..2 {
            let mut oddities = Oddities::default();
            oddities.count_into(tally.clone());
            for _ in 0..3 {
                oddities.note("b", String::new);
            }
            oddities.note("a", String::new);
        }
        assert_eq!(tally.counts(), [("a", 2), ("b", 6)]);
    }

    #[test]
    fn only_plain_short_words_are_shown() {
        assert_eq!(shown("session.notify_2"), "(not shown, 16 bytes)");
        assert_eq!(shown("session.notify"), "`session.notify`");
        assert_eq!(shown("+15550001234"), "(not shown, 12 bytes)");
        assert_eq!(shown(""), "(not shown, 0 bytes)");
        assert_eq!(shown(&"a".repeat(41)), "(not shown, 41 bytes)");
    }
}

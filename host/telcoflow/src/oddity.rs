//! What a peer does that it should not, told once and then only counted, so that no peer can flood a log.

use std::collections::BTreeMap;

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

/// How often each kind happened on one link. Bounded, because kinds are a closed set.
#[derive(Default)]
pub(crate) struct Oddities(BTreeMap<&'static str, u64>);

impl Oddities {
    /// Counts one; the first of its kind is to be told. The detail is only made for that one.
    pub(crate) fn note(&mut self, kind: &'static str, detail: impl FnOnce() -> String) -> Option<Oddity> {
        let count = self.0.entry(kind).or_default();
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
        self.0.iter().map(|(kind, count)| (*kind, *count))
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
    fn only_plain_short_words_are_shown() {
        assert_eq!(shown("session.notify_2"), "(not shown, 16 bytes)");
        assert_eq!(shown("session.notify"), "`session.notify`");
        assert_eq!(shown("+15550001234"), "(not shown, 12 bytes)");
        assert_eq!(shown(""), "(not shown, 0 bytes)");
        assert_eq!(shown(&"a".repeat(41)), "(not shown, 41 bytes)");
    }
}

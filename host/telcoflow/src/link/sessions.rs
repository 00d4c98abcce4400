//! Sessions that this link has claimed. Rows `SM-5`, `SM-6`, `SM-13`, `SM-17`.
//!
//! A session is remembered from the granted claim until `session.closed` or the loss of the socket, and not longer:
//! ids of closed sessions would otherwise pile up for as long as the process lives.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::limits::READY_DEADLINE_S;

/// When a session's warning is due; the number tells apart those of one moment.
type Due = (Instant, u64);

#[derive(Default)]
pub(super) struct Sessions {
    held: BTreeMap<String, Held>,
    warnings: BTreeMap<Due, String>,
    serial: u64,
}

struct Held {
    ready: bool,
    warning: Option<Due>,
    /// Nobody serves it here any more, and its end was not told yet.
    released: bool,
    /// A chat, with its place in the order of the claims.
    chat: Option<u64>,
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn has(&self, session_id: &str) -> bool {
        self.held.contains_key(session_id)
    }

    /// Whether it is held and served here.
    pub(super) fn serves(&self, session_id: &str) -> bool {
        self.held.get(session_id).is_some_and(|held| !held.released)
    }

    /// Nobody serves it here any more: it may be claimed anew, and is remembered until its end is told.
    pub(super) fn release(&mut self, session_id: &str) {
        if let Some(held) = self.held.get_mut(session_id) {
            held.released = true;
            if let Some(due) = held.warning.take() {
                self.warnings.remove(&due);
            }
        }
    }

    pub(super) fn claimed(&mut self, now: Instant, session_id: &str, is_chat: bool) {
        self.closed(session_id);
        let due = (now + Duration::from_secs(READY_DEADLINE_S), self.serial);
        self.serial += 1;
        self.warnings.insert(due, session_id.to_owned());
        let held = Held { ready: false, warning: Some(due), released: false, chat: is_chat.then_some(due.1) };
        self.held.insert(session_id.to_owned(), held);
    }

    /// Whether `session.ready` is to be sent: once for each claim. `None` for a session that is not held.
    pub(super) fn readied(&mut self, session_id: &str) -> Option<bool> {
        let held = self.held.get_mut(session_id)?;
        if let Some(due) = held.warning.take() {
            self.warnings.remove(&due);
        }
        Some(!std::mem::replace(&mut held.ready, true))
    }

    /// Forgets a session; whether it was held.
    pub(super) fn closed(&mut self, session_id: &str) -> bool {
        let Some(held) = self.held.remove(session_id) else {
            return false;
        };
        if let Some(due) = held.warning {
            self.warnings.remove(&due);
        }
        true
    }

    /// A session whose warning is due, each once.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<String> {
        let entry = self.warnings.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let session_id = entry.remove();
        if let Some(held) = self.held.get_mut(&session_id) {
            held.warning = None;
        }
        Some(session_id)
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.warnings.first_key_value().map(|(due, _)| due.0)
    }

    /// What the loss of the socket leaves: the chats in the order of their claims and whether they were ready, and the
    /// other sessions.
    pub(super) fn into_lost(self) -> (Vec<(String, bool)>, Vec<String>) {
        let mut chats = Vec::new();
        let mut others = Vec::new();
        for (session_id, held) in self.held {
            match held.chat {
                Some(place) => chats.push((place, session_id, held.ready)),
                None => others.push(session_id),
            }
        }
        chats.sort_unstable();
        (chats.into_iter().map(|(_, session_id, ready)| (session_id, ready)).collect(), others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_sent_once_for_each_claim_and_ends_the_watch() {
        let now = Instant::now();
        let mut sessions = Sessions::default();
        assert_eq!(sessions.readied("a"), None);
        sessions.claimed(now, "a", false);
        assert_eq!(sessions.readied("a"), Some(true));
        assert_eq!(sessions.readied("a"), Some(false));
        assert_eq!(sessions.next_due(), None);
        assert!(sessions.closed("a"));
        assert!(!sessions.closed("a"));
        sessions.claimed(now, "a", false);
        assert_eq!(sessions.readied("a"), Some(true));
    }

    #[test]
    fn chats_outlive_a_socket_in_the_order_of_their_claims() {
        let now = Instant::now();
        let mut sessions = Sessions::default();
        for (id, is_chat) in [("c", true), ("x", false), ("a", true), ("b", true)] {
            sessions.claimed(now, id, is_chat);
        }
        sessions.readied("a");
        let (chats, others) = sessions.into_lost();
        let chats: Vec<_> = chats.iter().map(|(id, ready)| (id.as_str(), *ready)).collect();
        assert_eq!(chats, [("c", false), ("a", true), ("b", false)]);
        assert_eq!(others, ["x"]);
    }

    #[test]
    fn a_session_without_ready_is_named_once() {
        let now = Instant::now();
        let mut sessions = Sessions::default();
        for id in ["b", "a", "c"] {
            sessions.claimed(now, id, false);
        }
        sessions.closed("a");
        let due = now + Duration::from_secs(30);
        assert_eq!(sessions.next_due(), Some(due));
        assert_eq!(sessions.overdue(due - Duration::from_millis(1)), None);
        assert_eq!(sessions.overdue(due).as_deref(), Some("b"));
        assert_eq!(sessions.overdue(due).as_deref(), Some("c"));
        assert_eq!(sessions.overdue(due), None);
        assert_eq!(sessions.next_due(), None);
        assert_eq!(sessions.readied("b"), Some(true));
        assert!(sessions.has("b") && sessions.len() == 2);
    }
}

//! Which calls were given away: their sessions are still here.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use telcoflow::frame::Handover;

use crate::limits::GIVEN_KEPT_MAX;

/// A call that has its voice elsewhere while its session is claimed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) call_id: String,
    pub(crate) session_id: String,
    pub(crate) tenant: String,
    pub(crate) connector: String,
    /// What was given, for who lost the answer. `None`: it was never given from here.
    pub(crate) call: Option<Handover>,
}

/// All of them, until their sessions are closed. The oldest is forgotten when there are too many.
#[derive(Clone, Default)]
pub(crate) struct GivenCalls(Arc<Mutex<VecDeque<Given>>>);

impl GivenCalls {
    /// Remembers one.
    pub(crate) fn note(&self, given: Given) {
        let mut all = self.0.lock();
        all.retain(|known| known.session_id != given.session_id);
        if all.len() >= GIVEN_KEPT_MAX {
            all.pop_front();
        }
        all.push_back(given);
    }

    /// The session is over, or the call is here after all.
    pub(crate) fn forget(&self, session_id: &str) {
        self.0.lock().retain(|known| known.session_id != session_id);
    }

    pub(crate) fn has_session(&self, session_id: &str) -> bool {
        self.0.lock().iter().any(|known| known.session_id == session_id)
    }

    /// By the carrier's id or the session's.
    pub(crate) fn find(&self, id: &str) -> Option<Given> {
        let all = self.0.lock();
        all.iter().rev().find(|known| known.call_id == id || known.session_id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(number: usize) -> Given {
        let (call_id, session_id) = (format!("call-{number}"), format!("session-{number}"));
        Given { call_id, session_id, tenant: "acme".into(), connector: "main".into(), call: None }
    }

    #[test]
    fn the_oldest_is_forgotten_and_none_stands_twice() {
        let calls = GivenCalls::default();
        (0..=GIVEN_KEPT_MAX).for_each(|number| calls.note(given(number)));
        calls.note(given(1));
        assert_eq!(calls.find("call-0"), None);
        assert_eq!(calls.0.lock().len(), GIVEN_KEPT_MAX);
        assert_eq!(calls.find("session-1"), Some(given(1)));
        calls.forget("session-1");
        assert_eq!((calls.find("call-1"), calls.has_session("session-1")), (None, false));
        assert!(calls.has_session("session-2"));
    }
}

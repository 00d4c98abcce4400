//! Requests that wait for their answer. Row `SM-4`.
//!
//! All wait equally long, so the oldest is always the next to fail. They belong to one socket and die with it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::limits::{REQUEST_DEADLINE_S, REQUESTS_KEPT, REQUESTS_MAX};

/// What was asked.
#[derive(Debug)]
pub(super) enum Ask {
    Claim {
        session_id: String,
    },
    Create {
        key: u64,
    },
    /// A chat of the socket before.
    Reclaim {
        session_id: String,
    },
    Send {
        session_id: String,
        key: u32,
    },
    CallFlow,
}

struct Request {
    req_id: String,
    due: Instant,
    ask: Ask,
}

#[derive(Default)]
pub(super) struct Requests(VecDeque<Request>);

impl Requests {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= REQUESTS_MAX
    }

    /// Chat messages leave some places to claims, so that a flood of them keeps no call waiting.
    pub(super) fn is_full_for_messages(&self) -> bool {
        self.0.len() >= REQUESTS_MAX - REQUESTS_KEPT
    }

    pub(super) fn add(&mut self, now: Instant, req_id: String, ask: Ask) {
        debug_assert!(!self.is_full(), "callers look first");
        self.0.push_back(Request { req_id, due: now + Duration::from_secs(REQUEST_DEADLINE_S), ask });
    }

    pub(super) fn answered(&mut self, req_id: &str) -> Option<Ask> {
        let at = self.0.iter().position(|request| request.req_id == req_id)?;
        self.0.remove(at).map(|request| request.ask)
    }

    pub(super) fn expired(&mut self, now: Instant) -> Option<Ask> {
        self.0.pop_front_if(|request| request.due <= now).map(|request| request.ask)
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.front().map(|request| request.due)
    }

    pub(super) fn claims(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|request| match &request.ask {
            Ask::Claim { session_id } => Some(session_id.as_str()),
            Ask::Create { .. } | Ask::Reclaim { .. } | Ask::Send { .. } | Ask::CallFlow => None,
        })
    }

    /// How many sessions the granted requests would give.
    pub(super) fn sessions(&self) -> usize {
        self.0.iter().filter(|request| matches!(request.ask, Ask::Claim { .. } | Ask::Create { .. })).count()
    }

    pub(super) fn into_asks(self) -> impl Iterator<Item = Ask> {
        self.0.into_iter().map(|request| request.ask)
    }
}

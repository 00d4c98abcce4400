//! Where a guest stands with what it serves: it waits for an event, it waits for the host's disk, or it computes.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use call::Next;

use crate::prefetch::{NEAR_PIECES, Near, Piece};

/// What waiting with a limit comes to.
pub(crate) enum Waited<E> {
    Event(E),
    TimedOut,
    Over,
}

/// The state of one guest's waiting.
pub(crate) struct Wait {
    /// Set while the guest waits and is polled by something other than its task (the async engine does that).
    waker: Option<Waker>,
    /// When the waiting ends without an event.
    until: Option<Instant>,
    waiting: bool,
    near: Near,
    /// Whether the guest ever asked for an event.
    asked: bool,
    /// How often it was given an event, or really waited. Asking in vain is not progress: neither for an event when what it
    /// serves is over, nor for one within no time.
    progress: u64,
    /// When it last made progress.
    since: Instant,
    /// Since when it waits for the disk, which is not its fault.
    paused: Option<Instant>,
}

impl Wait {
    pub(crate) fn new(since: Instant) -> Self {
        Self {
            waker: None,
            until: None,
            waiting: false,
            near: Near::default(),
            asked: false,
            progress: 0,
            since,
            paused: None,
        }
    }

    /// Begins to wait, for as long as `within` if that is given. `near` is what the guest then needs.
    pub(crate) fn begin(&mut self, now: Instant, within: Option<Duration>, near: Near) {
        self.asked = true;
        self.near = Near { played: self.near.played, ..near };
        self.until = within.and_then(|within| now.checked_add(within));
    }

    /// One look: an event, the end of the waiting, or not yet. With `register` the waker is kept for [`Wait::wake`].
    pub(crate) fn look<E>(&mut self, now: Instant, next: Next<E>, cx: &Context<'_>, register: bool) -> Poll<Waited<E>> {
        let waited = match next {
            Next::Event(event) => Waited::Event(event),
            Next::Over => Waited::Over,
            Next::Wait if self.timed_out(now) => Waited::TimedOut,
            Next::Wait => {
                self.waiting = true;
                self.near.stack = Piece::of_stack();
                self.waker = register.then(|| cx.waker().clone());
                return Poll::Pending;
            }
        };
        if self.waiting || matches!(waited, Waited::Event(_)) {
            self.progress += 1;
            self.since = now;
        }
        self.waker = None;
        self.until = None;
        self.waiting = false;
        Poll::Ready(waited)
    }

    /// Wakes a guest that is not polled by its task, when what it waits for is there.
    pub(crate) fn wake(&mut self, now: Instant, has_event: impl FnOnce() -> bool) {
        if self.waker.is_some()
            && (has_event() || self.timed_out(now))
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    /// Whether what the guest waits for is there, and only its next poll is missing.
    pub(crate) fn is_due(&self, now: Instant, has_event: impl FnOnce() -> bool) -> bool {
        self.waits_here() && (has_event() || self.timed_out(now))
    }

    /// Whether a poll of the guest would find nothing: it waits for an event, as part of its task, and there is none.
    pub(crate) fn rests(&self, now: Instant, has_event: impl FnOnce() -> bool) -> bool {
        self.waits_here() && !has_event() && !self.timed_out(now)
    }

    /// The guest waits for the disk from now on; or it computes again, and the time that it waited does not count as silence.
    pub(crate) fn set_paused(&mut self, paused: bool, now: Instant) {
        let before = std::mem::replace(&mut self.paused, paused.then_some(now));
        if let Some(before) = before {
            self.since += now.saturating_duration_since(before);
        }
    }

    /// The guest played this, out of its own memory.
    pub(crate) fn set_played(&mut self, played: Piece) {
        self.near.played = played;
    }

    /// What the guest will need when it has waited; nothing when it is polled by something other than its task.
    pub(crate) fn near(&self) -> [Piece; NEAR_PIECES] {
        if self.waits_here() { self.near.pieces() } else { Default::default() }
    }

    /// When the waiting ends without an event.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(crate) fn asked(&self) -> bool {
        self.asked
    }

    pub(crate) fn progress(&self) -> u64 {
        self.progress
    }

    /// Since when the guest computes (or sleeps somewhere else) instead of waiting; `None` while it waits.
    pub(crate) fn silent_since(&self) -> Option<Instant> {
        (!self.waiting && self.paused.is_none()).then_some(self.since)
    }

    /// It waits for an event, and nothing but the next poll of its task brings it on.
    fn waits_here(&self) -> bool {
        self.waiting && self.waker.is_none()
    }

    fn timed_out(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

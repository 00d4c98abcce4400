//! The one thing a guest and its call's task share: the call, and where the guest waits.
//!
//! Both run in one task and take turns, so the lock is never contended and never held across an await.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use call::{Call, Next};
use parking_lot::{Mutex, MutexGuard};
use tracing::Span;

use crate::recording::Recording;

/// A call as its task and its guest see it.
#[derive(Clone)]
pub struct SharedCall(Arc<Shared>);

struct Shared {
    span: Span,
    desk: Mutex<Desk>,
}

/// The call under its lock, and where its guest stands. Not to be held across an await.
pub struct CallGuard<'a>(MutexGuard<'a, Desk>);

pub(crate) struct Desk {
    pub(crate) call: Call,
    pub(crate) wait: Wait,
    /// While the guest records.
    pub(crate) recording: Option<Recording>,
}

/// Where the guest stands: it waits in `next`, it waits for the host's disk, or it computes.
pub(crate) struct Wait {
    /// Set while the guest waits and is polled by something other than its call's task (the async world does that).
    waker: Option<Waker>,
    /// When the waiting ends without an event.
    until: Option<Instant>,
    waiting: bool,
    /// Whether the guest ever asked for an event.
    asked: bool,
    /// How often it was given an event, or really waited. Asking in vain is not progress: neither for an event when the
    /// call is over, nor for one within no time.
    progress: u64,
    /// When it last made progress.
    since: Instant,
    /// Since when it waits for the disk, which is not its fault.
    paused: Option<Instant>,
}

/// What `next-within` answers.
pub(crate) enum Waited {
    Event(call::Event),
    TimedOut,
    Over,
}

impl SharedCall {
    /// Shares a call. Its log lines stand in the span that is current here.
    pub fn new(call: Call) -> Self {
        let wait = Wait::new(call.now());
        let desk = Mutex::new(Desk { call, wait, recording: None });
        Self(Arc::new(Shared { span: Span::current(), desk }))
    }

    /// The call, for as long as the guard lives. Not to be held across an await.
    pub fn lock(&self) -> CallGuard<'_> {
        CallGuard(self.desk())
    }

    /// Where lines about this call belong. Turns are given outside of it, since most have nothing to say, and to enter a
    /// span and leave it costs more than a frame's way through the call.
    pub fn span(&self) -> &Span {
        &self.0.span
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock()
    }

    /// A guest takes its place. One that was there before is gone.
    pub(crate) fn seat(&self) {
        let mut desk = self.desk();
        desk.wait = Wait::new(desk.call.now());
    }

    /// Whether the guest ever asked for an event.
    pub(crate) fn asked(&self) -> bool {
        self.desk().wait.asked
    }

    /// The next event, for handlers that are native code; `None` when nothing will ever come again.
    pub async fn next(&self) -> Option<call::Event> {
        self.begin_wait(None);
        match std::future::poll_fn(|cx| self.poll_wait(cx, false)).await {
            Waited::Event(event) => Some(event),
            Waited::TimedOut | Waited::Over => None,
        }
    }

    /// Begins to wait, for as long as `within` if that is given.
    pub(crate) fn begin_wait(&self, within: Option<Duration>) {
        let mut desk = self.desk();
        desk.wait.asked = true;
        desk.wait.until = within.map(|within| desk.call.now() + within);
    }

    /// One look: an event, the end of the waiting, or not yet. With `register` the waker is kept for [`Self::wake_guest`].
    pub(crate) fn poll_wait(&self, cx: &mut Context<'_>, register: bool) -> Poll<Waited> {
        let mut desk = self.desk();
        let waited = match desk.call.next() {
            Next::Event(event) => Waited::Event(event),
            Next::Over => Waited::Over,
            Next::Wait if desk.timed_out() => Waited::TimedOut,
            Next::Wait => {
                desk.wait.waiting = true;
                if register {
                    desk.wait.waker = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
        };
        if desk.wait.waiting || matches!(waited, Waited::Event(_)) {
            desk.wait.progress += 1;
            desk.wait.since = desk.call.now();
        }
        desk.wait.waker = None;
        desk.wait.until = None;
        desk.wait.waiting = false;
        Poll::Ready(waited)
    }
}

impl CallGuard<'_> {
    /// Wakes a guest that is not polled by its call's task, when what it waits for is there, and hands on what was recorded.
    /// To be called after the carrier's turn.
    pub fn wake_guest(&mut self) {
        let desk = &mut *self.0;
        desk.hand_on_recording();
        if desk.wait.waker.is_some()
            && desk.has_answer()
            && let Some(waker) = desk.wait.waker.take()
        {
            waker.wake();
        }
    }

    /// Whether a poll of the guest would find nothing: it waits for an event, as part of its call's task, and there is none.
    pub fn guest_rests(&self) -> bool {
        self.0.waits_here() && !self.0.has_answer()
    }

    /// Whether what a guest waits for is there, and only its next poll is missing.
    pub fn guest_is_due(&self) -> bool {
        self.0.waits_here() && self.0.has_answer()
    }

    /// When the call or the waiting guest wants the next turn at the latest.
    pub fn due(&self) -> Option<Instant> {
        let call = self.0.call.poll_timeout().map(|(at, _)| at);
        call.into_iter().chain(self.0.wait.until).min()
    }

    /// Since when the guest computes (or sleeps somewhere else) instead of waiting for an event; `None` while it waits.
    pub(crate) fn silent_since(&self) -> Option<Instant> {
        let wait = &self.0.wait;
        (!wait.waiting && wait.paused.is_none()).then_some(wait.since)
    }

    /// How often the guest was given an event, or waited for one.
    pub(crate) fn progress(&self) -> u64 {
        self.0.wait.progress
    }
}

impl Deref for CallGuard<'_> {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.0.call
    }
}

impl DerefMut for CallGuard<'_> {
    fn deref_mut(&mut self) -> &mut Call {
        &mut self.0.call
    }
}

impl Wait {
    fn new(since: Instant) -> Self {
        Self { waker: None, until: None, waiting: false, asked: false, progress: 0, since, paused: None }
    }

    /// The guest waits for the disk from now on.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused = Some(now);
    }

    /// It computes again, and the time that it waited does not count as silence.
    pub(crate) fn resume(&mut self, now: Instant) {
        if let Some(paused) = self.paused.take() {
            self.since += now.saturating_duration_since(paused);
        }
    }
}

impl Desk {
    /// The guest waits in `next`, and nothing but the next poll of its call's task brings it on.
    fn waits_here(&self) -> bool {
        self.wait.waiting && self.wait.waker.is_none()
    }

    fn has_answer(&self) -> bool {
        self.call.has_event() || self.timed_out()
    }

    fn timed_out(&self) -> bool {
        self.wait.until.is_some_and(|until| self.call.now() >= until)
    }
}

//! The one thing a guest and its call's task share: the call, and where the guest waits.
//!
//! Both run in one task and take turns, so the lock is never contended and never held across an await.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{Call, Failure, Stored};
use parking_lot::{Mutex, MutexGuard};
use tracing::Span;

use crate::network::Connections;
use crate::prefetch::{NEAR_PIECES, Near, Piece};
use crate::recording::Recording;
use crate::wait::{Wait, Waited};

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
    pub(crate) connections: Connections,
}

impl SharedCall {
    /// Shares a call. Its log lines stand in the span that is current here.
    pub fn new(call: Call) -> Self {
        let wait = Wait::new(call.now());
        let desk = Mutex::new(Desk { call, wait, recording: None, connections: Connections::default() });
        Self(Arc::new(Shared { span: Span::current(), desk }))
    }

    /// The call, for as long as the guard lives. Not to be held across an await.
    pub fn lock(&self) -> CallGuard<'_> {
        CallGuard(self.desk())
    }

    /// Where it lies.
    pub fn piece(&self) -> Piece {
        Piece::of(&*self.0)
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
        self.desk().wait.asked()
    }

    /// The next event, for handlers that are native code; `None` when nothing will ever come again.
    pub async fn next(&self) -> Option<call::Event> {
        self.begin_wait(None, Near::default());
        match std::future::poll_fn(|cx| self.poll_wait(cx, false)).await {
            Waited::Event(event) => Some(event),
            Waited::TimedOut | Waited::Over => None,
        }
    }

    /// Begins to wait, for as long as `within` if that is given. `near` is what the guest then needs.
    pub(crate) fn begin_wait(&self, within: Option<Duration>, near: Near) {
        let Desk { call, wait, .. } = &mut *self.desk();
        wait.begin(call.now(), within, near);
    }

    /// One look: an event, the end of the waiting, or not yet. With `register` the waker is kept for [`CallGuard::wake_guest`].
    pub(crate) fn poll_wait(&self, cx: &Context<'_>, register: bool) -> Poll<Waited<call::Event>> {
        let Desk { call, wait, .. } = &mut *self.desk();
        let next = call.next();
        wait.look(call.now(), next, cx, register)
    }

    /// Waits for the disk, which does not count as the guest's silence. The store answers within a bounded time.
    pub(crate) async fn paused<T>(&self, answer: Stored<T>) -> Result<T, Failure> {
        self.set_paused(true);
        let answer = answer.await;
        self.set_paused(false);
        answer
    }

    fn set_paused(&self, paused: bool) {
        let Desk { call, wait, .. } = &mut *self.desk();
        wait.set_paused(paused, call.now());
    }
}

impl CallGuard<'_> {
    /// Wakes a guest that is not polled by its call's task, when what it waits for is there, hands on what was recorded, and
    /// moves its connections on. To be called after the carrier's turn.
    pub fn wake_guest(&mut self, cx: &mut Context<'_>) {
        let desk = &mut *self.0;
        desk.hand_on_recording();
        let Desk { call, wait, connections, .. } = desk;
        connections.poll(cx, call);
        wait.wake(call.now(), || call.has_event());
    }

    /// What the guest will need when it has waited.
    pub fn near_guest(&self) -> [Piece; NEAR_PIECES] {
        self.0.wait.near()
    }

    /// Processor time that the guest's connections took since somebody asked last.
    pub fn take_network_time(&mut self) -> Duration {
        self.0.connections.take_unbilled()
    }

    /// Whether a poll of the guest would find nothing: it waits for an event, as part of its call's task, and there is none.
    pub fn guest_rests(&self) -> bool {
        let Desk { call, wait, .. } = &*self.0;
        wait.rests(call.now(), || call.has_event())
    }

    /// Whether what a guest waits for is there, and only its next poll is missing.
    pub fn guest_is_due(&self) -> bool {
        let Desk { call, wait, .. } = &*self.0;
        wait.is_due(call.now(), || call.has_event())
    }

    /// When the call or the waiting guest wants the next turn at the latest.
    pub fn due(&self) -> Option<Instant> {
        let call = self.0.call.poll_timeout().map(|(at, _)| at);
        call.into_iter().chain(self.0.wait.until()).min()
    }

    /// Since when the guest computes (or sleeps somewhere else) instead of waiting for an event; `None` while it waits.
    pub(crate) fn silent_since(&self) -> Option<Instant> {
        self.0.wait.silent_since()
    }

    /// How often the guest was given an event, or waited for one.
    pub(crate) fn progress(&self) -> u64 {
        self.0.wait.progress()
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

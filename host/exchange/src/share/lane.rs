//! Lanes for guests that compute for long: one fewer than the host's threads, so that one thread always has time for those
//! who take microseconds, and for the sockets.
//!
//! A guest whose last poll was long and ended in the middle of its work is polled only in a lane. Who finds none waits in the
//! order of coming, and is woken when one is free. Light guests know no lane, and never wait.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::limits::LANE_LOOK_MS;

/// The lanes of a host. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lanes(Arc<Semaphore>);

impl Lanes {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count.max(1))))
    }

    /// As many as the present runtime has threads, but one.
    pub(crate) fn of_runtime() -> Self {
        Self::new(Handle::current().metrics().num_workers().saturating_sub(1))
    }
}

/// A guest's way through them.
pub(crate) struct Lane {
    lanes: Lanes,
    /// Its last poll was long.
    long: bool,
    waiting: Option<Waiting>,
    permit: Option<OwnedSemaphorePermit>,
    /// How long it waited for the poll that may come now.
    waited: Duration,
}

struct Waiting {
    since: Instant,
    turn: Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("long", &self.long).field("waits", &self.waiting.is_some()).finish_non_exhaustive()
    }
}

impl Lane {
    pub(crate) fn new(lanes: Lanes) -> Self {
        Self { lanes, long: false, waiting: None, permit: None, waited: Duration::ZERO }
    }

    /// Whether it waits for a lane already.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.waiting.is_some()
    }

    /// How long it has waited.
    pub(crate) fn waited(&self, now: Instant) -> Duration {
        self.waiting.as_ref().map_or(Duration::ZERO, |waiting| now.saturating_duration_since(waiting.since))
    }

    /// Takes a lane, if this guest needs one.
    ///
    /// # Errors
    /// There is none. The task is woken when it is this guest's turn; the moment is only for whoever must name one.
    pub(crate) fn enter(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), Instant> {
        if !self.long || self.permit.is_some() {
            return Ok(());
        }
        if self.waiting.is_none() {
            if let Ok(permit) = self.lanes.0.clone().try_acquire_owned() {
                self.permit = Some(permit);
                return Ok(());
            }
            self.waiting = Some(Waiting { since: now, turn: Box::pin(self.lanes.0.clone().acquire_owned()) });
        }
        let Some(waiting) = &mut self.waiting else { return Ok(()) };
        match waiting.turn.as_mut().poll(cx) {
            Poll::Pending => Err(now + Duration::from_millis(LANE_LOOK_MS)),
            Poll::Ready(turn) => {
                self.waited = now.saturating_duration_since(waiting.since);
                self.waiting = None;
                // Nobody closes the lanes.
                self.permit = turn.ok();
                Ok(())
            }
        }
    }

    /// The poll is over: how long it was waited for. `long`: the next one needs a lane.
    pub(crate) fn leave(&mut self, now: Instant, long: bool) -> Duration {
        self.long = long;
        self.permit = None;
        let waited = self.waited(now) + self.waited;
        (self.waiting, self.waited) = (None, Duration::ZERO);
        waited
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn long_polls_take_turns_and_short_ones_never_wait() {
        let lanes = Lanes::new(1);
        let now = Instant::now();
        let ms = Duration::from_millis;
        let cx = &mut Context::from_waker(Waker::noop());
        let mut guests: Vec<_> = (0..3).map(|_| Lane::new(lanes.clone())).collect();
        for guest in &mut guests {
            assert!(guest.enter(cx, now).is_ok(), "nothing is known of it");
        }
        guests.iter_mut().for_each(|guest| assert_eq!(guest.leave(now, true), Duration::ZERO));
        let [first, second, third] = &mut guests[..] else { panic!("three") };
        let mut light = Lane::new(lanes.clone());
        assert!(first.enter(cx, now).is_ok());
        assert!(second.enter(cx, now).is_err() && third.enter(cx, now).is_err());
        assert!(light.enter(cx, now).is_ok());
        first.leave(now + ms(2), true);
        assert!(first.enter(cx, now + ms(2)).is_err(), "others were there before");
        assert!(third.enter(cx, now + ms(2)).is_err(), "in the order of coming");
        assert!(second.enter(cx, now + ms(2)).is_ok());
        assert_eq!(second.leave(now + ms(3), false), ms(2));
        assert!(second.enter(cx, now + ms(3)).is_ok(), "it was short: it needs no lane");
        second.leave(now + ms(3), false);
        assert!(third.enter(cx, now + ms(4)).is_ok());
        drop(guests);
        assert_eq!(lanes.0.available_permits(), 1, "whatever was held or waited for is back");
    }
}

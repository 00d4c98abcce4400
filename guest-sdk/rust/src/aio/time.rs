//! Waiting for time to pass, on the host's timers.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::combine::{Either, select};
use super::hub::Hub;
use crate::{TimerId, timers};

/// Resolves after so much time, counted from this call on. With 256 timers running in the host it begins when one of
/// them ends. Never resolves after the end of the call: the handler is dropped then.
///
/// # Panics
/// Outside of a handler made by [`async_handler!`](crate::async_handler).
pub fn sleep(time: Duration) -> Sleep {
    let mut sleep = Sleep { hub: Hub::current(), time, timer: None, over: false };
    sleep.begin();
    sleep
}

/// The future, or [`TimedOut`] when it takes longer; then it is dropped. Ready and late at once: it is in time.
///
/// # Errors
/// [`TimedOut`].
pub async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, TimedOut> {
    match select(future, sleep(limit)).await {
        Either::First(value) => Ok(value),
        Either::Second(()) => Err(TimedOut),
    }
}

/// The time of a [`timeout`] is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl std::fmt::Display for TimedOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the time is over")
    }
}

impl std::error::Error for TimedOut {}

/// What [`sleep`] makes.
#[must_use = "it only waits when it is awaited"]
#[derive(Debug)]
pub struct Sleep {
    hub: Rc<Hub>,
    time: Duration,
    timer: Option<TimerId>,
    over: bool,
}

impl Sleep {
    fn begin(&mut self) {
        // Refused: too many run, and the next event is a new try; or the call is over.
        if let Ok(id) = timers::after(self.time) {
            self.hub.board().begin_timer(id);
            self.timer = Some(id);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.over {
            return Poll::Ready(());
        }
        match self.timer {
            None => self.begin(),
            Some(id) if self.hub.board().timer_fired(id) => {
                self.timer = None;
                self.over = true;
                return Poll::Ready(());
            }
            Some(_) => {}
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.timer {
            self.hub.cancel_timer(id);
        }
    }
}

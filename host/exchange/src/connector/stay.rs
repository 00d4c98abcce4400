//! How long a connector stays: until a reload takes it off, and then until its last call is over.
//!
//! One that another takes the place of goes on taking calls until that one is up, so that nobody rings in vain. Its link stays
//! for its calls, since their ends are told there; chats go on as long, and are then left to whoever their sessions are
//! announced to next.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Connector;
use crate::limits::{CUT_MS_MAX, SUCCESSOR_MS_MAX};

/// Whether a connector was taken off.
#[derive(Clone, Debug)]
pub(crate) enum Retired {
    /// It was not.
    No,
    /// It takes no more calls.
    Now,
    /// It takes no more calls once this is true of the one in its place.
    For(watch::Receiver<bool>),
}

/// Where a connector is on its way.
#[derive(Debug)]
pub(super) enum Stay {
    /// Nobody took it off.
    Wanted(watch::Receiver<Retired>),
    /// Another comes.
    Until { successor: watch::Receiver<bool>, at_latest: Instant },
    /// It takes no more calls.
    Ending,
    /// Its calls are over; its chats are being left.
    Leaving { at_latest: Instant },
    /// Whatever is still there is aborted.
    Over,
}

impl Stay {
    pub(super) fn takes_calls(&self) -> bool {
        matches!(self, Self::Wanted(_) | Self::Until { .. })
    }

    /// Waits for the next step that comes from outside. Safe to drop and call again.
    pub(super) async fn change(&mut self) {
        match self {
            Self::Wanted(retired) => {
                if retired.changed().await.is_err() {
                    // The exchange is gone, and this task with it in a moment.
                    return pending().await;
                }
                let word = retired.borrow_and_update().clone();
                match word {
                    Retired::No => {}
                    Retired::Now => self.end(),
                    Retired::For(successor) => {
                        let at_latest = Instant::now() + Duration::from_millis(SUCCESSOR_MS_MAX);
                        *self = Self::Until { successor, at_latest };
                    }
                }
            }
            Self::Until { successor, at_latest } => {
                // Late, or gone itself: either way there is nothing more to wait for.
                let _ = timeout_at(*at_latest, successor.wait_for(|up| *up)).await;
                self.end();
            }
            Self::Leaving { at_latest } => {
                sleep_until(*at_latest).await;
                *self = Self::Over;
            }
            Self::Ending | Self::Over => pending().await,
        }
    }

    fn end(&mut self) {
        tracing::info!("taken off: no more calls are taken, the present ones go on");
        *self = Self::Ending;
    }
}

impl Connector {
    /// Whether it was taken off and nothing is left to be done. The last call out leaves the chats.
    pub(super) fn has_left(&mut self) -> bool {
        let over = match self.stay {
            Stay::Wanted(_) | Stay::Until { .. } => false,
            Stay::Ending if self.has_calls() => false,
            Stay::Ending => {
                self.chats.leave();
                self.stay = Stay::Leaving { at_latest: Instant::now() + Duration::from_millis(CUT_MS_MAX) };
                self.chats.is_empty()
            }
            Stay::Leaving { .. } => self.chats.is_empty(),
            Stay::Over => true,
        };
        if over {
            tracing::info!("the connector that was taken off has ended");
        }
        over
    }

    /// Calls that are here, or may be in a moment.
    fn has_calls(&self) -> bool {
        let waits = !self.claims.is_empty() || !self.creating.is_empty() || !self.chats.claims_nothing();
        waits || !self.calls.is_empty() || !self.taken_over.is_empty() || !self.tasks.is_empty()
    }
}

//! Timers: they arrive as [`Event::Timer`](crate::Event::Timer). Nothing here waits.

use std::time::Duration;

pub use crate::host::timers::cancel;

use crate::events::millis;
use crate::host::timers;
use crate::{Failure, TimerId};

/// Fires once, after `delay`, which is rounded up to whole milliseconds.
///
/// # Errors
/// `FULL` with 256 timers running, `ENDED` after the end of the call.
pub fn after(delay: Duration) -> Result<TimerId, Failure> {
    timers::set(millis(delay), false)
}

/// Fires every `period`, and a period below 1 ms counts as 1 ms. A tick whose predecessor was not yet taken is skipped.
///
/// # Errors
/// `FULL` with 256 timers running, `ENDED` after the end of the call.
pub fn every(period: Duration) -> Result<TimerId, Failure> {
    timers::set(millis(period), true)
}

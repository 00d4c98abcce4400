//! Waiting. Nothing else in the crate waits, but for `recording` and `key_value`, which wait for the host's disk.

use std::time::Duration;

pub use crate::host::events::Waited;

use crate::Event;
use crate::host::events as host;

/// The call's events, one after the other, to its end. [`Event::Ended`] is the last one.
///
/// A handler that computes for long between two events is late for its audio: the host keeps two seconds and drops the
/// oldest beyond that, counted in `lost_samples` of the next frame. Control events are never dropped.
pub fn events() -> Events {
    Events { _private: () }
}

/// Waits for the next event. `None`: [`Event::Ended`] was delivered and nothing will ever come again.
pub fn next() -> Option<Event> {
    host::next()
}

/// Waits for the next event, but no longer than `limit`, which is rounded up to whole milliseconds.
/// [`Duration::ZERO`] asks without waiting.
pub fn next_within(limit: Duration) -> Waited {
    host::next_within(millis(limit))
}

/// The iterator that [`events`] makes.
#[derive(Debug)]
pub struct Events {
    _private: (),
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        next()
    }
}

impl std::iter::FusedIterator for Events {}

/// Rounded up, so that a short wait does not become a busy loop; 49 days at most.
pub(crate) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

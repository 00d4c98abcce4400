//! When the faults of one socket are due, and frames that are held back. Sans-IO.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::faults::{Garbage, Stall};

/// The faults of one socket by the clock.
#[derive(Debug, Default)]
pub(crate) struct FaultClock {
    cut: Option<Instant>,
    stall: Option<(Instant, Instant)>,
    garbage: VecDeque<(Instant, Garbage)>,
}

impl FaultClock {
    pub(crate) fn new(
        start: Instant,
        cut_at_ms: Option<u32>,
        stall: Option<Stall>,
        garbage: &[(u32, Garbage)],
    ) -> Self {
        let at = |ms: u32| start + Duration::from_millis(ms.into());
        let mut garbage: Vec<_> = garbage.iter().map(|&(ms, frame)| (at(ms), frame)).collect();
        garbage.sort_by_key(|&(due, _)| due);
        Self {
            cut: cut_at_ms.map(at),
            stall: stall.map(|s| (at(s.at_ms), at(s.at_ms.saturating_add(s.for_ms)))),
            garbage: garbage.into(),
        }
    }

    /// Whether the socket is to be cut; once.
    pub(crate) fn take_cut(&mut self, now: Instant) -> bool {
        self.cut.take_if(|due| *due <= now).is_some()
    }

    pub(crate) fn take_garbage(&mut self, now: Instant) -> Option<Garbage> {
        let due = self.garbage.front().is_some_and(|(due, _)| *due <= now);
        if due { self.garbage.pop_front().map(|(_, frame)| frame) } else { None }
    }

    pub(crate) fn is_stalled(&self, now: Instant) -> bool {
        self.stall.is_some_and(|(from, to)| from <= now && now < to)
    }

    /// The next moment at which something changes.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let stall = self.stall.and_then(|(from, to)| [from, to].into_iter().find(|at| *at > now));
        let garbage = self.garbage.front().map(|(due, _)| *due);
        earliest([self.cut, stall, garbage])
    }
}

/// Things held back until their time; equal times keep their order.
#[derive(Debug)]
pub(crate) struct Delayed<T> {
    held: VecDeque<(Instant, T)>,
}

impl<T> Default for Delayed<T> {
    fn default() -> Self {
        Self { held: VecDeque::new() }
    }
}

impl<T> Delayed<T> {
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn hold(&mut self, due: Instant, thing: T) {
        let at = self.held.partition_point(|(other, _)| *other <= due);
        self.held.insert(at, (due, thing));
    }

    pub(crate) fn take(&mut self, now: Instant) -> Option<T> {
        let due = self.held.front().is_some_and(|(due, _)| *due <= now);
        if due { self.held.pop_front().map(|(_, thing)| thing) } else { None }
    }

    /// The next one, due or not.
    pub(crate) fn take_next(&mut self) -> Option<T> {
        self.held.pop_front().map(|(_, thing)| thing)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.held.front().map(|(due, _)| *due)
    }
}

pub(crate) fn earliest<const N: usize>(deadlines: [Option<Instant>; N]) -> Option<Instant> {
    deadlines.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_things_leave_in_the_order_of_their_times() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut delayed = Delayed::default();
        for (ms, thing) in [(30, 'c'), (10, 'a'), (30, 'd'), (20, 'b')] {
            delayed.hold(at(ms), thing);
        }
        assert_eq!(delayed.deadline(), Some(at(10)));
        assert_eq!(delayed.take(at(9)), None);
        let taken: String = std::iter::from_fn(|| delayed.take(at(30))).collect();
        assert_eq!(taken, "abcd");
    }

    #[test]
    fn a_stall_has_a_beginning_and_an_end() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let clock = FaultClock::new(now, None, Some(Stall { at_ms: 10, for_ms: 5 }), &[]);
        let stalled = [9, 10, 14, 15].map(|ms| clock.is_stalled(at(ms)));
        assert_eq!(stalled, [false, true, true, false]);
        assert_eq!(clock.deadline(at(9)), Some(at(10)));
        assert_eq!(clock.deadline(at(10)), Some(at(15)));
        assert_eq!(clock.deadline(at(15)), None);
    }
}

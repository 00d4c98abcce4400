//! Whether one more call may be taken: decided before it is claimed, since a claimed call cannot be refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A counter with a limit.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Counter>);

#[derive(Debug)]
struct Counter {
    taken: AtomicUsize,
    max: AtomicUsize,
}

/// One call's place. Given back on drop.
#[derive(Debug)]
pub(crate) struct Permit(Slots);

impl Slots {
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Counter { taken: AtomicUsize::new(0), max: AtomicUsize::new(max) }))
    }

    /// A place, or `None` when all are taken.
    pub(crate) fn take(&self) -> Option<Permit> {
        let max = self.max();
        let more = |taken| (taken < max).then_some(taken + 1);
        let taken = self.0.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.ok().map(|_| Permit(self.clone()))
    }

    /// Places that are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn max(&self) -> usize {
        self.0.max.load(Ordering::Relaxed)
    }

    /// Changes how many there are. Those that are taken stay taken.
    pub(crate) fn set_max(&self, max: usize) {
        self.0.max.store(max, Ordering::Relaxed);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let slots = Slots::new(2);
        let first = slots.take();
        let second = slots.take();
        assert!(first.is_some() && second.is_some());
        assert!(slots.take().is_none());
        drop(first);
        assert!(slots.take().is_some());
    }

    #[test]
    fn fewer_places_take_none_away() {
        let slots = Slots::new(3);
        let held: Vec<_> = (0..3).map(|_| slots.take()).collect();
        slots.set_max(1);
        assert_eq!((slots.taken(), slots.max()), (3, 1));
        let mut held = held.into_iter();
        held.next();
        held.next();
        assert!(slots.take().is_none(), "one is taken, of one");
        held.next();
        assert!(slots.take().is_some());
    }
}

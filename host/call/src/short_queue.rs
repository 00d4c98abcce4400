//! A queue that is empty nearly always, or holds one thing.
//!
//! The first stands in the queue itself, and the rest, when there is one, on the heap. Between two frames of a call its memory
//! has grown cold, and every piece of heap that a frame touches is one more to be found.

use std::collections::VecDeque;

/// Places on the heap that an empty queue keeps.
const KEEP: usize = 16;

#[derive(Debug)]
pub(crate) struct ShortQueue<T> {
    first: Option<T>,
    /// Empty while there is no first.
    rest: VecDeque<T>,
}

impl<T> Default for ShortQueue<T> {
    fn default() -> Self {
        Self { first: None, rest: VecDeque::new() }
    }
}

impl<T> ShortQueue<T> {
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.first.as_ref()
    }

    pub(crate) fn front_mut(&mut self) -> Option<&mut T> {
        self.first.as_mut()
    }

    pub(crate) fn back_mut(&mut self) -> Option<&mut T> {
        if self.rest.is_empty() { self.first.as_mut() } else { self.rest.back_mut() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.rest)
    }

    pub(crate) fn push_back(&mut self, value: T) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.rest.push_back(value),
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let front = self.first.take();
        if !self.rest.is_empty() {
            self.first = self.rest.pop_front();
            give_back(&mut self.rest, KEEP);
        }
        front
    }

    /// Takes the one in this place, counted from the front.
    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        let Some(behind) = index.checked_sub(1) else { return self.pop_front() };
        let removed = self.rest.remove(behind);
        give_back(&mut self.rest, KEEP);
        removed
    }

    pub(crate) fn clear(&mut self) {
        self.first = None;
        self.rest.clear();
        give_back(&mut self.rest, KEEP);
    }
}

/// A queue that was long once gives its memory back when it is empty, but for so many places.
pub(crate) fn give_back<T>(queue: &mut VecDeque<T>, keep: usize) {
    if queue.is_empty() && queue.capacity() > 2 * keep {
        queue.shrink_to(keep);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push,
        Pop,
        Remove(usize),
        Change,
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => Just(Step::Push),
            5 => Just(Step::Pop),
            1 => (0..8_usize).prop_map(Step::Remove),
            1 => Just(Step::Change),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_queue_like_any(steps in prop::collection::vec(step(), 0..200)) {
            let (mut queue, mut model) = (ShortQueue::default(), VecDeque::new());
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push => {
                        queue.push_back(number);
                        model.push_back(number);
                    }
                    Step::Pop => prop_assert_eq!(queue.pop_front(), model.pop_front()),
                    Step::Remove(index) => prop_assert_eq!(queue.remove(index), model.remove(index)),
                    Step::Change => {
                        queue.back_mut().into_iter().chain(model.back_mut()).for_each(|last| *last += 1_000);
                        queue.front_mut().into_iter().chain(model.front_mut()).for_each(|first| *first += 1_000);
                    }
                    Step::Clear => {
                        queue.clear();
                        model.clear();
                    }
                }
                prop_assert!(queue.iter().eq(&model));
                prop_assert_eq!(queue.front(), model.front());
                prop_assert_eq!((queue.len(), queue.is_empty()), (model.len(), model.is_empty()));
            }
        }
    }

    #[test]
    fn one_at_a_time_needs_no_heap_and_a_long_one_gives_it_back() {
        let mut queue = ShortQueue::default();
        for number in 0..100 {
            queue.push_back(number);
            assert_eq!(queue.pop_front(), Some(number));
        }
        assert_eq!(queue.rest.capacity(), 0);
        (0..1_000).for_each(|number| queue.push_back(number));
        while queue.pop_front().is_some() {}
        assert!(queue.rest.capacity() <= 2 * KEEP);
    }
}

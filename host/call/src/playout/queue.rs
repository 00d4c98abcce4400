//! The bytes that wait for the carrier: a ring that grows as it is used and gives its memory back.
//!
//! A byte is copied once on its way in and once on its way out; only growth copies what waits a further time. A ring that
//! has drained keeps no memory: where a handler answers frame by frame, the next call gets that of the last one, which the
//! caches still have.
//! Lengths and capacities are even, so a sample never wraps around the end.

use crate::limits::PLAYOUT_KEEP_BYTES;

/// The first capacity: a frame of 20 ms at up to 24 kHz fits, and allocators have memory of this size at hand.
const FIRST_BYTES: usize = 1_024;

pub(crate) struct Queue {
    ring: Vec<u8>,
    head: usize,
    len: usize,
    bytes_max: usize,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize) -> Queue {
        Queue { ring: Vec::new(), head: 0, len: 0, bytes_max: bytes_max & !1 }
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The most that can wait.
    pub(crate) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// True when so many more fit.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        bytes <= self.bytes_max - self.len
    }

    /// Appends what [`fits`](Queue::fits).
    pub(crate) fn push(&mut self, pcm: &[u8]) {
        let (first, second) = self.grow_by(pcm.len());
        let (head, tail) = pcm.split_at(first.len());
        first.copy_from_slice(head);
        second.copy_from_slice(tail);
    }

    /// Appends samples whose bytes [`fit`](Queue::fits), little-endian.
    pub(crate) fn push_samples(&mut self, samples: &[i16]) {
        let (first, second) = self.grow_by(samples.len() * 2);
        let (head, tail) = samples.split_at(first.len() / 2);
        write_samples(first, head);
        write_samples(second, tail);
    }

    /// Moves the oldest `bytes` to the end of `out`; at most [`len`](Queue::len).
    pub(crate) fn take(&mut self, bytes: usize, out: &mut Vec<u8>) {
        debug_assert!(bytes <= self.len && bytes.is_multiple_of(2));
        let to_end = self.ring.len() - self.head;
        if bytes <= to_end {
            out.extend_from_slice(&self.ring[self.head..self.head + bytes]);
        } else {
            out.extend_from_slice(&self.ring[self.head..]);
            out.extend_from_slice(&self.ring[..bytes - to_end]);
        }
        self.head = if bytes < to_end { self.head + bytes } else { bytes - to_end };
        self.len -= bytes;
        self.give_back();
    }

    /// Drops everything and returns how many bytes that was.
    pub(crate) fn clear(&mut self) -> usize {
        let dropped = std::mem::take(&mut self.len);
        self.give_back();
        dropped
    }

    /// Drops everything, and all memory with it.
    pub(crate) fn release(&mut self) -> usize {
        let dropped = self.len;
        *self = Queue::new(self.bytes_max);
        dropped
    }

    /// Room for `bytes` more behind what waits, as the two stretches of the ring that hold it.
    fn grow_by(&mut self, bytes: usize) -> (&mut [u8], &mut [u8]) {
        debug_assert!(self.fits(bytes) && bytes.is_multiple_of(2));
        if self.len + bytes > self.ring.len() {
            let doubled = (self.len + bytes).next_power_of_two().max(FIRST_BYTES);
            self.resize(doubled.min(self.bytes_max));
        }
        let mut start = self.head + self.len;
        if start >= self.ring.len() {
            start -= self.ring.len();
        }
        self.len += bytes;
        let to_end = (self.ring.len() - start).min(bytes);
        let (before, behind) = self.ring.split_at_mut(start);
        (&mut behind[..to_end], &mut before[..bytes - to_end])
    }

    /// A ring that is nearly empty shrinks: to nothing when it is drained, by halves while audio flows, so that the cost of
    /// moving what waits stays below that of having queued it.
    fn give_back(&mut self) {
        let capacity = self.ring.len();
        if self.len == 0 {
            self.head = 0;
            self.ring = Vec::new();
        } else if capacity > PLAYOUT_KEEP_BYTES && self.len <= capacity / 8 {
            self.resize(((capacity / 4) & !1).max(PLAYOUT_KEEP_BYTES));
        }
    }

    fn resize(&mut self, capacity: usize) {
        let mut ring = vec![0; capacity];
        let to_end = (self.ring.len() - self.head).min(self.len);
        ring[..to_end].copy_from_slice(&self.ring[self.head..self.head + to_end]);
        ring[to_end..self.len].copy_from_slice(&self.ring[..self.len - to_end]);
        self.ring = ring;
        self.head = 0;
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.ring.len()
    }
}

fn write_samples(bytes: &mut [u8], samples: &[i16]) {
    for (pair, sample) in bytes.chunks_exact_mut(2).zip(samples) {
        pair.copy_from_slice(&sample.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(queue: &mut Queue, bytes: usize) -> Vec<u8> {
        let mut out = Vec::new();
        queue.take(bytes, &mut out);
        out
    }

    #[test]
    fn it_holds_nothing_before_it_is_used() {
        assert_eq!(Queue::new(1 << 20).capacity(), 0);
    }

    #[test]
    fn bytes_leave_in_order_across_the_end_of_the_ring() {
        let mut queue = Queue::new(1 << 20);
        let mut expected = std::collections::VecDeque::new();
        let mut next = 0_u8;
        for step in 1..2_000_usize {
            let bytes: Vec<u8> = (0..(step * 7 % 900) & !1)
                .map(|_| {
                    next = next.wrapping_add(1);
                    next
                })
                .collect();
            queue.push(&bytes);
            expected.extend(bytes);
            let count = (step * 11 % 901).min(queue.len()) & !1;
            let taken: Vec<u8> = expected.drain(..count).collect();
            assert_eq!(take(&mut queue, count), taken, "step {step}");
            assert_eq!(queue.len(), expected.len());
        }
    }

    #[test]
    fn samples_are_little_endian_also_across_the_end() {
        let mut queue = Queue::new(FIRST_BYTES);
        queue.push(&[0; FIRST_BYTES - 2]);
        take(&mut queue, FIRST_BYTES - 4);
        queue.push_samples(&[0x0102, -2, 0x0304]);
        assert_eq!(take(&mut queue, 8), [0, 0, 2, 1, 0xfe, 0xff, 4, 3]);
    }

    #[test]
    fn it_grows_by_doubling_up_to_its_limit() {
        let mut queue = Queue::new(5_001);
        assert_eq!(queue.bytes_max(), 5_000);
        queue.push(&[1; 100]);
        assert_eq!(queue.capacity(), FIRST_BYTES);
        queue.push(&[2; 2_000]);
        assert_eq!(queue.capacity(), 4_096);
        assert!(queue.fits(2_900) && !queue.fits(2_902));
        queue.push(&[3; 2_900]);
        assert_eq!(queue.capacity(), 5_000);
        assert_eq!(take(&mut queue, 5_000)[100..2_102], [[2; 2_000].as_slice(), &[3; 2]].concat());
    }

    #[test]
    fn memory_is_given_back_as_it_drains() {
        let mut queue = Queue::new(1 << 20);
        queue.push(&vec![1; 1 << 20]);
        assert_eq!(queue.capacity(), 1 << 20);
        take(&mut queue, (1 << 20) - 1_000);
        assert!(queue.capacity() <= (1 << 20) / 4);
        for _ in 0..10 {
            take(&mut queue, 2);
        }
        assert_eq!(queue.capacity(), PLAYOUT_KEEP_BYTES);
        take(&mut queue, 980);
        assert_eq!(queue.capacity(), 0);

        queue.push(&[1; 8_000]);
        assert_eq!(queue.clear(), 8_000);
        assert_eq!(queue.capacity(), 0);
        queue.push(&[1; 80]);
        assert_eq!(queue.release(), 80);
        assert_eq!(queue.capacity(), 0);
    }

    #[test]
    fn a_ring_of_no_size_takes_nothing() {
        let mut queue = Queue::new(1);
        assert!(queue.fits(0) && !queue.fits(2));
        queue.push(&[]);
        assert!(queue.is_empty());
    }
}

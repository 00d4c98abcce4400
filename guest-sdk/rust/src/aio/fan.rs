//! One kind of event for any number of streams, each with a bounded queue of its own.

use std::collections::VecDeque;

use crate::limits::STREAMS_MAX;
use crate::{AudioFrame, Event};

/// What can wait in a stream.
pub(crate) trait Item: Clone {
    /// How much of the stream's limit it takes.
    fn weight(&self) -> u64;
    /// This is the next item after some were dropped, or not. Whether it takes the loss upon itself.
    fn follows(&mut self, lost: &Self) -> bool;
}

impl Item for AudioFrame {
    fn weight(&self) -> u64 {
        self.pcm.len() as u64 / 2
    }

    fn follows(&mut self, lost: &Self) -> bool {
        let same = self.channel == lost.channel;
        if same {
            let samples = u32::try_from(lost.weight()).unwrap_or(u32::MAX).saturating_add(lost.lost_samples);
            self.lost_samples = self.lost_samples.saturating_add(samples);
        }
        same
    }
}

impl Item for Event {
    fn weight(&self) -> u64 {
        1
    }

    fn follows(&mut self, _: &Self) -> bool {
        false
    }
}

/// The streams of one kind.
#[derive(Debug)]
pub(crate) struct Fan<T> {
    streams: Vec<Stream<T>>,
    weight_max: u64,
    names: u32,
    closed: bool,
}

#[derive(Debug)]
struct Stream<T> {
    name: u32,
    queue: VecDeque<T>,
    weight: u64,
    dropped: u64,
}

impl<T: Item> Fan<T> {
    pub(crate) fn new(weight_max: u64) -> Self {
        Self { streams: Vec::new(), weight_max, names: 0, closed: false }
    }

    /// A new stream, which gets what comes after this moment. `None`: there are too many.
    pub(crate) fn open(&mut self) -> Option<u32> {
        if self.streams.len() >= STREAMS_MAX {
            return None;
        }
        self.names += 1;
        self.streams.push(Stream { name: self.names, queue: VecDeque::new(), weight: 0, dropped: 0 });
        Some(self.names)
    }

    pub(crate) fn close(&mut self, name: u32) {
        self.streams.retain(|stream| stream.name != name);
    }

    /// Nothing will come any more.
    pub(crate) fn close_all(&mut self) {
        self.closed = true;
    }

    /// The last stream takes the item itself; each one before it costs a copy.
    pub(crate) fn push(&mut self, item: T) {
        let weight_max = self.weight_max;
        let Some((last, others)) = self.streams.split_last_mut() else { return };
        for stream in others {
            stream.push(item.clone(), weight_max);
        }
        last.push(item, weight_max);
    }

    /// `None`: nothing waits. `Some(None)`: nothing ever will.
    pub(crate) fn pop(&mut self, name: u32) -> Option<Option<T>> {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.name == name) else { return Some(None) };
        match stream.queue.pop_front() {
            Some(item) => {
                stream.weight -= item.weight();
                Some(Some(item))
            }
            None => self.closed.then_some(None),
        }
    }

    pub(crate) fn dropped(&self, name: u32) -> u64 {
        self.streams.iter().find(|stream| stream.name == name).map_or(0, |stream| stream.dropped)
    }
}

impl<T: Item> Stream<T> {
    fn push(&mut self, mut item: T, weight_max: u64) {
        while self.weight + item.weight() > weight_max {
            let Some(lost) = self.queue.pop_front() else { break };
            self.weight -= lost.weight();
            self.dropped += 1;
            if !self.queue.iter_mut().any(|next| next.follows(&lost)) {
                item.follows(&lost);
            }
        }
        self.weight += item.weight();
        self.queue.push_back(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u8, at_sample: u64, samples: usize) -> AudioFrame {
        AudioFrame { channel, at_sample, lost_samples: 0, pcm: vec![0; samples * 2] }
    }

    #[test]
    fn the_oldest_is_dropped_and_its_channel_knows() {
        let mut fan = Fan::new(100);
        let name = fan.open().expect("the first stream");
        for (channel, at_sample) in [(0, 0), (1, 0), (0, 40), (1, 40)] {
            fan.push(frame(channel, at_sample, 40));
        }
        assert_eq!(fan.dropped(name), 2);
        let first = fan.pop(name).flatten().expect("two are left");
        assert_eq!((first.channel, first.at_sample, first.lost_samples), (0, 40, 40));
        let second = fan.pop(name).flatten().expect("one is left");
        assert_eq!((second.channel, second.at_sample, second.lost_samples), (1, 40, 40));
        assert_eq!(fan.pop(name), None);
    }

    #[test]
    fn losses_add_up_until_a_frame_carries_them() {
        let mut fan = Fan::new(40);
        let name = fan.open().expect("the first stream");
        for at in 0..5 {
            fan.push(frame(0, at * 40, 40));
        }
        let last = fan.pop(name).flatten().expect("the newest is left");
        assert_eq!((last.at_sample, last.lost_samples), (160, 160));
    }

    #[test]
    fn an_item_above_the_limit_waits_alone() {
        let mut fan = Fan::new(10);
        let name = fan.open().expect("the first stream");
        fan.push(frame(0, 0, 5));
        fan.push(frame(0, 5, 50));
        assert_eq!(fan.pop(name).flatten().map(|frame| frame.at_sample), Some(5));
    }

    #[test]
    fn each_stream_has_all_from_its_opening_on() {
        let mut fan = Fan::new(1_000);
        let first = fan.open().expect("room");
        fan.push(frame(0, 0, 1));
        let second = fan.open().expect("room");
        fan.push(frame(0, 1, 1));
        fan.close_all();
        assert_eq!(fan.pop(first).flatten().map(|frame| frame.at_sample), Some(0));
        assert_eq!(fan.pop(second).flatten().map(|frame| frame.at_sample), Some(1));
        assert_eq!(fan.pop(second), Some(None));
        fan.close(first);
        assert_eq!(fan.pop(first), Some(None), "a closed stream is over");
    }

    #[test]
    fn streams_are_bounded() {
        let mut fan = Fan::<AudioFrame>::new(1);
        assert!((0..STREAMS_MAX).all(|_| fan.open().is_some()));
        assert_eq!(fan.open(), None);
    }
}

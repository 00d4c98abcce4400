//! The handler's marks: names at positions of the outgoing audio, each reported once.

use std::collections::VecDeque;

use crate::short_queue::give_back;

/// Places that an empty book keeps.
const KEEP: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Positions never fall, for audio is only added behind what waits.
    pending: VecDeque<(u64, String)>,
}

impl Marks {
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// Sets a mark behind so many samples of all that was ever played.
    pub(crate) fn set(&mut self, at_sample: u64, name: &str) {
        self.pending.push_back((at_sample, name.to_owned()));
    }

    /// The next mark that lies within so many samples.
    pub(crate) fn reached(&mut self, settled_samples: u64) -> Option<String> {
        let (_, name) = self.pending.pop_front_if(|(at_sample, _)| *at_sample <= settled_samples)?;
        give_back(&mut self.pending, KEEP);
        Some(name)
    }

    /// The next mark, wherever it lies.
    pub(crate) fn drop_next(&mut self) -> Option<String> {
        self.reached(u64::MAX)
    }

    /// Where the next mark lies.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.pending.front().map(|(at_sample, _)| *at_sample)
    }
}

//! The outgoing audio of a simulated call: heard at once, at the pace of speech.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Event, Ledger, Mark};

/// Everything that the caller hears, and what is still to be heard.
#[derive(Debug)]
pub(crate) struct Playout {
    pub(crate) sample_rate_hz: u32,
    /// When the line was opened.
    opened: Option<Duration>,
    queue: VecDeque<i16>,
    /// Samples that were taken, and of those how many are settled: heard or dropped.
    taken: u64,
    heard_of_queue: u64,
    dropped: u64,
    /// What was heard from the answer on, silence included.
    pub(crate) heard: Vec<i16>,
    /// Where in that the last played sample stands.
    played_to: usize,
    marks: VecDeque<(u64, String)>,
    low: u64,
}

impl Playout {
    pub(crate) fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz: sample_rate_hz.max(1),
            opened: None,
            queue: VecDeque::new(),
            taken: 0,
            heard_of_queue: 0,
            dropped: 0,
            heard: Vec::new(),
            played_to: 0,
            marks: VecDeque::new(),
            low: 0,
        }
    }

    pub(crate) fn open(&mut self, now: Duration) {
        self.opened.get_or_insert(now);
    }

    /// Time passed.
    pub(crate) fn advance(&mut self, now: Duration) {
        let Some(opened) = self.opened else { return };
        let due = samples(now.saturating_sub(opened), self.sample_rate_hz) as usize;
        while self.heard.len() < due {
            let played = self.queue.pop_front();
            self.heard.push(played.unwrap_or(0));
            if played.is_some() {
                self.heard_of_queue += 1;
                self.played_to = self.heard.len();
            }
        }
    }

    /// For how long nothing has been played.
    pub(crate) fn quiet(&self) -> Duration {
        let samples = (self.heard.len() - self.played_to) as u64;
        Duration::from_nanos(samples * 1_000_000_000 / u64::from(self.sample_rate_hz))
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let heard = self.heard_of_queue;
        Ledger { queued: self.queue.len() as u64, sent: heard, heard, dropped: self.dropped, exact: true }
    }

    pub(crate) fn play(&mut self, samples: impl Iterator<Item = i16>) {
        let before = self.queue.len();
        self.queue.extend(samples);
        self.taken += (self.queue.len() - before) as u64;
    }

    pub(crate) fn mark(&mut self, name: &str) {
        self.marks.push_back((self.taken, name.to_owned()));
    }

    pub(crate) fn marks_pending(&self) -> usize {
        self.marks.len()
    }

    /// Drops what is queued; the marks that will not be reached.
    pub(crate) fn clear(&mut self) -> impl Iterator<Item = Event> {
        self.dropped += self.queue.len() as u64;
        self.queue.clear();
        self.marks.drain(..).map(|(_, name)| Event::Mark(Mark { name, played: false }))
    }

    pub(crate) fn notify_below(&mut self, samples: u64) {
        self.low = samples;
    }

    /// The next mark that was reached, or the low level.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        let settled = self.heard_of_queue + self.dropped;
        if let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= settled) {
            return Some(Event::Mark(Mark { name, played: true }));
        }
        let ledger = self.ledger();
        if ledger.queued < self.low {
            self.low = 0;
            return Some(Event::PlayoutLow(ledger));
        }
        None
    }

    /// When the next mark or the low level is reached.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        let opened = self.opened?;
        let settled = self.heard_of_queue + self.dropped;
        let mark = self.marks.front().map(|(at, _)| at.saturating_sub(settled));
        let queued = self.queue.len() as u64;
        let low = (self.low > 0).then(|| (queued + 1).saturating_sub(self.low));
        let in_samples = match (mark, low) {
            (Some(mark), Some(low)) => mark.min(low),
            (one, other) => one.or(other)?,
        };
        let total = self.heard.len() as u64 + in_samples;
        Some(opened + Duration::from_nanos((total * 1_000_000_000).div_ceil(self.sample_rate_hz.into())))
    }
}

/// Whole samples in so much time.
pub(crate) fn samples(time: Duration, sample_rate_hz: u32) -> u64 {
    u64::try_from(time.as_nanos() * u128::from(sample_rate_hz) / 1_000_000_000).unwrap_or(u64::MAX)
}

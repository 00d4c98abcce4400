//! The playout as the rules say it, slowly: every byte and every sample on its own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use call::{Event, Ledger};

const SUM_MAX: u64 = 16 * 1_024 * 1_024;

pub(crate) struct Playout {
    rate_hz: u128,
    bytes_max: usize,
    queue: VecDeque<u8>,
    /// Still owed, and the preferred size, both in bytes.
    requests: VecDeque<(u64, u64)>,
    taken: u64,
    sent: u64,
    heard: u64,
    dropped: u64,
    /// Sent and not played: true for audio, false for padding.
    at_carrier: VecDeque<bool>,
    carrier_since: Instant,
    carrier_played: u128,
    /// Position in all that was ever taken, and the name.
    marks: VecDeque<(u64, String)>,
    last_play: Option<Instant>,
    flushed: u64,
    low_level: u64,
    /// Marks and playout-lows as they are to be told.
    pub(crate) told: VecDeque<Event>,
    pub(crate) credit_dropped: u64,
    pub(crate) padding: u64,
}

impl Playout {
    pub(crate) fn new(rate_hz: u32, bytes_max: usize, now: Instant) -> Playout {
        Playout {
            rate_hz: rate_hz.into(),
            bytes_max,
            queue: VecDeque::new(),
            requests: VecDeque::new(),
            taken: 0,
            sent: 0,
            heard: 0,
            dropped: 0,
            at_carrier: VecDeque::new(),
            carrier_since: now,
            carrier_played: 0,
            marks: VecDeque::new(),
            last_play: None,
            flushed: 0,
            low_level: 0,
            told: VecDeque::new(),
            credit_dropped: 0,
            padding: 0,
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let queued = self.queue.len() as u64 / 2;
        Ledger { queued, sent: self.sent, heard: self.heard, dropped: self.dropped, exact: false }
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.queue.len() + bytes <= self.bytes_max
    }

    pub(crate) fn play(&mut self, now: Instant, pcm: &[u8]) {
        self.queue.extend(pcm);
        self.taken += pcm.len() as u64 / 2;
        if !pcm.is_empty() {
            self.last_play = Some(now);
        }
    }

    pub(crate) fn flush(&mut self) {
        self.flushed = self.taken;
    }

    pub(crate) fn clear(&mut self) {
        self.dropped += self.queue.len() as u64 / 2;
        self.queue.clear();
        self.at_carrier.clear();
        while let Some((_, name)) = self.marks.pop_front() {
            self.told.push_back(Event::Mark { name, played: false });
        }
        self.tell_low();
    }

    pub(crate) fn end(&mut self) {
        self.low_level = 0;
        self.clear();
        let unused: u64 = self.requests.drain(..).map(|(owed, _)| owed).sum();
        self.credit_dropped = self.credit_dropped.saturating_add(unused);
    }

    pub(crate) fn mark(&mut self, name: String) {
        self.marks.push_back((self.taken, name));
        self.tell_marks();
    }

    pub(crate) fn notify_below(&mut self, samples: u64) {
        self.told.retain(|event| !matches!(event, Event::PlayoutLow(_)));
        self.low_level = samples;
        self.tell_low();
    }

    pub(crate) fn credit(&mut self, bytes: u64, frame_bytes: Option<u32>) {
        let outstanding: u64 = self.requests.iter().map(|(owed, _)| owed).sum();
        let mut accepted = bytes.min(SUM_MAX - outstanding);
        accepted -= accepted % 2;
        if self.requests.len() == 1_024 {
            accepted = 0;
        }
        self.credit_dropped = self.credit_dropped.saturating_add(bytes - accepted);
        let preferred = match frame_bytes {
            None | Some(0) => 960,
            Some(bytes) => u64::from(bytes).min(65_536),
        };
        if accepted > 0 {
            self.requests.push_back((accepted, preferred + preferred % 2));
        }
    }

    pub(crate) fn step(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.carrier_since).as_nanos();
        let played = elapsed * self.rate_hz / 1_000_000_000;
        while self.carrier_played < played
            && let Some(audio) = self.at_carrier.pop_front()
        {
            self.carrier_played += 1;
            self.heard += u64::from(audio);
        }
        self.tell_marks();
        if self.last_play.is_some_and(|at| at + Duration::from_millis(40) <= now) {
            self.last_play = None;
            self.flush();
        }
    }

    /// The next frame, if one may leave.
    pub(crate) fn send(&mut self, now: Instant) -> Option<Vec<u8>> {
        let (owed, preferred) = *self.requests.front()?;
        let whole = owed.min(preferred) as usize;
        let there = self.queue.len();
        let let_go = self.sent + self.dropped < self.flushed;
        if there == 0 || (there < whole.min(self.bytes_max) && !let_go) {
            return None;
        }
        let mut frame = Vec::new();
        while frame.len() < 65_536 && (frame.len() as u64) < owed {
            let Some(byte) = self.queue.pop_front() else {
                break;
            };
            frame.push(byte);
        }
        if self.at_carrier.is_empty() {
            self.carrier_since = now;
            self.carrier_played = 0;
        }
        let audio = frame.len() / 2;
        while let_go && frame.len() < whole {
            frame.push(0);
        }
        let padding = frame.len() / 2 - audio;
        self.at_carrier.extend(std::iter::repeat_n(true, audio));
        self.at_carrier.extend(std::iter::repeat_n(false, padding));
        self.sent += audio as u64;
        self.padding += padding as u64;
        self.requests[0].0 -= frame.len() as u64;
        if self.requests[0].0 == 0 {
            self.requests.pop_front();
        }
        self.tell_low();
        Some(frame)
    }

    fn tell_marks(&mut self) {
        let unheard = self.at_carrier.iter().filter(|audio| **audio).count() as u64;
        let settled = self.taken - self.queue.len() as u64 / 2 - unheard;
        while let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= settled) {
            self.told.push_back(Event::Mark { name, played: true });
        }
    }

    fn tell_low(&mut self) {
        if (self.queue.len() as u64 / 2) < self.low_level {
            self.low_level = 0;
            self.told.push_back(Event::PlayoutLow(self.ledger()));
        }
    }
}

//! The outgoing audio: queued by the handler, pulled by the carrier at the pace of speech, accounted for to the sample.
//!
//! The pull rule is that of the wire page, section 3: requests are fulfilled in their order; a frame leaves as soon as
//! the smaller of the preferred size and what is still owed is there, and carries all that is there and owed. A
//! request is never exceeded. Two things are this host's own: frames are whole samples, and the tail of an
//! utterance that fills no frame leaves 40 ms after the last audio, or on `flush`, completed with silence.
//!
//! A handler that plays too much pays with `FULL`; a carrier that does not ask pays with silence.

mod credit;
mod heard;
mod marks;
mod queue;

use std::time::{Duration, Instant};

use crate::limits::{FRAME_BYTES_MAX, TAIL_FLUSH_MS};
use credit::{Credit, Credits};
use heard::Heard;
use marks::Marks;
use queue::Queue;

/// What became of the audio that `play` took, in samples. `sent + queued + dropped` is all that was taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    /// Waits in the host.
    pub queued: u64,
    /// Left the host. Padding is not counted.
    pub sent: u64,
    /// The best estimate of what the other side has heard: never above `sent`, never faster than real time.
    pub heard: u64,
    /// Removed by `clear`, or by the end of the call, before it left.
    pub dropped: u64,
    /// True when the carrier itself confirmed `heard`.
    pub exact: bool,
}

/// A frame that left, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) audio_bytes: usize,
    pub(crate) padding_bytes: usize,
}

pub(crate) struct Playout {
    queue: Queue,
    credits: Credits,
    heard: Heard,
    marks: Marks,
    sent: u64,
    dropped: u64,
    /// When the tail of the present utterance is let go.
    tail_at: Option<Instant>,
    /// All audio up to this position, in samples of all that was ever played, may leave without filling a frame.
    let_go: u64,
    /// The level of `notify_below`; 0 when nobody waits for it.
    low_level: u64,
}

impl Playout {
    pub(crate) fn new(sample_rate_hz: u64, bytes_max: usize, now: Instant) -> Playout {
        Playout {
            queue: Queue::new(bytes_max),
            credits: Credits::default(),
            heard: Heard::new(sample_rate_hz, now),
            marks: Marks::default(),
            sent: 0,
            dropped: 0,
            tail_at: None,
            let_go: 0,
            low_level: 0,
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger {
            queued: self.queued(),
            sent: self.sent,
            heard: self.heard.heard(),
            dropped: self.dropped,
            exact: false,
        }
    }

    /// Bytes that wait.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queue.len()
    }

    /// Bytes that still fit.
    pub(crate) fn free_bytes(&self) -> usize {
        self.queue.bytes_max() - self.queue.len()
    }

    /// Queues whole samples that fit.
    pub(crate) fn play(&mut self, now: Instant, pcm: &[u8]) {
        if !pcm.is_empty() {
            self.queue.push(pcm);
            self.hold_tail(now);
        }
    }

    /// Queues samples whose bytes fit.
    pub(crate) fn play_samples(&mut self, now: Instant, samples: &[i16]) {
        if !samples.is_empty() {
            self.queue.push_samples(samples);
            self.hold_tail(now);
        }
    }

    /// Lets everything that is queued leave without filling a frame.
    pub(crate) fn flush(&mut self) {
        self.let_go = self.taken();
        self.tail_at = None;
    }

    /// Drops what is queued and forgets what was not heard. The marks are the caller's to report.
    pub(crate) fn clear(&mut self) {
        self.dropped += (self.queue.clear() / 2) as u64;
        self.heard.forget();
        self.tail_at = None;
    }

    /// The end: as `clear`, and nothing will leave any more. Returns the bytes of credit that went unused.
    pub(crate) fn end(&mut self) -> u64 {
        self.clear();
        self.queue.release();
        self.low_level = 0;
        self.credits.release()
    }

    /// The way to the carrier broke: what was not heard never will be, and nothing is owed any more. What is queued stays.
    /// Returns the bytes of credit that went unused.
    pub(crate) fn lose_line(&mut self) -> u64 {
        self.heard.forget();
        self.credits.release()
    }

    /// The carrier asks for audio. Returns the bytes of credit that will never be used.
    pub(crate) fn grant(&mut self, bytes: u64, frame_bytes: Option<u32>) -> u64 {
        self.credits.grant(bytes, frame_bytes)
    }

    /// Time passed: advances the heard estimate and lets a due tail go.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.heard.advance(now);
        if self.tail_at.is_some_and(|at| at <= now) {
            self.flush();
        }
    }

    /// Appends the next frame to `out`, if one may leave.
    pub(crate) fn poll_frame(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Sent> {
        let credit = self.sendable()?;
        let audio_bytes = self.queue.len().min(credit.owed_bytes).min(FRAME_BYTES_MAX);
        let whole = credit.frame_bytes.min(credit.owed_bytes);
        let padding_bytes = if self.tail_is_due() { whole.saturating_sub(audio_bytes) } else { 0 };

        self.queue.take(audio_bytes, out);
        out.resize(out.len() + padding_bytes, 0);
        self.credits.spend(audio_bytes + padding_bytes);
        self.sent += (audio_bytes / 2) as u64;
        self.heard.sent(now, (audio_bytes / 2) as u64, (padding_bytes / 2) as u64);
        if self.queue.is_empty() {
            self.tail_at = None;
        }
        Some(Sent { audio_bytes, padding_bytes })
    }

    pub(crate) fn has_frame(&self) -> bool {
        self.sendable().is_some()
    }

    /// Marks that were not reached.
    pub(crate) fn marks_pending(&self) -> usize {
        self.marks.len()
    }

    /// Sets a mark behind everything that is queued.
    pub(crate) fn mark(&mut self, name: &str) {
        self.marks.set(self.taken(), name);
    }

    /// The next mark whose audio has been heard, or never will be.
    pub(crate) fn mark_reached(&mut self) -> Option<String> {
        self.marks.reached(self.heard.settled() + self.dropped)
    }

    /// The next mark, reached or not.
    pub(crate) fn drop_mark(&mut self) -> Option<String> {
        self.marks.drop_next()
    }

    pub(crate) fn notify_below(&mut self, samples: u64) {
        self.low_level = samples;
    }

    /// True once when the queue is under the level that was asked for.
    pub(crate) fn take_low(&mut self) -> bool {
        let low = self.queued() < self.low_level;
        if low {
            self.low_level = 0;
        }
        low
    }

    /// When the next mark is reached, if all before it was sent.
    pub(crate) fn mark_at(&self) -> Option<Instant> {
        let at_sample = self.marks.next_at()?;
        self.heard.due(at_sample.saturating_sub(self.heard.settled() + self.dropped))
    }

    /// When the tail is let go, if it could leave then.
    pub(crate) fn tail_at(&self) -> Option<Instant> {
        self.credits.front().and(self.tail_at)
    }

    /// The oldest request, if a frame may leave for it.
    fn sendable(&self) -> Option<Credit> {
        let credit = self.credits.front()?;
        let needed = credit.frame_bytes.min(credit.owed_bytes).min(self.queue.bytes_max());
        let ready = self.queue.len() >= needed || self.tail_is_due();
        (ready && !self.queue.is_empty()).then_some(credit)
    }

    fn hold_tail(&mut self, now: Instant) {
        self.tail_at = now.checked_add(Duration::from_millis(TAIL_FLUSH_MS));
    }

    fn tail_is_due(&self) -> bool {
        self.sent + self.dropped < self.let_go
    }

    fn queued(&self) -> u64 {
        (self.queue.len() / 2) as u64
    }

    fn taken(&self) -> u64 {
        self.sent + self.queued() + self.dropped
    }
}

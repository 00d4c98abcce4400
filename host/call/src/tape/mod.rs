//! The tape of a recording: what was heard and said, each sample at its time, until the call's task takes it away.
//!
//! Positions are times since the recording began. What the carrier delivers late, up to two seconds, is put where it
//! belongs; what was sent ahead of time is put where the other side hears it, and is taken out again when it will not be
//! heard. So audio stays here for a while before it is handed out, and the tape is bounded by time: a handler that
//! records pays with that memory, and nobody else notices.

mod heard;
mod track;

use std::time::{Duration, Instant};

use crate::limits::{TAPE_BATCH_MS, TAPE_LATE_MS_MAX, TAPE_MS_MAX};
use crate::{RecordingFormat, Side};
use heard::Heard;
use track::Track;

/// The channels of single legs, left and right in a recording of them. Channel 0 is the call.
pub(crate) const LEGS: [u8; 2] = [1, 2];
const NANOS_PER_S: u128 = 1_000_000_000;

pub(crate) struct Tape {
    side: Side,
    sample_rate_hz: u64,
    began: Instant,
    /// The end of the call: nothing happens behind it.
    over: Option<Instant>,
    /// When the next batch is due.
    batch_at: Instant,
    batch_due: bool,
    heard: Heard,
    said: Track,
    /// Samples that came too late or were too many.
    lost: u64,
}

impl Tape {
    pub(crate) fn new(side: Side, sample_rate_hz: u64, now: Instant) -> Tape {
        Tape {
            side,
            sample_rate_hz,
            began: now,
            over: None,
            batch_at: now + Duration::from_millis(TAPE_BATCH_MS),
            batch_due: false,
            heard: Heard::new(sample_rate_hz),
            said: Track::default(),
            lost: 0,
        }
    }

    pub(crate) fn format(&self) -> RecordingFormat {
        // It was a u32 before it was made wider.
        let sample_rate_hz = u32::try_from(self.sample_rate_hz).unwrap_or(u32::MAX);
        RecordingFormat { sample_rate_hz, channels: self.side.channels() }
    }

    /// Samples that are missing: too late, or too many.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// A frame arrived on a channel. It ends now at the latest, and behind those before it.
    pub(crate) fn heard(&mut self, now: Instant, channel: u8, pcm: &[u8]) {
        if self.side != Side::Said {
            let here = self.position(now);
            self.lost += self.heard.place(channel, here, pcm);
        }
    }

    /// A frame left. It is heard from now on, or behind what was sent before it.
    pub(crate) fn said(&mut self, now: Instant, pcm: &[u8]) {
        if matches!(self.side, Side::Heard | Side::Legs) || pcm.is_empty() {
            return;
        }
        let gap = self.position(now).saturating_sub(self.said.end());
        if self.said.fits(gap, pcm, self.samples(TAPE_MS_MAX)) {
            self.said.push(gap, pcm);
        } else {
            self.lost += (pcm.len() / 2) as u64;
        }
    }

    /// What was sent and not heard yet will not be heard.
    pub(crate) fn unsay(&mut self, now: Instant) {
        let here = self.position(now);
        self.said.cut(here);
    }

    /// The call is over.
    pub(crate) fn end(&mut self, now: Instant) {
        self.over.get_or_insert(now);
    }

    /// When [`advance`](Tape::advance) is due next.
    pub(crate) fn due(&self) -> Instant {
        self.batch_at
    }

    /// Time passed.
    pub(crate) fn advance(&mut self, now: Instant) {
        if now >= self.batch_at {
            self.batch_due = true;
            self.batch_at = now + Duration::from_millis(TAPE_BATCH_MS);
        }
    }

    /// What is certain by now, once a batch is due.
    pub(crate) fn take_batch(&mut self, now: Instant) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.batch_due) {
            return None;
        }
        let late = if self.side == Side::Said { 0 } else { self.samples(TAPE_LATE_MS_MAX) };
        let batch = self.take(self.position(now).saturating_sub(late));
        (!batch.is_empty()).then_some(batch)
    }

    /// All that is left, up to now or the end of the call.
    pub(crate) fn take_rest(mut self, now: Instant) -> Vec<u8> {
        let here = self.position(now);
        self.said.cut(here);
        self.take(here.max(self.heard.end()))
    }

    fn take(&mut self, to: u64) -> Vec<u8> {
        match self.side {
            Side::Heard => self.heard.take(to),
            Side::Said => self.said.take(to),
            Side::Both => interleave(&self.heard.take(to), &self.said.take(to)),
            Side::Legs => {
                let [left, right] = self.heard.take_legs(to);
                interleave(&left, &right)
            }
        }
    }

    fn position(&self, now: Instant) -> u64 {
        let now = self.over.map_or(now, |over| over.min(now));
        let elapsed = now.saturating_duration_since(self.began).as_nanos();
        (elapsed * u128::from(self.sample_rate_hz) / NANOS_PER_S) as u64
    }

    fn samples(&self, ms: u64) -> u64 {
        self.sample_rate_hz * ms / 1_000
    }
}

fn interleave(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (left, right) = (left.as_chunks::<2>().0, right.as_chunks::<2>().0);
    for (left, right) in left.iter().zip(right) {
        out.extend(left);
        out.extend(right);
    }
    out
}

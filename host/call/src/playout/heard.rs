//! An estimate of what the other side has heard.
//!
//! The carrier plays what it got at the pace of speech, one sample after the other, padding as well. So what was sent
//! is heard in real time from the moment it left, and stops being heard when the carrier has nothing left. The estimate
//! never runs ahead of the truth by more than the carrier's own starting delay.

use std::time::{Duration, Instant};

use crate::limits::HEARD_RUNS_MAX;
use crate::short_queue::ShortQueue;

const NANOS_PER_S: u128 = 1_000_000_000;

#[derive(Debug)]
pub(crate) struct Heard {
    sample_rate_hz: u64,
    /// When the carrier began to play the present stretch. Meaningless while `runs` is empty.
    started: Instant,
    /// Samples of the present stretch that were played, padding included.
    played: u64,
    /// Sent and not played, oldest first.
    runs: ShortQueue<Run>,
    /// Audio samples in `runs`.
    unheard: u64,
    heard: u64,
    forgotten: u64,
}

/// Audio, then the padding behind it, in samples.
#[derive(Clone, Copy, Debug)]
struct Run {
    audio: u64,
    padding: u64,
}

impl Heard {
    pub(crate) fn new(sample_rate_hz: u64, now: Instant) -> Heard {
        Heard {
            sample_rate_hz,
            started: now,
            played: 0,
            runs: ShortQueue::default(),
            unheard: 0,
            heard: 0,
            forgotten: 0,
        }
    }

    /// Samples of audio that were heard.
    pub(crate) fn heard(&self) -> u64 {
        self.heard
    }

    /// Samples of audio that were heard, or never will be.
    pub(crate) fn settled(&self) -> u64 {
        self.heard + self.forgotten
    }

    /// A frame left: audio with padding behind it, in samples.
    pub(crate) fn sent(&mut self, now: Instant, audio: u64, padding: u64) {
        if self.runs.is_empty() {
            self.started = now;
            self.played = 0;
        }
        self.unheard += audio;
        let full = self.runs.len() >= HEARD_RUNS_MAX;
        match self.runs.back_mut() {
            Some(run) if run.padding == 0 || full => {
                run.audio += audio;
                run.padding += padding;
            }
            _ => self.runs.push_back(Run { audio, padding }),
        }
    }

    /// Time passed.
    pub(crate) fn advance(&mut self, now: Instant) {
        if self.runs.is_empty() {
            return;
        }
        let elapsed = now.saturating_duration_since(self.started).as_nanos();
        let played = (elapsed * u128::from(self.sample_rate_hz) / NANOS_PER_S) as u64;
        let mut samples = played.saturating_sub(self.played);
        self.played = self.played.max(played);
        while samples > 0
            && let Some(run) = self.runs.front_mut()
        {
            let audio = run.audio.min(samples);
            let padding = run.padding.min(samples - audio);
            run.audio -= audio;
            run.padding -= padding;
            samples -= audio + padding;
            self.heard += audio;
            self.unheard -= audio;
            if run.audio + run.padding == 0 {
                self.runs.pop_front();
            }
        }
    }

    /// The carrier stops playing: what was not heard never will be.
    pub(crate) fn forget(&mut self) {
        self.forgotten += std::mem::take(&mut self.unheard);
        self.runs.clear();
    }

    /// When so many more samples of audio (1 and more) will have been heard. `None`: not all of them were sent yet.
    pub(crate) fn due(&self, samples: u64) -> Option<Instant> {
        if samples > self.unheard {
            return None;
        }
        let (mut audio, mut total) = (0, 0);
        for run in self.runs.iter() {
            if audio + run.audio >= samples {
                total += samples - audio;
                break;
            }
            audio += run.audio;
            total += run.audio + run.padding;
        }
        let nanos = (u128::from(self.played + total) * NANOS_PER_S).div_ceil(u128::from(self.sample_rate_hz));
        self.started.checked_add(Duration::from_nanos(u64::try_from(nanos).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn it_advances_in_real_time_up_to_what_was_sent() {
        let start = Instant::now();
        let mut heard = Heard::new(8_000, start);
        heard.advance(at(start, 500));
        heard.sent(at(start, 500), 800, 0);
        heard.advance(at(start, 550));
        assert_eq!(heard.heard(), 400);
        heard.advance(at(start, 540));
        assert_eq!(heard.heard(), 400, "a clock that steps back changes nothing");
        heard.advance(at(start, 550));
        assert_eq!(heard.heard(), 400, "nor does the way back");
        heard.advance(at(start, 900));
        assert_eq!(heard.heard(), 800);
    }

    #[test]
    fn silence_between_utterances_is_not_heard_as_audio() {
        let start = Instant::now();
        let mut heard = Heard::new(8_000, start);
        heard.sent(start, 800, 0);
        heard.advance(at(start, 1_000));
        heard.sent(at(start, 1_000), 800, 0);
        heard.advance(at(start, 1_010));
        assert_eq!(heard.heard(), 880);
    }

    #[test]
    fn padding_takes_time_and_is_not_heard() {
        let start = Instant::now();
        let mut heard = Heard::new(8_000, start);
        heard.sent(start, 80, 80);
        heard.sent(start, 80, 0);
        assert_eq!(heard.due(80), Some(at(start, 10)));
        assert_eq!(heard.due(81), Some(start + Duration::from_micros(20_125)));
        assert_eq!(heard.due(161), None);
        heard.advance(at(start, 20));
        assert_eq!(heard.heard(), 80);
        heard.advance(at(start, 30));
        assert_eq!(heard.heard(), 160);
    }

    #[test]
    fn what_is_due_is_heard_at_that_very_instant() {
        let start = Instant::now();
        for samples in 1..500 {
            let mut heard = Heard::new(24_000, start);
            heard.sent(start, 1_000, 0);
            heard.advance(start + Duration::from_micros(7));
            let due = heard.due(samples).unwrap();
            heard.advance(due - Duration::from_nanos(1));
            assert_eq!(heard.heard(), samples - 1);
            heard.advance(due);
            assert_eq!(heard.heard(), samples);
        }
    }

    #[test]
    fn what_is_forgotten_is_settled_and_never_heard() {
        let start = Instant::now();
        let mut heard = Heard::new(8_000, start);
        heard.sent(start, 800, 80);
        heard.advance(at(start, 50));
        heard.forget();
        heard.advance(at(start, 1_000));
        assert_eq!((heard.heard(), heard.settled()), (400, 800));
        heard.sent(at(start, 1_000), 80, 0);
        heard.advance(at(start, 1_010));
        assert_eq!((heard.heard(), heard.settled()), (480, 880));
    }

    #[test]
    fn many_paddings_stay_bounded_and_only_delay() {
        let start = Instant::now();
        let mut heard = Heard::new(8_000, start);
        let frames = 3 * HEARD_RUNS_MAX as u64;
        for _ in 0..frames {
            heard.sent(start, 1, 1);
        }
        assert_eq!(heard.runs.len(), HEARD_RUNS_MAX);
        heard.advance(start + Duration::from_secs(frames) / 8_000);
        assert!(heard.heard() <= frames);
        heard.advance(start + Duration::from_secs(2 * frames) / 8_000);
        assert_eq!(heard.heard(), frames);
    }
}

//! What is heard of a call on a tape: the call itself, and its legs where they come apart.

use super::LEGS;
use super::track::Track;
use crate::limits::{TAPE_MS_MAX, TAPE_SLIP_MS_MAX};

/// Channel 0 and the two legs. All three are taken together.
pub(crate) struct Heard {
    call: Track,
    legs: [Track; 2],
    /// Where the first audio of a leg stands: until then channel 0 is the one leg that there is.
    apart_at: Option<u64>,
    slip: u64,
    samples_max: u64,
}

impl Heard {
    pub(crate) fn new(sample_rate_hz: u64) -> Heard {
        Heard {
            call: Track::default(),
            legs: [Track::default(), Track::default()],
            apart_at: None,
            slip: sample_rate_hz * TAPE_SLIP_MS_MAX / 1_000,
            samples_max: sample_rate_hz * TAPE_MS_MAX / 1_000,
        }
    }

    /// Where the latest audio ends.
    pub(crate) fn end(&self) -> u64 {
        self.legs.iter().map(Track::end).fold(self.call.end(), u64::max)
    }

    /// A frame that ends `here` at the latest. Returns the samples of audio that are lost for it. Channels that are neither
    /// the call nor a leg are not recorded.
    pub(crate) fn place(&mut self, channel: u8, here: u64, pcm: &[u8]) -> u64 {
        let leg = LEGS.iter().position(|leg| *leg == channel);
        let track = match leg {
            Some(leg) => &mut self.legs[leg],
            None if channel == 0 => &mut self.call,
            None => return 0,
        };
        let samples = (pcm.len() / 2) as u64;
        // What was spoken before the recording began does not belong to it.
        let early = if track.is_new() { samples.saturating_sub(here) } else { 0 };
        let pcm = &pcm[early as usize * 2..];
        if pcm.is_empty() {
            return 0;
        }
        let starts = here.saturating_sub(samples - early);
        if leg.is_some() {
            self.apart_at.get_or_insert(starts);
        }
        let gap = starts.saturating_sub(track.end());
        let gap = if gap > self.slip || track.is_new() { gap } else { 0 };
        if !track.fits(gap, pcm, self.samples_max) {
            return samples - early;
        }
        track.push(gap, pcm);
        let ahead = track.end().saturating_sub(here);
        if ahead > self.slip { track.shorten(ahead) } else { 0 }
    }

    /// The call: channel 0, and where it carries nothing the legs, mixed.
    pub(crate) fn take(&mut self, to: u64) -> Vec<u8> {
        let [one, other] = &mut self.legs;
        let (mut heard, other) = (one.take(to), other.take(to));
        if self.apart_at.is_some() {
            for (sum, other) in heard.as_chunks_mut::<2>().0.iter_mut().zip(other.as_chunks::<2>().0) {
                *sum = i16::from_le_bytes(*sum).saturating_add(i16::from_le_bytes(*other)).to_le_bytes();
            }
        }
        self.call.take_over(to, &mut heard);
        heard
    }

    /// The legs. Until they come apart, the call is the first.
    pub(crate) fn take_legs(&mut self, to: u64) -> [Vec<u8>; 2] {
        let from = self.call.start();
        let mut first = self.call.take(to);
        if let Some(apart_at) = self.apart_at {
            let alone = 2 * apart_at.saturating_sub(from) as usize;
            first.iter_mut().skip(alone).for_each(|byte| *byte = 0);
        }
        let [one, other] = &mut self.legs;
        one.take_over(to, &mut first);
        [first, other.take(to)]
    }
}

//! From one sample rate to another: a whole utterance, or a stream piece by piece.

use std::f32::consts::PI;

/// Samples of the lower rate that one sample of the result is made of, to each side.
const REACH: usize = 8;
/// Filters are kept for so many places between two samples; odd ratios of rates use the nearest.
const PHASES_MAX: u64 = 256;

/// The samples at another rate, by a windowed-sinc filter: nothing above half of the lower rate comes through, and the
/// band of a telephone stays as it is. The result is as long in time, to the sample.
///
/// The cost is 16 multiplications a sample (more when the rate is lowered): a second of a prompt takes about a millisecond.
pub fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    if from_hz == to_hz || from_hz == 0 || to_hz == 0 {
        return samples.to_vec();
    }
    let plan = Plan::new(from_hz, to_hz);
    let count = samples.len() as u64 * plan.to / plan.from;
    (0..count).map(|index| plan.at(index, |place| sample(samples, place))).collect()
}

/// The same for a stream: what is pushed comes out at another rate, piece by piece, as if it had been resampled whole, 8
/// samples of the lower rate later.
///
/// ```
/// use guest_audio::{Resampler, resample, tone};
///
/// let whole = tone(440.0, 0.3, 16_000, 100);
/// let mut resampler = Resampler::new(16_000, 24_000);
/// let mut resampled = Vec::new();
/// whole.chunks(320).for_each(|piece| resampler.push(piece, &mut resampled));
/// resampler.finish(&mut resampled);
/// assert_eq!(resampled, resample(&whole, 16_000, 24_000));
/// ```
#[derive(Clone, Debug)]
pub struct Resampler {
    plan: Option<Plan>,
    /// Samples that are needed yet, from the place `first` of the stream on.
    kept: Vec<i16>,
    first: i64,
    /// The next sample of the result.
    index: u64,
}

impl Resampler {
    /// For a stream that begins. The same rate twice, or none, changes nothing.
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        let plan = (from_hz != to_hz && from_hz != 0 && to_hz != 0).then(|| Plan::new(from_hz, to_hz));
        Self { plan, kept: Vec::new(), first: 0, index: 0 }
    }

    /// Takes a piece, and appends what is certain by now.
    pub fn push(&mut self, piece: &[i16], resampled: &mut Vec<i16>) {
        if self.plan.is_none() {
            resampled.extend_from_slice(piece);
            return;
        }
        self.kept.extend_from_slice(piece);
        let end = self.first + self.kept.len() as i64;
        self.take_until(|last, _| last < end, resampled);
    }

    /// The stream is over: appends the rest, as if silence followed, and begins anew.
    pub fn finish(&mut self, resampled: &mut Vec<i16>) {
        let end = (self.first + self.kept.len() as i64) as u64;
        self.take_until(|_, plan_at| plan_at < end, resampled);
        (self.first, self.index) = (0, 0);
        self.kept.clear();
    }

    /// Makes samples for as long as it may, by the last place that a sample needs and the one at which it stands.
    fn take_until(&mut self, may: impl Fn(i64, u64) -> bool, resampled: &mut Vec<i16>) {
        let Some(plan) = &self.plan else { return };
        loop {
            let at = self.index * plan.from / plan.to;
            if !may(at as i64 + plan.reach as i64, self.index_end(plan)) {
                break;
            }
            resampled.push(plan.at(self.index, |place| sample(&self.kept, place - self.first)));
            self.index += 1;
        }
        let needed = (self.index * plan.from / plan.to) as i64 - plan.reach as i64;
        let done = usize::try_from(needed - self.first).unwrap_or(0).min(self.kept.len());
        self.kept.drain(..done);
        self.first += done as i64;
    }

    /// The samples that the result covers with its next one, rounded up.
    fn index_end(&self, plan: &Plan) -> u64 {
        ((self.index + 1) * plan.from).div_ceil(plan.to) - 1
    }
}

/// The filters between two rates.
#[derive(Clone, Debug)]
struct Plan {
    from: u64,
    to: u64,
    phases: u64,
    reach: usize,
    filters: Vec<Vec<f32>>,
}

impl Plan {
    fn new(from_hz: u32, to_hz: u32) -> Self {
        let (from, to) = (u64::from(from_hz), u64::from(to_hz));
        let phases = (to / gcd(from, to)).min(PHASES_MAX);
        let cutoff = (to_hz as f32 / from_hz as f32).min(1.0);
        let reach = (REACH as f32 / cutoff).ceil() as usize;
        let filters = (0..phases).map(|phase| filter(phase as f32 / phases as f32, cutoff, reach)).collect();
        Self { from, to, phases, reach, filters }
    }

    /// One sample of the result, of those around it.
    fn at(&self, index: u64, sample: impl Fn(i64) -> f32) -> i16 {
        let at = index * self.from;
        let filter = &self.filters[((at % self.to) * self.phases / self.to) as usize];
        let first = (at / self.to) as i64 - self.reach as i64 + 1;
        let sum: f32 = filter.iter().zip(first..).map(|(weight, place)| weight * sample(place)).sum();
        sum.round() as i16
    }
}

/// Beyond both ends is silence.
fn sample(samples: &[i16], place: i64) -> f32 {
    usize::try_from(place).ok().and_then(|place| samples.get(place)).copied().map_or(0.0, f32::from)
}

/// The weights of the samples around a place `phase` behind a sample, which add up to 1.
fn filter(phase: f32, cutoff: f32, reach: usize) -> Vec<f32> {
    let weights: Vec<f32> = (0..2 * reach)
        .map(|index| {
            let distance = index as f32 - (reach as f32 - 1.0) - phase;
            let window = 0.5 + 0.5 * (PI * distance / reach as f32).cos();
            sinc(distance * cutoff) * window
        })
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

fn sinc(x: f32) -> f32 {
    if x.abs() < 1e-6 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{level_dbfs, tone};

    /// How far a resampled tone is from the tone made at that rate, in dB below it.
    fn error_db(freq_hz: f32, from_hz: u32, to_hz: u32) -> f64 {
        let made = tone(freq_hz, 0.5, to_hz, 500);
        let resampled = resample(&tone(freq_hz, 0.5, from_hz, 500), from_hz, to_hz);
        assert_eq!(made.len(), resampled.len());
        let difference: Vec<i16> = made.iter().zip(&resampled).map(|(a, b)| a - b).collect();
        level_dbfs(&made) - level_dbfs(&difference)
    }

    #[test]
    fn the_telephone_band_comes_through() {
        for (from_hz, to_hz) in [(8_000, 16_000), (8_000, 24_000), (16_000, 24_000), (24_000, 16_000), (44_100, 16_000)]
        {
            for freq_hz in [300.0, 1_000.0, 2_500.0] {
                let error = error_db(freq_hz, from_hz, to_hz);
                assert!(error > 30.0, "{freq_hz} Hz from {from_hz} to {to_hz}: only {error:.1} dB");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone() {
        let high = tone(6_000.0, 0.5, 24_000, 500);
        assert!(level_dbfs(&resample(&high, 24_000, 8_000)) < -50.0);
    }

    #[test]
    fn the_same_rate_and_none_at_all_change_nothing() {
        assert_eq!(resample(&[1, 2, 3], 8_000, 8_000), [1, 2, 3]);
        assert_eq!(resample(&[1, 2, 3], 0, 8_000), [1, 2, 3]);
        assert!(resample(&[], 8_000, 16_000).is_empty());
    }

    #[test]
    fn a_stream_is_resampled_as_a_whole_is() {
        for (from_hz, to_hz) in [(8_000, 24_000), (16_000, 24_000), (24_000, 16_000), (24_000, 8_000), (16_000, 16_000)]
        {
            for piece in [1, 7, 320, 5_000] {
                let whole = tone(700.0, 0.5, from_hz, 333);
                let mut resampler = Resampler::new(from_hz, to_hz);
                for _ in 0..2 {
                    let mut resampled = Vec::new();
                    whole.chunks(piece).for_each(|piece| resampler.push(piece, &mut resampled));
                    assert!(resampler.kept.len() <= 64 + piece, "it keeps {}", resampler.kept.len());
                    resampler.finish(&mut resampled);
                    assert_eq!(resampled, resample(&whole, from_hz, to_hz), "{from_hz} to {to_hz} by {piece}");
                }
            }
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let square: Vec<i16> = (0..800).map(|index| if index / 40 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let resampled = resample(&square, 8_000, 16_000);
        assert!(resampled[2..78].iter().all(|sample| *sample > 0), "the first half period stays above zero");
    }
}

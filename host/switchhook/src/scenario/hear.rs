//! Judging what was heard: is a file in it, a tone, how loud is it.

use std::ops::Range;

use audio::{LEVEL_DBFS_MIN, Lag, level_dbfs};

/// Files are looked for at this rate, whatever the call's: it holds the band of a telephone.
pub(super) const RATE_HZ: u32 = 8_000;

/// A sound at [`RATE_HZ`].
pub(super) fn for_search(samples: &[i16], sample_rate_hz: u32) -> Vec<i16> {
    // The rates of calls have a ratio to it; a file with another was refused when it was read.
    audio::resample(samples, sample_rate_hz, RATE_HZ).unwrap_or_default()
}

/// Every place where a sound is heard, ms, and how alike it is. Both at [`RATE_HZ`].
pub(super) fn places(wanted: &[i16], heard: &[i16], likeness_min: f64) -> Vec<(u64, f64)> {
    let found = audio::find_all(wanted, heard, likeness_min);
    found.into_iter().map(|Lag { samples, likeness }| (samples as u64 * 1_000 / u64::from(RATE_HZ), likeness)).collect()
}

/// A part of audio from one ms to another, as far as there is any.
pub(super) fn part<'a>(samples: &'a [i16], sample_rate_hz: u32, ms: &Range<u64>) -> &'a [i16] {
    let at = |ms: u64| {
        usize::try_from(ms.saturating_mul(sample_rate_hz.into()) / 1_000).unwrap_or(usize::MAX).min(samples.len())
    };
    &samples[at(ms.start)..at(ms.end).max(at(ms.start))]
}

/// How loud it is. Nothing is silent.
pub(super) fn level(samples: &[i16]) -> f64 {
    if samples.is_empty() { LEVEL_DBFS_MIN } else { level_dbfs(samples) }
}

/// The share of a tone in all that is heard, in percent.
pub(super) fn tone_share(samples: &[i16], sample_rate_hz: u32, hz: u32) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if energy == 0.0 {
        return 0.0;
    }
    let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(sample_rate_hz);
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let (sin, cos) = (turn * index as f64).sin_cos();
        sine += f64::from(*sample) * sin;
        cosine += f64::from(*sample) * cos;
    }
    100.0 * 2.0 * (sine * sine + cosine * cosine) / (samples.len() as f64 * energy)
}

/// The first sample from a place on that is louder than noise, ms.
pub(super) fn first_loud_ms(samples: &[i16], sample_rate_hz: u32, from_sample: usize) -> Option<u64> {
    let from = from_sample.min(samples.len());
    let loud = samples[from..].iter().position(|sample| sample.unsigned_abs() > LOUD)?;
    Some((from + loud) as u64 * 1_000 / u64::from(sample_rate_hz))
}

/// What is louder than the noise of a line: -40 dB below full scale.
const LOUD: u16 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_holds_its_share() {
        let tone = audio::tone(425.0, 0.3, 16_000, 8_000);
        assert!(tone_share(&tone, 16_000, 425) > 99.0);
        assert!(tone_share(&tone, 16_000, 500) < 1.0);
        assert_eq!(tone_share(&[0; 100], 16_000, 425), 0.0);
    }

    #[test]
    fn a_part_is_cut_to_what_there_is() {
        let samples = [1_i16; 1_000];
        assert_eq!(part(&samples, 8_000, &(100..200)).len(), 200);
        assert_eq!(part(&samples, 8_000, &(100..u64::MAX)).len(), 200);
        assert_eq!(part(&samples, 8_000, &(500..600)).len(), 0);
        assert_eq!(first_loud_ms(&[0, 0, 9_000], 1_000, 1), Some(2));
    }
}

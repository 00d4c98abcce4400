//! From one sample rate to another.
//!
//! A windowed sinc, applied as a product of spectra (rubato): what lies in the band of both rates comes through in its
//! place, what only the higher rate can hold is gone.

use audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::limits::{RESAMPLE_PHASES_MAX, RESAMPLE_RATE_HZ_MAX, RESAMPLE_RATE_HZ_MIN};

/// What is resampled at once, ms of input; more for rates with little in common.
const CHUNK_MS: u32 = 20;

/// Why two rates cannot be resampled into each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResampleError {
    /// A rate is too low or too high.
    #[error("{rate_hz} Hz cannot be resampled: use {RESAMPLE_RATE_HZ_MIN} to {RESAMPLE_RATE_HZ_MAX} Hz")]
    Rate {
        /// Which rate.
        rate_hz: u32,
    },
    /// The rates have too little in common.
    #[error(
        "{from_hz} Hz cannot be resampled to {to_hz} Hz: their ratio would need {phases} filters, {RESAMPLE_PHASES_MAX} are allowed"
    )]
    Ratio {
        /// From this one.
        from_hz: u32,
        /// To this one.
        to_hz: u32,
        /// Filters it would take.
        phases: u32,
    },
}

/// Resamples audio as it comes.
pub struct Resampler {
    ratio: (u64, u64),
    /// None: both rates are the same.
    filter: Option<Fft<f32>>,
    /// What does not fill a chunk yet.
    waiting: Vec<f32>,
    out: Vec<f32>,
    /// Samples of the filter's own delay that are still to be left out.
    trim: usize,
    taken: u64,
    given: u64,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("taken", &self.taken).field("given", &self.given).finish_non_exhaustive()
    }
}

impl Resampler {
    /// One for this pair of rates, Hz.
    ///
    /// # Errors
    /// A rate is out of bounds, or the two have too little in common.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Resampler, ResampleError> {
        for rate_hz in [from_hz, to_hz] {
            if !(RESAMPLE_RATE_HZ_MIN..=RESAMPLE_RATE_HZ_MAX).contains(&rate_hz) {
                return Err(ResampleError::Rate { rate_hz });
            }
        }
        let phases = to_hz / gcd(from_hz, to_hz);
        if phases > RESAMPLE_PHASES_MAX {
            return Err(ResampleError::Ratio { from_hz, to_hz, phases });
        }
        let filter = if from_hz == to_hz { None } else { Some(filter(from_hz, to_hz)) };
        let filter = filter.transpose().map_err(|_| ResampleError::Ratio { from_hz, to_hz, phases })?;
        let trim = filter.as_ref().map_or(0, |filter| filter.output_delay());
        let out = vec![0.0; filter.as_ref().map_or(0, |filter| filter.output_frames_max())];
        Ok(Resampler {
            ratio: (to_hz.into(), from_hz.into()),
            filter,
            waiting: Vec::new(),
            out,
            trim,
            taken: 0,
            given: 0,
        })
    }

    /// To this rate from that one, Hz.
    pub(crate) fn rates_hz(&self) -> (u32, u32) {
        (self.ratio.0 as u32, self.ratio.1 as u32)
    }

    /// Takes samples and appends what is certain by now, which is up to 60 ms behind.
    pub fn push(&mut self, samples: &[i16], resampled: &mut Vec<i16>) {
        self.taken += samples.len() as u64;
        if self.filter.is_none() {
            self.given += samples.len() as u64;
            resampled.extend_from_slice(samples);
            return;
        }
        self.waiting.extend(samples.iter().map(|sample| f32::from(*sample)));
        self.run(resampled);
    }

    /// Appends the rest, so that all that came is as long in time as all that was taken, and begins anew.
    pub fn finish(&mut self, resampled: &mut Vec<i16>) {
        let (to, from) = self.ratio;
        let whole = (self.taken * to).div_ceil(from);
        let from_here = resampled.len();
        let missing = usize::try_from(whole - self.given.min(whole)).unwrap_or(usize::MAX);
        while self.filter.is_some() && resampled.len() - from_here < missing {
            let needed = self.filter.as_ref().map_or(0, |filter| filter.input_frames_next());
            self.waiting.resize(self.waiting.len().max(needed), 0.0);
            self.run(resampled);
        }
        resampled.truncate(from_here + missing);
        if let Some(filter) = &mut self.filter {
            filter.reset();
            self.trim = filter.output_delay();
        }
        self.waiting.clear();
        (self.taken, self.given) = (0, 0);
    }

    fn run(&mut self, resampled: &mut Vec<i16>) {
        let Some(filter) = &mut self.filter else { return };
        let mut used = 0;
        while self.waiting.len() - used >= filter.input_frames_next() {
            let (input, room) = (&self.waiting[used..], self.out.len());
            let buffers = SequentialSlice::new(input, 1, input.len())
                .and_then(|input| Ok((input, SequentialSlice::new_mut(&mut self.out, 1, room)?)));
            let Ok((input, mut output)) = buffers else { break };
            let Ok((taken, made)) = filter.process_into_buffer(&input, &mut output, None) else { break };
            used += taken;
            let trimmed = self.trim.min(made);
            self.trim -= trimmed;
            self.given += (made - trimmed) as u64;
            resampled.extend(self.out[trimmed..made].iter().map(|sample| sample.round() as i16));
        }
        self.waiting.drain(..used);
    }
}

/// A whole sound at another rate, as long in time.
///
/// # Errors
/// As for [`Resampler::new`].
pub fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Result<Vec<i16>, ResampleError> {
    let mut resampler = Resampler::new(from_hz, to_hz)?;
    let mut resampled = Vec::with_capacity(samples.len() * to_hz as usize / from_hz as usize + 1);
    resampler.push(samples, &mut resampled);
    resampler.finish(&mut resampled);
    Ok(resampled)
}

fn filter(from_hz: u32, to_hz: u32) -> Result<Fft<f32>, rubato::ResamplerConstructionError> {
    let (from, to) = (from_hz as usize, to_hz as usize);
    // Even on both sides: the filter's delay is half of it.
    let step = 2 * (from_hz / gcd(from_hz, to_hz)) as usize;
    let chunk = ((from_hz * CHUNK_MS / 1_000) as usize).next_multiple_of(step);
    Fft::new_custom(from, to, chunk, 1, 1, WindowFunction::BlackmanHarris, FixedSync::Both)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{level_dbfs, tone};

    const RATES_HZ: [u32; 6] = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000];

    /// How far a resampled tone is from the tone made at that rate, dB, away from its ends.
    fn error_db(freq_hz: f64, from_hz: u32, to_hz: u32) -> f64 {
        let made = tone(freq_hz, 0.5, to_hz, to_hz as usize);
        let resampled = resample(&tone(freq_hz, 0.5, from_hz, from_hz as usize), from_hz, to_hz).unwrap();
        assert_eq!(made.len(), resampled.len(), "{from_hz} to {to_hz}");
        let middle = to_hz as usize / 10..to_hz as usize * 9 / 10;
        let difference: Vec<i16> =
            made[middle.clone()].iter().zip(&resampled[middle.clone()]).map(|(a, b)| a - b).collect();
        level_dbfs(&made[middle]) - level_dbfs(&difference)
    }

    #[test]
    fn tones_of_the_telephone_band_come_through_in_their_place() {
        for from_hz in RATES_HZ {
            for to_hz in RATES_HZ {
                for freq_hz in [300.0, 1_000.0, 3_100.0] {
                    let error = error_db(freq_hz, from_hz, to_hz);
                    assert!(error > 60.0, "{freq_hz} Hz from {from_hz} to {to_hz}: only {error:.1} dB");
                }
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone() {
        for (freq_hz, from_hz, to_hz) in
            [(5_000.0, 16_000, 8_000), (9_500.0, 24_000, 16_000), (20_000.0, 48_000, 8_000)]
        {
            let resampled = resample(&tone(freq_hz, 0.5, from_hz, from_hz as usize), from_hz, to_hz).unwrap();
            // Where a tone begins and ends it is more than its pitch.
            let level = level_dbfs(&resampled[to_hz as usize / 10..to_hz as usize * 9 / 10]);
            assert!(level < -60.0, "{freq_hz} Hz from {from_hz} to {to_hz}: {level:.1} dBFS");
        }
    }

    #[test]
    fn pieces_are_as_the_whole_and_it_begins_anew() {
        let said = tone(700.0, 0.7, 8_000, 4_321);
        let whole = resample(&said, 8_000, 24_000).unwrap();
        assert_eq!(whole.len(), 3 * 4_321);
        let mut resampler = Resampler::new(8_000, 24_000).unwrap();
        for piece in [1, 7, 160, 4_000] {
            let mut resampled = Vec::new();
            said.chunks(piece).for_each(|piece| resampler.push(piece, &mut resampled));
            assert!(
                whole.len() - resampled.len() <= 24_000 * 60 / 1_000,
                "{piece}: {} are behind",
                whole.len() - resampled.len()
            );
            resampler.finish(&mut resampled);
            assert_eq!(resampled, whole, "{piece}");
        }
    }

    #[test]
    fn full_scale_does_not_wrap_and_the_same_rate_changes_nothing() {
        let square: Vec<i16> = (0..800).map(|index| if index / 40 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let resampled = resample(&square, 8_000, 16_000).unwrap();
        assert!(resampled[2..78].iter().all(|sample| *sample > 0), "the first half period stays above zero");
        assert_eq!(resample(&square, 8_000, 8_000).unwrap(), square);
        assert_eq!(resample(&[], 8_000, 16_000).unwrap(), []);
    }

    #[test]
    fn rates_without_a_reasonable_ratio_are_refused() {
        assert_eq!(Resampler::new(0, 8_000).unwrap_err(), ResampleError::Rate { rate_hz: 0 });
        assert_eq!(Resampler::new(8_000, 1 << 20).unwrap_err(), ResampleError::Rate { rate_hz: 1 << 20 });
        assert!(matches!(Resampler::new(8_000, 47_999), Err(ResampleError::Ratio { phases: 47_999, .. })));
    }
}

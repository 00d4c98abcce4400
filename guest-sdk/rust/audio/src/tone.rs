//! Sounds without a file.

use std::f32::consts::TAU;

/// A fade at both ends, ms: without it a tone begins and ends with a click.
const FADE_MS: u32 = 4;

/// A sine tone with soft ends. `amplitude` is a part of full scale, 0 to 1.
pub fn tone(freq_hz: f32, amplitude: f32, sample_rate_hz: u32, ms: u32) -> Vec<i16> {
    tones(&[freq_hz], amplitude, sample_rate_hz, ms)
}

/// The sum of sine tones of the same amplitude, with soft ends. What is beyond full scale is cut.
pub fn tones(freqs_hz: &[f32], amplitude: f32, sample_rate_hz: u32, ms: u32) -> Vec<i16> {
    let count = count(sample_rate_hz, ms);
    let fade = self::count(sample_rate_hz, FADE_MS).min(count / 2).max(1);
    let peak = amplitude.clamp(0.0, 1.0) * f32::from(i16::MAX);
    (0..count)
        .map(|index| {
            let soft = (index.min(count - 1 - index) as f32 / fade as f32).min(1.0);
            let time_s = index as f32 / sample_rate_hz.max(1) as f32;
            // The whole periods are taken off first: f32 would lose the phase of a long tone.
            let sum: f32 = freqs_hz.iter().map(|freq_hz| ((freq_hz * time_s).fract() * TAU).sin()).sum();
            (sum * soft * peak) as i16
        })
        .collect()
}

fn count(sample_rate_hz: u32, ms: u32) -> usize {
    (u64::from(sample_rate_hz) * u64::from(ms) / 1_000) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_pitch_its_level_and_soft_ends() {
        let samples = tone(500.0, 0.5, 8_000, 1_000);
        assert_eq!(samples.len(), 8_000);
        let rising = samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((498..=500).contains(&rising), "{rising}");
        let peak = samples.iter().copied().max().expect("samples");
        assert!((16_000..=16_384).contains(&peak), "{peak}");
        assert_eq!((samples[0], samples[7_999]), (0, 0));
        assert!(samples[..8].iter().all(|sample| sample.abs() < 5_000));
    }

    #[test]
    fn nothing_is_a_tone_of_no_length() {
        assert!(tone(500.0, 0.5, 8_000, 0).is_empty());
        assert!(tone(500.0, 0.5, 0, 100).is_empty());
    }
}

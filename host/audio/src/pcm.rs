//! Samples made and converted.

use std::f64::consts::TAU;

/// A sine tone that starts at zero. `amplitude` is a part of full scale: 0 to 1, and what is beyond is cut to that.
pub fn tone(freq_hz: f64, amplitude: f64, sample_rate_hz: u32, samples: usize) -> Vec<i16> {
    let peak = amplitude.clamp(0.0, 1.0) * f64::from(i16::MAX);
    let step = freq_hz / f64::from(sample_rate_hz.max(1));
    (0..samples)
        .map(|index| {
            let phase = (index as f64 * step).fract() * TAU;
            (phase.sin() * peak).round() as i16
        })
        .collect()
}

/// Digital silence.
pub fn silence(samples: usize) -> Vec<i16> {
    vec![0; samples]
}

/// The samples in little-endian PCM. An odd last byte is half a sample, and is left out.
pub fn bytes_to_samples(pcm: &[u8]) -> Vec<i16> {
    guest_audio::samples(pcm).collect()
}

/// The samples as little-endian PCM.
pub fn samples_to_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_frequency_and_amplitude() {
        let samples = tone(1_000.0, 0.5, 8_000, 8_000);
        let rising = samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert_eq!(rising, 999, "a thousand periods, the first of which starts at zero");
        assert_eq!(samples.iter().copied().max(), Some(16_384));
        assert_eq!(samples[0], 0);
    }

    #[test]
    fn an_amplitude_beyond_full_scale_is_cut() {
        assert_eq!(tone(1_000.0, 9.0, 8_000, 8).iter().copied().max(), Some(i16::MAX));
        assert_eq!(tone(1_000.0, -1.0, 8_000, 8), silence(8));
        assert_eq!(tone(1_000.0, 1.0, 0, 2), silence(2), "a rate of nothing is no reason to fall");
    }

    #[test]
    fn bytes_and_samples_are_little_endian() {
        let samples = [0, 1, -1, i16::MIN, i16::MAX, 0x0102];
        let bytes = samples_to_bytes(&samples);
        assert_eq!(bytes[10..], [0x02, 0x01]);
        assert_eq!(bytes_to_samples(&bytes), samples);
        assert_eq!(bytes_to_samples(&[1, 0, 9]), [1]);
        assert_eq!(bytes_to_samples(&[9]), []);
    }
}

//! Keys are heard, and nothing else is.

use super::*;
use crate::resample;

const RATES_HZ: [u32; 3] = [8_000, 16_000, 24_000];
/// Each of the two tones, for a key of about -16 dB below full scale.
const AMPLITUDE: f32 = 0.16;

fn all_keys() -> impl Iterator<Item = char> {
    KEYS.into_iter().flatten()
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// What a fresh detector hears, in frames of 20 ms.
fn heard(samples: &[i16], rate_hz: u32) -> String {
    let mut detector = Detector::new(rate_hz);
    let mut keys = String::new();
    bytes(samples).chunks(rate_hz as usize / 50 * 2).for_each(|frame| detector.hear(frame, |key| keys.push(key)));
    keys
}

fn silence(rate_hz: u32, ms: u32) -> Vec<i16> {
    vec![0; (rate_hz * ms / 1_000) as usize]
}

/// Every key, pressed for so long, with a pause behind it, after an odd beginning.
fn dialled(rate_hz: u32, key_ms: u32, pause_ms: u32, offset: usize, amplitude: f32) -> Vec<i16> {
    let mut samples = vec![0; offset];
    for key in all_keys() {
        samples.extend(key_tone(key, amplitude, rate_hz, key_ms));
        samples.extend(silence(rate_hz, pause_ms));
    }
    samples
}

fn add_noise(samples: &mut [i16], peak: i16, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for sample in samples {
        *sample = sample.saturating_add(rng.i16(-peak..=peak));
    }
}

#[test]
fn every_key_is_heard_once_at_every_rate_and_wherever_it_begins() {
    let expected: String = all_keys().collect();
    for rate_hz in RATES_HZ {
        for offset in (0..rate_hz as usize / 50).step_by(37) {
            assert_eq!(heard(&dialled(rate_hz, 100, 100, offset, AMPLITUDE), rate_hz), expected, "{rate_hz} {offset}");
        }
    }
}

#[test]
fn keys_of_40_ms_and_pauses_of_40_ms_are_enough() {
    let expected: String = all_keys().collect();
    for rate_hz in RATES_HZ {
        for offset in 0..rate_hz as usize / 100 {
            // The soft ends belong to the pause.
            assert_eq!(heard(&dialled(rate_hz, 44, 40, offset, AMPLITUDE), rate_hz), expected, "{rate_hz} {offset}");
        }
    }
}

#[test]
fn what_is_shorter_than_25_ms_is_no_key() {
    for rate_hz in RATES_HZ {
        for offset in 0..rate_hz as usize / 100 {
            assert_eq!(heard(&dialled(rate_hz, 24, 60, offset, AMPLITUDE), rate_hz), "", "{rate_hz} {offset}");
        }
    }
}

#[test]
fn a_key_held_for_seconds_is_one_key_and_the_same_again_another() {
    let once = key_tone('5', AMPLITUDE, 8_000, 3_000);
    assert_eq!(heard(&once, 8_000), "5");
    let again = [once.clone(), silence(8_000, 60), once].concat();
    assert_eq!(heard(&again, 8_000), "55");
    // A gap shorter than 10 ms is no pause.
    let mut gap = key_tone('5', AMPLITUDE, 8_000, 300);
    gap[1_000..1_070].fill(0);
    assert_eq!(heard(&gap, 8_000), "5");
}

#[test]
fn keys_are_heard_through_noise_and_at_any_usual_level() {
    let expected: String = all_keys().collect();
    for (seed, rate_hz) in (1..).zip(RATES_HZ) {
        let mut noisy = dialled(rate_hz, 70, 70, 11, AMPLITUDE);
        // 15 dB below the key.
        add_noise(&mut noisy, 1_550, seed);
        assert_eq!(heard(&noisy, rate_hz), expected, "{rate_hz}, seed {seed}");
        for amplitude in [0.01, 0.05, 0.49] {
            assert_eq!(heard(&dialled(rate_hz, 70, 70, 5, amplitude), rate_hz), expected, "{rate_hz} {amplitude}");
        }
        assert_eq!(heard(&dialled(rate_hz, 70, 70, 5, 0.002), rate_hz), "", "too quiet");
    }
}

#[test]
fn tones_may_be_off_pitch_by_a_hundredth_and_a_half_but_not_by_four() {
    for rate_hz in RATES_HZ {
        for (row, column) in (0..16).map(|index| (index / 4, index % 4)) {
            let key = KEYS[row][column].to_string();
            for (off, expected) in [(1.015, key.as_str()), (0.985, key.as_str()), (1.04, ""), (0.96, "")] {
                let freqs = [ROWS_HZ[row] * off, COLUMNS_HZ[column] * off];
                let samples = tones(&freqs, AMPLITUDE, rate_hz, 100);
                assert_eq!(heard(&samples, rate_hz), expected, "{key} {off} {rate_hz}");
                // One of the two at its pitch does not help the other.
                let samples = tones(&[ROWS_HZ[row] * off, COLUMNS_HZ[column]], AMPLITUDE, rate_hz, 100);
                assert_eq!(heard(&samples, rate_hz), expected, "{key}, its row {off}, {rate_hz}");
            }
        }
    }
}

#[test]
fn one_tone_may_be_stronger_by_6_db_but_not_by_12() {
    for (ratio, expected) in [(2.0, "6"), (0.5, "6"), (4.0, ""), (0.25, "")] {
        let row = tones(&[ROWS_HZ[1]], 0.1 * ratio, 8_000, 100);
        let column = tones(&[COLUMNS_HZ[2]], 0.1, 8_000, 100);
        let both: Vec<i16> = row.iter().zip(column).map(|(row, column)| row + column).collect();
        assert_eq!(heard(&both, 8_000), expected, "{ratio}");
    }
}

#[test]
fn single_tones_and_three_at_once_are_no_key() {
    for freq_hz in (300..3_400).step_by(7) {
        assert_eq!(heard(&tones(&[freq_hz as f32], 0.3, 8_000, 200), 8_000), "", "{freq_hz} Hz");
    }
    for third in [ROWS_HZ[0], COLUMNS_HZ[0], 400.0, 2_000.0] {
        let samples = tones(&[ROWS_HZ[2], COLUMNS_HZ[2], third], 0.15, 8_000, 200);
        assert_eq!(heard(&samples, 8_000), "", "{third} Hz");
    }
}

#[test]
fn noise_is_no_key() {
    for rate_hz in RATES_HZ {
        let mut noise = silence(rate_hz, 60_000);
        add_noise(&mut noise, 12_000, 3);
        assert_eq!(heard(&noise, rate_hz), "", "{rate_hz}, seed 3");
    }
}

/// A buzz whose pitch glides, through three resonances that glide too: vowels without end, half an hour of them.
#[test]
fn speech_like_noise_is_no_key() {
    let rate_hz = 8_000;
    let mut rng = fastrand::Rng::with_seed(11);
    let mut speech = Vec::new();
    while speech.len() < rate_hz as usize * 1_800 {
        let vowel = rate_hz as usize * rng.usize(40..300) / 1_000;
        let (mut phase, from_hz, to_hz) = (0.0_f32, rng.f32() * 200.0 + 80.0, rng.f32() * 200.0 + 80.0);
        let mut resonances =
            [(rng.f32() * 600.0 + 250.0), (rng.f32() * 1_500.0 + 800.0), (rng.f32() * 1_000.0 + 2_000.0)]
                .map(|freq_hz| Resonance::new(freq_hz, 90.0, rate_hz));
        let breath = rng.f32() * 0.1;
        for index in 0..vowel {
            let pitch_hz = from_hz + (to_hz - from_hz) * index as f32 / vowel as f32;
            phase += pitch_hz / rate_hz as f32;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let source = pulse + breath * (rng.f32() - 0.5);
            let sum: f32 = resonances.iter_mut().map(|resonance| resonance.hear(source)).sum();
            speech.push((sum * 4_000.0) as i16);
        }
        speech.extend(silence(rate_hz, rng.u32(0..120)));
    }
    assert!(crate::level_dbfs(&speech) > -30.0, "it is loud enough to be judged");
    assert_eq!(heard(&speech, rate_hz), "", "seed 11");
    assert_eq!(heard(&resample(&speech[..800_000], rate_hz, 16_000), 16_000), "", "seed 11");
}

struct Resonance {
    a1: f32,
    a2: f32,
    y1: f32,
    y2: f32,
}

impl Resonance {
    fn new(freq_hz: f32, width_hz: f32, rate_hz: u32) -> Self {
        let radius = (-std::f32::consts::PI * width_hz / rate_hz as f32).exp();
        let angle = TAU * freq_hz / rate_hz as f32;
        Self { a1: 2.0 * radius * angle.cos(), a2: -radius * radius, y1: 0.0, y2: 0.0 }
    }

    fn hear(&mut self, sample: f32) -> f32 {
        let y = sample + self.a1 * self.y1 + self.a2 * self.y2;
        self.y2 = self.y1;
        self.y1 = y;
        y
    }
}

#[test]
fn frames_of_any_size_make_no_difference() {
    let samples = bytes(&dialled(8_000, 60, 60, 3, AMPLITUDE));
    for frame in [2, 34, 320, 4_096, samples.len()] {
        let mut detector = Detector::new(8_000);
        let mut keys = String::new();
        samples.chunks(frame).for_each(|frame| detector.hear(frame, |key| keys.push(key)));
        assert_eq!(keys, all_keys().collect::<String>(), "{frame}");
        assert_eq!(detector.down(), None);
    }
}

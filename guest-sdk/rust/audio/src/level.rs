//! How loud it is, and whether somebody speaks.

use super::samples;

/// What silence measures, dB below full scale. Nothing is quieter.
pub const LEVEL_DBFS_MIN: f64 = -96.0;

/// Part of audio that is judged at once, ms.
const PART_MS: u32 = 10;
/// Loud parts in a row, or nearly, that make speech.
const LOUD_PARTS: u32 = 4;
/// Never taken for speech, dB below full scale.
const SPEECH_DBFS_MIN: f64 = -42.0;
/// Speech is louder than the noise behind it by this, dB.
const ABOVE_NOISE_DB: f64 = 12.0;
/// The noise behind is no louder than this, dB below full scale: steady speech must not pass for noise.
const NOISE_DBFS_MAX: f64 = -40.0;

/// The level of audio in dB below full scale: the root of the mean of the squares, so that a full-scale sine is about
/// -3. Silence and nothing at all are [`LEVEL_DBFS_MIN`].
pub fn level_dbfs(samples: &[i16]) -> f64 {
    level(samples.iter().copied(), samples.len())
}

fn level(samples: impl Iterator<Item = i16>, count: usize) -> f64 {
    let energy: i64 = samples.map(|sample| i64::from(i32::from(sample).pow(2))).sum();
    if energy == 0 {
        return LEVEL_DBFS_MIN;
    }
    let full_scale = f64::from(i16::MAX).powi(2);
    (10.0 * (energy as f64 / count as f64 / full_scale).log10()).max(LEVEL_DBFS_MIN)
}

/// Tells speech from the noise behind it by its loudness, which is enough for barge-in and for the end of a message.
/// Keys, music and coughs are speech to it.
///
/// It knows 40 to 50 ms after the first loud sample: earlier, each click would be speech.
#[derive(Clone, Debug)]
pub struct Voice {
    part_bytes: usize,
    /// What does not fill a part yet.
    rest: Vec<u8>,
    noise_dbfs: f64,
    loud_parts: u32,
    quiet_ms: u32,
    spoken_ms: u32,
}

impl Voice {
    /// Listens to audio of this rate.
    pub fn new(sample_rate_hz: u32) -> Self {
        let part_bytes = (sample_rate_hz * PART_MS / 1_000).max(1) as usize * 2;
        let rest = Vec::with_capacity(part_bytes);
        Self { part_bytes, rest, noise_dbfs: -60.0, loud_parts: 0, quiet_ms: 0, spoken_ms: 0 }
    }

    /// Hears the PCM of one frame. Whether somebody speaks at its end.
    pub fn hear(&mut self, mut pcm: &[u8]) -> bool {
        if !self.rest.is_empty() {
            let missing = (self.part_bytes - self.rest.len()).min(pcm.len());
            self.rest.extend_from_slice(&pcm[..missing]);
            pcm = &pcm[missing..];
            if self.rest.len() < self.part_bytes {
                return self.speaks();
            }
            let part = std::mem::take(&mut self.rest);
            self.judge(&part);
            self.rest = part;
            self.rest.clear();
        }
        let parts = pcm.chunks_exact(self.part_bytes);
        self.rest.extend_from_slice(parts.remainder());
        parts.for_each(|part| self.judge(part));
        self.speaks()
    }

    /// Whether somebody speaks.
    pub fn speaks(&self) -> bool {
        self.loud_parts >= LOUD_PARTS
    }

    /// For how long somebody has spoken in all, ms of audio.
    pub fn spoken_ms(&self) -> u32 {
        self.spoken_ms
    }

    /// For how long nobody has spoken, ms of audio.
    pub fn quiet_ms(&self) -> u32 {
        self.quiet_ms
    }

    fn judge(&mut self, part: &[u8]) {
        let level_dbfs = level(samples(part), part.len() / 2);
        let loud = level_dbfs > SPEECH_DBFS_MIN.max(self.noise_dbfs + ABOVE_NOISE_DB);
        // Down at once, up slowly: a voice pauses, noise does not.
        let rise_db = if level_dbfs > self.noise_dbfs { 0.05 } else { 3.0 };
        let towards = level_dbfs.clamp(self.noise_dbfs - rise_db, self.noise_dbfs + rise_db);
        self.noise_dbfs = towards.min(NOISE_DBFS_MAX);
        self.loud_parts =
            if loud { (self.loud_parts + 1).min(2 * LOUD_PARTS) } else { self.loud_parts.saturating_sub(1) };
        if self.speaks() {
            self.spoken_ms = self.spoken_ms.saturating_add(PART_MS);
            self.quiet_ms = 0;
        } else {
            self.quiet_ms = self.quiet_ms.saturating_add(PART_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    fn noise(dbfs: f64, samples: usize) -> Vec<i16> {
        let mut rng = fastrand::Rng::with_seed(7);
        let peak = (f64::from(i16::MAX) * 10_f64.powf(dbfs / 20.0) * 3_f64.sqrt()) as i16;
        (0..samples).map(|_| rng.i16(-peak..=peak)).collect()
    }

    #[test]
    fn levels_are_below_full_scale() {
        assert!((level_dbfs(&tone(1_000.0, 1.0, 8_000, 1_000)) + 3.0).abs() < 0.1);
        assert!((level_dbfs(&noise(-30.0, 8_000)) + 30.0).abs() < 0.5);
        assert_eq!(level_dbfs(&[0; 10]), LEVEL_DBFS_MIN);
        assert_eq!(level_dbfs(&[]), LEVEL_DBFS_MIN);
    }

    #[test]
    fn speech_is_known_within_50_ms_whatever_the_frames() {
        for rate_hz in [8_000, 16_000, 24_000] {
            for frame in [160, 222, 480, 641] {
                let mut voice = Voice::new(rate_hz);
                let quiet = noise(-55.0, rate_hz as usize);
                assert!(!bytes(&quiet).chunks(frame).any(|frame| voice.hear(frame)), "{rate_hz} {frame}");
                assert!(voice.quiet_ms() >= 980 && voice.spoken_ms() == 0);
                let loud = bytes(&noise(-25.0, rate_hz as usize / 20));
                assert!(loud.chunks(frame).any(|frame| voice.hear(frame)), "{rate_hz} {frame}");
                assert!(voice.spoken_ms() > 0);
            }
        }
    }

    #[test]
    fn steady_noise_becomes_the_background_and_a_voice_above_it_is_heard() {
        let mut voice = Voice::new(8_000);
        voice.hear(&bytes(&noise(-40.0, 8_000 * 10)));
        assert!(!voice.speaks(), "ten seconds of it");
        assert!(voice.hear(&bytes(&noise(-22.0, 800))));
    }

    #[test]
    fn a_click_is_no_speech() {
        let mut voice = Voice::new(8_000);
        for _ in 0..20 {
            let mut second = noise(-60.0, 8_000);
            second[..160].fill(20_000);
            assert!(!bytes(&second).chunks(320).any(|frame| voice.hear(frame)));
        }
    }

    #[test]
    fn the_end_of_speech_is_counted_in_audio() {
        let mut voice = Voice::new(16_000);
        voice.hear(&bytes(&noise(-20.0, 16_000)));
        assert_eq!((voice.quiet_ms(), voice.spoken_ms()), (0, 970));
        voice.hear(&bytes(&[0; 16_000]));
        assert!((900..=1_000).contains(&voice.quiet_ms()), "{}", voice.quiet_ms());
    }
}

//! The sounds of the two sides, and what is between them: a rate is changed once, or not at all.

use serde_json::Value;
use switchhook_guest::audio::{self, Law, Resampler};

/// How a model hears or speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sound {
    pub(crate) rate_hz: u32,
    /// µ-law of G.711, else PCM.
    pub(crate) mulaw: bool,
}

impl Sound {
    pub(crate) const MULAW_8000: Sound = Sound { rate_hz: 8_000, mulaw: true };

    pub(crate) const fn pcm(rate_hz: u32) -> Self {
        Self { rate_hz, mulaw: false }
    }

    /// `pcm_16000`, `ulaw_8000`
    pub(crate) fn named(name: &Value) -> Option<Self> {
        let (kind, rate_hz) = name.as_str()?.split_once('_')?;
        let mulaw = match kind {
            "pcm" => false,
            "ulaw" | "mulaw" => true,
            _ => return None,
        };
        Some(Self { rate_hz: rate_hz.parse().ok()?, mulaw })
    }
}

/// From the call to the model.
pub(crate) struct Inward {
    sound: Sound,
    resampler: Resampler,
    samples: Vec<i16>,
}

impl Inward {
    pub(crate) fn new(call_hz: u32, sound: Sound) -> Self {
        Self { sound, resampler: Resampler::new(call_hz, sound.rate_hz), samples: Vec::new() }
    }

    pub(crate) fn take(&mut self, pcm: &[u8]) -> Vec<u8> {
        self.samples.clear();
        let piece: Vec<i16> = audio::samples(pcm).collect();
        self.resampler.push(&piece, &mut self.samples);
        let pcm: Vec<u8> = self.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        if self.sound.mulaw { audio::to_g711(Law::Mu, &pcm) } else { pcm }
    }
}

/// From the model to the call.
pub(crate) struct Outward {
    sound: Sound,
    resampler: Resampler,
}

impl Outward {
    pub(crate) fn new(sound: Sound, call_hz: u32) -> Self {
        Self { sound, resampler: Resampler::new(sound.rate_hz, call_hz) }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<i16> {
        let piece: Vec<i16> = if self.sound.mulaw {
            audio::samples(&audio::from_g711(Law::Mu, bytes)).collect()
        } else {
            audio::samples(bytes).collect()
        };
        let mut samples = Vec::new();
        self.resampler.push(&piece, &mut samples);
        samples
    }

    /// The answer is whole: what is still inside.
    pub(crate) fn finish(&mut self) -> Vec<i16> {
        let mut samples = Vec::new();
        self.resampler.finish(&mut samples);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fitting_rate_is_left_as_it_is() {
        let pcm: Vec<u8> = (0..640).map(|byte| byte as u8).collect();
        assert_eq!(Inward::new(24_000, Sound::pcm(24_000)).take(&pcm), pcm);
        let samples: Vec<i16> = audio::samples(&pcm).collect();
        assert_eq!(Outward::new(Sound::pcm(24_000), 24_000).take(&pcm), samples);
        assert_eq!(Inward::new(8_000, Sound::MULAW_8000).take(&pcm).len(), 320);
    }

    #[test]
    fn sounds_have_names() {
        assert_eq!(Sound::named(&"ulaw_8000".into()), Some(Sound::MULAW_8000));
        assert_eq!(Sound::named(&"pcm_44100".into()), Some(Sound::pcm(44_100)));
        assert_eq!(Sound::named(&"mp3_44100".into()), None);
    }
}

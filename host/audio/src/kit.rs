//! What handlers let the host compute: the interface `audio-kit` of the handler contract, with its bounds.
//!
//! PCM is bytes here, as it crosses. Whatever a handler gives is judged before anything is computed.

use std::io::Cursor;

use guest_audio::dtmf::{Detector, KEYS, key_tone};
use guest_audio::{Voice, samples, tones};

use crate::limits::{KIT_BYTES_MAX, KIT_TONES_MAX, KIT_TOOLS_MAX, RESAMPLE_RATE_HZ_MAX, RESAMPLE_RATE_HZ_MIN};
use crate::wav::{Wav, WavError, write_mono_to};
use crate::{
    Law, ResampleError, Resampler, bytes_to_samples, from_g711, level_dbfs, samples_to_bytes, silence, to_g711,
};

/// Why the kit refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KitError {
    /// [`KIT_TOOLS_MAX`] are open.
    #[error("{KIT_TOOLS_MAX} resamplers and detectors are open: close one")]
    Full,
    /// More than [`KIT_BYTES_MAX`].
    #[error("{bytes} bytes of audio are too many for one call: {KIT_BYTES_MAX} are allowed")]
    TooMuch {
        /// Bytes that were given or asked for.
        bytes: u64,
    },
    /// An odd number of bytes.
    #[error("{bytes} bytes of PCM end in half a sample")]
    HalfASample {
        /// Bytes that were given.
        bytes: usize,
    },
    /// No such tool is open, or it is of another kind.
    #[error("{id} is no open {kind}")]
    NoTool {
        /// What was named.
        id: u32,
        /// What was expected.
        kind: &'static str,
    },
    /// A sample rate.
    #[error("{rate_hz} Hz is no rate for this: use {RESAMPLE_RATE_HZ_MIN} to {RESAMPLE_RATE_HZ_MAX} Hz")]
    Rate {
        /// Which rate.
        rate_hz: u32,
    },
    /// Two rates.
    #[error(transparent)]
    Resample(#[from] ResampleError),
    /// More tones at once than [`KIT_TONES_MAX`].
    #[error("{tones} tones at once are too many: {KIT_TONES_MAX} are allowed")]
    Tones {
        /// How many.
        tones: usize,
    },
    /// Not a key of a telephone.
    #[error("{0:?} is no key: 0 to 9, *, # and A to D are")]
    Key(char),
    /// A WAV file.
    #[error("{0}")]
    Wav(#[from] WavError),
}

/// What a voice detector has heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// Somebody speaks.
    pub speaks: bool,
    /// For how long somebody has spoken in all, ms of audio.
    pub spoken_ms: u32,
    /// For how long nobody has spoken, ms of audio.
    pub quiet_ms: u32,
}

/// The resamplers and detectors of one handler.
#[derive(Debug, Default)]
pub struct Tools {
    open: Vec<(u32, Tool)>,
    last_id: u32,
}

#[derive(Debug)]
enum Tool {
    Resampler(Box<Resampler>),
    Keys(Box<Detector>),
    Voice(Voice),
}

impl Tools {
    /// Begins to resample.
    ///
    /// # Errors
    /// Rates that cannot be resampled into each other, or too many tools.
    pub fn open_resampler(&mut self, from_hz: u32, to_hz: u32) -> Result<u32, KitError> {
        self.open(|| Ok(Tool::Resampler(Box::new(Resampler::new(from_hz, to_hz)?))))
    }

    /// Begins to listen for keys.
    ///
    /// # Errors
    /// A rate that is out of bounds, or too many tools.
    pub fn open_key_detector(&mut self, sample_rate_hz: u32) -> Result<u32, KitError> {
        self.open(|| Ok(Tool::Keys(Box::new(Detector::new(rate(sample_rate_hz)?)))))
    }

    /// Begins to listen for speech.
    ///
    /// # Errors
    /// A rate that is out of bounds, or too many tools.
    pub fn open_voice_detector(&mut self, sample_rate_hz: u32) -> Result<u32, KitError> {
        self.open(|| Ok(Tool::Voice(Voice::new(rate(sample_rate_hz)?))))
    }

    /// What is certain by now at the other rate.
    ///
    /// # Errors
    /// No such resampler, or audio that is none.
    pub fn resample(&mut self, id: u32, pcm: &[u8]) -> Result<Vec<u8>, KitError> {
        self.resampled(id, |resampler, out| {
            whole(pcm)?;
            let (to, from) = resampler.rates_hz();
            bounded((pcm.len() as u64 * u64::from(to)).div_ceil(u64::from(from)))?;
            resampler.push(&bytes_to_samples(pcm), out);
            Ok(())
        })
    }

    /// The rest; the resampler begins anew.
    ///
    /// # Errors
    /// No such resampler.
    pub fn finish_resampling(&mut self, id: u32) -> Result<Vec<u8>, KitError> {
        self.resampled(id, |resampler, out| {
            resampler.finish(out);
            Ok(())
        })
    }

    /// The keys that were pressed in this audio.
    ///
    /// # Errors
    /// No such detector, or audio that is none.
    pub fn hear_keys(&mut self, id: u32, pcm: &[u8]) -> Result<String, KitError> {
        let Some(Tool::Keys(detector)) = self.tool(id) else {
            return Err(KitError::NoTool { id, kind: "key detector" });
        };
        let mut keys = String::new();
        detector.hear(whole(pcm)?, |key| keys.push(key));
        Ok(keys)
    }

    /// How it stands at the end of this audio.
    ///
    /// # Errors
    /// No such detector, or audio that is none.
    pub fn hear_voice(&mut self, id: u32, pcm: &[u8]) -> Result<Heard, KitError> {
        let Some(Tool::Voice(voice)) = self.tool(id) else {
            return Err(KitError::NoTool { id, kind: "voice detector" });
        };
        let speaks = voice.hear(whole(pcm)?);
        Ok(Heard { speaks, spoken_ms: voice.spoken_ms(), quiet_ms: voice.quiet_ms() })
    }

    /// Gives a tool back. Unknown ids are ignored.
    pub fn close(&mut self, id: u32) {
        self.open.retain(|(known, _)| *known != id);
    }

    fn open(&mut self, make: impl FnOnce() -> Result<Tool, KitError>) -> Result<u32, KitError> {
        if self.open.len() >= KIT_TOOLS_MAX {
            return Err(KitError::Full);
        }
        let tool = make()?;
        self.last_id = self.last_id.wrapping_add(1);
        self.open.push((self.last_id, tool));
        Ok(self.last_id)
    }

    fn tool(&mut self, id: u32) -> Option<&mut Tool> {
        self.open.iter_mut().find(|(known, _)| *known == id).map(|(_, tool)| tool)
    }

    fn resampled(
        &mut self,
        id: u32,
        run: impl FnOnce(&mut Resampler, &mut Vec<i16>) -> Result<(), KitError>,
    ) -> Result<Vec<u8>, KitError> {
        let Some(Tool::Resampler(resampler)) = self.tool(id) else {
            return Err(KitError::NoTool { id, kind: "resampler" });
        };
        let mut out = Vec::new();
        run(resampler, &mut out)?;
        Ok(samples_to_bytes(&out))
    }
}

/// How loud audio is, dB below full scale.
///
/// # Errors
/// Audio that is none.
pub fn level(pcm: &[u8]) -> Result<f32, KitError> {
    let samples: Vec<i16> = samples(whole(pcm)?).collect();
    Ok(level_dbfs(&samples) as f32)
}

/// The sum of sine tones of this peak, of 32767.
///
/// # Errors
/// Too many tones, too long, or a rate that is out of bounds.
pub fn sum_of_tones(freqs_hz: &[u32], peak: u16, ms: u32, sample_rate_hz: u32) -> Result<Vec<u8>, KitError> {
    if freqs_hz.len() > KIT_TONES_MAX {
        return Err(KitError::Tones { tones: freqs_hz.len() });
    }
    asked(rate(sample_rate_hz)?, ms.into())?;
    let freqs_hz: Vec<f32> = freqs_hz.iter().map(|freq_hz| *freq_hz as f32).collect();
    Ok(samples_to_bytes(&tones(&freqs_hz, amplitude(peak), sample_rate_hz, ms)))
}

/// Keys as their tones, each with as long a pause behind it.
///
/// # Errors
/// What is no key, too long, or a rate that is out of bounds.
pub fn tones_of_keys(keys: &str, peak: u16, ms: u32, sample_rate_hz: u32) -> Result<Vec<u8>, KitError> {
    let is_key = |key: &char| KEYS.iter().flatten().any(|known| *known == key.to_ascii_uppercase());
    if let Some(other) = keys.chars().find(|key| !is_key(key)) {
        return Err(KitError::Key(other));
    }
    asked(rate(sample_rate_hz)?, (keys.len() as u64).saturating_mul(2 * u64::from(ms)))?;
    let said = keys.chars().flat_map(|key| {
        let tone = key_tone(key, amplitude(peak), sample_rate_hz, ms);
        let pause = silence(tone.len());
        [tone, pause].concat()
    });
    Ok(samples_to_bytes(&said.collect::<Vec<i16>>()))
}

/// One byte a sample.
///
/// # Errors
/// Audio that is none.
pub fn encode_g711(law: Law, pcm: &[u8]) -> Result<Vec<u8>, KitError> {
    Ok(to_g711(law, whole(pcm)?))
}

/// One sample a byte.
///
/// # Errors
/// More than may be given back.
pub fn decode_g711(law: Law, bytes: &[u8]) -> Result<Vec<u8>, KitError> {
    bounded(2 * bytes.len() as u64)?;
    Ok(from_g711(law, bytes))
}

/// The sample rate in Hz and the PCM of a WAV file.
///
/// # Errors
/// It is none, of a kind that is not read, or too long.
pub fn read_wav(file: &[u8]) -> Result<(u32, Vec<u8>), KitError> {
    // Eight bits of two channels become sixteen of one: as many bytes as there were.
    bounded(file.len() as u64)?;
    let wav = Wav::read(file)?;
    Ok((wav.sample_rate_hz, samples_to_bytes(&wav.samples)))
}

/// A WAV file of 16-bit PCM, mono.
///
/// # Errors
/// Audio that is none, or a rate that is out of bounds.
pub fn write_wav(sample_rate_hz: u32, pcm: &[u8]) -> Result<Vec<u8>, KitError> {
    let mut file = Cursor::new(Vec::new());
    write_mono_to(&mut file, rate(sample_rate_hz)?, &bytes_to_samples(whole(pcm)?))?;
    Ok(file.into_inner())
}

fn whole(pcm: &[u8]) -> Result<&[u8], KitError> {
    bounded(pcm.len() as u64)?;
    if pcm.len() % 2 == 1 {
        return Err(KitError::HalfASample { bytes: pcm.len() });
    }
    Ok(pcm)
}

fn bounded(bytes: u64) -> Result<(), KitError> {
    if bytes > KIT_BYTES_MAX { Err(KitError::TooMuch { bytes }) } else { Ok(()) }
}

/// Whether so much audio may be made.
fn asked(sample_rate_hz: u32, ms: u64) -> Result<(), KitError> {
    bounded(ms.saturating_mul(2 * u64::from(sample_rate_hz)) / 1_000)
}

fn rate(rate_hz: u32) -> Result<u32, KitError> {
    let known = (RESAMPLE_RATE_HZ_MIN..=RESAMPLE_RATE_HZ_MAX).contains(&rate_hz);
    if known { Ok(rate_hz) } else { Err(KitError::Rate { rate_hz }) }
}

fn amplitude(peak: u16) -> f32 {
    f32::from(peak) / f32::from(i16::MAX)
}

#[cfg(test)]
mod tests;

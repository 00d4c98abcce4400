//! `audio-kit`: work on audio at native speed. The time that it takes is the guest's, since it is polled meanwhile.

use audio::kit::{self, KitError};
use audio::samples_to_bytes;
use call::code;

use crate::bindings::{audio_kit, types};
use crate::state::GuestState;

type Answer<T> = wasmtime::Result<Result<T, types::Failure>>;

impl audio_kit::Host for GuestState {
    fn open_resampler(&mut self, from_hz: u32, to_hz: u32) -> Answer<u32> {
        self.opened(|state| state.tools.open_resampler(from_hz, to_hz))
    }

    fn resample(&mut self, tool: u32, pcm: Vec<u8>) -> Answer<Vec<u8>> {
        answer(self.tools.resample(tool, &pcm))
    }

    fn resample_samples(&mut self, tool: u32, samples: Vec<i16>) -> Answer<Vec<u8>> {
        self.resample(tool, samples_to_bytes(&samples))
    }

    fn finish_resampling(&mut self, tool: u32) -> Answer<Vec<u8>> {
        answer(self.tools.finish_resampling(tool))
    }

    fn open_key_detector(&mut self, sample_rate_hz: u32) -> Answer<u32> {
        self.opened(|state| state.tools.open_key_detector(sample_rate_hz))
    }

    fn hear_keys(&mut self, tool: u32, pcm: Vec<u8>) -> Answer<String> {
        answer(self.tools.hear_keys(tool, &pcm))
    }

    fn hear_keys_samples(&mut self, tool: u32, samples: Vec<i16>) -> Answer<String> {
        self.hear_keys(tool, samples_to_bytes(&samples))
    }

    fn open_voice_detector(&mut self, sample_rate_hz: u32) -> Answer<u32> {
        self.opened(|state| state.tools.open_voice_detector(sample_rate_hz))
    }

    fn hear_voice(&mut self, tool: u32, pcm: Vec<u8>) -> Answer<audio_kit::Voice> {
        let heard = self.tools.hear_voice(tool, &pcm);
        answer(heard.map(|kit::Heard { speaks, spoken_ms, quiet_ms }| audio_kit::Voice { speaks, spoken_ms, quiet_ms }))
    }

    fn hear_voice_samples(&mut self, tool: u32, samples: Vec<i16>) -> Answer<audio_kit::Voice> {
        self.hear_voice(tool, samples_to_bytes(&samples))
    }

    fn close(&mut self, tool: u32) -> wasmtime::Result<()> {
        self.tools.close(tool);
        Ok(())
    }

    fn level_dbfs(&mut self, pcm: Vec<u8>) -> Answer<f32> {
        answer(kit::level(&pcm))
    }

    fn level_dbfs_samples(&mut self, samples: Vec<i16>) -> Answer<f32> {
        self.level_dbfs(samples_to_bytes(&samples))
    }

    fn tones(&mut self, freqs_hz: Vec<u32>, peak: u16, ms: u32, sample_rate_hz: u32) -> Answer<Vec<u8>> {
        answer(kit::sum_of_tones(&freqs_hz, peak, ms, sample_rate_hz))
    }

    fn key_tones(&mut self, keys: String, peak: u16, ms: u32, sample_rate_hz: u32) -> Answer<Vec<u8>> {
        answer(kit::tones_of_keys(&keys, peak, ms, sample_rate_hz))
    }

    fn to_g711(&mut self, law: audio_kit::Law, pcm: Vec<u8>) -> Answer<Vec<u8>> {
        answer(kit::encode_g711(law.into(), &pcm))
    }

    fn to_g711_samples(&mut self, law: audio_kit::Law, samples: Vec<i16>) -> Answer<Vec<u8>> {
        self.to_g711(law, samples_to_bytes(&samples))
    }

    fn from_g711(&mut self, law: audio_kit::Law, bytes: Vec<u8>) -> Answer<Vec<u8>> {
        answer(kit::decode_g711(law.into(), &bytes))
    }

    fn read_wav(&mut self, file: Vec<u8>) -> Answer<audio_kit::Sound> {
        answer(kit::read_wav(&file).map(|(sample_rate_hz, pcm)| audio_kit::Sound { sample_rate_hz, pcm }))
    }

    fn write_wav(&mut self, sound: audio_kit::Sound) -> Answer<Vec<u8>> {
        answer(kit::write_wav(sound.sample_rate_hz, &sound.pcm))
    }
}

impl GuestState {
    fn opened(&mut self, open: impl FnOnce(&mut Self) -> Result<u32, KitError>) -> Answer<u32> {
        if !self.memory.admits_tools() {
            let message = "the tenant's guests have all the memory that they may have".to_owned();
            return Ok(Err(types::Failure { code: code::FULL.to_owned(), message }));
        }
        answer(open(self))
    }
}

impl From<audio_kit::Law> for audio::Law {
    fn from(law: audio_kit::Law) -> Self {
        match law {
            audio_kit::Law::Mu => Self::Mu,
            audio_kit::Law::A => Self::A,
        }
    }
}

fn answer<T>(answer: Result<T, KitError>) -> Answer<T> {
    Ok(answer.map_err(|refused| {
        let code = if refused == KitError::Full { code::FULL } else { code::INVALID };
        types::Failure { code: code.to_owned(), message: refused.to_string() }
    }))
}

//! What handlers need to prompt, to listen for keys and for speech: in Rust handlers as it is, and for all others behind the
//! interface `audio-kit`. No host functions in here.
//!
//! PCM is signed 16-bit, mono: samples as `i16`, or their little-endian bytes, as events carry them.
//!
//! - [`Wav`], [`resample`]: prompts from files that are built into the component
//! - [`Resampler`]: a stream at another rate, piece by piece
//! - [`tone`], [`dtmf::key_tone`]: sounds without a file
//! - [`dtmf::Detector`]: the keys that a caller presses
//! - [`to_g711`], [`from_g711`]: a byte a sample, as telephones have it
//! - [`level_dbfs`], [`Voice`]: how loud it is, and whether somebody speaks

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

pub mod dtmf;
mod g711;
mod level;
mod resample;
mod tone;
mod wav;

pub use g711::{Law, from_g711, to_g711};
pub use level::{LEVEL_DBFS_MIN, Voice, level_dbfs};
pub use resample::{Resampler, resample};
pub use tone::{tone, tones};
pub use wav::{Wav, WavError};

/// The samples in little-endian PCM. An odd last byte is half a sample, and is left out.
pub fn samples(pcm: &[u8]) -> impl ExactSizeIterator<Item = i16> {
    pcm.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair))
}

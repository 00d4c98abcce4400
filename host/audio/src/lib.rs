//! PCM, tones and WAV files; no sockets, no clock.
//!
//! Audio is signed 16-bit samples throughout, little-endian as bytes, mono unless a name says stereo. Nothing here is on
//! the path of a frame that asks for nothing: it serves simulated callers, recordings, the tests that judge what was heard,
//! and the handlers that let the host compute for them.
//!
//! - [`tone`], [`silence`]: audio to say.
//! - [`bytes_to_samples`], [`samples_to_bytes`]: the form that travels.
//! - [`level_dbfs`], [`find_lag`], [`find_all`]: judging what came back.
//! - [`Resampler`], [`resample`]: from one rate to another.
//! - [`to_g711`], [`from_g711`]: a byte a sample, as telephones have it.
//! - [`kit`]: all that handlers let the host compute, with its bounds.
//! - [`Wav`], [`write_mono`], [`write_stereo`]: files. Reading resamples nothing: [`Wav::at_rate`] refuses another rate with
//!   both rates named.
//!
//! ```
//! let said = audio::tone(440.0, 0.5, 16_000, 1_600);
//! let mut heard = audio::silence(320);
//! heard.extend(&said);
//! let lag = audio::find_lag(&said, &heard, 800).expect("the tone is there");
//! assert_eq!(lag.samples, 320);
//! assert!(lag.likeness > 0.99);
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod find;
pub mod kit;
pub mod limits;
mod measure;
mod pcm;
mod resample;
mod wav;

pub use find::find_all;
pub use guest_audio::dtmf::key_tone;
pub use guest_audio::{LEVEL_DBFS_MIN, Law, from_g711, level_dbfs, to_g711};
pub use measure::{Lag, find_lag};
pub use pcm::{bytes_to_samples, samples_to_bytes, silence, tone};
pub use resample::{ResampleError, Resampler, resample};
pub use wav::{Wav, WavError, write_mono, write_stereo};

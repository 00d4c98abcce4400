//! PCM, tones and WAV files; no sockets, no clock.
//!
//! Audio is signed 16-bit samples throughout, little-endian as bytes, mono unless a name says stereo. Nothing here is on
//! the path of a live call: it serves simulated callers, recordings, and the tests that judge what was heard.
//!
//! - [`tone`], [`silence`]: audio to say.
//! - [`bytes_to_samples`], [`samples_to_bytes`]: the form that travels.
//! - [`level_dbfs`], [`find_lag`]: judging what came back.
//! - [`Wav`], [`write_mono`], [`write_stereo`]: files. There is no resampling: a file of another rate is refused with
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

pub mod limits;
mod measure;
mod pcm;
mod wav;

pub use measure::{LEVEL_DBFS_MIN, Lag, find_lag, level_dbfs};
pub use pcm::{bytes_to_samples, samples_to_bytes, silence, tone};
pub use wav::{Wav, WavError, write_mono, write_stereo};

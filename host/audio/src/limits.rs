//! Every limit of the audio floor, with its unit, and what happens when it is reached.

/// The longest WAV file that is read, in samples of one channel: an hour at 24 kHz. Above: refused with
/// [`WavError::TooLong`](crate::WavError::TooLong) before anything is read.
pub const WAV_SAMPLES_MAX: u32 = 24_000 * 3_600;

/// Every limit for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] =
    &[("wav_samples_max", WAV_SAMPLES_MAX as u64, "a longer WAV file is refused before it is read")];

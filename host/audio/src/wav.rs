//! WAV files: 8 and 16-bit PCM in, mono or stereo; 16-bit out.
//!
//! A file that cannot serve is refused with what was needed and what was found, so that its owner knows what to convert.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::limits::WAV_SAMPLES_MAX;

/// The audio of a WAV file, mixed down to mono.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wav {
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// The samples; of a stereo file the mean of both sides.
    pub samples: Vec<i16>,
}

/// Why a WAV file could not be read or written. Its caller knows the file's name and adds it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WavError {
    /// The file could not be opened, read or written.
    #[error("the file cannot be used: {message}")]
    Unreadable {
        /// What the system said.
        kind: io::ErrorKind,
        /// The same in words.
        message: String,
    },
    /// It is compressed, or of a kind that is not read.
    #[error("the encoding is not supported: 8 or 16-bit PCM is needed")]
    UnsupportedEncoding,
    /// It is not a WAV file, or a damaged one.
    #[error("not a WAV file: {0}")]
    NotWav(String),
    /// Its samples are not 8 or 16-bit integers.
    #[error("samples of {bits} bits{} are not supported: 8 or 16-bit PCM is needed", if *.float { " (float)" } else { "" })]
    UnsupportedBits {
        /// Bits of one sample.
        bits: u16,
        /// True for floating-point samples.
        float: bool,
    },
    /// It has neither one channel nor two.
    #[error("{channels} channels are not supported: mono or stereo is needed")]
    UnsupportedChannels {
        /// Channels found.
        channels: u16,
    },
    /// It is longer than [`WAV_SAMPLES_MAX`].
    #[error("{samples} samples are too long: at most {WAV_SAMPLES_MAX} are read")]
    TooLong {
        /// Samples of one channel found.
        samples: u32,
    },
    /// Its rate is not the one that is needed; nothing is resampled.
    #[error("a sample rate of {needed_hz} Hz is needed and {found_hz} Hz was found: convert the file")]
    RateMismatch {
        /// The rate that was asked for.
        needed_hz: u32,
        /// The rate of the file.
        found_hz: u32,
    },
}

impl Wav {
    /// Reads a file.
    ///
    /// # Errors
    /// All of [`WavError`] but `RateMismatch`.
    pub fn read_file(path: impl AsRef<Path>) -> Result<Wav, WavError> {
        let file = File::open(path).map_err(unreadable)?;
        Wav::read(BufReader::new(file))
    }

    /// Reads a WAV file from wherever it comes.
    ///
    /// # Errors
    /// All of [`WavError`] but `RateMismatch`.
    pub fn read(source: impl Read) -> Result<Wav, WavError> {
        let mut reader = WavReader::new(source).map_err(from_hound)?;
        let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
        if sample_format == SampleFormat::Float || !matches!(bits_per_sample, 8 | 16) {
            return Err(WavError::UnsupportedBits {
                bits: bits_per_sample,
                float: sample_format == SampleFormat::Float,
            });
        }
        if !matches!(channels, 1 | 2) {
            return Err(WavError::UnsupportedChannels { channels });
        }
        if reader.duration() > WAV_SAMPLES_MAX {
            return Err(WavError::TooLong { samples: reader.duration() });
        }
        // hound reads 8-bit samples as -128 to 127.
        let scale = if bits_per_sample == 8 { 256 } else { 1 };
        let interleaved: Vec<i16> = reader
            .samples::<i16>()
            .map(|sample| sample.map(|sample| sample * scale))
            .collect::<Result<_, _>>()
            .map_err(from_hound)?;
        let samples = if channels == 2 { mix_down(&interleaved) } else { interleaved };
        Ok(Wav { sample_rate_hz: sample_rate, samples })
    }

    /// The samples, if they have the rate that is needed.
    ///
    /// # Errors
    /// [`WavError::RateMismatch`].
    pub fn at_rate(self, needed_hz: u32) -> Result<Vec<i16>, WavError> {
        if self.sample_rate_hz != needed_hz {
            return Err(WavError::RateMismatch { needed_hz, found_hz: self.sample_rate_hz });
        }
        Ok(self.samples)
    }
}

/// Writes a 16-bit mono WAV.
///
/// # Errors
/// [`WavError::Unreadable`] when the file cannot be made or written.
pub fn write_mono(path: impl AsRef<Path>, sample_rate_hz: u32, samples: &[i16]) -> Result<(), WavError> {
    write_mono_to(create(path)?, sample_rate_hz, samples)
}

/// The same, wherever it goes.
pub(crate) fn write_mono_to(sink: impl Write + Seek, sample_rate_hz: u32, samples: &[i16]) -> Result<(), WavError> {
    write(sink, sample_rate_hz, 1, samples.iter().copied())
}

/// Writes a 16-bit stereo WAV. The shorter side is completed with silence.
///
/// # Errors
/// [`WavError::Unreadable`] when the file cannot be made or written.
pub fn write_stereo(path: impl AsRef<Path>, sample_rate_hz: u32, left: &[i16], right: &[i16]) -> Result<(), WavError> {
    let at = |side: &[i16], index: usize| side.get(index).copied().unwrap_or(0);
    let frames = 0..left.len().max(right.len());
    let interleaved = frames.flat_map(|index| [at(left, index), at(right, index)]);
    write(create(path)?, sample_rate_hz, 2, interleaved)
}

fn write(
    sink: impl Write + Seek,
    sample_rate_hz: u32,
    channels: u16,
    interleaved: impl Iterator<Item = i16>,
) -> Result<(), WavError> {
    let spec = WavSpec { channels, sample_rate: sample_rate_hz, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::new(sink, spec).map_err(from_hound)?;
    for sample in interleaved {
        writer.write_sample(sample).map_err(from_hound)?;
    }
    writer.finalize().map_err(from_hound)
}

fn create(path: impl AsRef<Path>) -> Result<BufWriter<File>, WavError> {
    File::create(path).map(BufWriter::new).map_err(unreadable)
}

fn mix_down(interleaved: &[i16]) -> Vec<i16> {
    let (pairs, _) = interleaved.as_chunks::<2>();
    pairs.iter().map(|[left, right]| left.midpoint(*right)).collect()
}

fn unreadable(error: io::Error) -> WavError {
    WavError::Unreadable { kind: error.kind(), message: error.to_string() }
}

fn from_hound(error: hound::Error) -> WavError {
    match error {
        // hound reports a file that ends early as an IO error of no particular kind: it is damaged, the disk is not.
        hound::Error::IoError(error) if matches!(error.kind(), io::ErrorKind::Other | io::ErrorKind::UnexpectedEof) => {
            WavError::NotWav("it ends early".to_owned())
        }
        hound::Error::IoError(error) => unreadable(error),
        hound::Error::Unsupported => WavError::UnsupportedEncoding,
        other => WavError::NotWav(other.to_string()),
    }
}

#[cfg(test)]
mod tests;

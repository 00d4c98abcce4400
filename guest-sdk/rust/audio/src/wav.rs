//! WAV files that are built into a component: 16-bit PCM, mono.

use super::{resample, samples};

/// A WAV file that was read: its samples stay where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wav<'a> {
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// The samples, little-endian.
    pub pcm: &'a [u8],
}

/// What is wrong with a WAV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavError {
    /// It does not begin as a WAV file, or lacks its format or its samples.
    NotWav,
    /// It is not 16-bit PCM, mono.
    Format {
        /// 1 is PCM.
        format: u16,
        /// How many channels.
        channels: u16,
        /// Bits of a sample.
        bits: u16,
    },
}

impl<'a> Wav<'a> {
    /// Reads a file: `Wav::read(include_bytes!("hello.wav"))`.
    ///
    /// # Errors
    /// Anything but 16-bit PCM, mono. A file that is cut is read as far as it goes.
    pub fn read(file: &'a [u8]) -> Result<Self, WavError> {
        let Some((riff, mut rest)) = file.split_at_checked(12) else { return Err(WavError::NotWav) };
        if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
            return Err(WavError::NotWav);
        }
        let mut sample_rate_hz = None;
        while let Some((head, body)) = rest.split_at_checked(8) {
            let bytes = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let chunk = &body[..bytes.min(body.len())];
            match &head[..4] {
                b"fmt " => sample_rate_hz = Some(rate(chunk)?),
                b"data" => {
                    let sample_rate_hz = sample_rate_hz.ok_or(WavError::NotWav)?;
                    return Ok(Self { sample_rate_hz, pcm: chunk });
                }
                _ => {}
            }
            // Chunks begin at even places.
            rest = body.get(bytes.saturating_add(bytes % 2)..).unwrap_or_default();
        }
        Err(WavError::NotWav)
    }

    /// The samples at another rate.
    pub fn at(&self, sample_rate_hz: u32) -> Vec<i16> {
        let own: Vec<i16> = samples(self.pcm).collect();
        resample(&own, self.sample_rate_hz, sample_rate_hz)
    }
}

fn rate(chunk: &[u8]) -> Result<u32, WavError> {
    let Some(chunk) = chunk.first_chunk::<16>() else { return Err(WavError::NotWav) };
    let half = |at: usize| u16::from_le_bytes([chunk[at], chunk[at + 1]]);
    let (format, channels, bits) = (half(0), half(2), half(14));
    if (format, channels, bits) != (1, 1, 16) {
        return Err(WavError::Format { format, channels, bits });
    }
    Ok(u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]))
}

impl std::fmt::Display for WavError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotWav => f.write_str("this is not a WAV file"),
            Self::Format { format, channels, bits } => {
                write!(f, "16-bit PCM, mono, is needed; this is format {format}, {channels} channels, {bits} bits")
            }
        }
    }
}

impl std::error::Error for WavError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(format: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        for half in [format, channels] {
            file.extend(half.to_le_bytes());
        }
        for whole in [8_000_u32, 16_000] {
            file.extend(whole.to_le_bytes());
        }
        for half in [2, bits] {
            file.extend(half.to_le_bytes());
        }
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn samples_are_found_behind_other_chunks() {
        let file = file(1, 1, 16, &[1, 0, 255, 255]);
        let wav = Wav::read(&file).expect("a WAV file");
        assert_eq!((wav.sample_rate_hz, wav.at(8_000)), (8_000, vec![1, -1]));
    }

    #[test]
    fn what_is_cut_is_read_as_far_as_it_goes() {
        let file = file(1, 1, 16, &[1, 0, 2, 0]);
        assert_eq!(Wav::read(&file[..file.len() - 1]).map(|wav| wav.at(8_000)), Ok(vec![1]));
        for length in 0..file.len() - 4 {
            assert_eq!(Wav::read(&file[..length]), Err(WavError::NotWav), "{length}");
        }
    }

    #[test]
    fn other_formats_are_refused() {
        let refused = |format, channels, bits| WavError::Format { format, channels, bits };
        assert_eq!(Wav::read(&file(7, 1, 8, &[])), Err(refused(7, 1, 8)));
        assert_eq!(Wav::read(&file(1, 2, 16, &[])), Err(refused(1, 2, 16)));
        assert!(refused(1, 2, 16).to_string().contains("2 channels"));
    }
}

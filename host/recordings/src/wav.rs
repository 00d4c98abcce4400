//! A WAV file that is right after each write: data first, then the two sizes in its header.

use std::io;

use call::RecordingFormat;

use crate::disk::DiskFile;

/// Bytes of a header by the book.
pub(crate) const HEADER_BYTES: u64 = 44;
const BITS: u16 = 16;
/// What both sizes in the header can say.
pub(crate) const DATA_BYTES_MAX: u64 = u32::MAX as u64 - HEADER_BYTES;

/// A file that grows.
pub(crate) struct WavFile {
    file: Box<dyn DiskFile>,
    /// Where the next sample goes, counted from the start of the data.
    end: u64,
    /// What the header says.
    told: u64,
    /// The end is a hole: nothing lies there yet.
    hollow: bool,
}

impl WavFile {
    /// Writes the header of an empty recording.
    pub(crate) fn begin(mut file: Box<dyn DiskFile>, format: RecordingFormat) -> io::Result<Self> {
        file.write_all_at(&header(format), 0)?;
        Ok(Self { file, end: 0, told: 0, hollow: false })
    }

    /// Writes PCM behind what is there. The header is told later, by [`WavFile::tell`].
    pub(crate) fn append(&mut self, pcm: &[u8]) -> io::Result<()> {
        self.file.write_all_at(pcm, HEADER_BYTES + self.end)?;
        self.end += pcm.len() as u64;
        self.hollow &= pcm.is_empty();
        Ok(())
    }

    /// Leaves so many bytes of silence, which cost the disk nothing.
    pub(crate) fn leave_out(&mut self, bytes: u64) {
        self.end += bytes;
        self.hollow |= bytes > 0;
    }

    /// Makes the header say what is there.
    pub(crate) fn tell(&mut self) -> io::Result<()> {
        if self.told == self.end {
            return Ok(());
        }
        if self.hollow {
            self.file.write_all_at(&[0], HEADER_BYTES + self.end - 1)?;
            self.hollow = false;
        }
        // Bounded by DATA_BYTES_MAX, which the recording's own limit is checked against.
        let data = u32::try_from(self.end.min(DATA_BYTES_MAX)).unwrap_or(u32::MAX);
        self.file.write_all_at(&data.to_le_bytes(), HEADER_BYTES - 4)?;
        self.file.write_all_at(&(data + HEADER_BYTES as u32 - 8).to_le_bytes(), 4)?;
        self.told = self.end;
        Ok(())
    }

    /// Bytes of audio that the header tells.
    pub(crate) fn told_bytes(&self) -> u64 {
        self.told
    }
}

fn header(RecordingFormat { sample_rate_hz, channels }: RecordingFormat) -> Vec<u8> {
    let block = channels * BITS / 8;
    let mut bytes = Vec::with_capacity(HEADER_BYTES as usize);
    bytes.extend(b"RIFF");
    bytes.extend((HEADER_BYTES as u32 - 8).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(sample_rate_hz.to_le_bytes());
    bytes.extend((sample_rate_hz * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(BITS.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(0_u32.to_le_bytes());
    bytes
}

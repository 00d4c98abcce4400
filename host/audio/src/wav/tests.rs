//! Files by the book, files that cannot serve, and files that come back as they were written.

use std::io::Cursor;

use super::*;

/// A file as its bytes: header by the book, then the data.
fn file(format_tag: u16, channels: u16, rate_hz: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(format_tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

fn read(bytes: &[u8]) -> Result<Wav, WavError> {
    Wav::read(Cursor::new(bytes))
}

#[test]
fn mono_of_16_bits_is_read_as_it_is() {
    let wav = read(&file(1, 1, 16_000, 16, &[1, 0, 0xff, 0xff, 0, 0x80])).unwrap();
    assert_eq!(wav, Wav { sample_rate_hz: 16_000, samples: vec![1, -1, i16::MIN] });
}

#[test]
fn eight_bits_are_scaled_about_their_middle() {
    let wav = read(&file(1, 1, 8_000, 8, &[0, 128, 255, 129])).unwrap();
    assert_eq!(wav.samples, [i16::MIN, 0, 127 * 256, 256]);
}

#[test]
fn stereo_is_mixed_down_without_overflow() {
    let data: Vec<u8> = crate::samples_to_bytes(&[100, 300, i16::MAX, i16::MAX, i16::MIN, i16::MIN]);
    let wav = read(&file(1, 2, 8_000, 16, &data)).unwrap();
    assert_eq!(wav.samples, [200, i16::MAX, i16::MIN]);
}

#[test]
fn refusals_say_what_was_found() {
    let wide = read(&file(1, 1, 8_000, 24, &[0; 6])).unwrap_err();
    assert_eq!(wide, WavError::UnsupportedBits { bits: 24, float: false });
    assert!(wide.to_string().starts_with("samples of 24 bits are not"), "{wide}");
    let float = read(&file(3, 1, 8_000, 32, &[0; 8])).unwrap_err();
    assert_eq!(float, WavError::UnsupportedBits { bits: 32, float: true });
    assert!(float.to_string().starts_with("samples of 32 bits (float) are not"), "{float}");
    assert_eq!(read(&file(7, 1, 8_000, 8, &[0; 8])), Err(WavError::UnsupportedEncoding));
    assert_eq!(read(&file(1, 3, 8_000, 16, &[0; 6])), Err(WavError::UnsupportedChannels { channels: 3 }));
    assert!(matches!(read(b"ID3 is no WAV file at all, is it?"), Err(WavError::NotWav(_))));
    assert_eq!(read(b"RIFF"), Err(WavError::NotWav("it ends early".to_owned())));
}

#[test]
fn a_file_that_ends_early_is_damaged() {
    let mut bytes = file(1, 1, 8_000, 16, &[0; 100]);
    bytes.truncate(bytes.len() - 10);
    assert_eq!(read(&bytes), Err(WavError::NotWav("it ends early".to_owned())));
}

#[test]
fn a_file_of_endless_claims_is_refused_before_it_is_read() {
    let mut bytes = file(1, 1, 8_000, 8, &[0; 4]);
    let length_at = bytes.len() - 8;
    bytes[length_at..length_at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(read(&bytes), Err(WavError::TooLong { samples: u32::MAX }));
}

#[test]
fn another_rate_is_refused_with_both_rates() {
    let wav = Wav { sample_rate_hz: 44_100, samples: vec![1] };
    let refusal = wav.clone().at_rate(16_000).unwrap_err();
    assert_eq!(refusal, WavError::RateMismatch { needed_hz: 16_000, found_hz: 44_100 });
    let text = refusal.to_string();
    assert!(text.contains("16000 Hz is needed") && text.contains("44100 Hz was found"), "{text}");
    assert_eq!(wav.at_rate(44_100), Ok(vec![1]));
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.wav");
    let said = crate::tone(440.0, 0.3, 24_000, 999);
    write_mono(&path, 24_000, &said).unwrap();
    assert_eq!(Wav::read_file(&path), Ok(Wav { sample_rate_hz: 24_000, samples: said }));
}

#[test]
fn the_shorter_side_is_completed_with_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.wav");
    write_stereo(&path, 8_000, &[100, 200], &[10, 20, 30]).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[bytes.len() - 12..], *crate::samples_to_bytes(&[100, 10, 200, 20, 0, 30]));
    assert_eq!(Wav::read_file(&path).unwrap().samples, [55, 110, 15]);
}

#[test]
fn a_file_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let absent = Wav::read_file(folder.path().join("absent.wav")).unwrap_err();
    assert!(matches!(absent, WavError::Unreadable { kind: io::ErrorKind::NotFound, .. }), "{absent:?}");
    assert!(matches!(Wav::read_file(folder.path()), Err(WavError::Unreadable { .. })));
    let failed = write_mono(folder.path().join("no/such/folder.wav"), 8_000, &[1]).unwrap_err();
    assert!(matches!(failed, WavError::Unreadable { kind: io::ErrorKind::NotFound, .. }), "{failed:?}");
}

//! What each function promises, and what each refuses.

use super::*;
use crate::{find_lag, tone};

const RATE_HZ: u32 = 16_000;

fn speech(samples: usize) -> Vec<i16> {
    (0..samples).map(|index| ((index * index) as f64 / 4_000.0).sin() * 9_000.0).map(|value| value as i16).collect()
}

#[test]
fn frames_and_a_whole_are_resampled_alike() {
    let said = samples_to_bytes(&tone(440.0, 0.4, RATE_HZ, 16_000));
    let mut tools = Tools::default();
    let at_once = tools.open_resampler(RATE_HZ, 24_000).unwrap();
    let mut whole = tools.resample(at_once, &said).unwrap();
    whole.extend(tools.finish_resampling(at_once).unwrap());
    let by_frames = tools.open_resampler(RATE_HZ, 24_000).unwrap();
    let mut frames: Vec<u8> = said.chunks(640).flat_map(|frame| tools.resample(by_frames, frame).unwrap()).collect();
    frames.extend(tools.finish_resampling(by_frames).unwrap());
    assert_eq!(whole.len(), 48_000);
    assert_eq!(whole, frames);
    let expected = tone(440.0, 0.4, 24_000, 24_000);
    let heard = bytes_to_samples(&whole);
    let off = expected[500..23_500].iter().zip(&heard[500..]).map(|(a, b)| (a - b).unsigned_abs()).max();
    assert!(off.unwrap() < 40, "{off:?}");
}

#[test]
fn keys_are_heard_as_they_are_said() {
    let mut tools = Tools::default();
    for rate_hz in [8_000, 16_000, 24_000] {
        let detector = tools.open_key_detector(rate_hz).unwrap();
        let said = tones_of_keys("0123456789*#aD", 6_000, 80, rate_hz).unwrap();
        let heard: String =
            said.chunks(rate_hz as usize / 25).map(|frame| tools.hear_keys(detector, frame).unwrap()).collect();
        assert_eq!(heard, "0123456789*#AD", "{rate_hz}");
        tools.close(detector);
    }
    assert_eq!(tones_of_keys("12E", 6_000, 80, RATE_HZ), Err(KitError::Key('E')));
    assert_eq!(tones_of_keys("", 6_000, 80, RATE_HZ).unwrap(), []);
}

#[test]
fn speech_is_heard_and_its_end_too() {
    let mut tools = Tools::default();
    let detector = tools.open_voice_detector(RATE_HZ).unwrap();
    let mut hear = |samples: &[i16]| tools.hear_voice(detector, &samples_to_bytes(samples)).unwrap();
    assert!(!hear(&silence(4_800)).speaks);
    let heard = hear(&speech(8_000));
    assert!(heard.speaks && heard.quiet_ms == 0 && heard.spoken_ms > 300, "{heard:?}");
    let heard = hear(&silence(8_000));
    assert!(!heard.speaks && heard.quiet_ms > 300, "{heard:?}");
}

#[test]
fn tones_are_as_loud_as_was_asked() {
    let made = sum_of_tones(&[350, 440], 8_000, 500, RATE_HZ).unwrap();
    assert_eq!(made.len(), 16_000);
    // Two sines of a quarter of full scale: -15.2 and 3 more.
    let level = level(&made).unwrap();
    assert!((-12.9..-12.0).contains(&level), "{level}");
    assert_eq!(super::level(&[]).unwrap(), -96.0);
}

#[test]
fn a_wav_file_comes_back() {
    let said = samples_to_bytes(&speech(1_000));
    let file = write_wav(8_000, &said).unwrap();
    assert_eq!(&file[..4], b"RIFF");
    assert_eq!(read_wav(&file), Ok((8_000, said)));
    assert!(matches!(read_wav(&file[..20]), Err(KitError::Wav(_))));
    assert!(matches!(read_wav(b"OggS"), Err(KitError::Wav(_))));
}

#[test]
fn what_a_handler_gives_is_judged_before_anything_is_computed() {
    let mut tools = Tools::default();
    let (down, up) = (tools.open_resampler(48_000, 8_000).unwrap(), tools.open_resampler(8_000, 48_000).unwrap());
    let most = vec![0; KIT_BYTES_MAX as usize];
    let more = vec![0; KIT_BYTES_MAX as usize + 2];
    assert!(tools.resample(down, &most).is_ok());
    assert_eq!(tools.resample(down, &more), Err(KitError::TooMuch { bytes: 192_002 }));
    assert_eq!(tools.resample(up, &most), Err(KitError::TooMuch { bytes: 1_152_000 }));
    let third = tools.open_resampler(16_000, 24_000).unwrap();
    assert!(tools.resample(third, &most[..128_000]).is_ok());
    assert_eq!(tools.resample(third, &most[..128_002]), Err(KitError::TooMuch { bytes: 192_003 }));
    assert_eq!(tools.resample(up, &[0; 3]), Err(KitError::HalfASample { bytes: 3 }));
    assert_eq!(tools.hear_keys(up, &[]), Err(KitError::NoTool { id: up, kind: "key detector" }));
    assert_eq!(tools.hear_voice(99, &[]), Err(KitError::NoTool { id: 99, kind: "voice detector" }));
    assert_eq!(encode_g711(Law::A, &[1]), Err(KitError::HalfASample { bytes: 1 }));
    assert_eq!(decode_g711(Law::A, &more[..100_000]), Err(KitError::TooMuch { bytes: 200_000 }));
    assert_eq!(level(&more), Err(KitError::TooMuch { bytes: 192_002 }));
    assert_eq!(sum_of_tones(&[440; 9], 1, 1, RATE_HZ), Err(KitError::Tones { tones: 9 }));
    assert!(matches!(sum_of_tones(&[440], 1, u32::MAX, RATE_HZ), Err(KitError::TooMuch { .. })));
    assert!(matches!(tones_of_keys("1", 1, u32::MAX, RATE_HZ), Err(KitError::TooMuch { .. })));
    for rate_hz in [0, 3_999, 48_001, u32::MAX] {
        assert!(tools.open_resampler(rate_hz, 8_000).is_err() && tools.open_resampler(8_000, rate_hz).is_err());
        assert_eq!(tools.open_key_detector(rate_hz), Err(KitError::Rate { rate_hz }));
        assert_eq!(sum_of_tones(&[440], 1, 1, rate_hz), Err(KitError::Rate { rate_hz }));
        assert_eq!(write_wav(rate_hz, &[]), Err(KitError::Rate { rate_hz }));
    }
}

#[test]
fn tools_are_bounded_and_come_free() {
    let mut tools = Tools::default();
    let ids: Vec<u32> = (0..KIT_TOOLS_MAX).map(|_| tools.open_voice_detector(8_000).unwrap()).collect();
    assert_eq!(tools.open_resampler(8_000, 16_000), Err(KitError::Full));
    tools.close(ids[3]);
    tools.close(ids[3]);
    let another = tools.open_key_detector(8_000).unwrap();
    assert!(!ids.contains(&another), "an id is not used again");
}

#[test]
fn what_was_resampled_is_where_it_was() {
    let said = speech(4_000);
    let mut tools = Tools::default();
    let id = tools.open_resampler(RATE_HZ, RATE_HZ).unwrap();
    assert_eq!(tools.resample(id, &samples_to_bytes(&said)).unwrap(), samples_to_bytes(&said));
    let (up, down) = (tools.open_resampler(RATE_HZ, 24_000).unwrap(), tools.open_resampler(24_000, RATE_HZ).unwrap());
    let mut higher = tools.resample(up, &samples_to_bytes(&said)).unwrap();
    higher.extend(tools.finish_resampling(up).unwrap());
    let mut back = tools.resample(down, &higher).unwrap();
    back.extend(tools.finish_resampling(down).unwrap());
    let lag = find_lag(&said[..3_000], &bytes_to_samples(&back), 100).unwrap();
    assert!(lag.samples == 0 && lag.likeness > 0.999, "{lag:?}");
}

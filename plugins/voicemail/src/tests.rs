//! The voicemail, in a simulated call.

use switchhook_guest::audio::{Wav, level_dbfs};
use switchhook_guest::testing::{Caller, Report};

use super::*;

const RATES_HZ: [u32; 3] = [8_000, 16_000, 24_000];

fn spoken(rate_hz: u32) -> Vec<i16> {
    Wav::read(include_bytes!("../../prompts/caller-message.wav")).expect("speech").at(rate_hz)
}

fn caller(rate_hz: u32) -> Caller {
    Caller::new().sample_rate_hz(rate_hz).grants_recording()
}

fn heard_at_ms(file: &[u8], report: &Report) -> Option<u64> {
    report.heard_at_ms(&Wav::read(file).expect("a prompt").at(report.sample_rate_hz))
}

fn contains(recorded: &[i16], said: &[i16]) -> bool {
    recorded.windows(said.len()).any(|part| part == said)
}

#[test]
fn a_message_after_the_tone_is_kept() {
    for rate_hz in RATES_HZ {
        let words = spoken(rate_hz);
        let report = caller(rate_hz).hears_out().waits_ms(500).says(&words).presses("#").run(voicemail);
        assert_eq!(report.result, Ok(()));
        assert_eq!(report.commands(), ["answer", "close"]);
        assert_eq!(heard_at_ms(GREETING, &report), Some(0));
        assert!(heard_at_ms(KEPT, &report).is_some());
        let [recording] = &report.recordings[..] else { panic!("one recording") };
        assert!(recording.complete && !recording.deleted);
        assert!(contains(&recording.heard, &words), "{rate_hz}");
        assert!(report.logged("ended by a key"));
    }
}

#[test]
fn whoever_speaks_into_the_greeting_silences_it_within_100_ms_and_is_recorded() {
    for rate_hz in RATES_HZ {
        for at_ms in [300, 1_007, 2_500, 4_100] {
            let words = spoken(rate_hz);
            let report = caller(rate_hz).waits_ms(at_ms).says(&words).run(voicemail);
            let before = report.heard_between_ms(0, at_ms);
            assert!(level_dbfs(before) > -35.0, "the greeting was heard");
            let said_at = report.said.iter().position(|sample| *sample != 0).expect("words") as u64;
            let said_at_ms = said_at * 1_000 / u64::from(rate_hz);
            assert!(report.heard_dbfs(said_at_ms + 100, said_at_ms + 2_000) < -90.0, "{rate_hz} Hz, {at_ms} ms");
            let [recording] = &report.recordings[..] else { panic!("one recording") };
            let after = words.len() / 10;
            assert!(contains(&recording.heard, &words[after..]), "all but the very beginning is recorded");
            assert!(report.logged("ended by silence"));
        }
    }
}

#[test]
fn one_replays_it_and_three_deletes_it() {
    let words = spoken(16_000);
    let script = caller(16_000).hears_out().says(&words).presses("#").presses("1").hears_out();
    let report = script.waits_ms(200).presses("3").run(voicemail);
    assert_eq!(report.result, Ok(()));
    assert!(contains(&report.heard, &words), "the caller heard the own words");
    assert!(heard_at_ms(DELETED, &report).is_some());
    assert!(report.recordings[0].deleted);
}

#[test]
fn a_key_cuts_the_replay_short() {
    let words = spoken(16_000);
    let script = caller(16_000).hears_out().says(&words).presses("#").presses("1").waits_ms(500);
    let report = script.presses("3").run(voicemail);
    assert!(!contains(&report.heard, &words));
    assert!(report.recordings[0].deleted);
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_message_too_long_to_be_played_is_still_kept() {
    let words = spoken(16_000);
    let script = caller(16_000).playout_bytes_max(100_000).hears_out().says(&words).presses("#").presses("1");
    let report = script.run(voicemail);
    assert_eq!(report.result, Ok(()));
    assert!(report.logged("longer than what can be played"));
    assert!(!report.recordings[0].deleted);
}

#[test]
fn silence_and_a_lone_hash_are_no_message() {
    for script in [caller(16_000), caller(8_000).hears_out().presses("#")] {
        let report = script.run(voicemail);
        assert_eq!(report.result, Ok(()));
        assert!(heard_at_ms(GOODBYE, &report).is_some() && heard_at_ms(KEPT, &report).is_none());
        assert!(report.recordings[0].deleted, "nothing is left behind");
    }
}

#[test]
fn whoever_never_ends_is_ended() {
    let words = spoken(8_000).repeat(10);
    let report = caller(8_000).config("message_s_max", "5").hears_out().says(&words).run(voicemail);
    assert!(report.logged("ended by its length"));
    let seconds = report.recordings[0].heard.len() as f64 / 8_000.0;
    assert!((4.9..5.2).contains(&seconds), "{seconds}");
}

#[test]
fn a_hang_up_at_any_moment_leaves_a_complete_recording_or_none() {
    let words = spoken(8_000);
    for ms in (0..14_000).step_by(97) {
        let script = caller(8_000).waits_ms(1_000).says(&words).presses("#1").waits_ms(6_000).presses("3");
        let report = script.gives_up_after_ms(ms).run(voicemail);
        assert_eq!((report.result, report.timers_left), (Ok(()), 0), "{ms}");
        assert!(report.recordings.iter().all(|recording| recording.complete), "{ms}");
        let kept = report.recordings.iter().any(|recording| !recording.deleted);
        // Answered after 20 ms, spoken to after a second, and 300 ms are a message.
        let spoken = (1_400..8_000).contains(&ms);
        assert!(if spoken { kept } else { !kept || ms > 1_300 }, "{ms}: {kept}");
    }
}

#[test]
fn without_its_grant_it_fails_and_says_why() {
    let report = Caller::new().run(voicemail);
    assert_eq!(report.result.expect_err("no grant").code, code::NOT_GRANTED);
}

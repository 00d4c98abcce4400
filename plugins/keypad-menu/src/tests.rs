//! The menu, in a simulated call.

use std::time::Duration;

use switchhook_guest::Failure;
use switchhook_guest::audio::Wav;
use switchhook_guest::testing::{Caller, Report};

use super::*;

const RATES_HZ: [u32; 3] = [8_000, 16_000, 24_000];

fn words(file: &[u8], report: &Report) -> Vec<i16> {
    Wav::read(file).expect("a prompt").at(report.sample_rate_hz)
}

/// When the caller heard a whole prompt, ms since the answer.
fn heard_at_ms(file: &[u8], report: &Report) -> Option<u64> {
    report.heard_at_ms(&words(file, report))
}

#[test]
fn one_connects_and_leaves_the_parties_alone() {
    for rate_hz in RATES_HZ {
        let report = Caller::new().sample_rate_hz(rate_hz).hears_out().presses("1").run(menu);
        assert_eq!(report.result, Ok(()));
        assert_eq!(report.commands(), ["answer", "connect 20", "close"], "{rate_hz}");
        assert_eq!(heard_at_ms(WELCOME, &report), Some(0));
        assert_eq!(heard_at_ms(UNANSWERED, &report), None);
        assert_eq!(report.end, "closed");
    }
}

#[test]
fn a_key_silences_the_welcome_and_it_rings_audibly() {
    let report = Caller::new().waits_ms(800).presses("1").answers("connect", 3_000, Ok(None)).run(menu);
    let connect = &report.begun[1];
    let answered = report.answered_at.expect("it was answered");
    assert!(connect.at - answered < Duration::from_millis(880), "{:?}", connect.at - answered);
    assert_eq!(heard_at_ms(WELCOME, &report), None);
    assert!(report.heard_dbfs(1_000, 1_800) > -30.0, "the ring");
    assert!(report.heard_dbfs(2_000, 3_800) < -90.0, "the pause of the ring");
}

#[test]
fn nobody_there_is_said() {
    let report = Caller::new().config("ring_time_s", "7").nobody_answers().hears_out().presses("1").run(menu);
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.commands(), ["answer", "connect 7", "close"]);
    assert!(heard_at_ms(UNANSWERED, &report).is_some());
}

#[test]
fn another_failure_is_the_operators_business() {
    let busy = Failure::new("BUSY", "for a test");
    let report = Caller::new().presses("1").answers("connect", 500, Err(busy.clone())).run(menu);
    assert_eq!(report.result, Err(busy));
}

#[test]
fn two_tells_the_hours_and_asks_again() {
    let report = Caller::new().presses("2").hears_out().hears_out().presses("1").run(menu);
    assert_eq!(report.commands(), ["answer", "connect 20", "close"]);
    let hours = heard_at_ms(HOURS, &report).expect("the hours");
    assert!(heard_at_ms(WELCOME, &report).is_some_and(|welcome| welcome > hours), "the welcome again");
}

#[test]
fn keys_without_meaning_are_told_three_times() {
    for rate_hz in RATES_HZ {
        let script = Caller::new().sample_rate_hz(rate_hz).presses("5").waits_ms(4_000);
        let report = script.presses("*").waits_ms(4_000).presses("0").run(menu);
        assert_eq!(report.result, Ok(()));
        assert_eq!(report.commands(), ["answer", "close"]);
        let invalid = words(INVALID, &report);
        let told = report.heard.windows(invalid.len()).filter(|heard| *heard == invalid).count();
        assert_eq!(told, 3, "{rate_hz}");
        assert!(heard_at_ms(GOODBYE, &report).is_some());
        assert!(report.logged("the key *"));
    }
}

#[test]
fn silence_hears_the_welcome_three_times_and_goodbye() {
    let report = Caller::new().config("key_time_ms", "2000").run(menu);
    assert_eq!(report.commands(), ["answer", "close"]);
    let welcome = words(WELCOME, &report);
    assert_eq!(report.heard.windows(welcome.len()).filter(|heard| *heard == welcome).count(), 3);
    let each = Duration::from_secs_f64(welcome.len() as f64 / 16_000.0) + Duration::from_secs(2);
    let goodbye = heard_at_ms(GOODBYE, &report).expect("a goodbye");
    assert!(Duration::from_millis(goodbye).abs_diff(each * 3) < Duration::from_millis(50), "{goodbye}");
}

#[test]
fn a_hang_up_at_any_moment_ends_it_well() {
    for ms in (0..20_000).step_by(333) {
        let script = Caller::new().presses("5").waits_ms(4_000).presses("2").waits_ms(4_000).presses("1");
        let report = script.nobody_answers().gives_up_after_ms(ms).run(menu);
        assert_eq!((report.result, report.timers_left), (Ok(()), 0), "{ms}");
    }
}

#[test]
fn the_prompts_are_no_keys_and_the_caller_who_speaks_presses_none() {
    let speech = Wav::read(include_bytes!("../../prompts/caller-message.wav")).expect("speech").at(16_000);
    let report = Caller::new().says(&speech).says(&speech).run(menu);
    assert_eq!(report.commands(), ["answer", "close"]);
    assert!(!report.logged("the key"));
    for file in [WELCOME, HOURS, INVALID, UNANSWERED, GOODBYE] {
        for rate_hz in RATES_HZ {
            let mut detector = audio::dtmf::Detector::new(rate_hz);
            let pcm: Vec<u8> =
                Wav::read(file).expect("a prompt").at(rate_hz).iter().flat_map(|sample| sample.to_le_bytes()).collect();
            detector.hear(&pcm, |key| panic!("{key} at {rate_hz} Hz"));
        }
    }
}

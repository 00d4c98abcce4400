//! The screening, in simulated calls of three.

use switchhook_guest::testing::{Callee, Caller, Report, talk};

use super::*;

const ENTRY: &str = "+15550142/+15550100";

/// Somebody who says who they are after the tone.
fn caller() -> Caller {
    let caller = Caller::new().sample_rate_hz(8_000).isolated().grants_recording().grants_key_value();
    let caller = caller.info(|info| {
        info.caller = "+15550100".into();
        info.callee = "+15550142".into();
    });
    caller.waits_ms(6_000).says(&talk(8_000, 1_500))
}

fn pressing(keys: &str) -> Report {
    caller().meets(Callee::new().waits_ms(1_000).presses(keys)).gives_up_after_ms(60_000).run(screen)
}

fn heard_by(file: &[u8], report: &Report) -> (bool, bool) {
    let words = audio::Wav::read(file).expect("a prompt").at(report.sample_rate_hz);
    (report.heard_at_ms(&words).is_some(), report.callee_heard_at_ms(&words).is_some())
}

#[test]
fn what_the_callee_presses_is_done() {
    for (key, commands, words_kept, remembered) in [
        ("1", &["answer", "connect 20", "whisper", "close"][..], false, None),
        ("2", &["answer", "connect 20", "whisper", "close"][..], false, Some(ALLOW)),
        ("3", &["answer", "connect 20", "whisper", "barge", "disconnect"][..], true, None),
        ("4", &["answer", "connect 20", "whisper", "barge", "disconnect"][..], false, Some(BLOCK)),
    ] {
        let report = pressing(key);
        assert_eq!((report.result.clone(), report.commands()), (Ok(()), commands.to_vec()), "{key}");
        assert_eq!(report.recordings.iter().any(|kept| !kept.deleted), words_kept, "{key}");
        let remembers = report.remembered.get(ENTRY).map(Vec::as_slice);
        assert_eq!(remembers, remembered.map(str::as_bytes), "{key}");
    }
}

#[test]
fn who_was_blocked_is_not_answered_the_next_time() {
    let first = pressing("4");
    let again = caller().remembers(ENTRY, &first.remembered[ENTRY]).run(screen);
    assert_eq!((again.result.clone(), again.commands()), (Ok(()), vec!["disconnect"]));
    assert_eq!(again.answered_at, None);
}

#[test]
fn who_was_allowed_is_asked_nothing_the_next_time() {
    let first = pressing("2");
    let again = caller().remembers(ENTRY, &first.remembered[ENTRY]).gives_up_after_ms(20_000).run(screen);
    assert_eq!((again.result.clone(), again.commands()), (Ok(()), vec!["connect 20", "close"]));
    assert!(again.heard.iter().all(|sample| *sample == 0), "not a word");
}

#[test]
fn what_is_whispered_is_for_the_callee_alone() {
    let report = caller().meets(Callee::new().waits_ms(11_000).presses("1")).gives_up_after_ms(60_000).run(screen);
    assert_eq!(heard_by(SAYS, &report), (false, true));
    assert_eq!(heard_by(ASK, &report), (true, false));
}

#[test]
fn the_callers_own_keys_decide_nothing() {
    let report = caller().waits_ms(4_000).presses("1").gives_up_after_ms(60_000).run(screen);
    assert_eq!(report.commands(), ["answer", "connect 20", "whisper", "barge", "disconnect"]);
    assert_eq!(heard_by(REFUSED, &report), (true, true));
}

#[test]
fn who_says_nothing_or_finds_nobody_is_told() {
    let silent = Caller::new().isolated().grants_recording().grants_key_value().run(screen);
    assert_eq!(silent.commands(), ["answer", "close"]);
    assert_eq!(heard_by(GOODBYE, &silent), (true, false));
    let report = caller().config("ring_time_s", "9").nobody_answers().run(screen);
    assert_eq!(report.commands(), ["answer", "connect 9", "close"]);
    assert_eq!(heard_by(MESSAGE, &report), (true, false));
}

#[test]
fn lists_that_fail_and_legs_that_are_together() {
    let report = Caller::new().grants_recording().grants_key_value().run(screen);
    assert_eq!(report.result.map_err(|failure| failure.code), Err(code::NOT_SUPPORTED.to_owned()));
    let report = Caller::new().isolated().run(screen);
    assert_eq!(report.result.map_err(|failure| failure.code), Err(code::NOT_GRANTED.to_owned()));
}

#[test]
fn a_hang_up_at_any_moment_is_a_good_end() {
    for ms in (0..40_000).step_by(333) {
        let callee = Callee::new().waits_ms(12_000).presses("3");
        let report = caller().meets(callee).gives_up_after_ms(ms).run(screen);
        assert_eq!((report.result, report.timers_left), (Ok(()), 0), "{ms}");
    }
}

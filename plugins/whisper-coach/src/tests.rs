//! The coach, in a simulated call of three.

use switchhook_guest::testing::{Callee, Caller, Report, talk};

use super::*;

const RATES_HZ: [u32; 3] = [8_000, 16_000, 24_000];

fn isolated(rate_hz: u32) -> Caller {
    Caller::new().sample_rate_hz(rate_hz).isolated().config("quiet_ms", "2000").gives_up_after_ms(20_000)
}

/// When each party heard these words, ms since the answer.
fn heard_by(file: &[u8], report: &Report) -> (Option<u64>, Option<u64>) {
    let words = Wav::read(file).expect("a prompt").at(report.sample_rate_hz);
    (report.heard_at_ms(&words), report.callee_heard_at_ms(&words))
}

#[test]
fn a_subscriber_who_says_nothing_is_told_to_and_the_other_hears_nothing() {
    for rate_hz in RATES_HZ {
        let report = isolated(rate_hz).waits_ms(500).says(&talk(rate_hz, 2_000)).run(coach);
        assert_eq!(report.result, Ok(()));
        assert_eq!(report.commands(), ["connect 30", "spy", "whisper", "spy"]);
        let (caller, callee) = heard_by(TURN, &report);
        assert_eq!(caller, None, "{rate_hz}");
        assert!(callee.is_some_and(|at| (3_500..4_800).contains(&at)), "{rate_hz}: {callee:?}");
        assert!(report.heard.iter().all(|sample| *sample == 0), "nothing else either");
    }
}

#[test]
fn the_subscriber_of_an_outbound_call_is_the_caller() {
    let callee = Callee::new().waits_ms(500).says(&talk(8_000, 2_000));
    let report = isolated(8_000).info(|info| info.outbound = true).meets(callee).run(coach);
    let (caller, callee) = heard_by(TURN, &report);
    assert!(caller.is_some() && callee.is_none(), "{caller:?} {callee:?}");
}

#[test]
fn who_talks_into_the_other_is_told_to_listen() {
    let callee = Callee::new().waits_ms(1_000).says(&talk(16_000, 5_000));
    let report = isolated(16_000).says(&talk(16_000, 5_000)).meets(callee).run(coach);
    let (caller, callee) = heard_by(LISTEN, &report);
    assert_eq!(caller, None);
    assert!(callee.is_some_and(|at| (2_400..3_200).contains(&at)), "{callee:?}");
}

#[test]
fn a_talk_that_takes_turns_needs_no_coach() {
    let words = talk(8_000, 1_500);
    let callee = Callee::new().waits_ms(2_000).says(&words).waits_ms(2_500).says(&words).waits_ms(1_000).hangs_up();
    let report = isolated(8_000).says(&words).waits_ms(2_500).says(&words).meets(callee).run(coach);
    assert_eq!(report.commands(), ["connect 30", "spy"]);
    assert_eq!((report.result, report.end.as_str()), (Ok(()), "terminated"));
}

#[test]
fn the_key_lets_both_hear_the_coach() {
    for rate_hz in RATES_HZ {
        let callee = Callee::new().waits_ms(1_003).presses("*");
        let report = isolated(rate_hz).meets(callee).run(coach);
        assert_eq!(report.commands(), ["connect 30", "spy", "barge", "spy"]);
        let (caller, callee) = heard_by(JOINS, &report);
        assert!(caller.is_some() && caller == callee, "{rate_hz}: {caller:?} {callee:?}");
    }
}

#[test]
fn only_the_subscribers_key_counts_and_only_this_one() {
    let report = isolated(8_000).presses("*").meets(Callee::new().presses("12#")).run(coach);
    assert!(!report.commands().contains(&"barge"));
}

#[test]
fn the_key_silences_a_hint() {
    let callee = Callee::new().waits_ms(4_700).presses("*");
    let report = isolated(8_000).waits_ms(500).says(&talk(8_000, 2_000)).meets(callee).run(coach);
    assert_eq!(report.commands(), ["connect 30", "spy", "whisper", "barge", "spy"]);
    assert_eq!(heard_by(TURN, &report), (None, None), "it was not heard whole");
    let (caller, callee) = heard_by(JOINS, &report);
    assert!(caller.is_some() && caller == callee);
    assert_eq!(report.clears.len(), 1);
}

#[test]
fn a_hint_is_not_repeated_until_there_is_news() {
    let caller = isolated(8_000).config("pause_ms", "1000").waits_ms(500).says(&talk(8_000, 1_000));
    let report = caller.clone().run(coach);
    assert_eq!(report.commands().iter().filter(|name| **name == "whisper").count(), 1);
    let report = caller.waits_ms(8_000).says(&talk(8_000, 1_000)).run(coach);
    assert_eq!(report.commands().iter().filter(|name| **name == "whisper").count(), 2);
}

#[test]
fn nobody_there_and_legs_together_are_left_alone() {
    let report = isolated(8_000).config("ring_time_s", "10").nobody_answers().run(coach);
    assert_eq!(report.commands(), ["connect 10", "disconnect"]);
    let refused = Err(Failure::new(code::INVALID_COMMAND, "not before connect"));
    let caller = isolated(8_000).config("ring_time_s", "10").nobody_answers().answers("disconnect", 20, refused);
    assert_eq!(caller.run(coach).commands(), ["connect 10", "disconnect", "close"]);
    let report = Caller::new().run(coach);
    assert_eq!(report.commands(), ["connect 30", "close"]);
    assert!(report.logged("isolated"));
}

#[test]
fn a_hang_up_at_any_moment_is_a_good_end() {
    for ms in (0..12_000).step_by(111) {
        let callee = Callee::new().waits_ms(5_000).presses("*");
        let report = isolated(8_000).says(&talk(8_000, 1_000)).meets(callee).gives_up_after_ms(ms).run(coach);
        assert_eq!((report.result, report.timers_left), (Ok(()), 0), "{ms}");
    }
}

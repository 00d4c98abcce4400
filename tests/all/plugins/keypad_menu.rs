//! The menu: a person, nobody, the hours, wrong keys, no key, and a hang-up at any moment.

use ::call::EndReason;
use exchange::CallRecord;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use sim::{CallReport, Callee, CalleeAnswer, Caller, Outcome, Step};
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

use super::{Language, commands, heard, keys, level, wait};

pub(super) fn trials(language: Language) -> Vec<Trial> {
    vec![
        simulated(language.test("menu_connects_at_8_khz"), move |_| connects(language, 8_000)),
        simulated(language.test("menu_connects_at_16_khz"), move |_| connects(language, 16_000)),
        simulated(language.test("menu_connects_at_24_khz"), move |_| connects(language, 24_000)),
        simulated(language.test("menu_says_that_nobody_is_there"), move |_| unanswered(language)),
        simulated(language.test("menu_tells_the_hours_and_asks_again"), move |_| hours(language)),
        simulated(language.test("menu_gives_up_on_wrong_keys"), move |_| wrong_keys(language)),
        simulated(language.test("menu_gives_up_on_silence"), move |_| silence(language)),
        simulated(language.test("menu_hears_the_shortest_key"), move |_| short_keys(language)),
        simulated(language.test("menu_leaves_an_unknown_failure_to_the_operator"), move |_| refused(language)),
        simulated(language.test("menu_ends_well_at_any_moment"), move |_| hang_ups(language)),
    ]
}

async fn one_call(
    language: Language,
    sample_rate_hz: u32,
    config: &[(&str, &str)],
    caller: Caller,
) -> (CallReport, CallRecord) {
    let config = WorldConfig::with(&language.component("keypad-menu"), config);
    let mut world = World::simulated(WorldConfig { sample_rate_hz, ..config }).await;
    let report = world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    world.close().await;
    assert_eq!((report.pull.overrun_bytes, report.bad_frames), (0, 0));
    (report, record)
}

fn caller(steps: Vec<Step>) -> Caller {
    Caller::new([vec![Step::WaitAnswered], steps, vec![wait(60_000)]].concat())
}

/// The welcome is heard whole, a key rings the callee audibly, and the parties stay together.
async fn connects(language: Language, sample_rate_hz: u32) {
    let callee = Callee { answer: CalleeAnswer::After { ms: 2_500 }, ..Callee::default() };
    let caller = Caller { callee, ..caller(vec![wait(5_000), keys("1")]) };
    let (report, record) = one_call(language, sample_rate_hz, &[], caller).await;
    assert_eq!(report.outcome, Outcome::AgentLeft);
    assert_eq!(commands(&report), [("call.answer", None), ("call.connect", None), ("call.close", None)]);
    let welcome = heard("menu-welcome", &report);
    assert!(matches!(welcome[..], [at] if at < 200), "{welcome:?}");
    assert!(level(&report.heard, sample_rate_hz, 5_300, 5_900) > -30.0, "it rings");
    assert_eq!((record.end, record.guest), (EndReason::Closed, Some(GuestEnd::Returned)));
}

async fn unanswered(language: Language) {
    let callee = Callee { answer: CalleeAnswer::Never, ..Callee::default() };
    let caller = Caller { callee, ..caller(vec![wait(1_000), keys("1")]) };
    let (report, record) = one_call(language, 16_000, &[("ring_time_s", "7")], caller).await;
    assert_eq!(report.outcome, Outcome::AgentClosed);
    let expected = [("call.answer", None), ("call.connect", Some("CALL_UNANSWERED")), ("call.close", None)];
    assert_eq!(commands(&report), expected);
    let told = heard("menu-unanswered", &report);
    assert!(matches!(told[..], [at] if (8_000..8_600).contains(&at)), "{told:?}");
    // The key came into the welcome, which fell silent, and so did the ring at the end of its time.
    assert!(level(&report.heard, 16_000, 2_300, 4_900) < -80.0, "between two rings");
    assert_eq!((record.end, record.guest), (EndReason::Closed, Some(GuestEnd::Returned)));
}

async fn hours(language: Language) {
    let (report, _) =
        one_call(language, 16_000, &[], caller(vec![wait(1_000), keys("2"), wait(6_000), keys("1")])).await;
    let (hours, welcome) = (heard("menu-hours", &report), heard("menu-welcome", &report));
    assert!(matches!(hours[..], [at] if (1_000..1_400).contains(&at)), "{hours:?}");
    assert!(welcome.iter().any(|at| *at > hours[0]), "the welcome follows: {welcome:?}");
    assert_eq!(report.outcome, Outcome::AgentLeft);
}

async fn wrong_keys(language: Language) {
    let steps = ["9", "*", "0"].into_iter().flat_map(|key| [wait(4_000), keys(key)]).collect();
    let (report, record) = one_call(language, 8_000, &[], caller(steps)).await;
    assert_eq!(heard("menu-invalid", &report).len(), 3);
    assert_eq!(heard("goodbye", &report).len(), 1);
    assert_eq!(commands(&report), [("call.answer", None), ("call.close", None)]);
    assert_eq!((report.outcome, record.end), (Outcome::AgentClosed, EndReason::Closed));
}

async fn silence(language: Language) {
    let (report, record) =
        one_call(language, 8_000, &[("key_time_ms", "2000"), ("misses", "2")], caller(Vec::new())).await;
    let (welcome, goodbye) = (heard("menu-welcome", &report), heard("goodbye", &report));
    assert_eq!((welcome.len(), goodbye.len()), (2, 1), "{welcome:?} {goodbye:?}");
    let between = welcome[1] - welcome[0];
    assert!((6_500..6_800).contains(&between), "the welcome takes 4.6 s, and then it waits for 2: {between} ms");
    assert_eq!((report.outcome, record.end), (Outcome::AgentClosed, EndReason::Closed));
}

/// 45 ms of tone, in the middle of the prompt, in no step with the frames.
async fn short_keys(language: Language) {
    for ms in [1_000, 1_007, 1_013] {
        let key = Step::Keys { keys: "1".into(), tone_ms: 45, pause_ms: 0 };
        let (report, _) = one_call(language, 16_000, &[], caller(vec![Step::Silence { ms }, key])).await;
        assert_eq!(report.outcome, Outcome::AgentLeft, "{ms}");
    }
}

async fn refused(language: Language) {
    let answer = CalleeAnswer::Refused { ms: 500, code: "CALL_FAILED".into() };
    let caller = Caller { callee: Callee { answer, ..Callee::default() }, ..caller(vec![wait(500), keys("1")]) };
    let (_, record) = one_call(language, 16_000, &[], caller).await;
    assert_eq!(record.guest.as_ref().map(GuestEnd::code), Some("FAILED"), "{:?}", record.guest);
}

async fn hang_ups(language: Language) {
    let mut world =
        World::simulated(WorldConfig::with(&language.component("keypad-menu"), &[("ring_time_s", "3")])).await;
    for ms in (0..14_000).step_by(370) {
        let callee = Callee { answer: CalleeAnswer::Never, ..Callee::default() };
        let script = vec![wait(500), keys("5"), wait(3_000), keys("2"), wait(3_500), keys("1")];
        let caller = Caller { callee, give_up_ms: ms, ..caller(script) };
        world.sim.place_call(caller).finished().await;
        let Some(record) = world.try_record() else { continue };
        let ended_well = matches!(record.guest, Some(GuestEnd::Returned) | None);
        assert!(ended_well, "{ms} ms: {:?}", record.guest);
    }
    world.close().await;
}

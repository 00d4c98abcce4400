//! Guests that misbehave: each ends alone, for its own reason, and the calls beside it lose nothing.

use ::call::EndReason;
use exchange::{CallRecord, Pattern};
use libtest_mimic::Trial;
use sandbox::GuestLimits;
use sim::{CallReport, Caller, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{World, WorldConfig, pairs};

use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("guests::trap", |_| ends_alone("trap", "start", "TRAPPED")),
        real("guests::trap_in_the_call", |_| ends_alone("trap", "audio", "TRAPPED")),
        real("guests::panic", |_| ends_alone("panic", "answered", "TRAPPED")),
        real("guests::recurse", |_| ends_alone("recurse", "audio", "STACK_LIMIT")),
        real("guests::allocate", |_| ends_alone("allocate", "audio", "MEMORY_LIMIT")),
        real("guests::spin_while_it_rings", |_| ends_alone("spin", "start", "RUN_LIMIT")),
        real("guests::spin_in_the_call", |_| ends_alone("spin", "answered", "RUN_LIMIT")),
        real("guests::return_at_once", |_| ends_alone("return-at-once", "start", "HANDLER_RETURNED")),
        real("guests::fail", |_| ends_alone("fail", "answered", "FAILED")),
        real("guests::one_that_ignores_the_end_is_dropped", |_| ignores_the_end()),
        simulated("guests::one_that_gives_up_after_the_end_has_ended_well", |_| gives_up()),
        simulated("guests::one_that_asks_in_vain_for_ever_is_ended", |_| asks_in_vain()),
        simulated("guests::what_is_not_granted_says_so", |log| async move { not_granted(&log).await }),
        simulated("guests::wrong_states_and_arguments_are_refused", |log| async move { odd(&log).await }),
        simulated("guests::floods_are_bounded", |log| async move { floods(&log).await }),
        simulated("guests::words_are_bounded", |log| async move { words(&log).await }),
        simulated("guests::timers_fire_in_time", |log| async move { timers(&log).await }),
        simulated("guests::marks_follow_what_was_heard", |log| async move { marks(&log).await }),
    ]
}

/// A hostile call among three echo calls on one thread.
async fn ends_alone(mode: &str, when: &str, code: &str) {
    let config = WorldConfig {
        limits: GuestLimits { run_ms_max: 300, memory_bytes_max: 16 << 20, ..GuestLimits::default() },
        others: vec![(Pattern::Exact("+15550666".into()), "hostile".into(), pairs(&[("mode", mode), ("when", when)]))],
        ..WorldConfig::default()
    };
    let mut world = World::real(config).await;
    let echoes: Vec<_> = (0..3).map(|_| world.sim.place_call(Caller::echo(1_500))).collect();
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 10_000 }];
    let hostile = Caller { to: "+15550666".into(), ..Caller::new(script) };
    let hostile = world.sim.place_call(hostile).finished();
    let (hostile, echoes) = tokio::join!(hostile, async {
        let mut reports: Vec<CallReport> = Vec::new();
        for echo in echoes {
            reports.push(echo.finished().await);
        }
        reports
    });
    echoes.iter().for_each(assert_whole_echo);
    let mut records: Vec<CallRecord> = Vec::new();
    for _ in 0..4 {
        records.push(world.record().await);
    }
    let ended = records.iter().find(|record| record.plugin == "other-0").expect("the hostile call has a record");
    assert_eq!(ended.guest.as_ref().map(|end| end.code()), Some(code), "{:?}", ended.guest);
    assert_eq!(ended.end, EndReason::Closed, "the server closed the call when the host asked");
    let closed = hostile.commands.iter().any(|(name, error)| name == "call.close" && error.is_none());
    assert!(closed, "{:?}", hostile.commands);
    assert!(records.iter().filter(|record| record.plugin == "first").all(|record| record.end == EndReason::Terminated));
    world.close().await;
}

/// One call of a mode of `hostile`.
async fn one_call(config: &[(&str, &str)], script: Vec<Step>) -> (CallReport, CallRecord) {
    let mut world = World::simulated(WorldConfig::with("hostile", config)).await;
    let report = world.sim.place_call(Caller::new(script)).finished().await;
    let record = world.record().await;
    world.close().await;
    (report, record)
}

fn talk_for(ms: u32) -> Vec<Step> {
    vec![Step::WaitAnswered, Step::Marked { ms }, Step::HangUp]
}

async fn ignores_the_end() {
    let config = WorldConfig {
        limits: GuestLimits { grace_ms_max: 200, ..GuestLimits::default() },
        ..WorldConfig::with("hostile", &[("mode", "ignore-end")])
    };
    let mut world = World::real(config).await;
    world.sim.place_call(Caller::new(talk_for(200))).finished().await;
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Terminated, None), "it is dropped after its grace period");
    world.close().await;
}

async fn gives_up() {
    let (_, record) = one_call(&[("mode", "late")], talk_for(200)).await;
    assert_eq!(record.end, EndReason::Terminated);
    assert_eq!(record.guest.as_ref().map(|end| end.code()), Some("RETURNED"), "{:?}", record.guest);
}

async fn asks_in_vain() {
    let config = WorldConfig {
        limits: GuestLimits { run_ms_max: 50, ..GuestLimits::default() },
        ..WorldConfig::with("hostile", &[("mode", "ignore-end")])
    };
    let mut world = World::simulated(config).await;
    world.sim.place_call(Caller::new(talk_for(200))).finished().await;
    let record = world.record().await;
    assert_eq!(record.guest.as_ref().map(|end| end.code()), Some("RUN_LIMIT"), "{:?}", record.guest);
    world.close().await;
}

async fn not_granted(log: &TestLog) {
    let (_, record) = one_call(&[("mode", "not-granted")], talk_for(500)).await;
    assert_eq!(record.end, EndReason::Terminated);
    assert_eq!(log.lines_with("not-granted ok").len(), 1, "{:?}", log.lines_with("not-granted"));
}

async fn odd(log: &TestLog) {
    one_call(&[("mode", "odd-play")], talk_for(500)).await;
    let said = log.lines_with("odd ");
    let has = |text: &str| assert!(said.iter().any(|line| line.contains(text)), "no `{text}` in {said:#?}");
    has("odd pending play NOT_NOW");
    has("odd pending whisper NOT_NOW");
    has("odd answered play-odd INVALID");
    has("odd answered play-600000-bytes-more FULL");
    has("odd pending transfer NOT_SUPPORTED");
    has("odd ended play ENDED");
}

async fn floods(log: &TestLog) {
    for mode in ["flood-play", "flood-marks", "flood-timers", "flood-commands"] {
        let (report, record) = one_call(&[("mode", mode)], talk_for(2_000)).await;
        assert_eq!(report.pull.overrun_bytes, 0, "{mode}");
        assert_eq!(record.end, EndReason::Terminated, "{mode}: {:?}", record.guest);
    }
    let counted = |text: &str| assert!(!log.lines_with(text).is_empty(), "no `{text}`: {:?}", log.lines_with("flood-"));
    counted("flood-play FULL=");
    counted("flood-marks FULL=");
    counted("OK=1024");
    counted("flood-timers FULL=");
    counted("OK=256");
    counted("flood-commands every outcome came");
}

async fn words(log: &TestLog) {
    let (_, record) = one_call(&[("mode", "flood-log")], talk_for(500)).await;
    assert_eq!(record.end, EndReason::Terminated);
    let lines = log.lines_with("flood-log ");
    assert!(lines.len() <= 2 * sandbox::limits::LOG_LINES_PER_S_MAX as usize, "{} lines", lines.len());
    let longest = lines.iter().map(String::len).max().unwrap_or_default();
    assert!(longest < sandbox::limits::LOG_LINE_BYTES_MAX + 400, "{longest} bytes");
    let (_, record) = one_call(&[("mode", "flood-stdout")], talk_for(500)).await;
    assert_eq!(record.end, EndReason::Terminated);
    one_call(&[("mode", "stdout")], talk_for(500)).await;
    assert!(!log.lines_with("stream=\"stdout\"").is_empty() && !log.lines_with("stream=\"stderr\"").is_empty());
}

async fn timers(log: &TestLog) {
    one_call(&[("mode", "timers"), ("period_ms", "100"), ("ticks", "10")], talk_for(3_000)).await;
    assert_eq!(log.lines_with("timer tick ").len(), 10, "{:?}", log.lines_with("timer"));
    assert!(log.lines_with("timer other").is_empty());
}

async fn marks(log: &TestLog) {
    one_call(&[("mode", "marks")], talk_for(5_000)).await;
    let said = log.lines_with("mark ");
    assert!(said.iter().any(|line| line.contains("played=true")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("played=false")), "{said:?}");
}

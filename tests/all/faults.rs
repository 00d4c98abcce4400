//! Handlers that fail, and what their plugins' policies do for the callers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::call::{EndReason, Happening};
use exchange::{FaultStep, Prompt};
use libtest_mimic::Trial;
use sandbox::{GuestEnd, GuestLimits};
use sim::{CallReport, Callee, CalleeAnswer, Caller, Outcome, Step, marked_samples};
use switchhook_tests::components;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

/// Milliseconds until a caller hears something of what is done.
const AUDIBLE_MS_MAX: usize = 300;
const MS: usize = 16;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("faults::another_guest_goes_on", |_| retry()),
        simulated("faults::the_version_before_goes_on", |_| previous()),
        simulated("faults::a_prompt_is_heard_and_the_call_ends", |_| prompt("audio")),
        simulated("faults::a_prompt_is_heard_by_one_who_was_not_answered", |_| prompt("start")),
        simulated("faults::the_caller_reaches_whom_they_called", |_| connect()),
        simulated("faults::whom_they_called_is_reached_at_once", |_| connect_is_quick()),
        simulated("faults::one_who_is_not_reached_hears_why", |_| connect_in_vain()),
        simulated("faults::a_handler_that_cannot_start_is_a_fault", |_| unstartable()),
        simulated("faults::steps_are_done_once_and_the_call_is_left", |_| used_up()),
        simulated(
            "faults::a_version_that_fails_over_and_over_is_withdrawn",
            |log| async move { crash_loop(&log).await },
        ),
        simulated("faults::a_caller_who_hangs_up_needs_no_more", |_| hung_up()),
    ]
}

fn hostile(faults: Vec<FaultStep>, when: &str) -> WorldConfig {
    WorldConfig { faults, ..WorldConfig::with("hostile", &[("mode", "trap"), ("when", when), ("heals", "true")]) }
}

/// What was done, in order.
fn steps(record: &exchange::CallRecord) -> Vec<(&'static str, &'static str)> {
    record.faults.iter().map(|fault| (fault.code, fault.then)).collect()
}

fn sorry() -> (FaultStep, Arc<[i16]>) {
    let samples = marked_samples(7, 1_000 * MS);
    let prompt = Prompt { sample_rate_hz: 16_000, samples: samples.clone() };
    (FaultStep::Prompt(Arc::new(prompt)), samples.into())
}

/// When the caller first hears something, in samples after the answer.
fn audible(report: &CallReport) -> usize {
    report.heard.iter().position(|sample| *sample != 0).expect("something is heard")
}

fn hears(report: &CallReport, prompt: &[i16]) -> bool {
    report.heard.windows(prompt.len()).any(|heard| heard == prompt)
}

fn talk() -> Vec<Step> {
    vec![Step::WaitAnswered, Step::Marked { ms: 2_000 }, Step::HangUp]
}

async fn retry() {
    let mut world = World::simulated(hostile(vec![FaultStep::Retry], "audio")).await;
    let report = world.sim.place_call(Caller::new(talk())).finished().await;
    let record = world.record().await;
    assert_eq!((record.end, &record.guest), (EndReason::Terminated, &Some(GuestEnd::Returned)));
    assert_eq!(steps(&record), [("TRAPPED", "retry")]);
    assert!(audible(&report) <= AUDIBLE_MS_MAX * MS, "after {} ms", audible(&report) / MS);
    let answers = report.commands.iter().filter(|(name, _)| name == "call.answer").count();
    assert_eq!(answers, 1, "the carrier is asked once: {:?}", report.commands);
    let stats = record.stats.expect("it had a voice");
    assert!(stats.bytes_out > 1_800 * 32, "an echo from then on: {stats:?}");
    world.close().await;
}

async fn previous() {
    let mut world = World::simulated(hostile(vec![FaultStep::Previous], "answered")).await;
    let slot = world.exchange.handle().plugin("acme", "first").expect("the plugin");
    let echo = components::plugin("echo");
    slot.set_previous(Some(Arc::new(echo.clone().into())));
    let report = world.sim.place_call(Caller::new(talk())).finished().await;
    let record = world.record().await;
    assert_eq!((record.end, &record.guest), (EndReason::Terminated, &Some(GuestEnd::Returned)));
    assert_eq!((steps(&record), record.version.as_str()), (vec![("TRAPPED", "previous")], echo.version()));
    assert!(audible(&report) <= AUDIBLE_MS_MAX * MS, "after {} ms", audible(&report) / MS);
    world.close().await;
}

async fn prompt(when: &str) {
    let (step, sorry) = sorry();
    let mut world = World::simulated(hostile(vec![step, FaultStep::Disconnect], when)).await;
    let report =
        world.sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 20_000 }])).finished().await;
    let record = world.record().await;
    assert!(hears(&report, &sorry), "all of it, unbroken");
    assert!(audible(&report) <= AUDIBLE_MS_MAX * MS, "after {} ms", audible(&report) / MS);
    assert_eq!(steps(&record), [("TRAPPED", "prompt"), ("TRAPPED", "disconnect")]);
    assert!(matches!(report.outcome, Outcome::AgentDisconnected | Outcome::AgentClosed), "{:?}", report.outcome);
    assert!(report.heard.len() < 3_000 * MS, "the host does not wait for the caller");
    world.close().await;
}

async fn connect() {
    let mut world = World::simulated(hostile(vec![FaultStep::Connect], "start")).await;
    let callee = Callee { script: vec![Step::Marked { ms: 500 }], ..Callee::default() };
    let caller = Caller { callee, ..Caller::new(vec![Step::WaitConnected, Step::Wait { ms: 2_000 }, Step::HangUp]) };
    let report = world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    assert_eq!(report.outcome, Outcome::AgentLeft, "the parties stay connected");
    assert_eq!((steps(&record), record.end), (vec![("TRAPPED", "connect")], EndReason::Closed));
    world.close().await;
}

/// The handler fails in the midst of the call, and whom they called picks up at once: from the fault on that takes no longer than
/// anything else that is done for the caller.
async fn connect_is_quick() {
    let mut world = World::simulated(hostile(vec![FaultStep::Connect], "audio")).await;
    let callee = Callee { answer: CalleeAnswer::After { ms: 0 }, script: vec![Step::Marked { ms: 500 }] };
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 100 }, Step::WaitConnected, Step::HangUp];
    world.sim.place_call(Caller { callee, ..Caller::new(script) }).finished().await;
    let record = world.record().await;
    assert_eq!(steps(&record), [("TRAPPED", "connect")]);
    let at = |what: fn(&Happening) -> bool| {
        let entry = record.journal.iter().find(|(_, happening)| what(happening));
        entry.unwrap_or_else(|| panic!("not in {:?}", record.journal)).0
    };
    let fault = at(|happening| matches!(happening, Happening::Fault { .. }));
    let connected = at(|happening| matches!(happening, Happening::Outcome { name: "connect", failure: None, .. }));
    assert!(connected - fault <= Duration::from_millis(AUDIBLE_MS_MAX as u64), "{fault:?} {connected:?}");
    world.close().await;
}

async fn connect_in_vain() {
    let (step, sorry) = sorry();
    let faults = vec![FaultStep::Connect, step, FaultStep::Disconnect];
    let mut world = World::simulated(hostile(faults, "answered")).await;
    let callee = Callee { answer: CalleeAnswer::Never, ..Callee::default() };
    let caller = Caller { callee, ..Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 90_000 }]) };
    let report = world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    assert_eq!(steps(&record).iter().map(|(_, then)| *then).collect::<Vec<_>>(), ["connect", "prompt", "disconnect"]);
    assert!(hears(&report, &sorry));
    world.close().await;
}

async fn unstartable() {
    let (step, sorry) = sorry();
    let faults = vec![FaultStep::Retry, step, FaultStep::Disconnect];
    let limits = GuestLimits { memory_bytes_max: 64 << 10, ..GuestLimits::default() };
    let mut world = World::simulated(WorldConfig { limits, ..hostile(faults, "start") }).await;
    let report =
        world.sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 20_000 }])).finished().await;
    let record = world.record().await;
    let done = [("START_FAILED", "retry"), ("START_FAILED", "prompt"), ("START_FAILED", "disconnect")];
    assert_eq!(steps(&record), done);
    assert!(hears(&report, &sorry), "though no handler ever ran");
    assert!(record.trouble.is_some_and(|trouble| trouble.contains("bytes of memory")));
    world.close().await;
}

async fn used_up() {
    let config = WorldConfig {
        faults: vec![FaultStep::Retry, FaultStep::Retry, FaultStep::Previous],
        ..WorldConfig::with("hostile", &[("mode", "trap"), ("when", "answered")])
    };
    let mut world = World::simulated(config).await;
    world.sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 20_000 }])).finished().await;
    let record = world.record().await;
    assert_eq!(steps(&record), [("TRAPPED", "retry"), ("TRAPPED", "retry"), ("TRAPPED", "close")]);
    assert_eq!(record.guest.map(|end| end.code()), Some("TRAPPED"));
    world.close().await;
}

async fn hung_up() {
    let mut world = World::simulated(hostile(vec![FaultStep::Connect, FaultStep::Retry], "start")).await;
    let callee = Callee { answer: CalleeAnswer::Never, ..Callee::default() };
    let caller = Caller { callee, ..Caller::new(vec![Step::Wait { ms: 3_000 }, Step::HangUp]) };
    world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    assert_eq!((steps(&record), record.end), (vec![("TRAPPED", "connect")], EndReason::Terminated));
    world.close().await;
}

/// Hears of versions that are withdrawn: what was, and what is live instead.
#[derive(Default)]
struct Ears(Mutex<Vec<(String, Option<String>)>>);

impl exchange::Observer for Ears {
    fn version_withdrawn(&self, withdrawn: &exchange::Withdrawn<'_>) {
        self.0
            .lock()
            .expect("no test failed")
            .push((withdrawn.version.to_string(), withdrawn.back.map(str::to_string)));
    }
}

async fn crash_loop(log: &TestLog) {
    let ears = Arc::new(Ears::default());
    let config =
        WorldConfig { observer: ears.clone(), ..WorldConfig::with("hostile", &[("mode", "trap"), ("when", "start")]) };
    let mut world = World::simulated(config).await;
    let slot = world.exchange.handle().plugin("acme", "first").expect("the plugin");
    let (bad, good) = (components::plugin("hostile"), components::plugin("echo"));
    slot.set_previous(Some(Arc::new(good.clone().into())));
    let mut served = Vec::new();
    for _ in 0..8 {
        world
            .sim
            .place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 100 }, Step::HangUp]))
            .finished()
            .await;
        served.push(world.record().await.version);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let bad_calls = served.iter().filter(|version| *version == bad.version()).count();
    assert_eq!(bad_calls, exchange::limits::LOOP_FAULTS, "{served:?}");
    assert!(served[bad_calls..].iter().all(|version| version == good.version()), "{served:?}");
    assert_eq!(
        *ears.0.lock().expect("no test failed"),
        [(bad.version().to_string(), Some(good.version().to_string()))]
    );
    assert_eq!(log.expect_errors("fails its calls over and over"), 1, "it is told once");
    world.close().await;
}

//! Seeded random calls with everything going wrong at once, under the virtual clock.
//!
//! `SWITCHHOOK_SEED` adds a run with that seed to the fixed ones. Every failure names its seed; the same seed draws the
//! same calls and faults again.

mod agent;
mod native;
mod operator;
mod people;
mod served;

use std::collections::HashMap;
use std::time::Duration;

use ::call::{EndReason, Stats};
use exchange::{CallRecord, Pattern};
use fastrand::Rng;
use libtest_mimic::Trial;
use sandbox::{GuestEnd, GuestLimits};
use sim::{CallFaults, CallReport, Caller, FaultMix, Faults, Garbage, LinkFaults, Milestone, SimConfig, Stall, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig, pairs};
use tracing::Level;

use crate::calls::assert_whole_echo;

pub(crate) use self::native::memory;

/// Calls of one run.
const CALLS: usize = 300;
/// How many may talk at once; some more are left to ring.
const CALLS_MAX: usize = 60;
/// Seeds of every run of the suite.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// What hostile handlers do, one number of the callee each.
const HOSTILE: &[&[(&str, &str)]] = &[
    &[
        ("mode", "commands"),
        ("commands", "answer,play:500,interrupt,play:200,connect:3,whisper,spy,barge,wait:200,close"),
    ],
    &[("mode", "commands"), ("commands", "connect:2,disconnect"), ("echo", "true")],
    &[("mode", "commands"), ("commands", "answer,wait:300,disconnect"), ("echo", "true")],
    &[("mode", "commands"), ("commands", "close")],
    &[("mode", "flood-commands"), ("tries", "200")],
    &[("mode", "flood-play"), ("tries", "200")],
    &[("mode", "marks")],
    &[("mode", "timers"), ("period_ms", "30"), ("ticks", "20")],
    &[("mode", "trap"), ("when", "audio")],
    &[("mode", "panic"), ("when", "start")],
    &[("mode", "fail"), ("when", "answered")],
    &[("mode", "return-at-once")],
    &[("mode", "odd-play")],
];

pub(crate) fn trials() -> Vec<Trial> {
    let asked = std::env::var("SWITCHHOOK_SEED").ok().map(|seed| seed.parse().expect("SWITCHHOOK_SEED is a number"));
    let seeds = || SEEDS.into_iter().chain(asked);
    let of_calls = |seed| simulated(format!("chaos::calls_of_seed_{seed}"), move |_| calls(seed));
    let of_links =
        |seed| simulated(format!("chaos::links_of_seed_{seed}"), move |log| async move { links(seed, &log).await });
    seeds().map(of_calls).chain(seeds().map(of_links)).chain(native::trials(asked)).collect()
}

/// One call as it was drawn.
struct Drawn {
    caller: Caller,
    /// What must come of it when the host takes it.
    whole: bool,
}

/// A host under load, with more callers than places now and then.
fn config(seed: u64, links: Vec<LinkFaults>) -> WorldConfig {
    let mix = FaultMix {
        cut_voice: 0.1,
        stall: 0.1,
        late_responses: 0.1,
        lost_response: 0.05,
        duplicate_notify: 0.1,
        second_call_in: 0.1,
        refuse_token: 0.05,
        voice_unreachable: 0.05,
        garbage: 0.2,
        refuse_claim: 0.02,
    };
    let config = WorldConfig::default();
    let number = |index: usize| Pattern::Exact(format!("+1555066{index:02}"));
    let hostile = HOSTILE.iter().enumerate();
    WorldConfig {
        sim: SimConfig { seed, faults: Faults { links, mix }, ..config.sim },
        limits: GuestLimits { memory_bytes_max: 16 << 20, grace_ms_max: 200, ..GuestLimits::default() },
        calls_max: CALLS_MAX,
        others: hostile.map(|(index, keys)| (number(index), "hostile".into(), pairs(keys))).collect(),
        ..config
    }
}

fn draw(random: &mut Rng) -> Drawn {
    let faults = if random.bool() { Some(draw_faults(random)) } else { None };
    let ms = random.u32(1..60) * 20;
    let (mut caller, echo) = match random.u32(0..10) {
        0..5 => (Caller::echo(ms), true),
        5 => (Caller::new(vec![Step::Wait { ms: random.u32(0..50) }, Step::HangUp]), false),
        6..8 => (Caller::new(draw_script(random, ms)), false),
        _ => {
            let hostile = random.usize(0..HOSTILE.len());
            let to = format!("+1555066{hostile:02}");
            (Caller { to, ..Caller::new(draw_script(random, ms)) }, false)
        }
    };
    caller = Caller { record: false, ring_ms: 20_000, give_up_ms: 40_000, ..caller };
    let harmless = faults.as_ref().is_some_and(|faults: &CallFaults| {
        let fatal = faults.cut_voice_at_ms.is_some() || faults.refuse_token || faults.voice_unreachable;
        let late = faults.response_ms.is_some() || faults.lost_responses > 0;
        let loud = faults.garbage.iter().any(|(_, frame)| !Garbage::HARMLESS.contains(frame));
        !fatal && !late && !loud
    });
    Drawn { caller: Caller { faults, ..caller }, whole: echo && harmless }
}

fn draw_script(random: &mut Rng, ms: u32) -> Vec<Step> {
    let mut script = vec![Step::WaitAnswered, Step::Marked { ms }];
    if random.bool() {
        script.push(Step::CallError { code: "TTS_SESSION_ERROR".into(), message: None });
        script.push(Step::Silence { ms });
    }
    let ends = [Step::HangUp, Step::ServerHangUp, Step::CutVoice, Step::Wait { ms: 10_000 }];
    script.push(ends[random.usize(..ends.len())].clone());
    script
}

/// What the simulator's own odds do not draw.
fn draw_faults(random: &mut Rng) -> CallFaults {
    let mut one_in = |n: u32| random.u32(0..n) == 0;
    let (stalls, answers_twice, announced_twice, second, garbage) =
        (one_in(4), one_in(4), one_in(4), one_in(4), one_in(4));
    let (cut, lost, refused, loud) = (one_in(10), one_in(10), one_in(20), one_in(20));
    let loud = loud.then_some(if random.bool() { Garbage::TooLong } else { Garbage::OddBinary });
    let harmless = (0..if garbage { 3 } else { 0 }).map(|_| Garbage::HARMLESS[random.usize(..Garbage::HARMLESS.len())]);
    let garbage: Vec<Garbage> = harmless.chain(loud).collect();
    CallFaults {
        cut_voice_at_ms: cut.then(|| random.u32(0..2_000)),
        stall: stalls.then(|| Stall { at_ms: random.u32(0..1_000), for_ms: random.u32(0..1_500) }),
        lost_responses: if lost { random.u32(1..3) } else { 0 },
        duplicate_responses: answers_twice,
        duplicate_notify: announced_twice,
        second_call_in: second,
        refuse_token: refused,
        garbage: garbage.into_iter().map(|frame| (random.u32(0..1_000), frame)).collect(),
        ..CallFaults::default()
    }
}

/// Places all calls, some moments apart, and awaits their reports.
async fn place(world: &World, seed: u64) -> Vec<(CallReport, bool)> {
    let mut random = Rng::with_seed(seed);
    let mut placed = Vec::new();
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    for _ in 0..CALLS {
        let Drawn { caller, whole } = draw(&mut random);
        placed.push((world.sim.place_call(caller), whole));
        for _ in 0..random.u32(0..150) {
            clock.tick().await;
        }
    }
    let mut reports = Vec::new();
    for (call, whole) in placed {
        reports.push((call.finished().await, whole));
    }
    reports
}

/// The link stays up: each claimed session is one call with one end.
async fn calls(seed: u64) {
    let mut world = World::simulated(config(seed, Vec::new())).await;
    let reports = place(&world, seed).await;
    let claims = world.sim.counts().claims;
    let mut records: HashMap<String, CallRecord> = HashMap::new();
    for _ in 0..claims {
        let record = world.record().await;
        let session = record.session_id.clone();
        assert!(records.insert(session, record).is_none(), "seed {seed}: two records of one session");
    }
    assert!(claims > CALLS as u64 / 2, "seed {seed}: only {claims} calls were taken");
    for (report, whole) in &reports {
        let case = format!("seed {seed}, call {}", report.ordinal);
        let record = records.remove(&report.session_id);
        let claimed = report.timeline.at(Milestone::Claimed).is_some();
        assert_eq!(record.is_some(), claimed, "{case}");
        let Some(record) = record else { continue };
        assert_kept(&case, report, &[&record]);
        if *whole {
            in_case(&case, || assert_whole_echo(report));
            assert_eq!((record.end, &record.guest), (EndReason::Terminated, &Some(GuestEnd::Returned)), "{case}");
            let stats = record.stats.expect("it had a voice");
            assert_eq!(stats.bytes_out, report.pull.bytes_received, "{case}: {stats:?}");
            assert_eq!((stats.frames_in, stats.samples_lost), (report.frames_sent, 0), "{case}: {stats:?}");
        }
    }
    assert!(records.is_empty(), "seed {seed}: records of no call: {:?}", records.keys());
    nothing_left(world, seed).await;
}

/// The link is cut, stalled and fed nonsense: a call may be claimed again, and never ends twice.
async fn links(seed: u64, log: &TestLog) {
    let mut random = Rng::with_seed(!seed);
    // Ten seconds without a link each time: two in a row would leave most callers to ring in vain.
    let link = |index: usize| LinkFaults {
        cut_at_ms: random.bool().then(|| random.u32(0..6_000)),
        stall: (random.u32(0..4) == 0).then(|| Stall { at_ms: random.u32(0..3_000), for_ms: random.u32(0..20_000) }),
        response_ms: random.bool().then_some((0, 2_000)),
        lost_responses_percent: if random.u8(0..4) == 0 { random.u32(1..10) } else { 0 },
        setup_done_after_ms: random.u32(0..500),
        drop_setup_done: index % 5 == 1,
        duplicate_notify: random.bool(),
        duplicate_responses: index % 3 == 1,
        json_in_binary: random.bool(),
        refuse: (random.u32(0..5) == 0).then(|| (503, "busy".to_string())),
        garbage: vec![(random.u32(0..5_000), Garbage::HARMLESS[random.usize(..Garbage::HARMLESS.len())])],
    };
    let faults = (0..20).map(link).collect();
    let mut world = World::simulated(config(seed, faults)).await;
    let reports = place(&world, seed).await;
    let drained = world.exchange.drain(Duration::from_secs(60)).await;
    assert_eq!(drained, exchange::Drained::Clean, "seed {seed}");
    let mut records: HashMap<String, Vec<CallRecord>> = HashMap::new();
    while let Some(record) = world.try_record() {
        records.entry(record.session_id.clone()).or_default().push(record);
    }
    let recorded: usize = records.values().map(Vec::len).sum();
    let claims = world.sim.counts().claims;
    assert!(recorded as u64 <= claims, "seed {seed}: {recorded} records of {claims} claims");
    let said = || log.lines_at(Level::WARN, "the session manager");
    assert!(recorded > CALLS / 10, "seed {seed}: only {recorded} calls were taken: {:#?}", said());
    for (report, whole) in &reports {
        let case = format!("seed {seed}, call {}", report.ordinal);
        let ends = records.remove(&report.session_id).unwrap_or_default();
        let talked: Vec<_> = ends.iter().filter(|record| record.stats.is_some()).collect();
        assert!(talked.len() <= report.voice_sockets as usize, "{case}: {talked:?}");
        assert_kept(&case, report, &ends.iter().collect::<Vec<_>>());
        if *whole && !talked.is_empty() {
            in_case(&case, || assert_whole_echo(report));
        }
    }
    nothing_left(world, seed).await;
}

/// What holds for every call, whatever happened to it. Announced anew it may have been taken more than once.
fn assert_kept(case: &str, report: &CallReport, records: &[&CallRecord]) {
    let pull = &report.pull;
    let unasked = (pull.overrun_bytes, pull.odd_frames, pull.stray_frames, report.bad_frames);
    assert_eq!(unasked, (0, 0, 0, 0), "{case}: {report:?}");
    let mut of_all = Stats::default();
    for record in records {
        let host = record.guest.as_ref().is_some_and(|end| matches!(end, GuestEnd::HostPanicked(_)));
        assert!(!host, "{case}: {record:?}");
        let Some(stats) = record.stats else {
            assert!(matches!(record.end, EndReason::SessionClosed | EndReason::VoiceUnreachable), "{case}: {record:?}");
            continue;
        };
        assert!(stats.bytes_out <= stats.bytes_requested, "{case}: {stats:?}");
        assert!(stats.samples_lost <= stats.samples_in, "{case}: {stats:?}");
        of_all.bytes_requested += stats.bytes_requested;
        of_all.bytes_out += stats.bytes_out;
        of_all.samples_in += stats.samples_in;
    }
    // What was on its way when a socket was cut is missing at its receiver, and nothing was made up.
    assert!(of_all.bytes_requested <= pull.bytes_requested, "{case}: {of_all:?}, {pull:?}");
    assert!(of_all.bytes_out >= pull.bytes_received, "{case}: {of_all:?}, {pull:?}");
    // An odd garbage frame carries one sample.
    assert!(of_all.samples_in * 2 <= report.bytes_sent + 2, "{case}: {of_all:?}, {} bytes sent", report.bytes_sent);
}

async fn nothing_left(mut world: World, seed: u64) {
    assert!(world.try_record().is_none(), "seed {seed}: a record too many");
    assert!(world.exchange.calls().is_empty(), "seed {seed}: a call is left on the board");
    world.exchange.drain(Duration::from_secs(60)).await;
    let tenants = world.exchange.handle().tenants();
    let mut places = tenants.iter().flat_map(|tenant| &tenant.plugins);
    assert!(places.all(|plugin| plugin.calls == 0), "seed {seed}: a place is left: {tenants:?}");
    world.close().await;
}

/// Names the case of an assertion that does not know it.
fn in_case(case: &str, assertion: impl FnOnce()) {
    struct Named<'a>(&'a str);
    impl Drop for Named<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("in {}", self.0);
            }
        }
    }
    let _named = Named(case);
    assertion();
}

//! One tenant misbehaves as it can, and its neighbour's calls lose nothing.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::call::EndReason;
use exchange::{CallRecord, FaultStep, HandlerFault, Observer, Pattern, Quota};
use libtest_mimic::Trial;
use sandbox::GuestLimits;
use sim::{CallReport, Caller, Outcome, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated, threaded};
use switchhook_tests::world::{Neighbour, World, WorldConfig, pairs};

use crate::calls::assert_whole_echo;
use crate::written;

/// Whom the misbehaving tenant answers.
const HOG: &str = "+15550666";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("shares::a_guest_that_wants_too_much_is_parked_and_ended", |_| too_much()),
        threaded("shares::twenty_that_never_yield_beside_a_hundred_echoes", 2, |_| spinners()),
        threaded("shares::memory_bombs_beside_echoes", 2, |_| beside(Hogs::new("allocate", 20, 16))),
        threaded("shares::floods_of_audio_beside_echoes", 2, |_| beside(Hogs::new("flood-play", 10, 64))),
        threaded("shares::floods_of_marks_beside_echoes", 2, |_| beside(Hogs::new("flood-marks", 10, 64))),
        threaded("shares::floods_of_timers_beside_echoes", 2, |_| beside(Hogs::new("flood-timers", 10, 64))),
        threaded("shares::floods_of_words_beside_echoes", 2, |_| beside(Hogs::new("flood-log", 10, 64))),
        threaded("shares::a_storm_of_traps_beside_echoes", 2, |_| beside(Hogs::new("trap", 500, 64))),
        threaded("shares::traps_five_hundred_a_second_beside_echoes", 2, |_| storm()),
        threaded("shares::spinners_that_run_too_long_beside_echoes", 2, |_| {
            beside(Hogs { calls: 8, ..Hogs::ended("spin", "RUN_LIMIT") })
        }),
        threaded("shares::deep_recursion_beside_echoes", 2, |_| beside(Hogs::ended("recurse", "STACK_LIMIT"))),
        threaded("shares::silence_beside_echoes", 2, |_| beside(Hogs::ended("sleep", "SILENT"))),
        threaded("shares::floods_of_commands_beside_echoes", 2, |_| beside(Hogs::new("flood-commands", 10, 64))),
        threaded("shares::floods_of_output_beside_echoes", 2, |_| beside(Hogs::new("flood-stdout", 10, 64))),
        threaded("shares::starts_that_never_end_beside_echoes", 2, |_| beside(Hogs::written("start-spins", None))),
        threaded("shares::starts_that_eat_memory_beside_echoes", 2, |_| {
            beside(Hogs::written("start-eats-memory", None))
        }),
        threaded("shares::starts_that_eat_tables_beside_echoes", 2, |_| {
            beside(Hogs::written("start-eats-tables", None))
        }),
        threaded("shares::starts_that_recurse_beside_echoes", 2, |_| beside(Hogs::written("start-recurses", None))),
        threaded("shares::tables_without_end_beside_echoes", 2, |_| {
            beside(Hogs::written("tables", Some("MEMORY_LIMIT")))
        }),
        threaded("shares::handles_without_end_beside_echoes", 2, |_| beside(Hogs::written("handles", Some("TRAPPED")))),
        simulated("shares::a_tenants_calls_and_setups_are_limited", |_| admission()),
        simulated("shares::a_tenants_memory_is_limited", |_| memory()),
        simulated("shares::a_tenants_queued_audio_is_limited", |log| async move { queued(&log).await }),
    ]
}

fn hog(config: &[(&str, &str)], quota: Quota) -> Neighbour {
    Neighbour { quota, ..Neighbour::with("hog", HOG, "hostile", config) }
}

fn beside_hog(neighbour: Neighbour) -> WorldConfig {
    WorldConfig { answers: Pattern::Prefix("+15551".into()), neighbours: vec![neighbour], ..WorldConfig::default() }
}

fn echo(ms: u32) -> Caller {
    Caller { to: "+15551000".into(), record: false, ..Caller::echo(ms) }
}

fn to_hog(script: Vec<Step>) -> Caller {
    Caller { to: HOG.into(), record: false, ..Caller::new(script) }
}

/// So many calls of each tenant, in the order of their ends.
async fn records(world: &mut World, calls: usize) -> (Vec<CallRecord>, Vec<CallRecord>) {
    let mut records = Vec::new();
    for _ in 0..calls {
        records.push(world.record().await);
    }
    records.into_iter().partition(|record| record.tenant == "hog")
}

fn assert_unharmed(reports: &[CallReport], records: &[CallRecord]) {
    reports.iter().for_each(assert_whole_echo);
    for record in records {
        let stats = record.stats.as_ref().expect("it had a voice");
        assert_eq!((record.end, stats.samples_lost), (EndReason::Terminated, 0), "{stats:?}");
        // At most once, for a start that an epoch cut off.
        assert!(record.parked < Duration::from_millis(100), "{:?}", record.parked);
    }
}

async fn too_much() {
    let limits =
        GuestLimits { cpu_percent_max: Some(20), run_ms_max: 60_000, silent_ms_max: 60_000, ..GuestLimits::default() };
    let spin = pairs(&[("mode", "spin"), ("when", "answered")]);
    let neighbour = Neighbour { limits, config: spin, ..hog(&[], Quota::default()) };
    let mut world = World::real(beside_hog(neighbour)).await;
    let began = Instant::now();
    let spinner = world.sim.place_call(to_hog(vec![Step::WaitAnswered, Step::Wait { ms: 30_000 }]));
    let beside = world.sim.place_call(echo(3_000)).finished().await;
    spinner.finished().await;
    let took = began.elapsed();
    let (hogs, echoes) = records(&mut world, 2).await;
    assert_unharmed(&[beside], &echoes);
    let [hog] = &hogs[..] else { panic!("one spinner") };
    assert_eq!(hog.guest.as_ref().map(|end| end.code()), Some("CPU_LIMIT"), "{:?}", hog.guest);
    assert!(hog.parked >= Duration::from_secs(3), "{:?}", hog.parked);
    // What it earned in that time, the burst it had saved, and the poll that was the last.
    let allowed = took.mul_f64(0.2) + Duration::from_millis(200 + 50);
    assert!(hog.cpu <= allowed, "{:?} used, {allowed:?} allowed", hog.cpu);
    world.close().await;
}

async fn spinners() {
    let quota = Quota { cpu_percent_max: Some(50), ..Quota::default() };
    let limits = GuestLimits { grace_ms_max: 100, ..GuestLimits::default() };
    let neighbour = Neighbour { limits, ..hog(&[("mode", "spin"), ("when", "answered")], quota) };
    let mut world = World::real(beside_hog(neighbour)).await;
    let began = Instant::now();
    let spin = || to_hog(vec![Step::WaitAnswered, Step::Wait { ms: 7_000 }, Step::HangUp]);
    let mut hogs: Vec<_> = (0..20).map(|_| world.sim.place_call(spin())).collect();
    for hog in &mut hogs {
        assert!(hog.reached(sim::Milestone::Answered).await);
    }
    let placed: Vec<_> = (0..100).map(|_| world.sim.place_call(echo(4_000))).collect();
    let mut reports = Vec::new();
    for call in placed {
        reports.push(call.finished().await);
    }
    for hog in hogs {
        hog.finished().await;
    }
    let (hogs, echoes) = records(&mut world, 120).await;
    let took = began.elapsed();
    assert_unharmed(&reports, &echoes);
    let used: Duration = hogs.iter().map(|record| record.cpu).sum();
    let cap = took / 2 + Duration::from_millis(150);
    assert!(used <= cap, "the cap binds: {used:?} used in {took:?}");
    assert!(used >= Duration::from_secs(2), "they did spin: {used:?}");
    assert!(hogs.iter().all(|record| record.parked > Duration::from_secs(3)), "they waited most of the time");
    world.close().await;
}

/// Calls that misbehave, how many, and how much memory each may have.
struct Hogs {
    plugin: &'static str,
    mode: &'static str,
    calls: usize,
    memory_mib: usize,
    /// How each of their guests ends. Absent: as it likes. Empty: none ever runs.
    ended: Option<&'static str>,
}

impl Hogs {
    fn new(mode: &'static str, calls: usize, memory_mib: usize) -> Self {
        Self { plugin: "hostile", mode, calls, memory_mib, ended: None }
    }

    fn ended(mode: &'static str, code: &'static str) -> Self {
        Self { ended: Some(code), ..Self::new(mode, 20, 16) }
    }

    /// A [component](written) that is written by hand; `None`: its guests never run.
    fn written(plugin: &'static str, code: Option<&'static str>) -> Self {
        written::know();
        Self { plugin, ended: Some(code.unwrap_or_default()), ..Self::new("", 20, 16) }
    }
}

/// Twenty echoes of three seconds, and meanwhile the hogs.
async fn beside(hogs: Hogs) {
    let quota = Quota { cpu_percent_max: Some(50), ..Quota::default() };
    let limits = GuestLimits {
        memory_bytes_max: hogs.memory_mib << 20,
        start_ms_max: 500,
        run_ms_max: 100,
        silent_ms_max: if hogs.mode == "sleep" { 1_000 } else { 10_000 },
        ..GuestLimits::default()
    };
    let limits = if hogs.ended.is_some() { limits } else { GuestLimits { run_ms_max: 5_000, ..limits } };
    let neighbour =
        Neighbour { limits, ..Neighbour { plugin: hogs.plugin.into(), ..hog(&[("mode", hogs.mode)], quota) } };
    let mut world = World::real(beside_hog(neighbour)).await;
    let mut talking: Vec<_> = (0..20).map(|_| world.sim.place_call(echo(3_000))).collect();
    for call in &mut talking {
        assert!(call.reached(sim::Milestone::Answered).await);
    }
    let script = || to_hog(vec![Step::Wait { ms: 2_000 }, Step::HangUp]);
    let placed: Vec<_> = (0..hogs.calls).map(|_| world.sim.place_call(script())).collect();
    let mut reports = Vec::new();
    for call in talking {
        reports.push(call.finished().await);
    }
    for call in placed {
        call.finished().await;
    }
    let claimed = usize::try_from(world.sim.counts().claims).expect("a small number");
    let (bad, echoes) = records(&mut world, claimed).await;
    assert_eq!(echoes.len(), 20);
    assert_unharmed(&reports, &echoes);
    assert!(bad.len() * 2 >= hogs.calls, "they were there: {} of {}", bad.len(), hogs.calls);
    for record in &bad {
        match hogs.ended {
            Some("") => assert!(record.guest.is_none() && record.trouble.is_some(), "{:?}", record.guest),
            Some(code) => assert_eq!(record.guest.as_ref().map(|end| end.code()), Some(code), "{:?}", record.guest),
            None => {}
        }
    }
    world.close().await;
}

/// When handlers failed.
#[derive(Default)]
struct Faults(Mutex<Vec<Instant>>);

impl Observer for Faults {
    fn handler_failed(&self, _: &HandlerFault<'_>) {
        self.0.lock().expect("no test failed").push(Instant::now());
    }
}

/// Each call traps nine times, as fast as its policy makes another guest.
async fn storm() {
    let faults = Arc::new(Faults::default());
    let traps = vec![FaultStep::Retry; exchange::limits::FAULT_STEPS_MAX];
    let quota = Quota { cpu_percent_max: Some(50), ..Quota::default() };
    let neighbour = Neighbour { faults: traps, ..hog(&[("mode", "trap")], quota) };
    let mut world = World::real(WorldConfig { observer: faults.clone(), ..beside_hog(neighbour) }).await;
    let mut talking: Vec<_> = (0..20).map(|_| world.sim.place_call(echo(3_000))).collect();
    for call in &mut talking {
        assert!(call.reached(sim::Milestone::Answered).await);
    }
    let script = || to_hog(vec![Step::Wait { ms: 2_000 }, Step::HangUp]);
    let placed: Vec<_> = (0..120).map(|_| world.sim.place_call(script())).collect();
    let mut reports = Vec::new();
    for call in talking {
        reports.push(call.finished().await);
    }
    for call in placed {
        call.finished().await;
    }
    let claimed = usize::try_from(world.sim.counts().claims).expect("a small number");
    let (_, echoes) = records(&mut world, claimed).await;
    assert_unharmed(&reports, &echoes);
    let at = faults.0.lock().expect("no test failed").clone();
    let in_a_second =
        |from: &Instant| at.iter().filter(|at| (*from..*from + Duration::from_secs(1)).contains(*at)).count();
    let most = at.iter().map(in_a_second).max().unwrap_or_default();
    assert!(most >= 500, "{most} traps in a second, {} in all", at.len());
    world.close().await;
}

async fn admission() {
    let quota = Quota { calls_max: Some(2), ..Quota::default() };
    let mut world = World::simulated(WorldConfig { quota, ..WorldConfig::default() }).await;
    let placed: Vec<_> = (0..3).map(|_| world.sim.place_call(Caller::echo(1_000))).collect();
    let mut outcomes = Vec::new();
    for call in placed {
        outcomes.push(call.finished().await.outcome);
    }
    let unanswered = outcomes.iter().filter(|outcome| **outcome == Outcome::Unanswered).count();
    assert_eq!((unanswered, world.sim.counts().claims), (1, 2), "the third is left to others: {outcomes:?}");
    for _ in 0..2 {
        world.record().await;
    }
    world.close().await;

    let quota = Quota { setups_per_s_max: Some(5), ..Quota::default() };
    let mut world = World::simulated(WorldConfig { quota, ..WorldConfig::default() }).await;
    let placed: Vec<_> = (0..50).map(|_| world.sim.place_call(Caller::echo(200))).collect();
    for call in placed {
        call.finished().await;
    }
    let claims = world.sim.counts().claims;
    assert!((5..=6).contains(&claims), "a second's worth at once: {claims}");
    for _ in 0..claims {
        world.record().await;
    }
    let late = world.sim.place_call(Caller::echo(200)).finished().await;
    assert_whole_echo(&late);
    world.record().await;
    world.close().await;
}

async fn memory() {
    let quota = Quota { memory_bytes_max: Some(8 << 20), ..Quota::default() };
    let config = WorldConfig { quota, ..WorldConfig::with("hostile", &[("mode", "allocate"), ("when", "audio")]) };
    let mut world = World::simulated(config).await;
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 1_000 }, Step::HangUp];
    world.sim.place_call(Caller::new(script.clone())).finished().await;
    let record = world.record().await;
    assert_eq!(record.guest.as_ref().map(|end| end.code()), Some("MEMORY_LIMIT"), "{:?}", record.guest);
    assert!(record.guest.is_some_and(|end| end.to_string().contains("tenant's guests")));
    let used = world.exchange.handle().tenants()[0].quota.memory_bytes;
    assert_eq!(used, 0, "what it had came back");
    world.close().await;
}

/// What waits to be pulled is the tenant's memory too, however small the plays are; and it comes back.
async fn queued(log: &TestLog) {
    let used = |world: &World| world.exchange.handle().tenants()[0].quota.memory_bytes;
    let mode = |tries: &'static str| WorldConfig::with("hostile", &[("mode", "flood-play"), ("tries", tries)]);
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 500 }, Step::HangUp];
    let mut world = World::simulated(mode("0")).await;
    let mut call = world.sim.place_call(Caller::new(script.clone()));
    assert!(call.reached(sim::Milestone::Answered).await);
    let guest = used(&world);
    call.finished().await;
    world.record().await;
    world.close().await;

    let lots = 3 * sandbox::limits::PLAYOUT_LOT_BYTES;
    let quota = Quota { memory_bytes_max: Some(guest + lots), ..Quota::default() };
    let mut world = World::simulated(WorldConfig { quota, ..mode("10000") }).await;
    world.sim.place_call(Caller::new(script)).finished().await;
    let record = world.record().await;
    assert_eq!(record.end, EndReason::Terminated, "a full queue ends nothing: {:?}", record.guest);
    assert_eq!(used(&world), 0, "what waited came back");
    world.close().await;
    let said = log.lines_with("flood-play FULL=");
    let taken =
        said.first().and_then(|line| line.split("OK=").nth(1)).and_then(|taken| taken.trim().parse::<u64>().ok());
    let taken_bytes = taken.expect("some are taken, and some are not") * 640;
    assert!((lots / 2..=2 * lots).contains(&taken_bytes), "{taken_bytes} bytes of {lots}: {said:?}");
}

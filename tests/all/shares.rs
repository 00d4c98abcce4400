//! One tenant misbehaves as it can, and its neighbour's calls lose nothing.

use std::time::{Duration, Instant};

use ::call::EndReason;
use exchange::{CallRecord, Pattern, Quota};
use libtest_mimic::Trial;
use sandbox::GuestLimits;
use sim::{CallReport, Caller, Outcome, Step};
use switchhook_tests::run::{real, simulated, threaded};
use switchhook_tests::world::{Neighbour, World, WorldConfig, pairs};

use crate::calls::assert_whole_echo;

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
        simulated("shares::a_tenants_calls_and_setups_are_limited", |_| admission()),
        simulated("shares::a_tenants_memory_is_limited", |_| memory()),
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
        assert_eq!(record.parked, Duration::ZERO);
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
    mode: &'static str,
    calls: usize,
    memory_mib: usize,
}

impl Hogs {
    fn new(mode: &'static str, calls: usize, memory_mib: usize) -> Self {
        Self { mode, calls, memory_mib }
    }
}

/// Twenty echoes of three seconds, and meanwhile the hogs.
async fn beside(hogs: Hogs) {
    let quota = Quota { cpu_percent_max: Some(50), ..Quota::default() };
    let limits = GuestLimits { memory_bytes_max: hogs.memory_mib << 20, ..GuestLimits::default() };
    let neighbour = Neighbour { limits, ..hog(&[("mode", hogs.mode)], quota) };
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

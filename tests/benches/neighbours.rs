//! What a tenant that misbehaves costs its neighbour: the round trips of a hundred echo calls, undisturbed and beside
//! twenty guests that never yield, on the same two threads, which simulate the callers as well.

use std::process::ExitCode;

use exchange::{Pattern, Quota};
use hdrhistogram::Histogram;
use sandbox::GuestLimits;
use sim::{Caller, Milestone, Step};
use switchhook_tests::world::{Neighbour, World, WorldConfig};

const CALLS: usize = 100;
const SPINNERS: usize = 20;
const HOG: &str = "+15550666";

fn main() -> ExitCode {
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(10_u32);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    let mut lines = Vec::new();
    for cap in [None, Some(50), Some(100)] {
        let (alone, beside) =
            runtime.block_on(async { (round(0, None, seconds).await, round(SPINNERS, cap, seconds).await) });
        let ratio = beside.p99_ms / alone.p99_ms;
        let cap = cap.map_or("none".to_string(), |cap| format!("{cap} %"));
        lines.push(format!(
            "cap {cap:>5}: undisturbed {alone}; beside {SPINNERS} spinners {beside}; p99 {ratio:.1} times",
        ));
    }
    println!("{CALLS} echo calls, {seconds} s, 16 kHz, frames of 20 ms; round trip in ms:");
    lines.iter().for_each(|line| println!("{line}"));
    ExitCode::SUCCESS
}

struct Round {
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    lost: u64,
    spun_percent: f64,
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50_ms, p99_ms, max_ms, lost, spun_percent } = self;
        write!(
            f,
            "p50 {p50_ms:.2}, p99 {p99_ms:.2}, max {max_ms:.1}, samples lost {lost}, spinners' cpu {spun_percent:.0} %"
        )
    }
}

async fn round(spinners: usize, cpu_percent_max: Option<u32>, seconds: u32) -> Round {
    let quota = Quota { cpu_percent_max, ..Quota::default() };
    let limits = GuestLimits { grace_ms_max: 100, ..GuestLimits::default() };
    let hog = Neighbour {
        quota,
        limits,
        ..Neighbour::with("hog", HOG, "hostile", &[("mode", "spin"), ("when", "answered")])
    };
    let answers = Pattern::Prefix("+15551".into());
    let mut world = World::real(WorldConfig { answers, neighbours: vec![hog], ..WorldConfig::default() }).await;
    let began = std::time::Instant::now();
    let spin = vec![Step::WaitAnswered, Step::Wait { ms: (seconds + 2) * 1_000 }, Step::HangUp];
    let spin = || Caller { to: HOG.into(), record: false, ..Caller::new(spin.clone()) };
    let mut spinning: Vec<_> = (0..spinners).map(|_| world.sim.place_call(spin())).collect();
    for call in &mut spinning {
        call.reached(Milestone::Answered).await;
    }
    let echo = || Caller { to: "+15551000".into(), record: false, ..Caller::echo(seconds * 1_000) };
    let echoes: Vec<_> = (0..CALLS).map(|_| world.sim.place_call(echo())).collect();
    let mut rtt_us = Histogram::<u64>::new(3).expect("three digits");
    for call in echoes {
        rtt_us.add(&call.finished().await.rtt_us).expect("the same range");
    }
    for call in spinning {
        call.finished().await;
    }
    let (mut lost, mut spun) = (0, std::time::Duration::ZERO);
    for _ in 0..CALLS + spinners {
        let record = world.record().await;
        if record.tenant == "hog" {
            spun += record.cpu;
        } else {
            lost += record.stats.map_or(0, |stats| stats.samples_lost);
        }
    }
    let took = began.elapsed();
    world.close().await;
    let ms = |us: u64| us as f64 / 1_000.0;
    let (p50_ms, p99_ms) = (ms(rtt_us.value_at_quantile(0.5)), ms(rtt_us.value_at_quantile(0.99)));
    let spun_percent = 100.0 * spun.as_secs_f64() / took.as_secs_f64();
    Round { p50_ms, p99_ms, max_ms: ms(rtt_us.max()), lost, spun_percent }
}

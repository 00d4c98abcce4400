//! Many calls: at once on real sockets, at once under the virtual clock, and one batch after another with flat memory.

use std::process::Command;

use ::call::EndReason;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use serde_json::{Value, json};
use sim::{CallReport, Caller, Outcome};
use switchhook_tests::run::{simulated, threaded};
use switchhook_tests::world::{World, WorldConfig};
use tokio::runtime::Builder;

use crate::calls::assert_whole_echo;
use crate::chaos;

/// Set for a process that this binary starts to measure itself in: which measurement it is.
pub(crate) const CHILD: &str = "SWITCHHOOK_TEST_CHILD";

/// Calls of the soak in all, those after which the first measurement is taken, and those at once.
const SOAK_CALLS: usize = 1_000;
const SOAK_WARM_CALLS: usize = 200;
const SOAK_BATCH_CALLS: usize = 10;
/// What the calls after those may add to the process, in KiB: half a KiB a call, less than one forgotten frame of audio.
const SOAK_GROWTH_KIB_MAX: i64 = 400;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        threaded("load::a_hundred_calls_at_once_on_sockets", 2, |_| on_sockets()),
        simulated("load::two_hundred_calls_at_once", |_| at_once()),
        Trial::test("load::memory_is_flat_over_a_thousand_calls", || {
            flat_memory();
            Ok(())
        }),
    ]
}

/// What a process of its own measures instead of running tests.
pub(crate) fn child(job: &str) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let measured = match job {
        "soak" => runtime.block_on(soak()),
        "chaos" => runtime.block_on(chaos::memory()),
        other => panic!("there is no measurement {other}"),
    };
    println!("{measured}");
}

/// What a process of its own measures: other tests run beside this one.
pub(crate) fn measure(job: &str) -> Value {
    let this = std::env::current_exe().expect("the path of this program");
    let output = Command::new(this).env(CHILD, job).output().expect("a second process");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(said.trim()).unwrap_or_else(|_| panic!("no JSON: {said}"))
}

async fn on_sockets() {
    many(World::real(WorldConfig::default()).await, 100, 5_000).await;
}

async fn at_once() {
    many(World::simulated(WorldConfig::default()).await, 200, 3_000).await;
}

/// So many echoes at once, 20 ms frames at 16 kHz: every frame comes back, in order, and nothing unasked.
async fn many(mut world: World, calls: usize, ms: u32) {
    let caller = || Caller { record: false, ..Caller::echo(ms) };
    let placed: Vec<_> = (0..calls).map(|_| world.sim.place_call(caller())).collect();
    let frames = u64::from(ms) / 20;
    for call in placed {
        let report: CallReport = call.finished().await;
        assert_eq!(report.outcome, Outcome::CallerHungUp);
        assert_eq!((report.frames_sent, report.frames_unsent), (frames, 0));
        assert_eq!(report.bytes_said, frames * 640);
        assert_whole_echo(&report);
    }
    for _ in 0..calls {
        let record = world.record().await;
        assert_eq!((record.end, &record.guest), (EndReason::Terminated, &Some(GuestEnd::Returned)));
        let stats = record.stats.expect("it had a voice");
        assert_eq!((stats.frames_in, stats.samples_in), (frames, frames * 320), "{stats:?}");
        assert_eq!((stats.samples_lost, stats.padding_samples), (0, 0), "{stats:?}");
        assert_eq!(stats.bytes_out, frames * 640, "{stats:?}");
        assert!(record.setup.total().is_some());
    }
    assert!(world.exchange.calls().is_empty());
    world.close().await;
}

fn flat_memory() {
    let measured = measure("soak");
    let kib = |field: &str| measured[field].as_i64().unwrap_or_else(|| panic!("no `{field}`: {measured}"));
    assert_eq!(kib("calls"), SOAK_CALLS as i64, "{measured}");
    assert_eq!(kib("left"), 0, "{measured}");
    let growth = kib("dirty_kib") - kib("warm_dirty_kib");
    assert!(growth <= SOAK_GROWTH_KIB_MAX, "{growth} KiB more: {measured}");
}

/// As many places as calls at once: one that is not given back would leave a call unanswered.
async fn soak() -> Value {
    let mut world = World::simulated(WorldConfig { calls_max: SOAK_BATCH_CALLS, ..WorldConfig::default() }).await;
    let mut warm_dirty_kib = 0;
    for batch in 0..SOAK_CALLS / SOAK_BATCH_CALLS {
        if batch * SOAK_BATCH_CALLS == SOAK_WARM_CALLS {
            warm_dirty_kib = private_dirty_kib();
        }
        let caller = || Caller { record: false, ..Caller::echo(200) };
        let placed: Vec<_> = (0..SOAK_BATCH_CALLS).map(|_| world.sim.place_call(caller())).collect();
        for call in placed {
            assert_whole_echo(&call.finished().await);
        }
        for _ in 0..SOAK_BATCH_CALLS {
            assert_eq!(world.record().await.end, EndReason::Terminated);
        }
    }
    let (calls, left) = (world.sim.counts().claims, world.exchange.calls().len());
    let dirty_kib = private_dirty_kib();
    world.close().await;
    json!({ "calls": calls, "left": left, "warm_dirty_kib": warm_dirty_kib, "dirty_kib": dirty_kib })
}

fn private_dirty_kib() -> i64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").expect("a Linux with /proc");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")).map(|kib| kib.trim().parse());
    kib.expect("a line of Private_Dirty in kB").expect("a number")
}

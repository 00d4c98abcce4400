//! Swaps while calls talk: none ends, no frame is lost, and the next call is on the new version.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::call::EndReason;
use ::sandbox::{CompileLimits, GuestEnd};
use exchange::CallRecord;
use libtest_mimic::Trial;
use loader::Loader;
use sim::{CallReport, Caller, Outcome};
use switchhook_tests::clock;
use switchhook_tests::run::{simulated, threaded};
use switchhook_tests::world::{World, WorldConfig};

use super::kit::{Hot, Keep, loader, push, slot, variant};
use crate::calls::assert_whole_echo;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        threaded("hot::two_hundred_calls_do_not_notice_a_hundred_swaps", 2, |_| swaps()),
        threaded("hot::calls_on_sockets_do_not_notice_pushes", 2, |_| pushes()),
        simulated("hot::a_version_goes_with_its_last_call", |_| last_call_out()),
    ]
}

const VERSIONS: u32 = 8;
const CALLS: u32 = 200;
const SWAPS: u32 = 100;

/// Brings so many versions of the echo in. Compiling takes real time, which a virtual clock must not count.
fn bring(loader: &Loader, versions: u32) -> Vec<(u64, String)> {
    let bringing = async {
        let mut brought = Vec::new();
        for number in 0..versions {
            let receipt = push(loader, &variant("echo", number, 0)).await.expect("it is good").receipt;
            brought.push((receipt.number, receipt.version));
        }
        brought
    };
    std::thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(bringing)
        };
        scope.spawn(run).join().expect("they are brought in")
    })
}

fn echo(ms: u32) -> Caller {
    Caller { record: false, ..Caller::echo(ms) }
}

fn assert_unhurt(report: &CallReport, ms: u32) {
    assert_eq!(report.outcome, Outcome::CallerHungUp);
    assert_eq!((report.frames_sent, report.frames_unsent), (u64::from(ms) / 20, 0));
    assert_whole_echo(report);
}

/// Every call's record by its session, checked.
async fn records(world: &mut World, calls: usize) -> HashMap<String, CallRecord> {
    let mut records = HashMap::new();
    for _ in 0..calls {
        let record = world.record().await;
        assert_eq!((record.end, &record.guest), (EndReason::Terminated, &Some(GuestEnd::Returned)));
        assert_eq!(record.stats.as_ref().expect("it had a voice").samples_lost, 0, "{record:?}");
        records.insert(record.session_id.clone(), record);
    }
    records
}

async fn swaps() {
    const MS: u32 = 12_000;
    let mut world = World::real(WorldConfig { calls_max: CALLS as usize, ..WorldConfig::default() }).await;
    let (keep, slot) = (Keep::new(CompileLimits::default()), slot(&world));
    let loader = loader(&keep.stock, &slot, Arc::new(()));
    let versions = bring(&loader, VERSIONS);
    let mut loaded = Vec::new();
    for (number, _) in &versions {
        loader.promote("acme", "first", *number, false).await.expect("it is good");
        loaded.push(slot.live().expect("it was made live"));
    }
    let (mut calls, mut expected) = (Vec::new(), HashMap::new());
    let mut most = 0;
    for swap in 0..SWAPS {
        let (number, version) = &versions[(swap % VERSIONS) as usize];
        loader.promote("acme", "first", *number, false).await.expect("it is good");
        assert_eq!(slot.live().and_then(|live| live.number()), Some(*number));
        for _ in 0..CALLS / SWAPS {
            let call = world.sim.place_call(echo(MS));
            expected.insert(call.session_id().to_owned(), version.clone());
            calls.push(call);
        }
        clock::pass(Duration::from_millis(50)).await;
        most = most.max(slot.view().iter().filter(|version| version.calls > 0).count());
    }
    // Those who rang last are claimed last. The trial's own limit ends what never comes.
    clock::until(|| slot.places().0 == CALLS as usize).await;
    drop(loaded);
    assert_eq!(most, VERSIONS as usize, "so many versions at once");
    for call in calls {
        assert_unhurt(&call.finished().await, MS);
    }
    let records = records(&mut world, CALLS as usize).await;
    for (session, version) in expected {
        assert_eq!(records[&session].version, version, "a call is on what was live when it rang");
    }
    assert_eq!(slot.versions().len(), 2, "the live one and the one before: the others went with their calls");
    world.close().await;
}

/// Real sockets, real compilations beside the calls.
async fn pushes() {
    const MS: u32 = 4_000;
    let mut hot = Hot::new(WorldConfig::default(), CompileLimits::default()).await;
    let calls: Vec<_> = (0..40).map(|_| hot.desk.world.sim.place_call(echo(MS))).collect();
    let mut expected = HashMap::new();
    for number in 0..12 {
        let pushed = hot.push(&variant("echo", number, 1 << 20)).await.expect("it is good");
        let live = hot.loader.promote("acme", "first", pushed.receipt.number, false).await.expect("it is good");
        let call = hot.desk.world.sim.place_call(echo(100));
        expected.insert(call.session_id().to_owned(), live.version);
        assert_unhurt(&call.finished().await, 100);
    }
    for call in calls {
        assert_unhurt(&call.finished().await, MS);
    }
    let records = records(&mut hot.desk.world, 52).await;
    for (session, version) in expected {
        assert_eq!(records[&session].version, version, "the next call is on the new version");
    }
    hot.close().await;
}

async fn last_call_out() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let (keep, slot) = (Keep::new(CompileLimits::default()), slot(&world));
    let loader = loader(&keep.stock, &slot, Arc::new(()));
    let versions = bring(&loader, 3);
    loader.promote("acme", "first", versions[0].0, false).await.expect("it is good");
    let call = world.sim.place_call(crate::admin::patient());
    let session = call.session_id().to_owned();
    clock::until(|| world.exchange.calls().iter().any(|call| call.session_id == session)).await;
    let first = Arc::downgrade(&slot.live().expect("live"));
    for (number, _) in &versions[1..] {
        loader.promote("acme", "first", *number, false).await.expect("it is good");
    }
    assert_eq!(first.upgrade().map(|version| version.calls()), Some(1), "its call keeps it");
    call.hang_up();
    call.finished().await;
    assert_eq!(world.record().await.version, versions[0].1);
    clock::until(|| first.strong_count() == 0).await;
    world.close().await;
}

//! What the registry learns from calls: which version was taken off, and when each got its first call.

use std::sync::Arc;

use ::sandbox::{CompileLimits, GuestSetup};
use libtest_mimic::Trial;
use loader::{Loader, Source};
use registry::{Live, PluginEntry};
use sim::{Caller, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::threaded;
use switchhook_tests::world::WorldConfig;

use super::kit::{Hot, variant};

pub(super) fn trials() -> Vec<Trial> {
    vec![threaded("hot::a_version_that_was_taken_off_is_not_served_after_a_restart", 2, taken_off)]
}

async fn entry(loader: &Loader) -> PluginEntry {
    let listed = loader.list("acme").await.expect("it can be read");
    listed[0].entry.clone().expect("there are versions")
}

async fn taken_off(log: Arc<TestLog>) {
    // The echo knows nothing of this configuration.
    let config = WorldConfig::with("echo", &[("mode", "trap"), ("when", "start")]);
    let mut hot = Hot::new(config, CompileLimits::default()).await;
    for component in ["echo", "hostile"] {
        let number = hot.push(&variant(component, 1, 0)).await.expect("it is good").receipt.number;
        hot.loader.promote("acme", "first", number, true).await.expect("somebody agrees");
    }
    assert_eq!(entry(&hot.loader).await.live, Live { live: Some(2), previous: Some(1) });
    for _ in 0..exchange::limits::LOOP_FAULTS {
        let call = hot.desk.world.sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::HangUp]));
        call.finished().await;
        hot.desk.world.record().await;
    }
    assert_eq!(hot.slot.live().and_then(|live| live.number()), Some(1), "new calls get the one before");
    let call = hot.desk.world.sim.place_call(Caller::echo(100));
    call.finished().await;
    assert_eq!(log.expect_errors("fails its calls over and over"), 1);
    let known = loop {
        let entry = entry(&hot.loader).await;
        let is_called = |number| entry.milestones.get(&number).is_some_and(|known| known.first_call_unix_ms.is_some());
        if entry.live == (Live { live: Some(1), previous: None }) && is_called(1) && is_called(2) {
            break entry;
        }
        tokio::task::yield_now().await;
    };
    for milestones in known.milestones.values() {
        assert!(milestones.live_unix_ms <= milestones.first_call_unix_ms, "{milestones:?}");
    }

    let Hot { desk, loader, slot, keep } = hot;
    desk.close().await;
    drop((loader, slot));
    let keep = keep.restarted(CompileLimits::default()).await;
    let source = Source::File("/no/such/file".into());
    let served = keep.stock.first("acme", "first", &source, &GuestSetup::default()).await;
    let served = served.expect("it can be used").and_then(|version| version.number());
    assert_eq!(served, Some(1), "not the one that was taken off");
}

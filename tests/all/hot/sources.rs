//! Versions that come by themselves: a file that changes; and what a restart serves.

use std::path::Path;
use std::sync::Arc;

use ::sandbox::{CompileLimits, GuestSetup};
use exchange::PluginSlot;
use libtest_mimic::Trial;
use loader::{Loader, Receipt, Source, Sources};
use switchhook_tests::components::bytes;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::threaded;
use switchhook_tests::world::{World, WorldConfig};
use tokio::sync::mpsc;
use tracing::Level;

use super::kit::{Keep, Told, hosted, push, slot, variant};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        threaded("hot::a_file_that_changes_is_live_by_itself", 2, changes),
        threaded("hot::a_restart_serves_what_was_made_live_last", 2, |_| restart()),
    ]
}

/// A loader that watches a file, and what it makes live.
fn watching(keep: &Keep, slot: &Arc<PluginSlot>, file: &Path) -> (Loader, Sources, mpsc::Receiver<Receipt>) {
    let (tell, told) = mpsc::channel(16);
    let hosted = hosted("acme", slot, Source::File(file.to_owned()));
    let loader = Loader::new(keep.stock.clone(), vec![hosted], Arc::new(Told(tell)));
    let sources = loader.watch().expect("a thread");
    (loader, sources, told)
}

fn write(file: &Path, wasm: &[u8]) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, wasm).and_then(|()| std::fs::rename(beside, file)).expect("writable");
}

async fn changes(log: Arc<TestLog>) {
    let world = World::real(WorldConfig::default()).await;
    let (keep, slot) = (Keep::new(CompileLimits::default()), slot(&world));
    let file = keep.folder.path().join("echo.wasm");
    write(&file, &variant("echo", 1, 0));
    let (loader, sources, mut live) = watching(&keep, &slot, &file);
    assert_eq!(live.recv().await.expect("it is taken").number, 1);
    write(&file, &variant("echo", 2, 0));
    let second = live.recv().await.expect("it is taken");
    assert_eq!((second.number, slot.live().and_then(|live| live.number())), (2, Some(2)));

    // What cannot be used is said, and what is live stays; what wants more is said, and taken.
    write(&file, b"no component");
    log.until(Level::WARN, "the plugin's file is not taken", 1).await;
    write(&file, &bytes("wrong-world"));
    log.until(Level::WARN, "the source's version is refused", 1).await;
    std::fs::remove_file(&file).expect("ours");
    log.until(Level::WARN, "the plugin's file is gone", 1).await;
    assert_eq!(slot.live().and_then(|live| live.number()), Some(2));
    write(&file, &bytes("voicemail"));
    assert_eq!(live.recv().await.expect("it is taken").number, 3);
    log.until(Level::WARN, "wants more than the one before", 1).await;

    // What was pushed since is not taken back by a file that only comes to rest again.
    let pushed = push(&loader, &variant("echo", 3, 0)).await.expect("it is good").receipt;
    loader.promote("acme", "first", pushed.number, false).await.expect("it is good");
    assert_eq!(live.recv().await.expect("told").number, 4);
    write(&file, &variant("echo", 4, 0));
    assert_eq!(live.recv().await.expect("it is taken").number, 5);
    drop(sources);
    world.close().await;
}

async fn restart() {
    let world = World::real(WorldConfig::default()).await;
    let slot = slot(&world);
    let mut keep = Keep::new(CompileLimits::default());
    let file = keep.folder.path().join("echo.wasm");
    let source = Source::File(file.clone());
    write(&file, &variant("echo", 1, 0));
    let first = async |keep: &Keep| {
        let version = keep.stock.first("acme", "first", &source, &GuestSetup::default()).await;
        version.expect("it can be used").and_then(|version| version.number())
    };
    assert_eq!(first(&keep).await, Some(1), "what the file has");
    let (loader, sources, _) = watching(&keep, &slot, &file);
    for number in [2, 3] {
        let pushed = push(&loader, &variant("echo", number, 0)).await.expect("it is good").receipt;
        loader.promote("acme", "first", pushed.number, false).await.expect("it is good");
    }
    loader.rollback("acme", "first").await.expect("there is one before");
    drop((sources, loader));
    let anew = async |keep: Keep| {
        // The plugin's slot would hold its versions, and with them the registry.
        for _ in 0..2 {
            slot.replace(Arc::new(switchhook_tests::components::plugin("echo").into()));
        }
        keep.restarted(CompileLimits::default()).await
    };
    keep = anew(keep).await;
    assert_eq!(first(&keep).await, Some(2), "what was made live last, by whatever");
    let (loader, sources, mut live) = watching(&keep, &slot, &file);
    loader.ready_previous().await;
    write(&file, &variant("echo", 9, 0));
    assert_eq!(live.recv().await.expect("it is taken").number, 4, "the file alone is no news, its change is");
    drop((sources, loader));
    write(&file, &variant("echo", 1, 0));
    keep = anew(keep).await;
    let (loader, sources, mut live) = watching(&keep, &slot, &file);
    assert_eq!(
        live.recv().await.expect("it is taken").number,
        5,
        "what changed meanwhile is news, though it was there once"
    );
    drop((sources, loader));
    world.close().await;
}

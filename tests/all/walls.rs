//! What a guest tries to reach beyond its call: another tenant's recordings, files, sockets, the host's environment.

use libtest_mimic::Trial;
use sim::{Caller, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{Neighbour, World, WorldConfig};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("walls::a_guest_reaches_no_recording_of_another", |log| async move { recordings(&log).await }),
        simulated("walls::a_guest_reads_no_configuration_of_another", |log| async move { config(&log).await }),
        real("walls::a_guest_reaches_into_no_call_of_another", |log| async move { meddle(&log).await }),
        simulated("walls::a_guest_reaches_no_file_socket_or_environment", |log| async move { pry(&log).await }),
    ]
}

fn talk(to: &str) -> Caller {
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 1_000 }, Step::HangUp];
    Caller { to: to.into(), ..Caller::new(script) }
}

/// The first records; its neighbour, and another plugin of its own tenant, know the reference and get nowhere.
async fn recordings(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let base = WorldConfig { data_dir: Some(folder.path().to_owned()), ..WorldConfig::default() };
    let steps = [("mode", "record"), ("steps", "answer,start:heard,wait:500,stop,end")];
    let mut world =
        World::simulated(WorldConfig { data_dir: base.data_dir.clone(), ..WorldConfig::with("hostile", &steps) }).await;
    world.sim.place_call(talk("+15551000")).finished().await;
    world.record().await;
    world.close().await;
    let kept = folder.path().join("recordings/acme/first");
    let file = std::fs::read_dir(&kept).expect("a folder").next().expect("a recording").expect("a file").path();
    let reference = file.file_stem().expect("a name").to_string_lossy().into_owned();
    let before = std::fs::read(&file).expect("a recording");

    let tries = [reference.clone(), format!("../../acme/first/{reference}"), format!("../first/{reference}")];
    let tries: Vec<_> = tries.iter().map(|path| format!("play:{path},delete:{path}")).collect();
    let thief = [("mode", "record"), ("steps", &*format!("answer,{},end", tries.join(",")))];
    let config = WorldConfig {
        neighbours: vec![Neighbour::with("thief", "+15550666", "hostile", &thief)],
        others: vec![(
            exchange::Pattern::Exact("+15550667".into()),
            "hostile".into(),
            switchhook_tests::world::pairs(&thief),
        )],
        answers: exchange::Pattern::Exact("+15551000".into()),
        ..base
    };
    let mut world = World::simulated(config).await;
    for to in ["+15550666", "+15550667"] {
        world.sim.place_call(talk(to)).finished().await;
        world.record().await;
    }
    world.close().await;
    let refused = |what: &str| log.lines_with(&format!("record {what} INVALID")).len();
    assert_eq!((refused("play"), refused("delete")), (6, 6), "{:?}", log.lines_with("record "));
    assert_eq!(std::fs::read(&file).ok(), Some(before), "it is untouched");
}

async fn pry(log: &TestLog) {
    let mut world = World::simulated(WorldConfig::with("hostile", &[("mode", "pry")])).await;
    world.sim.place_call(talk("+15551000")).finished().await;
    world.record().await;
    world.close().await;
    assert_eq!(log.lines_with("pry shut ").len(), 5, "{:?}", log.lines_with("pry "));
    assert!(log.lines_with("pry open ").is_empty(), "{:?}", log.lines_with("pry "));
}

/// The first is configured with a key that its neighbour, and another plugin of its own tenant, ask for by its name.
async fn config(log: &TestLog) {
    let asks = [("mode", "pry-config"), ("wanted", "token,mode")];
    let first = [("token", "of-acme"), ("mode", "pry-config"), ("wanted", "token,mode")];
    let config = WorldConfig {
        neighbours: vec![Neighbour::with("thief", "+15550666", "hostile", &asks)],
        others: vec![(
            exchange::Pattern::Exact("+15550667".into()),
            "hostile".into(),
            switchhook_tests::world::pairs(&asks),
        )],
        answers: exchange::Pattern::Exact("+15551000".into()),
        ..WorldConfig::with("hostile", &first)
    };
    let mut world = World::simulated(config).await;
    for to in ["+15551000", "+15550666", "+15550667"] {
        world.sim.place_call(talk(to)).finished().await;
        world.record().await;
    }
    world.close().await;
    assert_eq!(log.lines_with("pry config token of-acme").len(), 1, "its own: {:?}", log.lines_with("pry config"));
    assert_eq!(log.lines_with("pry config token -").len(), 2, "{:?}", log.lines_with("pry config"));
}

/// One whose timers tick is beside two that cancel every timer they can name: a neighbour's, and one of its own plugin's.
async fn meddle(log: &TestLog) {
    let meddle = [("mode", "meddle")];
    let config = WorldConfig {
        neighbours: vec![Neighbour::with("thief", "+15550666", "hostile", &meddle)],
        others: vec![(
            exchange::Pattern::Exact("+15550667".into()),
            "hostile".into(),
            switchhook_tests::world::pairs(&meddle),
        )],
        answers: exchange::Pattern::Exact("+15551000".into()),
        ..WorldConfig::with("hostile", &[("mode", "timers"), ("period_ms", "100"), ("ticks", "20")])
    };
    let mut world = World::real(config).await;
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 20_000 }];
    let victim = world.sim.place_call(Caller { to: "+15551000".into(), ..Caller::new(script) });
    log.until(tracing::Level::INFO, "timer tick 2", 1).await;
    for to in ["+15550666", "+15550667"] {
        world.sim.place_call(talk(to)).finished().await;
    }
    let report = victim.finished().await;
    for _ in 0..3 {
        world.record().await;
    }
    world.close().await;
    assert_eq!(log.lines_with("meddle done").len(), 2);
    assert!(log.lines_with("meddle sent").is_empty());
    assert_eq!(log.lines_with("timer tick ").len(), 20, "none was cancelled");
    assert!(matches!(report.outcome, sim::Outcome::AgentClosed), "it ended its call itself: {:?}", report.outcome);
}

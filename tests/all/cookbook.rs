//! The recipes of guest-sdk/COOKBOOK.md, as they are built: each against its scenarios in every language that it is shown in.

use libtest_mimic::{Failed, Trial};
use sim::{Caller, Step};
use switchhook::config;
use switchhook_tests::components;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

use crate::scenarios;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = scenarios::of_folders("guest-sdk/cookbook", "cookbook/");
    trials.push(Trial::test("cookbook::the_configuration_is_one", the_configuration_is_one));
    for build in ["cookbook/remember-a-caller", "cookbook/remember-a-caller.python"] {
        let name = format!("{build}::from_call_to_call").replace('/', "::");
        trials.push(simulated(name, move |log| async move { remembers(build, &log).await }));
    }
    trials
}

/// A scenario begins without memories: what outlives a call shows in two of them.
async fn remembers(build: &str, log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = WorldConfig {
        data_dir: Some(folder.path().to_owned()),
        remembers: Some(key_value::KeyValueLimits::default()),
        ..WorldConfig::with(build, &[])
    };
    let mut world = World::simulated(config).await;
    for (from, count) in [("+15550188", 1), ("+15550188", 2), ("+15550177", 1), ("+15550188", 3)] {
        let script = vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }];
        world.sim.place_call(Caller { from: from.into(), ..Caller::new(script) }).finished().await;
        assert_eq!(world.record().await.end, call::EndReason::Closed);
        assert!(!log.lines_with(&format!("this is call {count} of this number")).is_empty(), "{from}: {count}");
    }
    assert_eq!(log.lines_with("this is call 1 of this number").len(), 2);
    world.close().await;
}

/// With the environment and the component that it asks for.
fn the_configuration_is_one() -> Result<(), Failed> {
    let file = components::root().join("guest-sdk/cookbook/secret-header/switchhook.toml");
    let folder = tempfile::tempdir()?;
    std::fs::copy(components::root().join("target/cookbook/secret-header.wasm"), folder.path().join("notes.wasm"))?;
    let copy = folder.path().join("switchhook.toml");
    std::fs::copy(file, &copy)?;
    let asked = |name: &str| ["ACME_KEY", "ACME_NOTES_KEY"].contains(&name).then(|| "a-value".into());
    match config::load(&copy, &asked) {
        Ok(_) => Ok(()),
        Err(problems) => Err(problems.to_string().into()),
    }
}

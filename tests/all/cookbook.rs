//! The recipes of guest-sdk/COOKBOOK.md, as they are built: each against its scenarios in every language that it is shown in.

use libtest_mimic::{Failed, Trial};
use switchhook::config;
use switchhook_tests::components;

use crate::scenarios;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = scenarios::of_folders("guest-sdk/cookbook", "cookbook/");
    trials.push(Trial::test("cookbook::the_configuration_is_one", the_configuration_is_one));
    trials
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

//! What the fuzzers found worth keeping (`tests/fuzz/corpus`), through the same functions, on stable.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use switchhook_tests::components::root;
use switchhook_tests::fuzz::{TARGETS, Target};

/// More than this is not minimised.
const FILES_MAX: usize = 400;
const BYTES_MAX: usize = 300 << 10;

pub(crate) fn trials() -> Vec<Trial> {
    let replays = TARGETS.map(|(name, target)| Trial::test(format!("corpus::{name}"), move || replay(name, target)));
    let others = [Trial::test("corpus::every_folder_has_its_target", no_strangers)];
    replays.into_iter().chain(others).collect()
}

fn replay(name: &str, target: Target) -> Result<(), Failed> {
    let folder = corpus().join(name);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        files.push(entry?.path());
    }
    files.sort();
    let mut sum = 0;
    for file in &files {
        let bytes = fs::read(file)?;
        sum += bytes.len();
        // The panic has printed its own words; the name of the file is what they lack.
        catch_unwind(AssertUnwindSafe(|| target(&bytes)))
            .map_err(|_| format!("{} does not hold: see the panic above", file.display()))?;
    }
    match files.len() {
        0 => Err(format!("{} is empty", folder.display()).into()),
        1..=FILES_MAX if sum <= BYTES_MAX => Ok(()),
        count => Err(format!("{count} files of {sum} bytes: minimise them (tests/fuzz/README.md)").into()),
    }
}

fn no_strangers() -> Result<(), Failed> {
    for entry in fs::read_dir(corpus())? {
        let name = entry?.file_name();
        if !TARGETS.iter().any(|(known, _)| *known == name) {
            return Err(format!("tests/fuzz/corpus/{} belongs to no target", name.display()).into());
        }
    }
    Ok(())
}

fn corpus() -> PathBuf {
    root().join("tests/fuzz/corpus")
}

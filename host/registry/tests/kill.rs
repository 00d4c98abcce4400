//! A process that pushes versions is ended with `kill -9`, again and again: nothing that it was told is lost.
//!
//! The process is this test program, started again with a folder in its environment.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use registry::{Digest, Origin, Provenance, Registry, RegistryLimits};

const FOLDER: &str = "SWITCHHOOK_KILL_TEST_FOLDER";
const SEED: &str = "SWITCHHOOK_KILL_TEST_SEED";
const ROUNDS: u64 = 50;
const PLUGINS: [&str; 3] = ["a", "b", "c"];

fn provenance() -> Provenance {
    Provenance { origin: Origin::Upload, by: "child".to_owned(), at_unix_s: 0 }
}

fn bytes(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(1_000 + number as usize % 7 * 4_000)
}

/// Pushes and promotes for as long as it lives, and tells each thing after it was acknowledged.
fn child(folder: &Path, seed: u64) {
    let registry = Registry::open(folder, RegistryLimits::default()).unwrap();
    let mut told = std::io::stdout().lock();
    let mut random = fastrand::Rng::with_seed(seed);
    loop {
        let plugin = PLUGINS[random.usize(..3)];
        let content = random.u64(..200);
        let component = registry.put(&bytes(content)).unwrap();
        let version = registry.add("acme", plugin, &component, provenance()).unwrap();
        writeln!(told, "\nadded {plugin} {} {}", version.number, version.digest).unwrap();
        if random.bool() {
            registry.promote("acme", plugin, version.number).unwrap();
            writeln!(told, "\nlive {plugin} {} -", version.number).unwrap();
        }
    }
}

/// What was acknowledged: of each plugin the last version, its digest, and what was made live last.
#[derive(Default)]
struct Told {
    last: u64,
    digests: BTreeMap<u64, Digest>,
    live: Option<u64>,
}

#[test]
fn a_writer() {
    if let (Some(folder), Ok(seed)) = (std::env::var_os(FOLDER), std::env::var(SEED)) {
        child(Path::new(&folder), seed.parse().unwrap());
    }
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["a_writer", "--exact", "--nocapture", "--test-threads=1"]);
        command.env(FOLDER, folder.path()).env(SEED, random.u64(..).to_string());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut note = |line: &str| -> bool {
            let Some((kind, rest)) = line.split_once(' ') else { return false };
            let mut words = rest.split(' ');
            let (Some(plugin), Some(number), Some(digest)) = (words.next(), words.next(), words.next()) else {
                return false;
            };
            let Ok(number) = number.parse() else { return false };
            let entry = told.entry(plugin.to_owned()).or_default();
            match kind {
                "added" => {
                    let Ok(digest) = digest.parse() else { return false };
                    assert!(number > entry.last, "round {round}: a number was given twice");
                    (entry.last, _) = (number, entry.digests.insert(number, digest));
                }
                "live" => entry.live = Some(number),
                _ => return false,
            }
            true
        };
        let mut left = random.u32(..12);
        while left > 0 {
            let line = lines.next().expect("the child goes on until it is killed").unwrap();
            left -= u32::from(note(&line));
        }
        let moment = Instant::now() + Duration::from_micros(random.u64(..4_000));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said is acknowledged too. The last line may be cut.
        for line in lines {
            note(&line.unwrap());
        }
        let registry = Registry::open(folder.path(), RegistryLimits::default()).unwrap();
        for plugin in PLUGINS {
            let Some(entry) = registry.plugin("acme", plugin).unwrap() else {
                assert!(!told.contains_key(plugin), "round {round}: {plugin} is lost");
                continue;
            };
            let told = told.entry(plugin.to_owned()).or_default();
            check(&registry, plugin, told, round);
            // What was done and not told is what the next round begins with.
            told.live = entry.live.live;
            told.last = entry.versions.last().expect("a plugin has a version").number;
        }
        acknowledged = told.values().map(|told| told.last).sum();
    }
    assert!(acknowledged > ROUNDS, "seed {seed}: only {acknowledged} versions were acknowledged");
}

fn check(registry: &Registry, plugin: &str, told: &Told, round: u64) {
    let entry = registry.plugin("acme", plugin).unwrap().expect("a plugin with a version");
    let last = entry.versions.last().unwrap();
    // What was done and not told may be there: one step at most.
    assert!(last.number >= told.last, "round {round}: version {} of {plugin} is lost", told.last);
    assert!(last.number <= told.last + 1, "round {round}: nobody made version {}", last.number);
    let live = entry.live.live;
    assert!(live == told.live || live >= Some(told.last), "round {round}: {live:?} is live, {:?} was told", told.live);
    for version in &entry.versions {
        let bytes = registry.bytes(&version.digest).unwrap();
        assert_eq!(bytes.len() as u64, version.size_bytes);
        if let Some(digest) = told.digests.get(&version.number) {
            assert_eq!(*digest, version.digest, "round {round}");
        }
    }
}

//! A process that writes is ended with `kill -9`, again and again: nothing that it was told is lost.
//!
//! The process is this test program, started again with a folder in its environment.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use key_value::{KeyValueLimits, KeyValues, SystemClock};

const FOLDER: &str = "SWITCHHOOK_KEY_VALUE_KILL_FOLDER";
const SEED: &str = "SWITCHHOOK_KEY_VALUE_KILL_SEED";
const ROUNDS: u64 = 50;
const KEYS: u64 = 5;

fn open(folder: &Path) -> KeyValues {
    KeyValues::open(folder, KeyValueLimits::default(), Arc::new(SystemClock)).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// A value from which its number can be read, and that tells whether it is whole.
fn value(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(1 + number as usize % 700)
}

fn number(value: &[u8]) -> u64 {
    let number = u64::from_le_bytes(value[..8].try_into().unwrap());
    assert_eq!(value, self::value(number), "a value is not whole");
    number
}

/// Counts each key up, several at once so that they are written together, and tells what was acknowledged.
fn child(folder: &Path) {
    let store = open(folder).plugin("acme", "counter");
    runtime().block_on(async {
        let mut told = std::io::stdout().lock();
        loop {
            let mut asked = tokio::task::JoinSet::new();
            for key in 0..KEYS {
                let store = store.clone();
                asked.spawn(async move {
                    let key = format!("k{key}");
                    let present = store.get(key.clone()).await.unwrap();
                    let next = present.as_deref().map_or(0, number) + 1;
                    assert!(store.compare_and_set(key.clone(), present, value(next), None).await.unwrap());
                    (key, next)
                });
            }
            while let Some(done) = asked.join_next().await {
                let (key, number) = done.unwrap();
                writeln!(told, "\ntold {key} {number}").unwrap();
            }
        }
    });
}

#[test]
fn a_writer() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        child(Path::new(&folder));
    }
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    let runtime = runtime();
    for round in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["a_writer", "--exact", "--nocapture", "--test-threads=1"]).env(FOLDER, folder.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut note = |line: &str| -> bool {
            let Some((key, number)) = acknowledged(line) else { return false };
            let entry = told.entry(key).or_default();
            *entry = number.max(*entry);
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
        // What it still said is acknowledged too. Its last line may be cut, and then tells a smaller number at most.
        for line in lines {
            note(&line.unwrap());
        }
        let values = open(folder.path());
        let store = values.plugin("acme", "counter");
        for (key, last) in &mut told {
            let found = runtime.block_on(store.get(key.clone())).unwrap();
            let found = found.as_deref().map_or(0, number);
            // What was done and not told may be there: one step at most.
            assert!((*last..=*last + 1).contains(&found), "seed {seed} round {round}: {key} is {found}, told {last}");
            *last = found;
        }
        runtime.block_on(values.close());
    }
    assert!(told.values().sum::<u64>() > ROUNDS, "seed {seed}: too little was acknowledged");
}

/// The key and the number that a line of the child tells.
fn acknowledged(line: &str) -> Option<(String, u64)> {
    let (key, number) = line.strip_prefix("told ")?.split_once(' ')?;
    Some((key.to_owned(), number.parse().ok()?))
}

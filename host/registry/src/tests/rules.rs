//! One rule after another.

use std::path::Path;
use std::sync::Arc;

use super::sim_disk::{Fault, SimDisk};
use super::{provenance, push};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::registry::{Registry, RegistryLimits};
use crate::version::{Live, Milestones, Origin, Provenance};

fn open(disk: &SimDisk) -> Registry {
    Registry::open_on(Arc::new(disk.clone()), Path::new("/data"), RegistryLimits::default()).unwrap()
}

#[test]
fn what_was_put_in_is_told_with_its_origin() {
    let disk = SimDisk::default();
    let origins = [Origin::File("plugins/echo.wasm".to_owned()), Origin::Upload, Origin::Oci("r/echo:1".to_owned())];
    let registry = open(&disk);
    for (place, origin) in origins.iter().enumerate() {
        let component = registry.put(b"component").unwrap();
        let provenance = Provenance { origin: origin.clone(), by: "ops".to_owned(), at_unix_s: 1_000 + place as u64 };
        let version = registry.add("acme", "echo", &component, provenance.clone()).unwrap();
        assert_eq!((version.number, version.size_bytes), (place as u64 + 1, 9));
        assert_eq!((version.digest, version.provenance), (Digest::of(b"component"), provenance));
    }
    assert_eq!(disk.files("components/").len(), 1, "the same bytes are stored once");
    let before = registry.plugins().unwrap();
    drop(registry);
    assert_eq!(open(&disk).plugins().unwrap(), before);
    assert_eq!(before[0].versions.iter().map(|version| version.provenance.origin.clone()).collect::<Vec<_>>(), origins);
}

#[test]
fn promote_and_rollback_take_turns() {
    let registry = open(&SimDisk::default());
    for content in [b"1", b"2", b"3"] {
        push(&registry, "echo", content).unwrap();
    }
    assert_eq!(registry.plugin("acme", "echo").unwrap().unwrap().live, Live::default(), "nothing is live by itself");
    assert_eq!(registry.rollback("acme", "echo"), Err(RegistryError::NothingBefore));
    let live = |live, previous| Ok(Live { live, previous });
    assert_eq!(registry.promote("acme", "echo", 1), live(Some(1), None));
    assert_eq!(registry.promote("acme", "echo", 3), live(Some(3), Some(1)));
    assert_eq!(registry.promote("acme", "echo", 3), live(Some(3), Some(1)), "what is live stays");
    assert_eq!(registry.rollback("acme", "echo"), live(Some(1), Some(3)));
    assert_eq!(registry.rollback("acme", "echo"), live(Some(3), Some(1)));
    assert_eq!(registry.promote("acme", "echo", 9), Err(RegistryError::NoSuchVersion { number: 9 }));
    assert!(matches!(registry.promote("acme", "none", 1), Err(RegistryError::NoSuchPlugin { .. })));
    assert!(matches!(registry.rollback("other", "echo"), Err(RegistryError::NoSuchPlugin { .. })));
}

#[test]
fn a_withdrawn_version_is_not_live_again_and_nothing_is_before_the_other() {
    let disk = SimDisk::default();
    let registry = open(&disk);
    for content in [b"1", b"2", b"3"] {
        push(&registry, "echo", content).unwrap();
    }
    let live = |live, previous| Ok(Live { live, previous });
    registry.promote("acme", "echo", 1).unwrap();
    assert_eq!(registry.withdraw("acme", "echo", 1), live(Some(1), None), "there is nothing else");
    registry.promote("acme", "echo", 2).unwrap();
    assert_eq!(registry.withdraw("acme", "echo", 1), live(Some(2), Some(1)), "it is not live");
    assert_eq!(registry.withdraw("acme", "echo", 2), live(Some(1), None));
    assert_eq!(registry.withdraw("acme", "echo", 2), live(Some(1), None));
    drop(registry);
    let registry = open(&disk);
    assert_eq!(registry.plugin("acme", "echo").unwrap().unwrap().live, Live { live: Some(1), previous: None });
    assert_eq!(registry.rollback("acme", "echo"), Err(RegistryError::NothingBefore));
}

#[test]
fn what_became_of_a_version_outlives_the_registry_and_goes_with_the_version() {
    let disk = SimDisk::default();
    let registry = open(&disk);
    push(&registry, "echo", b"1").unwrap();
    push(&registry, "echo", b"2").unwrap();
    let note = |number, compile_ms, live_unix_ms, first_call_unix_ms| {
        let new = Milestones { compile_ms, live_unix_ms, first_call_unix_ms };
        registry.note("acme", "echo", number, new).unwrap();
    };
    note(2, Some(0), None, None);
    note(2, None, Some(10), None);
    note(2, None, None, Some(11));
    note(2, None, Some(20), Some(21));
    note(9, Some(1), None, None);
    drop(registry);
    let registry = open(&disk);
    let known = Milestones { compile_ms: Some(1), live_unix_ms: Some(20), first_call_unix_ms: Some(11) };
    let found = registry.plugin("acme", "echo").unwrap().unwrap().milestones;
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(2, known)]);
    registry.remove("acme", "echo").unwrap();
    push(&registry, "echo", b"1").unwrap();
    push(&registry, "echo", b"2").unwrap();
    assert!(registry.plugin("acme", "echo").unwrap().unwrap().milestones.is_empty());
}

#[test]
fn rotten_bytes_are_found_and_healed() {
    let disk = SimDisk::default();
    let registry = open(&disk);
    let version = push(&registry, "echo", b"a good component").unwrap();
    let (path, mut bytes) = disk.files("components/").remove(0);
    bytes[3] ^= 1;
    disk.overwrite(&path, bytes);
    let damaged = RegistryError::Damaged { digest: version.digest, path: path.clone() };
    assert_eq!(registry.bytes(&version.digest), Err(damaged.clone()));
    disk.overwrite(&path, b"a good component and more".to_vec());
    assert_eq!(registry.bytes(&version.digest), Err(damaged));
    registry.put(b"a good component").unwrap();
    assert_eq!(registry.bytes(&version.digest).unwrap(), b"a good component");
    let missing = Digest::of(b"another");
    assert_eq!(registry.bytes(&missing), Err(RegistryError::NoSuchComponent { digest: missing }));
}

#[test]
fn sizes_and_lengths_are_refused() {
    let limits = RegistryLimits { component_bytes_max: 8, ..RegistryLimits::default() };
    let registry = Registry::open_on(Arc::new(SimDisk::default()), Path::new("/data"), limits).unwrap();
    assert_eq!(registry.put(b"").unwrap_err(), RegistryError::Empty);
    assert_eq!(registry.put(b"123456789").unwrap_err(), RegistryError::TooLarge { bytes: 9, bytes_max: 8 });
    let component = registry.put(b"12345678").unwrap();
    let long = "x".repeat(65);
    for (tenant, plugin) in [("", "a"), ("a", ""), (&long, "a"), ("a", &long)] {
        let refused = registry.add(tenant, plugin, &component, provenance()).unwrap_err();
        assert!(matches!(refused, RegistryError::Length { .. }), "{refused}");
    }
    let by = Provenance { by: "x".repeat(1_025), ..provenance() };
    assert!(matches!(registry.add("a", "a", &component, by), Err(RegistryError::Length { .. })));
    let origin = Provenance { origin: Origin::File("x".repeat(1_025)), ..provenance() };
    assert!(matches!(registry.add("a", "a", &component, origin), Err(RegistryError::Length { .. })));
    let other = open(&SimDisk::default());
    let foreign = other.add("a", "a", &component, provenance()).unwrap_err();
    assert_eq!(foreign, RegistryError::NoSuchComponent { digest: component.digest() });
    assert_eq!(registry.plugins().unwrap(), []);
}

#[test]
fn a_full_disk_is_told_and_passes() {
    let disk = SimDisk::default();
    let registry = open(&disk);
    push(&registry, "echo", b"1").unwrap();
    let mut told = 0;
    for step in 0.. {
        disk.fail_after(step, Fault::Once);
        let pushed = push(&registry, "echo", format!("version {step}").as_bytes());
        let reached = disk.heal();
        match pushed {
            Err(RegistryError::DiskFull { .. }) => told += 1,
            Err(other) => panic!("step {step}: {other}"),
            Ok(_) if reached => {}
            Ok(_) => break,
        }
        push(&registry, "echo", b"1").expect("there is room again, and nobody has to restart the host");
    }
    assert!(told > 8, "{told} steps of a push failed");
}

#[test]
fn a_version_that_calls_hold_outlives_newer_ones() {
    let registry = open(&SimDisk::default());
    let first = push(&registry, "echo", b"0").unwrap();
    let hold = registry.hold("acme", "echo", first.number).unwrap();
    let kept = RegistryLimits::default().versions_kept_max;
    for number in 1..=2 * kept {
        push(&registry, "echo", &number.to_le_bytes()).unwrap();
    }
    assert_eq!(hold.version(), &first);
    assert_eq!(registry.bytes(&first.digest).unwrap(), b"0");
    assert_eq!(registry.remove("acme", "echo"), Err(RegistryError::Held { number: 1 }));
    drop(hold);
    push(&registry, "echo", b"last").unwrap();
    assert!(matches!(registry.hold("acme", "echo", 1), Err(RegistryError::NoSuchVersion { number: 1 })));
    assert!(matches!(registry.bytes(&first.digest), Err(RegistryError::NoSuchComponent { .. })));
    assert_eq!(registry.plugin("acme", "echo").unwrap().unwrap().versions.len() as u64, kept);
    registry.remove("acme", "echo").unwrap();
    assert_eq!(registry.plugins().unwrap(), []);
}

#[test]
fn what_a_source_had_last_outlives_what_is_uploaded() {
    let registry = open(&SimDisk::default());
    let of_file = Provenance { origin: Origin::File("echo.wasm".to_owned()), ..provenance() };
    for content in [b"old", b"new"] {
        let component = registry.put(content).unwrap();
        registry.add("acme", "echo", &component, of_file.clone()).unwrap();
    }
    for number in 0..=2 * RegistryLimits::default().versions_kept_max {
        push(&registry, "echo", &number.to_le_bytes()).unwrap();
    }
    let entry = registry.plugin("acme", "echo").unwrap().unwrap();
    let of_file: Vec<_> = entry.versions.iter().filter(|version| version.provenance.origin != Origin::Upload).collect();
    assert_eq!(of_file.iter().map(|version| version.number).collect::<Vec<_>>(), [2]);
    assert_eq!(registry.bytes(&of_file[0].digest).unwrap(), b"new");
}

#[test]
fn threads_do_not_lose_each_others_versions() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RegistryLimits { versions_kept_max: 5, ..RegistryLimits::default() };
    let registry = Registry::open(folder.path(), limits).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let registry = &registry;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread.into());
                for _ in 0..60 {
                    // Few contents, so that one thread drops what another is about to name.
                    let plugin = ["a", "b"][random.usize(..2)];
                    let version = push(registry, plugin, &[random.u8(..6)]).unwrap();
                    if let Ok(hold) = registry.hold("acme", plugin, version.number) {
                        registry.bytes(&version.digest).unwrap();
                        registry.promote("acme", plugin, hold.version().number).unwrap();
                    }
                    let _ = registry.rollback("acme", plugin);
                }
            });
        }
    });
    let entries = registry.plugins().unwrap();
    let last: u64 = entries.iter().map(|entry| entry.versions.last().unwrap().number).sum();
    assert_eq!(last, 240, "each push got a number of its own");
    for version in entries.iter().flat_map(|entry| &entry.versions) {
        registry.bytes(&version.digest).unwrap();
    }
}

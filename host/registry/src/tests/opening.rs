//! Opening what should not, or cannot, be opened: each with its own error.

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::Arc;

use redb::{Database, StorageBackend, TableDefinition};

use super::push;
use crate::disk::{Disk, DiskFile, LocalDisk};
use crate::error::RegistryError;
use crate::registry::{Registry, RegistryLimits};

fn open(folder: &Path) -> Result<Registry, RegistryError> {
    Registry::open(folder, RegistryLimits::default())
}

#[test]
fn one_process_has_it_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).unwrap();
    let path = folder.path().join("registry");
    assert_eq!(open(folder.path()).unwrap_err(), RegistryError::InUse { path });
    let clone = registry.clone();
    drop(registry);
    open(folder.path()).unwrap_err();
    drop(clone);
    open(folder.path()).unwrap();
}

#[test]
fn leftovers_go_and_what_is_a_strangers_stays() {
    let folder = tempfile::tempdir().unwrap();
    let version = push(&open(folder.path()).unwrap(), "echo", b"kept").unwrap();
    let components = folder.path().join("registry/components");
    let nobodys = format!("{}.wasm", crate::Digest::of(b"nobody names it"));
    for name in [&nobodys, &format!("{}.0.new", version.digest), "notes.txt"] {
        std::fs::write(components.join(name), b"nobody names it").unwrap();
    }
    open(folder.path()).unwrap();
    let mut left: Vec<_> = std::fs::read_dir(&components).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let mut expected = [format!("{}.wasm", version.digest), "notes.txt".to_owned()].map(std::ffi::OsString::from);
    expected.sort();
    assert_eq!(left, expected);
}

#[test]
fn files_are_the_hosts_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    push(&open(folder.path()).unwrap(), "echo", b"component").unwrap();
    let mut folders = vec![folder.path().join("registry")];
    while let Some(path) = folders.pop() {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700, "{path:?}");
        for entry in std::fs::read_dir(&path).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
            }
        }
    }
}

#[test]
fn another_format_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let path = folder.path().join("registry/registry.redb");
    {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let meta = TableDefinition::<&str, u64>::new("meta");
        transaction.open_table(meta).unwrap().insert("format", 7).unwrap();
        transaction.commit().unwrap();
    }
    assert_eq!(open(folder.path()).unwrap_err(), RegistryError::OtherFormat { path: path.clone(), found: 7, known: 1 });
    std::fs::remove_file(&path).unwrap();
    drop(Database::create(&path).unwrap());
    assert!(matches!(open(folder.path()), Err(RegistryError::Corrupted { .. })), "a database of something else");
}

#[test]
fn a_damaged_database_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    {
        let registry = open(folder.path()).unwrap();
        for content in 0..20_u8 {
            push(&registry, &format!("plugin-{content}"), &[content]).unwrap();
        }
    }
    let path = folder.path().join("registry/registry.redb");
    let good = std::fs::read(&path).unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    let mut refused = 0;
    for round in 0..150 {
        let mut bad = good.clone();
        match round % 3 {
            0 => bad.truncate(random.usize(..good.len())),
            1 => {
                let at = random.usize(..good.len());
                bad[at] ^= 1 << random.u8(..8);
            }
            _ => {
                let at = random.usize(..good.len());
                let end = good.len().min(at + random.usize(..5_000));
                random.fill(&mut bad[at..end]);
            }
        }
        std::fs::write(&path, &bad).unwrap();
        match open(folder.path()) {
            Ok(registry) => {
                // What was hit may be free space, or what a repair restores from its copy.
                if let Err(error) = registry.plugins() {
                    assert!(matches!(error, RegistryError::Corrupted { .. }), "{error}");
                }
            }
            Err(error) => {
                assert!(
                    matches!(error, RegistryError::Corrupted { .. } | RegistryError::OtherFormat { .. }),
                    "{error}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused} of 150 damaged databases were refused");
    std::fs::write(&path, b"not a database").unwrap();
    assert!(matches!(open(folder.path()), Err(RegistryError::Corrupted { .. })));
}

/// A disk on which nothing may be written.
#[derive(Debug)]
struct ReadOnly(io::ErrorKind);

impl Disk for ReadOnly {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        if path.exists() { Ok(()) } else { Err(self.0.into()) }
    }
    fn create(&self, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        Err(self.0.into())
    }
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        LocalDisk.read(path, bytes_max)
    }
    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(self.0.into())
    }
    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(self.0.into())
    }
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        LocalDisk.list(path)
    }
    fn database(&self, _: &Path) -> io::Result<Box<dyn StorageBackend>> {
        Err(self.0.into())
    }
    fn lock(&self, _: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Err(self.0.into())
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
        let folder = tempfile::tempdir().unwrap();
        for is_there in [false, true] {
            if is_there {
                drop(open(folder.path()).unwrap());
            }
            let error = Registry::open_on(Arc::new(ReadOnly(kind)), folder.path(), RegistryLimits::default());
            let error = error.unwrap_err();
            assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
            assert!(error.to_string().contains("let the host's user write to `data_dir`"), "{error}");
        }
    }
}

//! A disk in memory that fails where it is told to, and that may lose its power: then it keeps what was synced, and of the
//! rest an arbitrary part.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;

use crate::disk::{Disk, DiskFile};

/// What happens at the step that fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// This step fails, those after it do not.
    Once,
    /// This step and all after it fail, until [`SimDisk::restart`].
    Power,
}

#[derive(Clone, Debug, Default)]
pub(super) struct SimDisk(Arc<Mutex<World>>);

#[derive(Debug, Default)]
struct World {
    /// The folder as processes see it.
    names: BTreeMap<PathBuf, usize>,
    /// The folder as it was synced.
    synced_names: BTreeMap<PathBuf, usize>,
    /// What was done to names since, in order.
    name_changes: Vec<NameChange>,
    files: Vec<Contents>,
    /// Steps until one fails.
    fault: Option<(u32, Fault)>,
    is_dead: bool,
    is_locked: bool,
}

#[derive(Clone, Debug)]
enum NameChange {
    Made(PathBuf, usize),
    Removed(PathBuf),
    Renamed(PathBuf, PathBuf),
}

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Written(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Written(at, written) => {
                bytes.resize(bytes.len().max(at + written.len()), 0);
                bytes[*at..at + written.len()].copy_from_slice(written);
            }
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Made(path, file) => drop(names.insert(path.clone(), *file)),
            Self::Removed(path) => drop(names.remove(path)),
            Self::Renamed(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }
}

impl World {
    fn step(&mut self) -> io::Result<()> {
        if self.is_dead {
            return Err(io::Error::other("there is no power"));
        }
        match &mut self.fault {
            Some((0, fault)) => {
                self.is_dead = *fault == Fault::Power;
                self.fault = None;
                Err(ErrorKind::StorageFull.into())
            }
            Some((steps, _)) => {
                *steps -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.name_changes.push(change);
    }

    fn change(&mut self, file: usize, change: Change) {
        let contents = &mut self.files[file];
        change.apply(&mut contents.bytes);
        contents.changes.push(change);
    }

    fn sync(&mut self, file: usize) {
        let contents = &mut self.files[file];
        contents.synced.clone_from(&contents.bytes);
        contents.changes.clear();
    }

    fn found(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn made(&mut self, path: &Path) -> usize {
        self.files.push(Contents::default());
        let file = self.files.len() - 1;
        self.rename(NameChange::Made(path.to_owned(), file));
        file
    }
}

impl SimDisk {
    /// The step after so many fails.
    pub(super) fn fail_after(&self, steps: u32, fault: Fault) {
        self.0.lock().fault = Some((steps, fault));
    }

    /// Nothing fails any more. False: the failure that was asked for was not reached.
    pub(super) fn heal(&self) -> bool {
        self.0.lock().fault.take().is_none()
    }

    /// The machine comes back. What was not synced is there in part, if power was lost.
    pub(super) fn restart(&self, random: &mut fastrand::Rng) {
        let mut world = self.0.lock();
        world.fault = None;
        if !std::mem::take(&mut world.is_dead) {
            return;
        }
        let kept = random.usize(..=world.name_changes.len());
        let mut names = std::mem::take(&mut world.synced_names);
        world.name_changes.drain(..).take(kept).for_each(|change| change.apply(&mut names));
        world.synced_names.clone_from(&names);
        world.names = names;
        for contents in &mut world.files {
            let mut bytes = std::mem::take(&mut contents.synced);
            for change in contents.changes.drain(..) {
                if random.bool() {
                    change.apply(&mut bytes);
                }
            }
            contents.synced.clone_from(&bytes);
            contents.bytes = bytes;
        }
    }

    /// Names and bytes of the files whose path contains something.
    pub(super) fn files(&self, part: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let world = self.0.lock();
        let found = world.names.iter().filter(|(path, _)| path.to_string_lossy().contains(part));
        found.map(|(path, file)| (path.clone(), world.files[*file].bytes.clone())).collect()
    }

    /// What lies in a file, changed by a stranger.
    pub(super) fn overwrite(&self, path: &Path, bytes: Vec<u8>) {
        let mut world = self.0.lock();
        let file = world.found(path).unwrap();
        world.files[file] = Contents { synced: bytes.clone(), bytes, changes: Vec::new() };
    }
}

impl Disk for SimDisk {
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        self.0.lock().step()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.0.lock();
        world.step()?;
        if world.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = world.made(path);
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut world = self.0.lock();
        world.step()?;
        let mut bytes = world.files[world.found(path)?].bytes.clone();
        bytes.truncate(bytes_max as usize + 1);
        Ok(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.step()?;
        world.found(from)?;
        world.rename(NameChange::Renamed(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.step()?;
        world.found(path)?;
        world.rename(NameChange::Removed(path.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.step()?;
        let is_in = |name: &Path| name.parent() == Some(path);
        let mut synced = std::mem::take(&mut world.synced_names);
        world.name_changes.retain(|change| {
            let name = match change {
                NameChange::Made(name, _) | NameChange::Removed(name) | NameChange::Renamed(name, _) => name,
            };
            let now = is_in(name);
            if now {
                change.apply(&mut synced);
            }
            !now
        });
        world.synced_names = synced;
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut world = self.0.lock();
        world.step()?;
        let inside = world.names.iter().filter(|(name, _)| name.parent() == Some(path));
        let named = inside.map(|(name, file)| {
            (name.file_name().unwrap().to_string_lossy().into_owned(), world.files[*file].bytes.len() as u64)
        });
        Ok(named.collect())
    }

    fn database(&self, path: &Path) -> io::Result<Box<dyn StorageBackend>> {
        let mut world = self.0.lock();
        world.step()?;
        let found = world.found(path).ok();
        let file = found.unwrap_or_else(|| world.made(path));
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn lock(&self, _: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut world = self.0.lock();
        world.step()?;
        if std::mem::replace(&mut world.is_locked, true) { Ok(None) } else { Ok(Some(Box::new(Locked(self.clone())))) }
    }
}

struct Locked(SimDisk);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.0.lock().is_locked = false;
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for SimFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let at = self.disk.0.lock().files[self.file].bytes.len() as u64;
        // As systems do it: a write that fails may have written some of it.
        self.write(at, &bytes[..bytes.len() / 2])?;
        self.write(at + bytes.len() as u64 / 2, &bytes[bytes.len() / 2..])
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl StorageBackend for SimFile {
    fn len(&self) -> io::Result<u64> {
        let mut world = self.disk.0.lock();
        world.step()?;
        Ok(world.files[self.file].bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut world = self.disk.0.lock();
        world.step()?;
        let from = offset as usize;
        let bytes = world.files[self.file].bytes.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut world = self.disk.0.lock();
        world.step()?;
        world.change(self.file, Change::Length(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut world = self.disk.0.lock();
        world.step()?;
        world.sync(self.file);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut world = self.disk.0.lock();
        world.step()?;
        world.change(self.file, Change::Written(offset as usize, data.to_vec()));
        Ok(())
    }
}

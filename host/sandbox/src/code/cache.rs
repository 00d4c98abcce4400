//! The folder `code` of a data directory: one file for each component and engine, sealed, the longest unused dropped first.
//!
//! The folder has mode 0700 and its files 0600. A folder with other bits is set right, since its files are sealed; one that
//! is a link, or another user's, is refused. A file that is not as it should be is removed, told once for each kind, and
//! compiled again. The order of use is the files' times, so nothing has to be written down and nothing can disagree.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use rustix::fs::OFlags;
use rustix::process::geteuid;

use super::seal::{KEY_BYTES, Key, SEAL_BYTES};
use super::{EngineHash, Precompiled};
use crate::limits::{CODE_FILES_MAX, CODE_UNFINISHED_S_MAX};
use crate::plugin::LoadError;

const MAGIC: &[u8; 8] = b"swhkcode";
/// Where the compiler's output begins: the engine's hash, then the code.
const OUTPUT_AT: usize = MAGIC.len() + SEAL_BYTES;
const CODE_AT: usize = OUTPUT_AT + 32;
const ENDING: &str = ".code";
const UNFINISHED: &str = ".new";

/// Why there is no place for compiled code.
#[derive(Debug, thiserror::Error)]
pub enum CodeCacheError {
    /// The folder is a link or a file, or belongs to somebody else.
    #[error("{}: {what}: the host loads native code from there, so it must be a folder of the host's user: remove it", path.display())]
    Refused {
        /// The folder.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The system's.
    #[error("{}: the folder of compiled code cannot be used: {error}: let the host's user write to `data_dir`", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What a file is the code of.
#[derive(Clone, Debug)]
pub(super) struct Name {
    component: [u8; 32],
    engine: EngineHash,
}

impl Name {
    pub(super) fn new(component: [u8; 32], engine: EngineHash) -> Self {
        Self { component, engine }
    }

    pub(super) fn component(&self) -> &[u8; 32] {
        &self.component
    }

    fn file(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("{}-{}{ENDING}", hex(&self.component), hex(&self.engine.0[..8]))
    }
}

/// The folder, and the key of its seals.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    key: Key,
    bytes_max: u64,
    /// Kinds of trouble that an operator has been told of.
    told: Mutex<BTreeSet<&'static str>>,
}

/// A file that the compiler writes to. Removed when it is not finished.
pub(super) struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Unfinished {
    /// Where the compiler's output goes.
    pub(super) fn output(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Renamed when it was finished.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Cache {
    pub(super) fn open(data_dir: &Path, bytes_max: u64) -> Result<Self, CodeCacheError> {
        let folder = data_dir.join("code");
        let failed = |error| CodeCacheError::Disk { path: folder.clone(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let about = std::fs::symlink_metadata(&folder).map_err(failed)?;
        let refused = |what| Err(CodeCacheError::Refused { path: folder.clone(), what });
        if !about.is_dir() {
            return refused("it is a link");
        }
        if about.uid() != geteuid().as_raw() {
            return refused("it belongs to another user");
        }
        if about.permissions().mode() & 0o777 != 0o700 {
            tracing::warn!(path = %folder.display(), "others could enter the folder of compiled code: it is closed");
            std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(failed)?;
        }
        let key = key(&folder).map_err(failed)?;
        let cache = Self { folder: folder.clone(), key, bytes_max, told: Mutex::default() };
        cache.sweep().map_err(failed)?;
        Ok(cache)
    }

    /// The code of a component for an engine, if it is there and its seal is right.
    pub(super) fn get(&self, name: &Name) -> Option<Precompiled> {
        let path = self.folder.join(name.file());
        let read = open_own(&path).and_then(|mut file| {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok((file, bytes))
        });
        let (file, bytes) = match read {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.drop_bad(&path, "a file that cannot be read", &error.to_string());
                return None;
            }
        };
        match self.checked(name, bytes) {
            Ok(code) => {
                // Its place in the order of use. Without it, it is only dropped sooner.
                let _ = file.set_modified(SystemTime::now());
                Some(code)
            }
            Err(what) => {
                self.drop_bad(&path, what, "its bytes are not what this host wrote");
                None
            }
        }
    }

    /// A file for the compiler to write to.
    pub(super) fn begin(&self) -> io::Result<Unfinished> {
        let unfinished = new_file(&self.folder)?;
        let mut file = &unfinished.file;
        file.write_all(&[0; OUTPUT_AT])?;
        Ok(unfinished)
    }

    /// Seals what the compiler wrote and puts it where it is found from here on.
    pub(super) fn finish(&self, unfinished: Unfinished, name: &Name) -> Result<Precompiled, LoadError> {
        let failed = |error: io::Error| LoadError::Compiler(format!("the code cannot be kept: {error}"));
        let mut file = &unfinished.file;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).map_err(failed)?;
        if bytes.len() <= CODE_AT || bytes[OUTPUT_AT..CODE_AT] != name.engine.0 {
            let what = "it was built with another engine than this host: use the same program for both";
            return Err(LoadError::Compiler(what.to_owned()));
        }
        let seal = self.key.seal(&name.component, name.engine, &bytes[CODE_AT..]);
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[MAGIC.len()..OUTPUT_AT].copy_from_slice(&seal);
        let kept = file.write_all_at(&bytes[..OUTPUT_AT], 0).and_then(|()| file.sync_data());
        kept.and_then(|()| std::fs::rename(&unfinished.path, self.folder.join(name.file()))).map_err(failed)?;
        if let Err(error) = self.sweep() {
            tracing::debug!(%error, "old code cannot be dropped");
        }
        Ok(Precompiled { engine: name.engine, bytes, code_at: CODE_AT })
    }

    /// A file that the engine does not take, though its seal is right.
    pub(super) fn distrust(&self, name: &Name, reason: &str) {
        self.drop_bad(&self.folder.join(name.file()), "code that the engine does not take", reason);
    }

    fn checked(&self, name: &Name, bytes: Vec<u8>) -> Result<Precompiled, &'static str> {
        if bytes.len() <= CODE_AT || !bytes.starts_with(MAGIC) {
            return Err("a file that is cut off, or no code");
        }
        let seal = &bytes[MAGIC.len()..OUTPUT_AT];
        if bytes[OUTPUT_AT..CODE_AT] != name.engine.0
            || !self.key.is_right(seal, &name.component, name.engine, &bytes[CODE_AT..])
        {
            return Err("a file with a wrong seal");
        }
        Ok(Precompiled { engine: name.engine, bytes, code_at: CODE_AT })
    }

    fn drop_bad(&self, path: &Path, kind: &'static str, reason: &str) {
        let shown = path.display();
        if self.told.lock().insert(kind) {
            tracing::warn!(path = %shown, reason, "compiled code is not used: {kind}; compiling again");
        } else {
            tracing::debug!(path = %shown, reason, "compiled code is not used: {kind}; compiling again");
        }
        if let Err(error) = std::fs::remove_file(path) {
            tracing::debug!(path = %shown, %error, "it cannot be removed either");
        }
    }

    /// Removes what a process that was ended left unfinished, and the longest unused code beyond the limits.
    fn sweep(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            // Another process may have removed it since.
            let Ok(about) = entry.metadata() else { continue };
            let used = about.modified()?;
            let is_old = now.duration_since(used).is_ok_and(|age| age > Duration::from_secs(CODE_UNFINISHED_S_MAX));
            if name.ends_with(UNFINISHED) && is_old {
                remove(&entry.path())?;
            } else if name.ends_with(ENDING) {
                files.push((used, about.len(), entry.path()));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        let mut left = files.len();
        // The newest stays, however large: it is about to be used.
        for (_, size, path) in &files[..left.saturating_sub(1)] {
            if bytes <= self.bytes_max && left <= CODE_FILES_MAX {
                break;
            }
            remove(path)?;
            bytes -= size;
            left -= 1;
        }
        Ok(())
    }
}

/// The key of a folder, made when there is none. One that others could read, or that is damaged, is replaced: all code is
/// compiled again then.
fn key(folder: &Path) -> io::Result<Key> {
    let path = folder.join("key");
    for _ in 0..2 {
        let read = open_own(&path).and_then(|file| {
            let mut bytes = [0; KEY_BYTES];
            file.read_exact_at(&mut bytes, 0)?;
            Ok((bytes, file.metadata()?.len()))
        });
        match read {
            Ok((bytes, 32)) => return Ok(Key::new(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Whatever it is, it is no key to rely on.
            _ => {
                tracing::warn!(path = %path.display(), "the key of compiled code cannot be trusted: it is replaced");
                remove(&path)?;
            }
        }
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let unfinished = new_file(folder)?;
        (&unfinished.file).write_all(&bytes)?;
        unfinished.file.sync_all()?;
        // Another process may be first: then its key is everybody's.
        match std::fs::hard_link(&unfinished.path, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(folder)?.sync_all()?;
    }
    Err(io::Error::other("its key cannot be made"))
}

/// Opens a file that is this user's alone: no link, no other user's, nothing that others may read or write.
fn open_own(path: &Path) -> io::Result<File> {
    let no_link = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.uid() != geteuid().as_raw() || about.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others could have written it"));
    }
    Ok(file)
}

fn new_file(folder: &Path) -> io::Result<Unfinished> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!("{number:016x}{UNFINISHED}"));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    Ok(Unfinished { path, file })
}

/// Removes a file; one that is gone already is as good.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

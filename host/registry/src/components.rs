//! The bytes of components: one file for each, named by its digest, complete or not there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digest::Digest;
use crate::disk::Disk;
use crate::error::RegistryError;

const ENDING: &str = ".wasm";
const UNFINISHED: &str = ".new";

/// The folder `components`.
#[derive(Debug)]
pub(crate) struct Components {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Components {
    /// Makes the folder if it is not there.
    pub(crate) fn open(disk: Arc<dyn Disk>, registry: &Path) -> Result<Self, RegistryError> {
        let folder = registry.join("components");
        let failed = |error| RegistryError::disk("make the folder of components", &folder, &error);
        disk.create_folder(&folder).map_err(failed)?;
        disk.sync_folder(registry).map_err(failed)?;
        Ok(Self { disk, folder })
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}{ENDING}"))
    }

    /// Writes a component whose digest is known. Answered: it is on the disk, whatever happens.
    pub(crate) fn write(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        let path = self.path(digest);
        let failed = |error| RegistryError::disk("write a component", &path, &error);
        let unfinished = self.folder.join(format!("{digest}.{:016x}{UNFINISHED}", random().map_err(failed)?));
        let written = (|| {
            let mut file = self.disk.create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync()?;
            self.disk.rename(&unfinished, &path)
        })();
        if let Err(error) = written {
            // What stays is removed when the registry is opened.
            let _ = self.disk.remove(&unfinished);
            return Err(failed(error));
        }
        self.sync()
    }

    /// Waits until the names of the files are on the disk.
    pub(crate) fn sync(&self) -> Result<(), RegistryError> {
        let failed = |error| RegistryError::disk("write a component", &self.folder, &error);
        self.disk.sync_folder(&self.folder).map_err(failed)
    }

    /// The bytes of a component that has so many.
    pub(crate) fn read(&self, digest: &Digest, bytes_max: u64) -> Result<Vec<u8>, RegistryError> {
        let path = self.path(digest);
        let bytes = self.disk.read(&path, bytes_max).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => RegistryError::NoSuchComponent { digest: *digest },
            _ => RegistryError::disk("read a component", &path, &error),
        })?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(RegistryError::Damaged { digest: *digest, path }) }
    }

    /// Removes a component. One that cannot be removed is removed when the registry is opened.
    pub(crate) fn remove(&self, digest: &Digest) {
        if let Err(error) = self.disk.remove(&self.path(digest)) {
            tracing::debug!(%error, %digest, "a component that nobody needs stays for now");
        }
    }

    /// Removes what is no component that somebody names: leftovers of a process that was ended.
    pub(crate) fn sweep(&self, is_named: impl Fn(&Digest) -> bool) -> Result<(), RegistryError> {
        let failed = |error| RegistryError::disk("read the folder of components", &self.folder, &error);
        for (name, _) in self.disk.list(&self.folder).map_err(failed)? {
            let digest = name.strip_suffix(ENDING).and_then(|digest| digest.parse().ok());
            let unnamed = digest.is_some_and(|digest| !is_named(&digest));
            // Whatever else lies here is somebody's, not ours.
            if unnamed || name.ends_with(UNFINISHED) {
                tracing::debug!(file = name, "removing what was left unfinished");
                self.disk.remove(&self.folder.join(name)).map_err(failed)?;
            }
        }
        Ok(())
    }
}

fn random() -> std::io::Result<u64> {
    getrandom::u64().map_err(std::io::Error::other)
}

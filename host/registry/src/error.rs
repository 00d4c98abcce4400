//! Why the registry refuses or fails: whose fault, what, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;

/// Why something was not done. Nothing of it was done then, unless it says otherwise.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RegistryError {
    /// Another process has it.
    #[error("{}: another process has the registry open: stop it, or use another `data_dir`", path.display())]
    InUse {
        /// Its folder.
        path: PathBuf,
    },
    /// The database cannot be understood.
    #[error(
        "{}: the registry's database is damaged ({why}): restore it from a backup, or move the folder `registry` away \
         and push the plugins again",
        path.display()
    )]
    Corrupted {
        /// The database.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// Another version of the host wrote it.
    #[error(
        "{}: the registry has format {found}, this host reads format {known}: use the host that wrote it, or move the \
         folder `registry` away and push the plugins again",
        path.display()
    )]
    OtherFormat {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// What this host reads.
        known: u64,
    },
    /// No room on the disk.
    #[error("{}: cannot {what}: the disk or the user's quota is full: make room, then try again", path.display())]
    DiskFull {
        /// What could not be done.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// Not allowed by the system.
    #[error("{}: cannot {what}: {message}: let the host's user write to `data_dir`", path.display())]
    Denied {
        /// What could not be done.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// The disk fails in another way. Whether a change was made shows when the registry is asked again.
    #[error("{}: cannot {what}: {message}: look at the disk, then try again", path.display())]
    Disk {
        /// What could not be done.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// The bytes of a component are not what they were.
    #[error("{}: the component {digest} is damaged on the disk: push the same component again", path.display())]
    Damaged {
        /// Which one.
        digest: Digest,
        /// Its file.
        path: PathBuf,
    },
    /// A component is not there.
    #[error("the component {digest} is not in the registry: push it again")]
    NoSuchComponent {
        /// Which one.
        digest: Digest,
    },
    /// A component of no bytes.
    #[error("the component is empty")]
    Empty,
    /// A component is too large.
    #[error("the component has {bytes} bytes, {bytes_max} are allowed")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// What is allowed.
        bytes_max: u64,
    },
    /// All components are too large.
    #[error("the registry would have more than {bytes_max} bytes of components: remove plugins that nobody uses")]
    TooManyBytes {
        /// What is allowed.
        bytes_max: u64,
    },
    /// Too many plugins.
    #[error("the registry has {plugins_max} plugins, and no more are allowed: remove those that nobody uses")]
    TooManyPlugins {
        /// What is allowed.
        plugins_max: u64,
    },
    /// Too many versions that calls hold.
    #[error("the plugin has {versions_max} versions that cannot be dropped: wait until calls have ended")]
    TooManyVersions {
        /// What is allowed.
        versions_max: u64,
    },
    /// A name or origin is empty or too long.
    #[error("{what} has {bytes} bytes: 1 to {bytes_max} are allowed")]
    Length {
        /// Which one.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// What is allowed.
        bytes_max: usize,
    },
    /// There is no such plugin.
    #[error("tenant {tenant:?} has no plugin {plugin:?} in the registry: push a version first")]
    NoSuchPlugin {
        /// Whose.
        tenant: String,
        /// Its name.
        plugin: String,
    },
    /// There is no such version, or not any more.
    #[error("the plugin has no version {number}: it was never there, or was dropped for newer ones")]
    NoSuchVersion {
        /// Its number.
        number: u64,
    },
    /// Nothing was live before.
    #[error("there is no previous version to go back to")]
    NothingBefore,
    /// The plugin cannot be removed while calls hold a version of it.
    #[error("calls still use version {number} of the plugin: wait until they have ended")]
    Held {
        /// Which version.
        number: u64,
    },
}

impl RegistryError {
    /// Whether the disk failed, so that only the disk knows whether a change was made.
    pub(crate) fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Disk { .. } | Self::DiskFull { .. } | Self::Denied { .. } | Self::Corrupted { .. })
    }

    /// What the system said, told by its kind.
    pub(crate) fn disk(what: &'static str, path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { what, path }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { what, path, message: error.to_string() }
            }
            _ => Self::Disk { what, path, message: error.to_string() },
        }
    }
}

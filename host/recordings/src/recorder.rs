//! The host's recordings as a whole: opened at the start, handed out by plugin, closed at the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use call::RecordingStore;

use crate::disk::{Disk, LocalDisk};
use crate::folder::{Folder, Store};
use crate::limits::{CLOSE_MS_MAX, PLUGIN_BYTES_MAX, PLUGIN_RECORDINGS_MAX, RECORDING_BYTES_MAX, RECORDING_S_MAX};
use crate::line::HostQueue;
use crate::pool::Pool;

/// What recordings may take. Each field's default stands in [`crate::limits`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecorderLimits {
    /// One recording, in seconds.
    pub recording_s_max: u64,
    /// One recording, in bytes.
    pub recording_bytes_max: u64,
    /// Recordings of one plugin.
    pub plugin_recordings_max: u64,
    /// Bytes of all recordings of one plugin.
    pub plugin_bytes_max: u64,
}

impl Default for RecorderLimits {
    fn default() -> Self {
        Self {
            recording_s_max: RECORDING_S_MAX,
            recording_bytes_max: RECORDING_BYTES_MAX,
            plugin_recordings_max: PLUGIN_RECORDINGS_MAX,
            plugin_bytes_max: PLUGIN_BYTES_MAX,
        }
    }
}

/// Why there can be no recordings.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecorderError {
    /// The data directory takes no folder.
    #[error("{}: the folder for recordings cannot be made: {message}", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// A tenant or plugin whose name cannot be a folder's.
    #[error("{0:?} cannot name a folder of recordings")]
    Name(String),
}

/// Owns the folder `recordings` of a data directory and the threads that write there. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    pool: Pool,
    queued: HostQueue,
    limits: RecorderLimits,
}

impl Recorder {
    /// Makes the folder `recordings` in a data directory, and that one too if it is not there.
    ///
    /// # Errors
    /// [`RecorderError::Folder`].
    pub fn open(data_dir: &Path, limits: RecorderLimits) -> Result<Self, RecorderError> {
        Self::with_disk(data_dir, limits, Arc::new(LocalDisk))
    }

    /// The same on a disk of one's own.
    ///
    /// # Errors
    /// [`RecorderError::Folder`].
    pub fn with_disk(data_dir: &Path, limits: RecorderLimits, disk: Arc<dyn Disk>) -> Result<Self, RecorderError> {
        let folder = data_dir.join("recordings");
        disk.create_folder(&folder)
            .map_err(|error| RecorderError::Folder { path: folder.clone(), message: error.to_string() })?;
        Ok(Self { folder, disk, pool: Pool::new(), queued: HostQueue::default(), limits })
    }

    /// The store of one plugin of one tenant: to be made once for each, since it keeps the account of its limits.
    ///
    /// # Errors
    /// [`RecorderError::Name`] unless both are letters, digits, `_`, `-` and `.` with a letter or digit first.
    pub fn plugin(&self, tenant: &str, plugin: &str) -> Result<Arc<dyn RecordingStore>, RecorderError> {
        for name in [tenant, plugin] {
            let safe = name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
            if !safe {
                return Err(RecorderError::Name(name.to_owned()));
            }
        }
        let path = self.folder.join(tenant).join(plugin);
        let folder = Folder::new(path, self.disk.clone(), self.pool.clone(), self.queued.clone(), self.limits.clone());
        Ok(Arc::new(Store(Arc::new(folder))))
    }

    /// Waits until every recording that has ended is on the disk. False: it takes longer than
    /// [`CLOSE_MS_MAX`].
    pub async fn close(&self) -> bool {
        let closed = tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), self.pool.until_idle()).await.is_ok();
        if !closed {
            tracing::warn!("the disk does not take the last recordings in time");
        }
        closed
    }
}

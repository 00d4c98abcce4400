//! The recordings of one plugin: made, read and removed on threads that may wait for the disk.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use audio::{Wav, WavError};
use call::{Failure, RecordingFormat, RecordingSink, RecordingStore, Stored, code};
use parking_lot::Mutex;

use crate::disk::Disk;
use crate::index::Index;
use crate::line::{HostQueue, Sink};
use crate::pool::Pool;
use crate::recorder::RecorderLimits;
use crate::reference::Reference;
use crate::wav::{HEADER_BYTES, WavFile};

/// One plugin's folder.
pub(crate) struct Folder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    pub(crate) pool: Pool,
    pub(crate) queued: HostQueue,
    pub(crate) limits: RecorderLimits,
    /// Never held while the disk is asked for something.
    index: Mutex<Index>,
}

/// The same as a store for the plugin's guests.
#[derive(Clone, Debug)]
pub(crate) struct Store(pub(crate) Arc<Folder>);

impl RecordingStore for Store {
    fn create(&self, format: RecordingFormat) -> Stored<(String, Box<dyn RecordingSink>)> {
        let folder = self.0.clone();
        let created = self.0.pool.ask(move || folder.create(format));
        Box::pin(async move {
            let (reference, sink) = created.await?;
            Ok((reference.as_str().to_owned(), Box::new(sink.claim()) as Box<dyn RecordingSink>))
        })
    }

    fn read(&self, reference: &str, sample_rate_hz: u32, samples_max: usize) -> Stored<Vec<i16>> {
        self.ask_of(reference, move |folder, reference| folder.read(&reference, sample_rate_hz, samples_max))
    }

    fn delete(&self, reference: &str) -> Stored<()> {
        self.ask_of(reference, |folder, reference| folder.delete(&reference))
    }
}

impl Store {
    /// Asks something of a recording that is complete.
    fn ask_of<T: Send + 'static>(
        &self,
        reference: &str,
        what: impl FnOnce(&Folder, Reference) -> Result<T, Failure> + Send + 'static,
    ) -> Stored<T> {
        let folder = self.0.clone();
        let known = Reference::parse(reference).and_then(|reference| {
            folder.index.lock().check_complete(&reference)?;
            Ok(reference)
        });
        match known {
            Ok(reference) => self.0.pool.ask(move || what(&folder, reference)),
            Err(failure) => Box::pin(async { Err(failure) }),
        }
    }
}

impl Folder {
    pub(crate) fn new(
        path: PathBuf,
        disk: Arc<dyn Disk>,
        pool: Pool,
        queued: HostQueue,
        limits: RecorderLimits,
    ) -> Self {
        Self { path, disk, pool, queued, limits, index: Mutex::default() }
    }

    /// A recording is to grow by so many bytes. False: there is no room.
    pub(crate) fn grow(&self, reference: &Reference, bytes: u64) -> bool {
        self.index.lock().grow(reference, bytes, &self.limits)
    }

    /// A recording is over, with so many bytes of audio in its file.
    pub(crate) fn ended(&self, reference: &Reference, data_bytes: Option<u64>) {
        self.index.lock().end(reference, data_bytes.map(|bytes| bytes + HEADER_BYTES));
    }

    /// A recording that nobody knows of is removed.
    pub(crate) fn throw_away(&self, reference: &Reference) {
        if let Err(error) = std::fs::remove_file(self.file(reference)) {
            tracing::debug!(%error, ?reference, "an empty recording stays");
        }
        self.ended(reference, None);
    }

    fn create(self: &Arc<Self>, format: RecordingFormat) -> Result<(Reference, Sink), Failure> {
        self.disk.create_folder(&self.path).map_err(|error| storage("make a folder for recordings", &error))?;
        if self.index.lock().is_stale(&self.limits) {
            let found = self.count().map_err(|error| storage("count the recordings", &error))?;
            self.index.lock().count(found.into_iter());
        }
        let reference = Reference::random()?;
        self.index.lock().begin(&reference, &self.limits)?;
        let path = self.file(&reference);
        match self.disk.create(&path).and_then(|file| WavFile::begin(file, format)) {
            Ok(file) => Ok((reference.clone(), Sink::new(self.clone(), reference, format, file))),
            Err(error) => {
                self.throw_away(&reference);
                Err(storage("make the recording's file", &error))
            }
        }
    }

    fn read(&self, reference: &Reference, sample_rate_hz: u32, samples_max: usize) -> Result<Vec<i16>, Failure> {
        let path = self.file(reference);
        let bytes = std::fs::metadata(&path).map_err(|error| absent_or("read the recording", &error))?.len();
        let too_long =
            || Failure::new(code::FULL, format!("the recording does not fit: {samples_max} samples are free"));
        // Of the larger kind, in two channels. It bounds what is read.
        if bytes.saturating_sub(HEADER_BYTES) / 4 > samples_max as u64 {
            return Err(too_long());
        }
        let samples =
            Wav::read_file(&path).and_then(|wav| wav.at_rate(sample_rate_hz)).map_err(|error| match error {
                WavError::RateMismatch { .. } => {
                    Failure::new(code::INVALID, format!("the recording is of another call: {error}"))
                }
                other => Failure::new(code::STORAGE, format!("the recording cannot be read: {other}")),
            })?;
        if samples.len() > samples_max { Err(too_long()) } else { Ok(samples) }
    }

    fn delete(&self, reference: &Reference) -> Result<(), Failure> {
        let path = self.file(reference);
        let failed = |error: io::Error| absent_or("delete the recording", &error);
        let bytes = std::fs::metadata(&path).map_err(failed)?.len();
        std::fs::remove_file(&path).map_err(failed)?;
        self.index.lock().removed(bytes);
        Ok(())
    }

    /// What lies in the folder. Files that are no recordings are nobody's business.
    fn count(&self) -> io::Result<Vec<(Reference, u64)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let Some(reference) = entry.file_name().to_str().and_then(Reference::of_file) else { continue };
            // One that was removed in between is none.
            if let Ok(about) = entry.metadata() {
                found.push((reference, about.len()));
            }
        }
        Ok(found)
    }

    fn file(&self, reference: &Reference) -> PathBuf {
        self.path.join(reference.file_name())
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("path", &self.path).finish_non_exhaustive()
    }
}

fn storage(what: &str, error: &io::Error) -> Failure {
    Failure::new(code::STORAGE, format!("the host cannot {what}: {error}"))
}

fn absent_or(what: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(code::INVALID, "this plugin has no such recording");
    }
    storage(what, error)
}

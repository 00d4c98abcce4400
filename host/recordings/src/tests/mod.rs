//! Recordings in a temporary folder, on a good disk and on bad ones.

mod disks;
mod files;
mod limits;

use std::path::PathBuf;
use std::sync::Arc;

use call::{RecordingFormat, RecordingSink, RecordingStore};
use tempfile::TempDir;

use crate::disk::{Disk, LocalDisk};
use crate::recorder::{Recorder, RecorderLimits};

pub(super) const MONO: RecordingFormat = RecordingFormat { sample_rate_hz: 16_000, channels: 1 };
pub(super) const STEREO: RecordingFormat = RecordingFormat { sample_rate_hz: 16_000, channels: 2 };
pub(super) const ROOM: usize = 1 << 20;

/// A recorder in a folder of its own.
pub(super) struct Desk {
    pub(super) folder: TempDir,
    pub(super) recorder: Recorder,
    pub(super) store: Arc<dyn RecordingStore>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(RecorderLimits::default(), Arc::new(LocalDisk))
    }

    pub(super) fn with(limits: RecorderLimits, disk: Arc<dyn Disk>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::with_disk(folder.path(), limits, disk).unwrap();
        let store = recorder.plugin("acme", "voicemail").unwrap();
        Self { folder, recorder, store }
    }

    pub(super) fn path(&self, reference: &str) -> PathBuf {
        self.folder.path().join("recordings/acme/voicemail").join(format!("{reference}.wav"))
    }

    pub(super) async fn start(&self) -> (String, Box<dyn RecordingSink>) {
        self.store.create(MONO).await.unwrap()
    }

    /// A complete recording of these samples.
    pub(super) async fn record(&self, samples: &[i16]) -> String {
        let (reference, mut sink) = self.start().await;
        sink.write(audio::samples_to_bytes(samples));
        sink.finish().await.unwrap();
        reference
    }

    pub(super) fn files(&self) -> usize {
        let folder = self.folder.path().join("recordings/acme/voicemail");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

/// The code of a refusal.
pub(super) fn code<T>(refused: Result<T, call::Failure>) -> String {
    match refused {
        Ok(_) => "OK".to_owned(),
        Err(failure) => failure.code.into_owned(),
    }
}

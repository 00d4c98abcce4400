//! Disks that are full, slow or stuck: the call never waits, and the handler learns of it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use call::RecordingStore;
use call::code::STORAGE;
use parking_lot::{Condvar, Mutex};

use super::{Desk, MONO, ROOM, code};
use crate::disk::{Disk, DiskFile, LocalDisk};
use crate::limits::QUEUE_BYTES_MAX;
use crate::recorder::{Recorder, RecorderLimits};

/// The machine's disk with so many bytes left.
#[derive(Debug)]
struct Small(Arc<AtomicI64>);

/// The machine's disk behind a gate.
#[derive(Debug, Default)]
struct Gated(Arc<Gate>);

#[derive(Debug, Default)]
struct Gate {
    shut: Mutex<bool>,
    changed: Condvar,
}

/// Keeps a gate shut. Dropped, also by a test that fails, it opens it: a thread behind it would keep the runtime for ever.
struct Shut<'a>(&'a Gate);

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Gate {
    fn shut(&self) -> Shut<'_> {
        self.set(true);
        Shut(self)
    }

    fn set(&self, shut: bool) {
        *self.shut.lock() = shut;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut shut = self.shut.lock();
        while *shut {
            self.changed.wait(&mut shut);
        }
    }
}

struct File<T>(Box<dyn DiskFile>, Arc<T>);

impl Disk for Small {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        LocalDisk.create_folder(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File(LocalDisk.create(path)?, self.0.clone())))
    }
}

impl DiskFile for File<AtomicI64> {
    fn write_all_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        // What lies there already costs nothing more.
        let more = if at < 44 && bytes.len() == 4 { 0 } else { bytes.len() as i64 };
        if self.1.fetch_sub(more, Ordering::Relaxed) < more {
            // As a system does it: some of it is written.
            self.0.write_all_at(&bytes[..bytes.len() / 2], at)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write_all_at(bytes, at)
    }
}

impl Disk for Gated {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        LocalDisk.create_folder(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.pass();
        Ok(Box::new(File(LocalDisk.create(path)?, self.0.clone())))
    }
}

impl DiskFile for File<Gate> {
    fn write_all_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.1.pass();
        self.0.write_all_at(bytes, at)
    }
}

#[tokio::test]
async fn a_full_disk_ends_a_recording_and_keeps_what_it_has() {
    let desk = Desk::with(RecorderLimits::default(), Arc::new(Small(Arc::new(AtomicI64::new(100_000)))));
    let (reference, mut sink) = desk.start().await;
    for value in 0..4_i16 {
        sink.write(value.to_le_bytes().repeat(16_000));
        desk.recorder.close().await;
    }
    let trouble = sink.trouble().unwrap();
    assert_eq!((&*trouble.failure.code, trouble.over), (STORAGE, true));
    assert!(trouble.failure.message.contains("is full"), "{}", trouble.failure.message);
    sink.write(vec![9; 32_000]);
    assert_eq!(sink.trouble(), None, "it is told once");
    assert_eq!(sink.finish().await.unwrap_err(), trouble.failure);
    let kept = desk.store.read(&reference, 16_000, ROOM).await.unwrap();
    assert_eq!(kept.len(), 48_000, "three seconds fitted");
    assert_eq!(kept.last(), Some(&2));
    assert_eq!(code(desk.store.create(MONO).await), STORAGE);
    assert_eq!(desk.files(), 1, "a file that could not be begun is removed");
}

#[tokio::test]
async fn a_slow_disk_leaves_silence_where_it_was_slow() {
    let gate = Arc::new(Gate::default());
    let desk = Desk::with(RecorderLimits::default(), Arc::new(Gated(gate.clone())));
    let (reference, mut sink) = desk.start().await;
    let shut = gate.shut();
    let second = |value: i16| value.to_le_bytes().repeat(16_000);
    let seconds = (QUEUE_BYTES_MAX / 32_000) as i16 + 4;
    for value in 1..=seconds {
        sink.write(second(value));
    }
    let trouble = sink.trouble().unwrap();
    assert_eq!((&*trouble.failure.code, trouble.over), (STORAGE, false));
    assert_eq!(sink.trouble(), None, "it is told once");
    drop(shut);
    desk.recorder.close().await;
    sink.write(second(100));
    sink.finish().await.unwrap();

    let samples = desk.store.read(&reference, 16_000, ROOM).await.unwrap();
    assert_eq!(samples.len(), (seconds as usize + 1) * 16_000, "what follows is at its time");
    assert_eq!(samples.last(), Some(&100));
    let silent = samples.iter().filter(|sample| **sample == 0).count();
    assert!((3 * 16_000..=5 * 16_000).contains(&silent), "{silent} samples");
    assert_eq!(samples[0], 1);
}

#[tokio::test]
async fn silence_at_the_end_is_in_the_file_too() {
    let gate = Arc::new(Gate::default());
    let desk = Desk::with(RecorderLimits::default(), Arc::new(Gated(gate.clone())));
    let (reference, mut sink) = desk.start().await;
    let shut = gate.shut();
    sink.write(vec![1; QUEUE_BYTES_MAX as usize]);
    sink.write(vec![1; 64_000]);
    drop(shut);
    sink.finish().await.unwrap();
    let samples = desk.store.read(&reference, 16_000, ROOM).await.unwrap();
    assert_eq!(samples.len() as u64 * 2, QUEUE_BYTES_MAX + 64_000);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_disk_answers_in_time_and_stops_nobody() {
    // The gate is held by threads outside of the runtime's clock: time passes as if they were elsewhere.
    let gate = Arc::new(Gate::default());
    let desk = Desk::with(RecorderLimits::default(), Arc::new(Gated(gate.clone())));
    let (_, mut sink) = desk.start().await;
    let shut = gate.shut();
    sink.write(vec![1; 32_000]);
    let opening = tokio::spawn(desk.store.create(MONO));
    let finishing = tokio::spawn(sink.finish());
    tokio::task::yield_now().await;
    tokio::time::advance(std::time::Duration::from_secs(6)).await;
    assert_eq!(code(opening.await.unwrap()), STORAGE);
    assert_eq!(code(finishing.await.unwrap()), STORAGE);
    drop(shut);
    assert!(desk.recorder.close().await);
    assert_eq!(desk.files(), 1, "the file that came too late is removed");
}

/// The rest of this test runs in a process of its own, where files may have 100,000 bytes.
const CHILD: &str = "RECORDINGS_TEST_FOLDER";

#[test]
fn a_file_that_the_system_does_not_let_grow_is_kept() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return child(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    // In units of 512 bytes or of 1,024, as the shell has it. The signal that goes with it must be ignored.
    let line = "trap '' XFSZ; ulimit -f 100; exec \"$0\" --exact \"$1\" --nocapture";
    let name = "tests::disks::a_file_that_the_system_does_not_let_grow_is_kept";
    let program = std::env::current_exe().unwrap();
    let mut shell = std::process::Command::new("sh");
    let ran = shell.args(["-c", line]).arg(program).arg(name).env(CHILD, folder.path()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("the child was here"));
}

fn child(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let recorder = Recorder::open(folder, RecorderLimits::default()).unwrap();
        let store: Arc<dyn RecordingStore> = recorder.plugin("acme", "voicemail").unwrap();
        let (reference, mut sink) = store.create(MONO).await.unwrap();
        for _ in 0..10 {
            sink.write(vec![1; 32_000]);
            recorder.close().await;
        }
        let trouble = sink.trouble().unwrap();
        assert!(trouble.over && trouble.failure.message.contains("is full"), "{}", trouble.failure.message);
        assert_eq!(code(sink.finish().await), STORAGE);
        let kept = store.read(&reference, 16_000, ROOM).await.unwrap();
        assert!(kept.len() >= 16_000 && kept.len().is_multiple_of(16_000), "{}", kept.len());
    });
    println!("the child was here");
}

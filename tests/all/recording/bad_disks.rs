//! A disk that is full, slow or stuck costs the recording, never the call.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use libtest_mimic::Trial;
use recordings::{Disk, DiskFile, LocalDisk, RecorderLimits};
use sim::Caller;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tracing::Level;

use super::kit::{MS_16, Place, codes, listen, one_call, recorded};
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("recording::a_full_disk_is_told_and_the_call_goes_on", |log| async move { full(&log).await }),
        simulated("recording::a_disk_that_takes_no_file_is_told", |log| async move { no_file(&log).await }),
        simulated("recording::a_limit_is_told_and_the_call_goes_on", |log| async move { limit(&log).await }),
    ]
}

/// The machine's disk with so many bytes left.
#[derive(Debug)]
struct Small(Arc<AtomicI64>);

struct File(Box<dyn DiskFile>, Arc<AtomicI64>);

impl Small {
    fn with(bytes: i64) -> Arc<Self> {
        Arc::new(Self(Arc::new(bytes.into())))
    }
}

impl Disk for Small {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        LocalDisk.create_folder(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File(LocalDisk.create(path)?, self.0.clone())))
    }
}

impl DiskFile for File {
    fn write_all_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.1.fetch_sub(bytes.len() as i64, Ordering::Relaxed) < bytes.len() as i64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write_all_at(bytes, at)
    }
}

async fn full(log: &TestLog) {
    let place = Place::new();
    let steps = [("mode", "record"), ("steps", "answer,start:said,end,stop"), ("echo", "true")];
    // Two batches of a second fit.
    let config = WorldConfig { disk: Small::with(80_000), ..place.config("hostile", &steps) };
    let mut world = World::simulated(config).await;
    let report = world.sim.place_call(Caller::echo(8_000)).finished().await;
    world.record().await;
    world.close().await;
    assert_whole_echo(&report);
    assert_eq!(codes(log), ["answer OK", "start OK", "warning STORAGE", "end OK", "stop STORAGE"]);
    assert_eq!(log.lines_at(Level::WARN, "a recording has trouble").len(), 1);
    assert_eq!(recorded(&place.only_file("first")).len(), 2_000 * MS_16);
}

async fn no_file(log: &TestLog) {
    let place = Place::new();
    let config = WorldConfig { disk: Small::with(10), ..place.record("answer,start:both,stop,wait:300,close,end") };
    one_call(config, listen(5_000)).await;
    assert_eq!(codes(log), ["answer OK", "start STORAGE", "stop NOT_NOW", "wait OK", "close OK", "end OK"]);
    assert_eq!(log.lines_at(Level::WARN, "a recording did not start").len(), 1);
    assert!(place.files("first").is_empty());
}

async fn limit(log: &TestLog) {
    let place = Place::new();
    let limits = RecorderLimits { recording_s_max: 2, plugin_recordings_max: 2, ..RecorderLimits::default() };
    let steps = "answer,start:both,wait:8000,stop,start:heard,stop,start:said,close,end";
    one_call(WorldConfig { recorder_limits: limits, ..place.record(steps) }, listen(20_000)).await;
    let expected = [
        "answer OK",
        "start OK",
        "warning FULL",
        "wait OK",
        "stop OK",
        "start OK",
        "stop OK",
        "start FULL",
        "close OK",
        "end OK",
    ];
    assert_eq!(codes(log), expected);
    let longest = place.files("first").iter().map(|path| recorded(path).len()).max();
    assert_eq!(longest, Some(2_000 * MS_16));
}

//! A folder for recordings, calls that record, and reading what they left.

use std::path::{Path, PathBuf};

use ::audio::{Wav, bytes_to_samples};
use exchange::CallRecord;
use sim::{CallReport, Caller, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::world::{World, WorldConfig};

/// Samples of a millisecond at 16 kHz.
pub(crate) const MS_16: usize = 16;

/// A data directory of one test.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A world whose plugins may record here.
    pub(crate) fn config(&self, plugin: &str, config: &[(&str, &str)]) -> WorldConfig {
        WorldConfig { data_dir: Some(self.0.path().to_owned()), ..WorldConfig::with(plugin, config) }
    }

    /// The same with the steps of `hostile`'s mode `record`.
    pub(crate) fn record(&self, steps: &str) -> WorldConfig {
        self.config("hostile", &[("mode", "record"), ("steps", steps)])
    }

    /// Where the recordings of a plugin lie.
    pub(crate) fn plugin(&self, plugin: &str) -> PathBuf {
        self.0.path().join("recordings/acme").join(plugin)
    }

    pub(crate) fn files(&self, plugin: &str) -> Vec<PathBuf> {
        let Ok(found) = std::fs::read_dir(self.plugin(plugin)) else { return Vec::new() };
        found.map(|entry| entry.expect("a folder can be read").path()).collect()
    }

    pub(crate) fn only_file(&self, plugin: &str) -> PathBuf {
        let mut files = self.files(plugin);
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

/// How many files a folder has.
pub(crate) fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// A whole recording, mixed down, which any reader of WAV takes.
pub(crate) fn recorded(path: &Path) -> Vec<i16> {
    Wav::read_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).samples
}

/// The rate and both channels of a stereo recording.
pub(crate) fn sides(path: &Path) -> (u32, Vec<i16>, Vec<i16>) {
    let wav = Wav::read_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).expect("it was read before");
    assert_eq!(bytes[22], 2, "it is stereo");
    let samples = bytes_to_samples(&bytes[44..]);
    let side = |side: usize| samples.iter().skip(side).step_by(2).copied().collect();
    (wav.sample_rate_hz, side(0), side(1))
}

/// A caller that listens for so long, then hangs up.
pub(crate) fn listen(ms: u32) -> Vec<Step> {
    vec![Step::WaitAnswered, Step::Wait { ms }, Step::HangUp]
}

/// One call in a world of its own.
pub(crate) async fn one_call(config: WorldConfig, script: Vec<Step>) -> (CallReport, CallRecord) {
    let mut world = World::simulated(config).await;
    let report = world.sim.place_call(Caller::new(script)).finished().await;
    let record = world.record().await;
    world.close().await;
    (report, record)
}

/// What the steps answered, in their order, warnings among them: `NAME CODE`.
pub(crate) fn codes(log: &TestLog) -> Vec<String> {
    let lines = log.lines_with("handler: record ");
    let told = lines.iter().filter_map(|line| line.split_once("handler: record ")).map(|(_, told)| told.to_owned());
    told.filter(|told| told != "done").collect()
}

/// The pitch of the one tone in a recording.
pub(crate) fn pitch_hz(samples: &[i16]) -> usize {
    let rising: Vec<usize> = (1..samples.len()).filter(|at| samples[at - 1] < 0 && samples[*at] >= 0).collect();
    let (Some(first), Some(last)) = (rising.first(), rising.last()) else { return 0 };
    (rising.len() - 1) * 1_000 * MS_16 / (last - first).max(1)
}

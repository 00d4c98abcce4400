//! The voicemail: a greeting that yields, a message that is there afterwards, and a hang-up at any moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::audio::Wav;
use ::call::EndReason;
use exchange::CallRecord;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use sim::{CallReport, Caller, Outcome, Step};
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tempfile::TempDir;

use super::{Language, heard, keys, level, places, prompt, wait};

/// The greeting and its tone are over by then, ms since the answer.
const GREETED_MS: u32 = 5_200;

pub(super) fn trials(language: Language) -> Vec<Trial> {
    vec![
        simulated(language.test("voicemail_keeps_a_message"), move |_| keeps(language)),
        simulated(language.test("voicemail_yields_at_8_khz"), move |_| yields(language, 8_000)),
        simulated(language.test("voicemail_yields_at_16_khz"), move |_| yields(language, 16_000)),
        simulated(language.test("voicemail_yields_at_24_khz"), move |_| yields(language, 24_000)),
        simulated(language.test("voicemail_replays_a_message"), move |_| replays(language)),
        simulated(language.test("voicemail_deletes_a_message"), move |_| deletes(language)),
        simulated(language.test("voicemail_keeps_no_silence"), move |_| no_message(language)),
        simulated(language.test("voicemail_leaves_valid_files_at_any_moment"), move |_| hang_ups(language)),
        simulated(language.test("voicemail_fails_without_its_grant"), move |_| not_granted(language)),
    ]
}

/// A world whose voicemail records into a folder of the test's own.
fn config(language: Language, folder: &TempDir, sample_rate_hz: u32) -> WorldConfig {
    let data_dir = Some(folder.path().to_owned());
    WorldConfig { data_dir, sample_rate_hz, ..WorldConfig::with(&language.component("voicemail"), &[]) }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Everything that stands in the folder of the plugin's recordings.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder.join("recordings/acme/first")) else { return Vec::new() };
    found.map(|entry| entry.expect("the folder can be read").path()).collect()
}

fn recorded(path: &Path, sample_rate_hz: u32) -> Vec<i16> {
    let wav = Wav::read_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    wav.at_rate(sample_rate_hz).expect("it has the call's rate")
}

async fn one_call(config: WorldConfig, script: Vec<Step>) -> (CallReport, CallRecord) {
    let mut world = World::simulated(config).await;
    let script = [vec![Step::WaitAnswered], script, vec![wait(60_000)]].concat();
    let report = world.sim.place_call(Caller::new(script)).finished().await;
    let record = world.record().await;
    world.close().await;
    assert_eq!((report.pull.overrun_bytes, report.bad_frames), (0, 0));
    (report, record)
}

/// The caller's words at another rate: each sample as often as it takes.
fn words(sample_rate_hz: u32) -> Step {
    let times = (sample_rate_hz / 8_000) as usize;
    let words = prompt("caller-message").into_iter().flat_map(|sample| std::iter::repeat_n(sample, times));
    Step::Say(Arc::from_iter(words))
}

async fn keeps(language: Language) {
    let folder = folder();
    let (report, record) =
        one_call(config(language, &folder, 8_000), vec![wait(GREETED_MS), words(8_000), keys("#")]).await;
    assert_eq!(report.outcome, Outcome::AgentClosed);
    assert_eq!((record.end, record.guest), (EndReason::Closed, Some(GuestEnd::Returned)));
    let greeting = heard("voicemail-greeting", &report);
    assert!(matches!(greeting[..], [at] if at < 200), "{greeting:?}");
    assert_eq!(heard("voicemail-options", &report).len(), 3);
    assert_eq!(heard("voicemail-kept", &report).len(), 1);
    let [file] = &files(folder.path())[..] else { panic!("one file") };
    let recorded = recorded(file, 8_000);
    let found = places(&prompt("caller-message"), &recorded, 8_000);
    assert!(matches!(found[..], [at] if at < 1_000), "what the caller said is there: {found:?}");
}

/// Speech into the greeting silences it within 100 ms, wherever in a frame and in the greeting it begins.
async fn yields(language: Language, sample_rate_hz: u32) {
    for before_ms in [400, 1_311, 2_505, 4_003] {
        let folder = folder();
        let script = vec![Step::Silence { ms: before_ms }, words(sample_rate_hz)];
        let (report, record) = one_call(config(language, &folder, sample_rate_hz), script).await;
        assert_eq!(record.guest, Some(GuestEnd::Returned));
        let said = report.said.iter().position(|sample| sample.unsigned_abs() > 300).expect("the caller spoke");
        let said_ms = said * 1_000 / sample_rate_hz as usize;
        let what = format!("{sample_rate_hz} Hz, spoken to after {said_ms} ms");
        assert!(level(&report.heard, sample_rate_hz, 0, said_ms) > -40.0, "{what}: the greeting was heard until then");
        let after = level(&report.heard, sample_rate_hz, said_ms + 100, said_ms + 3_000);
        assert!(after < -80.0, "{what}: {after} dBFS after 100 ms");
        assert!(report.interrupts >= 1);
        let [file] = &files(folder.path())[..] else { panic!("{what}: one file") };
        let recorded = recorded(file, sample_rate_hz);
        assert!(!places(&prompt("caller-message")[2_000..], &recorded, sample_rate_hz).is_empty(), "{what}: recorded");
    }
}

async fn replays(language: Language) {
    let folder = folder();
    let script = vec![wait(GREETED_MS), words(8_000), keys("#"), wait(1_500), keys("1")];
    let (report, _) = one_call(config(language, &folder, 8_000), script).await;
    let replayed = heard("caller-message", &report);
    let options = heard("voicemail-options", &report);
    assert_eq!(replayed.len(), 1, "the caller heard the own words");
    assert!(options.iter().any(|at| *at > replayed[0] + 3_000), "and was asked again: {options:?}");
    assert_eq!(files(folder.path()).len(), 1);
}

async fn deletes(language: Language) {
    let folder = folder();
    let script = vec![wait(GREETED_MS), words(8_000), keys("#"), wait(1_500), keys("1"), wait(2_000), keys("3")];
    let (report, _) = one_call(config(language, &folder, 8_000), script).await;
    assert_eq!(heard("voicemail-deleted", &report).len(), 1);
    assert!(heard("voicemail-kept", &report).is_empty());
    assert_eq!(files(folder.path()), [] as [PathBuf; 0], "nothing is left of it");
    assert_eq!(report.outcome, Outcome::AgentClosed);
}

async fn no_message(language: Language) {
    for script in [Vec::new(), vec![wait(GREETED_MS), keys("#")]] {
        let folder = folder();
        let (report, _) = one_call(config(language, &folder, 16_000), script).await;
        assert_eq!(heard("goodbye", &report).len(), 1);
        assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
    }
}

/// Whenever the caller hangs up, what is left is whole, and no longer than the call.
async fn hang_ups(language: Language) {
    let mut left = 0;
    for ms in (0..14_000).step_by(430) {
        let folder = folder();
        let mut world = World::simulated(config(language, &folder, 8_000)).await;
        let script =
            vec![Step::WaitAnswered, wait(1_500), words(8_000), keys("#"), wait(1_000), keys("1"), wait(60_000)];
        let caller = Caller { give_up_ms: ms, ..Caller::new(script) };
        let report = world.sim.place_call(caller).finished().await;
        let record = world.try_record();
        world.close().await;
        if let Some(record) = record {
            assert!(matches!(record.guest, Some(GuestEnd::Returned) | None), "{ms} ms: {:?}", record.guest);
        }
        let files = files(folder.path());
        assert!(files.len() <= 1, "{ms} ms: {files:?}");
        // Spoken to after 1.5 s, and 300 ms are a message.
        assert!(files.is_empty() || ms > 1_800, "{ms} ms: nobody spoke, and {files:?} is left");
        for file in files {
            let recorded = recorded(&file, 8_000);
            assert!(recorded.len() <= report.said.len() + 160, "{ms} ms: {} samples", recorded.len());
            left += 1;
        }
    }
    assert!(left > 20, "most of these calls left a message: {left}");
}

async fn not_granted(language: Language) {
    let config = WorldConfig { data_dir: None, ..WorldConfig::with(&language.component("voicemail"), &[]) };
    let (_, record) = one_call(config, Vec::new()).await;
    let failed = record.guest.expect("it ended");
    assert_eq!(failed.code(), "FAILED");
    assert!(failed.to_string().contains("NOT_GRANTED"), "{failed}");
}

//! `switchhook call`: one simulated call to a plugin, in virtual time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use ::sim::{CallReport, Caller, Step};
use exchange::CallRecord;
use key_value::RuntimeClock;
use sandbox::{GuestClock, GuestEnd, GuestSetup, Plugin};
use serde_json::{Value, json};
use telcoflow::frame::AudioMode;
use tokio::runtime::Runtime;

use super::{Failure, print};
use crate::config::Grants;
use crate::demo::table::{CallSummary, closing_json, closing_table};
use crate::demo::{caller, record};
use crate::running;
use crate::scenario::{self, Scenario};
use crate::services::Services;
use crate::simulated::{self, CallSetup, SimulatedCall, TENANT};

/// The sample rate of a call whose caller has no recording, Hz.
const SAMPLE_RATE_HZ: u32 = 16_000;

/// Arguments of `call`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    #[arg(value_name = "PLUGIN")]
    pub plugin: PathBuf,
    /// What the caller says, instead of tones; its rate (8000, 16000 or 24000 Hz) is that of the call
    #[arg(long, value_name = "WAV")]
    pub caller: Option<PathBuf>,
    /// What the callee says when the handler connects the call; it has the rate of the call
    #[arg(long, value_name = "WAV")]
    pub callee: Option<PathBuf>,
    /// The handler hears the parties of a connected call apart too: the caller on channel 1, the callee on channel 2
    #[arg(long)]
    pub isolated: bool,
    /// Where to write what the parties of a connected call hear: the caller left, the callee right
    #[arg(long, value_name = "WAV")]
    pub ears: Option<PathBuf>,
    /// Where to write the call: caller left, handler right
    #[arg(long, value_name = "WAV")]
    pub record: Option<PathBuf>,
    /// Lets the handler record, into `DIR/recordings/simulated/NAME/`, and remember keys and values; without it, it may not
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// What the caller and the callee do, and what must hold: the first call of a scenario file, or the last of its `[[call]]`s, which are all made
    #[arg(long, value_name = "FILE", conflicts_with_all = ["caller", "callee", "isolated", "data_dir", "seconds"])]
    pub scenario: Option<PathBuf>,
    /// How long the caller speaks when it has no recording, in seconds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
}

/// Makes the call. Exit code 1 when it was not answered, or its handler failed.
///
/// # Errors
/// The plugin cannot be loaded, or a file cannot be read or written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.scenario {
        return play(&args, file);
    }
    let (mut caller, sample_rate_hz) = match &args.caller {
        Some(path) => recording(path)?,
        None => (caller::tones(0, args.seconds), SAMPLE_RATE_HZ),
    };
    if let Some(path) = &args.callee {
        caller.callee.script = vec![Step::Say(words(path, sample_rate_hz)?)];
    }
    let audio_mode = if args.isolated { AudioMode::Isolated } else { AudioMode::Mixed };
    let plugin = super::test::load_plugin(&args.plugin)?;
    let runtime = runtime()?;
    let guest = GuestSetup { clock: GuestClock::now(), ..GuestSetup::default() };
    let (services, guest) = match args.data_dir.as_deref() {
        Some(folder) => runtime.block_on(async { services(folder, plugin.name(), guest) })?,
        None => (Services::default(), guest),
    };
    let setup = CallSetup { sample_rate_hz, audio_mode, voice_redial: false, seed: running::seed(), guest, services };
    let SimulatedCall { report, record: ended, .. } = runtime.block_on(simulated::call(plugin, caller, setup));
    write_recordings(&args, &report)?;
    let dropped = ended.as_ref().and_then(|ended| ended.stats).map_or(0, |stats| stats.samples_lost);
    let summary = CallSummary::of("call", &report, dropped);
    if args.json {
        print::json(&as_json(&summary, &report, ended.as_ref()))?;
    } else {
        print::text(&as_text(&summary, &report, ended.as_ref()))?;
    }
    let served = ended.is_some_and(|ended| ended.guest == Some(GuestEnd::Returned));
    Ok(if served && summary.setup.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first call of a scenario, or the last of those that follow each other. Exit code 1 when something does not hold.
fn play(args: &Args, file: &Path) -> Result<ExitCode, Failure> {
    let scenario = Scenario::load(file)?;
    let plugin = super::test::load_plugin(&args.plugin)?;
    let [run, ..] = &scenario.runs[..] else { return Ok(ExitCode::FAILURE) };
    let played = scenario::play(&plugin, &scenario, run)
        .map_err(|error| Failure::new(error.to_string(), "see above, and try again"))?;
    let Some(SimulatedCall { report, record, .. }) = played.calls.last() else { return Ok(ExitCode::FAILURE) };
    write_recordings(args, report)?;
    let summary = CallSummary::of(&scenario.name(), report, 0);
    let misses: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
    if args.json {
        let mut json = as_json(&summary, report, record.as_ref());
        json["misses"] = misses.clone().into();
        json["timeline"] = played.timeline.into();
        print::json(&json)?;
    } else {
        let lines = misses.iter().map(|miss| format!(" - {miss}")).chain(played.timeline);
        let lines: Vec<String> = std::iter::once(as_text(&summary, report, record.as_ref())).chain(lines).collect();
        print::text(&lines.join("\n"))?;
    }
    Ok(if misses.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write_recordings(args: &Args, report: &CallReport) -> Result<(), Failure> {
    if let Some(path) = &args.record {
        record::write_file(path, report.sample_rate_hz, &report.said, &report.heard)?;
    }
    if let Some(path) = &args.ears {
        record::write_file(path, report.sample_rate_hz, &report.caller_ear, &report.callee_ear)?;
    }
    Ok(())
}

/// A call with tones as `dev` makes it, recorded to a file. Whether it was answered, and its handler returned.
///
/// # Errors
/// The recording cannot be written.
pub(super) fn plain(plugin: &Plugin, recording: &Path) -> Result<bool, Failure> {
    let setup = CallSetup {
        sample_rate_hz: SAMPLE_RATE_HZ,
        audio_mode: AudioMode::Mixed,
        voice_redial: false,
        seed: running::seed(),
        guest: GuestSetup { clock: GuestClock::now(), ..GuestSetup::default() },
        services: Services::default(),
    };
    let SimulatedCall { report, record: ended, .. } =
        runtime()?.block_on(simulated::call(plugin.clone(), caller::tones(0, 5), setup));
    record::write_file(recording, report.sample_rate_hz, &report.said, &report.heard)?;
    let summary = CallSummary::of("call", &report, 0);
    print::text(&as_text(&summary, &report, ended.as_ref()))?;
    Ok(ended.is_some_and(|ended| ended.guest == Some(GuestEnd::Returned)) && summary.setup.is_some())
}

/// Virtual time: the call takes as long as its handler computes.
fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.map_err(|error| Failure::new(format!("the runtime does not start: {error}"), "try again"))
}

/// What a folder lets the plugin reach, also in its guests' set-up.
fn services(folder: &Path, plugin: &str, guest: GuestSetup) -> Result<(Services, GuestSetup), Failure> {
    let grants = Grants { recording: true, key_value: true, ..Grants::default() };
    let starts_at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let services = Services::in_folder(folder, &grants, Arc::new(RuntimeClock::starting_at(starts_at)))
        .map_err(|error| Failure::new(error.to_string(), "name a folder that can be made and written"))?;
    let guest = services.grant(TENANT, plugin, &grants, guest).map_err(|error| {
        Failure::new(error.to_string(), "rename the component's file: letters, digits, `_`, `-`, `.`")
    })?;
    Ok((services, guest))
}

fn read(path: &Path) -> Result<audio::Wav, Failure> {
    audio::Wav::read_file(path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display()), "name a WAV file that can be read"))
}

/// What is in a file of the call's rate.
fn words(path: &Path, sample_rate_hz: u32) -> Result<Arc<[i16]>, Failure> {
    let samples = read(path)?.at_rate(sample_rate_hz);
    let samples = samples
        .map_err(|error| Failure::new(format!("{}: {error}", path.display()), "convert it to the rate of the call"))?;
    Ok(samples.into())
}

fn recording(path: &Path) -> Result<(Caller, u32), Failure> {
    let shown = path.display();
    let wav = read(path)?;
    let rate = wav.sample_rate_hz;
    if !telcoflow::frame::SAMPLE_RATES_HZ.contains(&rate) {
        let what = format!("{shown}: {rate} Hz is not a sample rate of Telcoflow");
        return Err(Failure::new(what, "convert it to 8000, 16000 or 24000 Hz"));
    }
    Ok((caller::recording(wav.samples.into(), rate), rate))
}

fn as_json(summary: &CallSummary, report: &CallReport, ended: Option<&CallRecord>) -> Value {
    let mut json = closing_json(std::slice::from_ref(summary))[0].take();
    json["commands"] = report.commands.iter().map(|(name, error)| json!({ "name": name, "error": error })).collect();
    json["end"] = ended.map(|ended| ended.end.as_str()).into();
    json["handler"] = ended.and_then(|ended| ended.guest.as_ref()).map(GuestEnd::code).into();
    json["handler_message"] = ended.and_then(|ended| ended.guest.as_ref()).map(ToString::to_string).into();
    json["trouble"] = ended.and_then(|ended| ended.trouble.clone()).into();
    json
}

fn as_text(summary: &CallSummary, report: &CallReport, ended: Option<&CallRecord>) -> String {
    let mut lines = vec![closing_table(std::slice::from_ref(summary)), String::new()];
    for (name, error) in &report.commands {
        lines.push(format!(" {name:<16} {}", error.as_deref().unwrap_or("ok")));
    }
    match ended {
        None => lines.push(" the host did not take the call".to_owned()),
        Some(CallRecord { trouble: Some(trouble), .. }) => lines.push(format!(" {trouble}")),
        Some(CallRecord { guest: None, .. }) => lines.push(" the handler did not return and was dropped".to_owned()),
        Some(CallRecord { guest: Some(guest), end, .. }) => lines.push(format!(" {guest} ({})", end.as_str())),
    }
    lines.join("\n")
}

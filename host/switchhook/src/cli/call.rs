//! `switchhook call`: one simulated call to a plugin, in virtual time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::call::RecordingStore;
use ::sim::{CallReport, Caller, SimConfig, Simulator, Step};
use exchange::{CallRecord, Exchange};
use recordings::{Recorder, RecorderLimits};
use sandbox::{GuestEnd, Plugin, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use telcoflow::frame::AudioMode;
use url::Url;

use super::{Failure, print};
use crate::demo::table::{CallSummary, closing_json, closing_table};
use crate::demo::{caller, record};
use crate::simulated::{PIPE_BASE, PipeDialer, Records, TENANT, exchange_config};
use crate::{limits, plugins, running};

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
    /// Lets the handler record, into `DIR/recordings/simulated/NAME/`; without it, it may not
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// How long the caller speaks when it has no recording, in seconds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
}

/// Makes the call. Exit code 1 when it was not answered, or its handler failed.
///
/// # Errors
/// The plugin cannot be loaded, or a file cannot be read or written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let (mut caller, sample_rate_hz) = match &args.caller {
        Some(path) => recording(path)?,
        None => (caller::tones(0, args.seconds), SAMPLE_RATE_HZ),
    };
    if let Some(path) = &args.callee {
        caller.callee.script = vec![Step::Say(words(path, sample_rate_hz)?)];
    }
    let audio_mode = if args.isolated { AudioMode::Isolated } else { AudioMode::Mixed };
    let sandbox = Sandbox::new(&SandboxConfig { guests_max: 1 })
        .map_err(|error| Failure::new(error.to_string(), "free some memory"))?;
    let plugin = plugins::load_plugin(&Arc::new(sandbox), &args.plugin)
        .map_err(|error| Failure::new(error.to_string(), "name a component, such as plugins/echo.wasm"))?;
    // Virtual time: the call takes as long as its handler computes.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| Failure::new(format!("the runtime does not start: {error}"), "try again"))?;
    let recorder = args.data_dir.as_deref().map(|folder| recorder(folder, plugin.name())).transpose()?;
    let (report, ended) = runtime.block_on(place(plugin, caller, (sample_rate_hz, audio_mode), recorder));
    if let Some(path) = &args.record {
        record::write_file(path, report.sample_rate_hz, &report.said, &report.heard)?;
    }
    if let Some(path) = &args.ears {
        record::write_file(path, report.sample_rate_hz, &report.caller_ear, &report.callee_ear)?;
    }
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

/// A folder's recorder, and the part of it that is the plugin's.
type Recording = (Recorder, Arc<dyn RecordingStore>);

fn recorder(folder: &Path, plugin: &str) -> Result<Recording, Failure> {
    let recorder = Recorder::open(folder, RecorderLimits::default())
        .map_err(|error| Failure::new(error.to_string(), "name a folder that can be made and written"))?;
    let store = recorder.plugin(TENANT, plugin).map_err(|error| {
        Failure::new(error.to_string(), "rename the component's file: letters, digits, `_`, `-`, `.`")
    })?;
    Ok((recorder, store))
}

async fn place(
    plugin: Plugin,
    caller: Caller,
    audio: (u32, AudioMode),
    recording: Option<Recording>,
) -> (CallReport, Option<CallRecord>) {
    let server = SimConfig { seed: running::seed(), ..SimConfig::default() };
    let simulator = Simulator::new(server.clone());
    simulator.set_public_base(PIPE_BASE);
    let base = Url::parse(PIPE_BASE).expect("a constant that is a URL");
    let records = Arc::new(Records::default());
    let dialer = Arc::new(PipeDialer(simulator.clone()));
    let mut config = exchange_config(&server, base, audio, plugin, dialer, records.clone());
    let (recorder, store) = recording.unzip();
    for plugin in config.tenants.iter_mut().flat_map(|tenant| &mut tenant.plugins) {
        plugin.setup.recordings = store.clone();
    }
    let mut exchange = Exchange::start(config);
    simulator.session_managers(1).await;
    let report = simulator.place_call(caller).finished().await;
    exchange.drain(Duration::from_millis(limits::CALL_DRAIN_MS_MAX)).await;
    if let Some(recorder) = &recorder {
        recorder.close().await;
    }
    simulator.shutdown().await;
    let record = records.take(&report.session_id);
    (report, record)
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

//! `switchhook demo`: simulated calls through everything, and what happened.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::sim::{CallReport, Caller, Milestone, PlacedCall, SimConfig, Simulator};
use carriers::TcpDialer;
use exchange::{CallRecord, CallView, Exchange, Pattern, PluginConfig, Route};
use recordings::{Recorder, RecorderLimits};
use sandbox::{GuestEnd, GuestSetup, Plugin, Sandbox, SandboxConfig};
use telcoflow::frame::AudioMode;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::{Failure, print};
use crate::demo::record::{file_name, write_call};
use crate::demo::report::{self, CallPicture, Wave};
use crate::demo::series::Series;
use crate::demo::show::{self, SHOWS, Show};
use crate::demo::table::{CallSummary, closing_table};
use crate::demo::timeline::{Row, Timeline};
use crate::simulated::{Records, TENANT, exchange_config};
use crate::{limits, plugins, running};

/// The sample rate of the demonstration's calls, Hz.
const SAMPLE_RATE_HZ: u32 = 16_000;
/// Time between two drawings of the timeline.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// Time between two looks at the buffers of the calls.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Arguments of `demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to write `report.html` and one stereo WAV a call: caller left, handler right
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub dir: PathBuf,
    /// The component that answers every call, instead of echo, menu and voicemail side by side
    #[arg(long, value_name = "PLUGIN")]
    pub plugin: Option<PathBuf>,
    /// How many callers ring at once
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub calls: u32,
    /// How long a caller speaks who says tones, in seconds
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
}

/// Makes the calls. Exit code 1 when one of them was not answered, or its handler failed.
///
/// # Errors
/// Something cannot be built, read or written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let sandbox = Sandbox::new(&SandboxConfig { guests_max: args.calls })
        .map_err(|error| Failure::new(error.to_string(), "free some memory"))?;
    let sandbox = Arc::new(sandbox);
    let paths = match &args.plugin {
        Some(path) => vec![path.clone()],
        None => SHOWS.iter().map(|show| Path::new("plugins").join(show.plugin).with_extension("wasm")).collect(),
    };
    let mut acts = Vec::new();
    for (path, index) in paths.iter().zip(0..) {
        let plugin = plugins::load_plugin(&sandbox, path).map_err(|error| {
            Failure::new(error.to_string(), "run `cargo xtask plugins`, or name one with `--plugin`")
        })?;
        acts.push(Act { show: show::of(path), plugin, number: format!("+155501{index:02}") });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("the runtime does not start: {error}"), "allow more threads and open files (`ulimit -a`)")
    })?;
    let names: Vec<String> = acts.iter().map(|act| format!("{} {}", act.plugin.name(), act.plugin.version())).collect();
    let (calls, names) = (args.calls, names.join(", "));
    print::text(&format!("{calls} callers ring at a simulated Telcoflow on loopback; there answer: {names}"))?;
    runtime.block_on(show(args, acts))
}

/// A handler that is shown, and the number that leads to it.
struct Act {
    show: Show,
    plugin: Plugin,
    number: String,
}

async fn show(args: Args, acts: Vec<Act>) -> Result<ExitCode, Failure> {
    let server = SimConfig { seed: running::seed(), ..SimConfig::default() };
    let simulator = Simulator::new(server.clone());
    let address = simulator
        .listen("127.0.0.1:0")
        .await
        .map_err(|error| Failure::new(format!("cannot listen on loopback: {error}"), "allow local sockets"))?;
    let base = Url::parse(&format!("ws://{address}"))
        .map_err(|error| Failure::new(format!("{address}: {error}"), "report this"))?;
    let dialer = TcpDialer::new()
        .map_err(|error| Failure::new(error.to_string(), "install the system's certificates (ca-certificates)"))?;
    let records = Arc::new(Records::default());
    let recorder = recorder(&args.dir, &acts)?;
    let first = acts[0].plugin.clone();
    let mut config =
        exchange_config(&server, base, (SAMPLE_RATE_HZ, AudioMode::Mixed), first, Arc::new(dialer), records.clone());
    for tenant in &mut config.tenants {
        let plugins: Result<Vec<PluginConfig>, Failure> =
            acts.iter().map(|act| act.config(recorder.as_ref())).collect();
        tenant.plugins = plugins?;
        tenant.routes = acts.iter().map(Act::route).collect();
    }
    let mut exchange = Exchange::start(config);
    simulator.session_managers(1).await;

    let mut calls = Calls::place(&simulator, &args, &acts);
    let finished = calls.watch(&exchange).await?;
    exchange.drain(Duration::from_millis(limits::CALL_DRAIN_MS_MAX)).await;
    if let Some(recorder) = &recorder {
        recorder.close().await;
    }
    simulator.shutdown().await;
    close(&args, &finished, &records)
}

/// What records into the demonstration's folder, if some handler may.
fn recorder(folder: &Path, acts: &[Act]) -> Result<Option<Recorder>, Failure> {
    let wanted = acts.iter().any(|act| act.show.records);
    let recorder = wanted.then(|| Recorder::open(folder, RecorderLimits::default())).transpose();
    recorder.map_err(|error| Failure::new(error.to_string(), "name a folder that can be written with `--dir`"))
}

impl Act {
    fn config(&self, recorder: Option<&Recorder>) -> Result<PluginConfig, Failure> {
        let name = self.plugin.name();
        let store = recorder.filter(|_| self.show.records).map(|recorder| recorder.plugin(TENANT, name)).transpose();
        let recordings = store.map_err(|error| {
            Failure::new(error.to_string(), "rename the component's file: letters, digits, `_`, `-`, `.`")
        })?;
        let config = self.show.config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Ok(PluginConfig {
            name: name.to_owned(),
            version: Some(self.plugin.clone().into()),
            setup: GuestSetup { config: config.collect(), recordings, ..GuestSetup::default() },
            faults: Arc::default(),
            calls_max: exchange::limits::CALLS_MAX_DEFAULT,
        })
    }

    fn route(&self) -> Route {
        let to = Pattern::Exact(self.number.clone());
        Route { to, plugin: self.plugin.name().to_owned(), ..Route::default() }
    }
}

/// Writes the recordings and the report, prints the table, and says whether all went well.
fn close(args: &Args, calls: &[Finished], records: &Records) -> Result<ExitCode, Failure> {
    let mut pictures = Vec::new();
    let mut failed = Vec::new();
    for call in calls {
        let picture = call.picture(records.take(&call.report.session_id));
        if let Some(trouble) = &picture.trouble {
            failed.push(format!(" {} failed: {trouble}", call.name));
        }
        let report = &call.report;
        write_call(&args.dir, &call.name, report.sample_rate_hz, &report.said, &report.heard)?;
        pictures.push(picture);
    }
    let page = args.dir.join(report::FILE_NAME);
    fs::write(&page, report::page(&pictures)).map_err(|error| {
        Failure::new(format!("{}: {error}", page.display()), "name another folder with `--dir`, or make room")
    })?;
    let summaries: Vec<CallSummary> = pictures.into_iter().map(|picture| picture.summary).collect();
    print::text(&format!("\n{}", closing_table(&summaries)))?;
    print::text(&format!("\n look:   {}", page.display()))?;
    print::text(&format!(" listen: {}/*.wav, the caller left and the handler right", args.dir.display()))?;
    for line in &failed {
        print::text(line)?;
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The calls of a demonstration while they run.
struct Calls {
    live: Vec<Live>,
    over: JoinSet<(usize, CallReport)>,
}

/// One of them.
struct Live {
    name: String,
    show: Show,
    plugin: String,
    session_id: String,
    placed: Instant,
    gauge: ::sim::Gauge,
    queued_ms: f64,
    buffer_ms: Series,
    report: Option<CallReport>,
}

/// One that is over.
struct Finished {
    name: String,
    show: Show,
    plugin: String,
    placed: Instant,
    buffer_ms: Series,
    report: CallReport,
}

impl Calls {
    fn place(simulator: &Simulator, args: &Args, acts: &[Act]) -> Calls {
        let mut calls = Calls { live: Vec::new(), over: JoinSet::new() };
        for (number, act) in acts.iter().cycle().take(args.calls as usize).enumerate() {
            let caller = (act.show.caller)(number, args.seconds, SAMPLE_RATE_HZ);
            let placed: PlacedCall = simulator.place_call(Caller { to: act.number.clone(), ..caller });
            calls.live.push(Live {
                name: format!("call-{}", number + 1),
                show: act.show,
                plugin: act.plugin.name().to_owned(),
                session_id: placed.session_id().to_owned(),
                placed: Instant::now(),
                gauge: placed.gauge(),
                queued_ms: 0.0,
                buffer_ms: Series::default(),
                report: None,
            });
            calls.over.spawn(async move { (number, placed.finished().await) });
        }
        calls
    }

    /// Draws until all are over.
    async fn watch(&mut self, exchange: &Exchange) -> Result<Vec<Finished>, Failure> {
        let began = Instant::now();
        let mut timeline = Timeline::new(io::stdout(), io::stdout().is_terminal());
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        let mut drawn: Option<Instant> = None;
        while !self.over.is_empty() {
            let mut ended = false;
            tokio::select! {
                _ = ticks.tick() => {}
                Some(over) = self.over.join_next() => {
                    let (number, report) = over
                        .map_err(|error| Failure::new(format!("a simulated call died: {error}"), "report this"))?;
                    self.live[number].report = Some(report);
                    ended = true;
                }
            }
            let views = exchange.calls();
            self.live.iter_mut().for_each(|call| call.look(&views));
            if ended || drawn.is_none_or(|drawn| drawn.elapsed() >= DRAW_EVERY) {
                let rows: Vec<Row> = self.live.iter().map(Live::row).collect();
                timeline.draw(began.elapsed(), &rows)?;
                drawn = Some(Instant::now());
            }
        }
        Ok(self.live.drain(..).filter_map(Live::finished).collect())
    }
}

impl Live {
    fn look(&mut self, views: &[CallView]) {
        let view = views.iter().find(|view| view.session_id == self.session_id);
        self.queued_ms = 0.0;
        if let Some(view) = view.filter(|_| self.report.is_none()) {
            self.queued_ms = view.ledger.queued as f64 * 1_000.0 / f64::from(SAMPLE_RATE_HZ);
            self.buffer_ms.push(self.placed.elapsed(), self.queued_ms);
        }
    }

    fn row(&self) -> Row {
        let state = match (&self.report, self.gauge.timeline()) {
            (Some(report), _) => report.outcome.as_str(),
            (None, timeline) if timeline.at(Milestone::Connected).is_some() => "connected",
            (None, timeline) if timeline.at(Milestone::Answered).is_some() => "answered",
            (None, timeline) if timeline.at(Milestone::Claimed).is_some() => "claimed",
            (None, _) => "ringing",
        };
        Row {
            call: self.name.clone(),
            state: state.to_owned(),
            caller_dbfs: self.gauge.caller_dbfs(),
            handler_dbfs: self.gauge.agent_dbfs(),
            queued_ms: self.queued_ms as u64,
        }
    }

    fn finished(self) -> Option<Finished> {
        let Live { name, show, plugin, placed, buffer_ms, report, .. } = self;
        Some(Finished { name, show, plugin, placed, buffer_ms, report: report? })
    }
}

impl Finished {
    /// What both sides know of the call, on one time axis.
    fn picture(&self, record: Option<CallRecord>) -> CallPicture<'_> {
        let report = &self.report;
        let dropped = record.as_ref().and_then(|record| record.stats).map_or(0, |stats| stats.samples_lost);
        let mut summary = CallSummary::of(&self.name, report, dropped);
        if !self.show.echo {
            // What comes back is not what was said.
            (summary.round_trip_p50, summary.round_trip_p99) = (None, None);
        }
        let trouble = trouble(record.as_ref(), &summary);
        let (mut journal, mut journal_left_out) = (Vec::new(), 0);
        if let Some((record, began)) = record.and_then(|record| record.began.map(|began| (record, began))) {
            let offset = began.saturating_duration_since(self.placed.into_std());
            journal = record.journal.into_iter().map(|(at, what)| (offset + at, what)).collect();
            journal_left_out = record.journal_left_out;
        }
        let ended = [report.timeline.at(Milestone::Ended), journal.last().map(|(at, _)| *at)];
        let from = report.timeline.at(Milestone::Answered).unwrap_or_default();
        let wave = |samples| Wave { samples, sample_rate_hz: report.sample_rate_hz, from };
        let round_trips = report.rtt_points.iter().map(|point| (point.at, point.rtt.as_secs_f64() * 1_000.0));
        CallPicture {
            plugin: self.plugin.clone(),
            about: self.show.about.to_owned(),
            recording: file_name(&self.name),
            length: ended.into_iter().flatten().max().unwrap_or_default(),
            caller: wave(&report.said),
            handler: wave(&report.heard),
            journal,
            journal_left_out,
            buffer_ms: self.buffer_ms.points().to_vec(),
            round_trip_ms: self.show.echo.then(|| round_trips.collect()),
            trouble,
            summary,
        }
    }
}

/// What went wrong with a call: it was not answered, or its handler failed.
fn trouble(record: Option<&CallRecord>, summary: &CallSummary) -> Option<String> {
    let served = record.is_some_and(|record| record.guest == Some(GuestEnd::Returned));
    if served && summary.setup.is_some() {
        return None;
    }
    let why = record.and_then(|record| record.trouble.clone().or(record.guest.as_ref().map(GuestEnd::to_string)));
    Some(why.unwrap_or_else(|| "the host did not take it".to_owned()))
}

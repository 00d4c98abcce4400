//! `switchhook demo`: simulated calls through everything, and what happened.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::sim::{CallReport, Milestone, PlacedCall, SimConfig, Simulator};
use carriers::TcpDialer;
use exchange::{CallView, Exchange};
use sandbox::{GuestEnd, Sandbox, SandboxConfig};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::{Failure, print};
use crate::demo::caller;
use crate::demo::record::write_call;
use crate::demo::table::{CallSummary, closing_table};
use crate::demo::timeline::{Row, Timeline};
use crate::simulated::{Records, exchange_config};
use crate::{limits, running};

/// The sample rate of the demonstration's calls, Hz.
const SAMPLE_RATE_HZ: u32 = 16_000;
/// Time between two drawings of the timeline.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// Arguments of `demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to write one stereo WAV a call: caller left, handler right
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub dir: PathBuf,
    /// The component that answers
    #[arg(long, value_name = "PLUGIN", default_value = "plugins/echo.wasm")]
    pub plugin: PathBuf,
    /// How many callers ring at once
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub calls: u32,
    /// How long each caller speaks, in seconds
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
    let plugin = running::load_plugin(&Arc::new(sandbox), &args.plugin)
        .map_err(|error| Failure::new(error.to_string(), "run `cargo xtask plugins`, or name one with `--plugin`"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("the runtime does not start: {error}"), "allow more threads and open files (`ulimit -a`)")
    })?;
    let (calls, path, version) = (args.calls, args.plugin.display(), plugin.version());
    let shown =
        format!("{calls} callers ring at a simulated Telcoflow on loopback; {path} (version {version}) answers");
    print::text(&shown)?;
    runtime.block_on(show(args, plugin))
}

async fn show(args: Args, plugin: sandbox::Plugin) -> Result<ExitCode, Failure> {
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
    let config = exchange_config(&server, base, SAMPLE_RATE_HZ, plugin, Arc::new(dialer), records.clone());
    let mut exchange = Exchange::start(config);
    simulator.session_managers(1).await;

    let mut calls = Calls::place(&simulator, &args);
    let reports = calls.watch(&exchange).await?;
    exchange.drain(Duration::from_millis(limits::CALL_DRAIN_MS_MAX)).await;
    simulator.shutdown().await;
    close(&args, &reports, &records)
}

/// Writes the recordings, prints the table, and says whether all went well.
fn close(args: &Args, reports: &[(String, CallReport)], records: &Records) -> Result<ExitCode, Failure> {
    let mut summaries = Vec::new();
    let mut failed = Vec::new();
    for (name, report) in reports {
        let record = records.take(&report.session_id);
        let dropped = record.as_ref().and_then(|record| record.stats).map_or(0, |stats| stats.samples_lost);
        let summary = CallSummary::of(name, report, dropped);
        let served = record.as_ref().is_some_and(|record| record.guest == Some(GuestEnd::Returned));
        if !served || summary.setup.is_none() {
            let why = record.and_then(|record| record.trouble.or(record.guest.map(|end| end.to_string())));
            failed.push(format!(" {name} failed: {}", why.as_deref().unwrap_or("the host did not take it")));
        }
        write_call(&args.dir, name, report.sample_rate_hz, &report.said, &report.heard)?;
        summaries.push(summary);
    }
    print::text(&format!("\n{}", closing_table(&summaries)))?;
    print::text(&format!("\n listen: {}/*.wav, the caller left and the handler right", args.dir.display()))?;
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
    session_id: String,
    gauge: ::sim::Gauge,
    report: Option<CallReport>,
}

impl Calls {
    fn place(simulator: &Simulator, args: &Args) -> Calls {
        let mut calls = Calls { live: Vec::new(), over: JoinSet::new() };
        for number in 0..args.calls as usize {
            let placed: PlacedCall = simulator.place_call(caller::tones(number, args.seconds));
            calls.live.push(Live {
                name: format!("call-{}", number + 1),
                session_id: placed.session_id().to_owned(),
                gauge: placed.gauge(),
                report: None,
            });
            calls.over.spawn(async move { (number, placed.finished().await) });
        }
        calls
    }

    /// Draws until all are over.
    async fn watch(&mut self, exchange: &Exchange) -> Result<Vec<(String, CallReport)>, Failure> {
        let began = Instant::now();
        let mut timeline = Timeline::new(io::stdout(), io::stdout().is_terminal());
        let mut ticks = tokio::time::interval(DRAW_EVERY);
        while !self.over.is_empty() {
            tokio::select! {
                _ = ticks.tick() => {}
                Some(ended) = self.over.join_next() => {
                    let (number, report) = ended
                        .map_err(|error| Failure::new(format!("a simulated call died: {error}"), "report this"))?;
                    self.live[number].report = Some(report);
                }
            }
            let views = exchange.calls();
            let rows: Vec<Row> = self.live.iter().map(|call| call.row(&views)).collect();
            timeline.draw(began.elapsed(), &rows)?;
        }
        let finished = self.live.drain(..).filter_map(|call| Some((call.name, call.report?)));
        Ok(finished.collect())
    }
}

impl Live {
    fn row(&self, views: &[CallView]) -> Row {
        let state = match (&self.report, self.gauge.timeline()) {
            (Some(report), _) => report.outcome.as_str(),
            (None, timeline) if timeline.at(Milestone::Connected).is_some() => "connected",
            (None, timeline) if timeline.at(Milestone::Answered).is_some() => "answered",
            (None, timeline) if timeline.at(Milestone::Claimed).is_some() => "claimed",
            (None, _) => "ringing",
        };
        let view = views.iter().find(|view| view.session_id == self.session_id);
        let queued = view.map_or(0, |view| view.ledger.queued);
        Row {
            call: self.name.clone(),
            state: state.to_owned(),
            caller_dbfs: self.gauge.caller_dbfs(),
            handler_dbfs: self.gauge.agent_dbfs(),
            queued_ms: queued * 1_000 / u64::from(SAMPLE_RATE_HZ),
        }
    }
}

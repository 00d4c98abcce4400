//! `switchhook bench`: what this host costs, in steps of more and more calls.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::sim::SimConfig;
use carriers::TcpDialer;
use exchange::Exchange;
use sandbox::{Sandbox, SandboxConfig};
use serde_json::json;
use telcoflow::frame::AudioMode;
use tokio::io::AsyncReadExt;
use url::Url;

use super::{Failure, print};
use crate::bench::contender::Contender;
use crate::bench::figures::Figures;
use crate::bench::load::{self, LoadPlan, SAMPLE_RATE_HZ};
use crate::bench::report::{StepReport, table};
use crate::bench::{chart, native, step};
use crate::plugins;
use crate::simulated::exchange_config;

/// Arguments of `bench`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component that answers
    #[arg(long, value_name = "PLUGIN", default_value = "plugins/echo.wasm")]
    pub plugin: PathBuf,
    /// Measure the same echo as native code in the host, without a sandbox
    #[arg(long, conflicts_with = "plugin")]
    pub native: bool,
    /// Calls at once, one step each
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "10,30,100,300",
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub steps: Vec<u32>,
    /// How long the calls of a step last, in seconds
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(3..=600))]
    pub seconds: u32,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Where to draw it
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Runs the steps. Exit code 1 when a call was lost or audio was missing.
///
/// # Errors
/// A process does not start or dies, or the chart cannot be written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let program = std::env::current_exe().map_err(|error| broken("this program cannot find itself", &error))?;
    let contender = Contender::host(&program, (!args.native).then_some(args.plugin.as_path()));
    let runtime = runtime()?;
    let figures = if args.native { None } else { Some(figures(&args.plugin, &runtime)?) };
    let mut steps: Vec<StepReport> = Vec::new();
    for calls in &args.steps {
        tracing::info!("{} calls to {} for {} s", calls, contender.name, args.seconds);
        let plan = LoadPlan { calls: *calls, seconds: args.seconds };
        let report = runtime.block_on(step::run(&contender, &program, plan));
        steps.push(report.map_err(|error| broken(&format!("the step of {calls} calls"), &error))?);
    }
    if let Some(path) = &args.svg {
        write_chart(path, &steps)?;
    }
    if args.json {
        print::json(&json!({ "plugin": figures, "steps": steps }))?;
    } else {
        if let Some(figures) = figures {
            print::text(&figures.to_string())?;
        }
        print::text(&table(&steps))?;
    }
    Ok(if steps.iter().all(StepReport::is_whole) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In this process, and what it takes is given back before the steps begin.
fn figures(plugin: &Path, runtime: &tokio::runtime::Runtime) -> Result<Figures, Failure> {
    let sandbox = Sandbox::new(&SandboxConfig { guests_max: 4 })
        .map_err(|error| Failure::new(error.to_string(), "free some memory"))?;
    Figures::of(&Arc::new(sandbox), plugin, runtime)
        .map_err(|error| Failure::new(error.to_string(), "run `cargo xtask plugins`, or name one with `--plugin`"))
}

fn write_chart(path: &Path, steps: &[StepReport]) -> Result<(), Failure> {
    std::fs::write(path, chart::svg(steps))
        .map_err(|error| Failure::new(format!("{}: {error}", path.display()), "name another file, or make room"))
}

/// Arguments of `bench-load`, which `bench` starts.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadArgs {
    /// Calls at once
    #[arg(long)]
    pub calls: u32,
    /// How long they last
    #[arg(long)]
    pub seconds: u32,
}

/// Is the load of one step.
///
/// # Errors
/// It cannot listen or report, or the calls are not answered.
pub fn run_load(args: LoadArgs) -> Result<ExitCode, Failure> {
    let plan = LoadPlan { calls: args.calls, seconds: args.seconds };
    runtime()?.block_on(load::run(plan)).map_err(|error| broken("the load", &error))?;
    Ok(ExitCode::SUCCESS)
}

/// Arguments of `bench-host`, which `bench` starts.
#[derive(Clone, Debug, clap::Args)]
pub struct HostArgs {
    /// Where the load listens
    #[arg(long)]
    pub base_url: Url,
    /// The component that answers
    #[arg(long, required_unless_present = "native")]
    pub plugin: Option<PathBuf>,
    /// The echo in native code answers
    #[arg(long)]
    pub native: bool,
    /// Guests it has room for: few of them fit under a profiler that maps memory itself
    #[arg(long, default_value_t = sandbox::limits::GUESTS_MAX)]
    pub guests_max: u32,
}

/// Is the host of one step: one thread, until its standard input is closed.
///
/// # Errors
/// The plugin cannot be loaded, or the machine has no room.
pub fn run_host(args: HostArgs) -> Result<ExitCode, Failure> {
    let sandbox = Sandbox::new(&SandboxConfig { guests_max: args.guests_max })
        .map_err(|error| Failure::new(error.to_string(), "free some memory"))?;
    let sandbox = Arc::new(sandbox);
    let plugin = match &args.plugin {
        Some(path) => plugins::load_plugin(&sandbox, path).map_err(|error| {
            Failure::new(error.to_string(), "run `cargo xtask plugins`, or name one with `--plugin`")
        })?,
        None => native::echo(&sandbox),
    };
    let dialer = TcpDialer::new()
        .map_err(|error| Failure::new(error.to_string(), "install the system's certificates (ca-certificates)"))?;
    let config = exchange_config(
        &SimConfig::default(),
        args.base_url,
        (SAMPLE_RATE_HZ, AudioMode::Mixed),
        plugin,
        Arc::new(dialer),
        Arc::new(()),
    );
    runtime()?.block_on(async {
        let mut exchange = Exchange::start(config);
        let mut rest = Vec::new();
        let read = tokio::io::stdin().read_to_end(&mut rest).await;
        exchange.drain(Duration::from_secs(1)).await;
        read.map(|_| ExitCode::SUCCESS).map_err(|error| broken("the host", &error))
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| broken("the runtime", &error))
}

fn broken(what: &str, error: &io::Error) -> Failure {
    Failure::new(format!("{what}: {error}"), "see the messages above, or try a smaller step")
}

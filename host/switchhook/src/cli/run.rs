//! `switchhook run`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use carriers::TcpDialer;
use exchange::{Drained, Exchange, ExchangeConfig};
use recordings::Recorder;
use tokio::sync::oneshot;

use super::{Failure, signal};
use crate::config::{self, Config};
use crate::plugins::Plugins;
use crate::running;

/// Arguments of `run`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// How long calls may go on after the first signal, in seconds; a second signal ends them at once
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub drain_s: u64,
}

/// Takes calls until a signal comes, then drains. Exit code 1 when calls had to be cut.
///
/// # Errors
/// The configuration has problems, or what it asks for cannot be built.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let config = config::load(&args.config, &|name| std::env::var_os(name))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("the runtime does not start: {error}"), "allow more threads and open files (`ulimit -a`)")
    })?;
    let recorder = running::recorder_for(&config)
        .map_err(|error| Failure::new(error.to_string(), "correct `data_dir` or its permissions"))?;
    let watch = Arc::new(admin::Watch::default());
    runtime.block_on(async {
        let exchange = build(&config, recorder.as_ref(), watch.clone()).await?;
        let served = serve(&config, exchange, watch, Duration::from_secs(args.drain_s)).await;
        if let Some(recorder) = &recorder {
            recorder.close().await;
        }
        served
    })
}

async fn build(
    config: &Config,
    recorder: Option<&Recorder>,
    watch: Arc<admin::Watch>,
) -> Result<ExchangeConfig, Failure> {
    let sandbox = running::sandbox_for(config)
        .map_err(|error| Failure::new(error.to_string(), "or configure smaller `limits.calls_max`"))?;
    let compiler = running::compiler_for(config, &sandbox)
        .map_err(|error| Failure::new(error.to_string(), "or leave `data_dir` out: nothing is kept then"))?;
    let dialer = TcpDialer::new()
        .map_err(|error| Failure::new(error.to_string(), "install the system's certificates (ca-certificates)"))?;
    let (plugins, unusable) = Plugins::load(config, &sandbox, compiler.as_ref()).await;
    let exchange = running::exchange_config(config, &plugins, recorder, Arc::new(dialer), watch)
        .map_err(|error| Failure::new(error.to_string(), "its file was good a moment ago: look at what changes it"))?;
    for error in &unusable {
        tracing::error!("{error}: the host goes on without this plugin, and its calls are left to others");
    }
    if exchange.tenants.iter().all(|tenant| tenant.plugins.is_empty()) {
        let what = format!("{}: no plugin can be used", config.file.display());
        return Err(Failure::new(what, "the log above says why, for each of them"));
    }
    Ok(exchange)
}

async fn serve(
    config: &Config,
    exchange: ExchangeConfig,
    watch: Arc<admin::Watch>,
    drain: Duration,
) -> Result<ExitCode, Failure> {
    for tenant in &exchange.tenants {
        for plugin in &tenant.plugins {
            let (name, version) = (&plugin.name, plugin.version.as_ref().map(|version| version.plugin().version()));
            tracing::info!(tenant = tenant.name, plugin = name, version, calls_max = plugin.calls_max, "plugin ready");
        }
    }
    for tenant in &config.tenants {
        for connector in &tenant.connectors {
            let address = connector.base_url.as_str();
            tracing::info!(tenant = %tenant.name, connector = %connector.name, address, "dialling the session manager");
        }
    }
    let exchange = Exchange::start(exchange);
    let Some(admin) = &config.admin else { return until_drained(exchange, drain).await };
    let server = admin::Server::bind(admin.listen, admin.access.clone(), exchange.handle(), watch).await;
    let server = server.map_err(|error| Failure::new(error.to_string(), "is a host running already?"))?;
    tracing::info!(address = %server.address(), "the admin interface listens");
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async move {
        // Dropped or sent, it is time.
        let _ = stopped.await;
    }));
    let drained = until_drained(exchange, drain).await;
    // It may have ended already, by a failure that is told here.
    let _ = stop.send(());
    if let Err(error) = serving.await {
        tracing::error!(%error, "the admin interface failed");
    }
    drained
}

/// Waits for a signal, or for an operator to say it, and drains.
async fn until_drained(mut exchange: Exchange, drain: Duration) -> Result<ExitCode, Failure> {
    let handle = exchange.handle();
    let why = tokio::select! {
        name = signal::stop() => name?,
        () = handle.drain_requested() => "the admin interface",
    };
    tracing::info!(calls = handle.calls_here(), drain_s = drain.as_secs(), "{why}: taking no more calls");
    let drained = tokio::select! {
        drained = exchange.drain(drain) => Some(drained),
        again = signal::stop() => {
            again?;
            None
        }
    };
    let drained = match drained {
        Some(drained) => drained,
        None => {
            tracing::warn!("a second signal: the calls are cut");
            exchange.drain(Duration::ZERO).await
        }
    };
    match drained {
        Drained::Clean => Ok(ExitCode::SUCCESS),
        Drained::Cut(calls) => {
            tracing::warn!(calls, "calls were cut");
            Ok(ExitCode::FAILURE)
        }
    }
}

//! `switchhook run`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use carriers::TcpDialer;
use exchange::{Drained, Exchange, ExchangeConfig, Observer, Observers};
use loader::{Loader, Stock};
use tokio::sync::oneshot;

use super::Failure;
use super::signal::{Hangups, Stops};
use crate::config::{self, Config};
use crate::plugins::Plugins;
use crate::reload::Reloader;
use crate::running;
use crate::services::Services;

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
    let services = Services::open(&config)
        .map_err(|error| Failure::new(error.to_string(), "correct `data_dir` or its permissions"))?;
    let watch = Arc::new(admin::Watch::default());
    runtime.block_on(async {
        let traces = running::traces_for(&config)
            .map_err(|error| Failure::new(error.to_string(), "correct `[traces]`, or leave it out"))?;
        if let Some(traces) = &traces {
            watch.show_traces(traces.clone());
        }
        let traced = traces.clone().map(|traces| traces as Arc<dyn Observer>);
        let observer = Arc::new(Observers(std::iter::once(watch.clone() as _).chain(traced).collect()));
        let (exchange, stock) = build(&config, &services, observer).await?;
        let served = serve(config, services, exchange, stock, watch, Duration::from_secs(args.drain_s)).await;
        if let Some(traces) = traces {
            traces.close().await;
        }
        served
    })
}

async fn build(
    config: &Config,
    services: &Services,
    observer: Arc<dyn Observer>,
) -> Result<(ExchangeConfig, Option<Stock>), Failure> {
    let sandbox = running::sandbox()
        .map_err(|error| Failure::new(error.to_string(), "allow more address space (`ulimit -v`)"))?;
    let stock = running::stock_for(config, &sandbox)
        .map_err(|error| Failure::new(error.to_string(), "or leave `data_dir` out: nothing is kept then"))?;
    let dialer = TcpDialer::new()
        .map_err(|error| Failure::new(error.to_string(), "install the system's certificates (ca-certificates)"))?;
    let (plugins, unusable) = Plugins::load(config, &sandbox, stock.as_ref(), services).await;
    let exchange = running::exchange_config(config, plugins, services, Arc::new(dialer), observer)
        .map_err(|error| Failure::new(error.to_string(), "its file was good a moment ago: look at what changes it"))?;
    for error in &unusable {
        tracing::error!("{error}: the host goes on without this plugin, and its calls are left to others");
    }
    let mut plugins = exchange.tenants.iter().flat_map(|tenant| &tenant.plugins);
    let mut sources = config.tenants.iter().flat_map(|tenant| &tenant.plugins).map(|plugin| &plugin.source);
    let comes_later = sources.any(|source| matches!(source, config::Source::Oci(..)));
    if !comes_later && plugins.all(|plugin| plugin.version.is_none()) {
        let what = format!("{}: no plugin can be used", config.file.display());
        return Err(Failure::new(what, "the log above says why, for each of them"));
    }
    Ok((exchange, stock))
}

async fn serve(
    config: Config,
    services: Services,
    exchange: ExchangeConfig,
    stock: Option<Stock>,
    watch: Arc<admin::Watch>,
    drain: Duration,
) -> Result<ExitCode, Failure> {
    for tenant in &exchange.tenants {
        for plugin in &tenant.plugins {
            let (name, calls_max) = (&plugin.name, plugin.calls_max);
            if let Some(version) = &plugin.version {
                let (version, number) = (version.plugin().version(), version.number());
                tracing::info!(tenant = tenant.name, plugin = name, version, number, calls_max, "plugin ready");
            }
        }
    }
    for tenant in &config.tenants {
        for connector in &tenant.connectors {
            let address = connector.base_url.as_str();
            tracing::info!(tenant = %tenant.name, connector = %connector.name, address, "dialling the session manager");
        }
    }
    let exchange = Exchange::start(exchange);
    let handle = exchange.handle();
    let loader = stock.map(|stock| Loader::new(stock, running::hosted(&config, &handle), watch.clone()));
    if let Some(loader) = &loader {
        watch.tell_versions(loader.news());
    }
    let admin = config.admin.clone();
    let reloader = Reloader::new(config, services, handle.clone(), loader.clone(), watch.clone()).map_err(|error| {
        Failure::new(format!("the files cannot be watched: {error}"), "allow more threads (`ulimit -a`)")
    })?;
    let reloading = tokio::spawn(reload(reloader.clone(), Hangups::listen()?));
    if let Some(loader) = loader.clone() {
        tokio::spawn(async move { loader.ready_previous().await });
    }
    let drained = serve_admin(admin, &reloader, loader, watch, exchange, drain).await;
    reloading.abort();
    reloader.close().await;
    drained
}

/// Reads the configuration anew whenever it is time.
async fn reload(reloader: Reloader, mut hangups: Hangups) {
    loop {
        tokio::select! {
            () = hangups.next() => tracing::info!("hung up: reading the configuration anew"),
            () = reloader.changed() => tracing::debug!("a file of the configuration has changed"),
        }
        // What is wrong is told there.
        let _ = reloader.reload().await;
    }
}

async fn serve_admin(
    admin: Option<config::Admin>,
    reloader: &Reloader,
    loader: Option<Loader>,
    watch: Arc<admin::Watch>,
    exchange: Exchange,
    drain: Duration,
) -> Result<ExitCode, Failure> {
    let Some(admin) = admin else { return until_drained(exchange, drain).await };
    let reload: Arc<dyn admin::Reload> = Arc::new(reloader.clone());
    let server = admin::Server::bind(admin.listen, admin.access, exchange.handle(), loader, watch, Some(reload)).await;
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
    // One for all of it: a second signal that closely follows the first is not lost.
    let mut stops = Stops::listen()?;
    let why = tokio::select! {
        name = stops.next() => name,
        () = handle.drain_requested() => "the admin interface",
    };
    handle.request_drain();
    tracing::info!(calls = handle.calls_here(), drain_s = drain.as_secs(), "{why}: taking no more calls");
    let drained = tokio::select! {
        drained = exchange.drain(drain) => Some(drained),
        _ = stops.next() => None,
    };
    let drained = match drained {
        Some(drained) => drained,
        None => {
            tracing::warn!("a second signal: the calls are cut");
            exchange.cut().await
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

//! From the resolved configuration to what the crates below run on.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carriers::telcoflow::{Credentials, ManagerConfig, Secret};
use carriers::{Dial, Dialers, TlsFiles, TlsSetupError};
use exchange::{ConnectorConfig, ExchangeConfig, Observer, PluginConfig, TenantConfig};
use loader::{Hosted, Stock};
use registry::source::OciAuth;
use registry::{Registry, RegistryError, RegistryLimits};
use sandbox::{CodeCacheError, CompileChild, CompileLimits, Compiler, GuestLimits, GuestSetup, Sandbox, SandboxConfig};
use telcoflow::link::LinkConfig;
use traces::{Traces, TracesConfig, TracesError};

use crate::config::{self, Config, Connector, Tenant};
use crate::limits::REGISTRY_HELD_MS_MAX;
use crate::plugins::Plugins;
use crate::services::Services;

/// A sandbox as large as one can be, since a configuration may come to need it: it takes address space, and no memory.
///
/// # Errors
/// The machine cannot give what it takes.
pub fn sandbox() -> Result<Arc<Sandbox>, sandbox::SandboxError> {
    Ok(Arc::new(Sandbox::new(&SandboxConfig::default())?))
}

/// What compiles and keeps versions of plugins, if the configuration says where.
///
/// # Errors
/// The data directory cannot be used, or another host uses it.
pub fn stock_for(config: &Config, sandbox: &Arc<Sandbox>) -> Result<Option<Stock>, StockError> {
    let open = || {
        let child = CompileChild::new(this_program(), vec!["compile".into()]);
        let compiler = Compiler::open(sandbox.clone(), &config.data_dir, child, CompileLimits::default())?;
        let registry = open_registry(&config.data_dir)?;
        Ok(Stock::new(registry, Arc::new(compiler)))
    };
    config.has_data_dir.then(open).transpose()
}

/// Opens the registry. What is left of a host that was killed may hold it for a moment more: a child that it was just starting.
fn open_registry(data_dir: &Path) -> Result<Registry, RegistryError> {
    let give_up = Instant::now() + Duration::from_millis(REGISTRY_HELD_MS_MAX);
    loop {
        match Registry::open(data_dir, RegistryLimits::default()) {
            Err(RegistryError::InUse { .. }) if Instant::now() < give_up => std::thread::sleep(LOOK_AGAIN),
            opened => return opened,
        }
    }
}

/// How often it is looked whether the registry is free.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What exports traces of calls, if the configuration says where to. On the runtime that is current here.
///
/// # Errors
/// The export cannot be set up.
pub fn traces_for(config: &Config) -> Result<Option<Arc<Traces>>, TracesError> {
    let open = |to: &config::TracesTo| {
        let headers = to.headers.iter().map(|(name, secret)| (name.clone(), secret.expose().to_owned()));
        let config = TracesConfig { endpoint: to.endpoint.clone(), headers: headers.collect() };
        Traces::open(&config).map(Arc::new)
    };
    config.traces.as_ref().map(open).transpose()
}

/// Why versions cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// The folder of compiled code.
    #[error("{0}")]
    Code(#[from] CodeCacheError),
    /// The registry.
    #[error("{0}")]
    Registry(#[from] RegistryError),
}

/// The plugins of a running exchange, for whatever brings versions in.
pub fn hosted(config: &Config, handle: &exchange::Handle) -> Vec<Hosted> {
    let of_tenant = |tenant: &Tenant| {
        let plugins = tenant.plugins.iter().filter_map(|plugin| {
            Some(Hosted {
                tenant: tenant.name.to_string(),
                slot: handle.plugin(tenant.name.as_str(), plugin.name.as_str())?,
                granted: plugin.grants.names(),
                source: loader_source(&plugin.source),
            })
        });
        plugins.collect::<Vec<_>>()
    };
    config.tenants.iter().flat_map(of_tenant).collect()
}

/// Where a plugin's versions come from.
pub fn loader_source(source: &config::Source) -> loader::Source {
    match source {
        config::Source::File(path) => loader::Source::File(path.clone()),
        config::Source::Oci(reference, None) => loader::Source::Oci(reference.clone(), OciAuth::Anonymous),
        config::Source::Oci(reference, Some((user, password))) => {
            let auth = OciAuth::Password { user: user.clone(), password: password.expose().to_owned() };
            loader::Source::Oci(reference.clone(), auth)
        }
    }
}

/// Puts the exchange's configuration together. Plugins that could not be loaded take no calls.
///
/// # Errors
/// A connector's certificates cannot be used, though the configuration was good a moment ago.
pub fn exchange_config(
    config: &Config,
    mut plugins: Plugins,
    services: &Services,
    dialer: Arc<dyn Dial>,
    observer: Arc<dyn Observer>,
) -> Result<ExchangeConfig, TlsSetupError> {
    let tenants = config.tenants.iter().map(|tenant| tenant_config(tenant, &mut plugins, services));
    Ok(ExchangeConfig { tenants: tenants.collect::<Result<_, _>>()?, dialer, seed: seed(), observer })
}

/// A number that no two runs share.
pub fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// What a connector's session-manager link needs to know.
pub fn manager_config(connector: &Connector) -> ManagerConfig {
    let Connector { base_url, credentials, sdk_version, sample_rate, audio_mode, call_flow, .. } = connector;
    ManagerConfig {
        base_url: base_url.url().clone(),
        credentials: credentials.key().map(|key| Credentials {
            api_key: Secret::new(key.api_key.expose()),
            connector_uuid: key.connector_uuid.clone(),
        }),
        sdk_version: sdk_version.clone(),
        link: LinkConfig { sample_rate_hz: sample_rate.hz(), audio_mode: *audio_mode, call_flow: *call_flow },
    }
}

/// The very program that runs, also after its file was replaced by a newer one.
fn this_program() -> PathBuf {
    let link = Path::new("/proc/self/exe");
    if link.exists() { link.to_owned() } else { std::env::current_exe().unwrap_or_else(|_| "switchhook".into()) }
}

/// What a connector runs on.
///
/// # Errors
/// Its certificates cannot be used.
pub(crate) fn connector_config(connector: &Connector) -> Result<ConnectorConfig, TlsSetupError> {
    let files = connector.tls_files();
    let dialers = if files == TlsFiles::default() { None } else { Some(Dialers::new(files)?) };
    Ok(ConnectorConfig {
        name: connector.name.to_string(),
        manager: manager_config(connector),
        playout_bytes_max: connector.playout_bytes_max,
        voice_redial_ms_max: connector.voice_redial_ms_max,
        allow_ws_voice_url: connector.allow_ws_voice_url,
        dialers,
    })
}

fn tenant_config(tenant: &Tenant, plugins: &mut Plugins, services: &Services) -> Result<TenantConfig, TlsSetupError> {
    let plugins = tenant.plugins.iter().map(|plugin| plugin_config(tenant, plugin, plugins, services));
    let connectors = tenant.connectors.iter().map(connector_config);
    Ok(TenantConfig {
        name: tenant.name.to_string(),
        quota: quota(&tenant.quota),
        plugins: plugins.collect(),
        connectors: connectors.collect::<Result<_, _>>()?,
        routes: routes(tenant),
    })
}

/// Which plugin answers which number.
pub(crate) fn routes(tenant: &Tenant) -> Vec<exchange::Route> {
    let route = |route: &config::Route| exchange::Route {
        to: pattern(&route.to),
        from: pattern(&route.from),
        channel: route.channel.map(|channel| match channel {
            config::Channel::Telco => telcoflow::frame::manager::Channel::Telco,
            config::Channel::Wa => telcoflow::frame::manager::Channel::Wa,
        }),
        connector: tenant.connector_of(route).map(|connector| connector.name.to_string()),
        plugin: tenant.plugin_of(route).name.to_string(),
        hold: route.hold,
    };
    tenant.routes.iter().map(route).collect()
}

fn plugin_config(tenant: &Tenant, plugin: &config::Plugin, plugins: &mut Plugins, services: &Services) -> PluginConfig {
    PluginConfig {
        name: plugin.name.to_string(),
        version: plugins.take(tenant.name.as_str(), plugin.name.as_str()),
        setup: guest_setup(tenant, plugin, services),
        faults: faults(plugin),
        calls_max: plugin.limits.calls_max as usize,
    }
}

/// What the guests of a plugin are started with.
pub(crate) fn guest_setup(tenant: &Tenant, plugin: &config::Plugin, services: &Services) -> GuestSetup {
    let config::PluginLimits { memory_bytes_max, start_max, run_max, grace_max, cpu_percent_max, .. } = plugin.limits;
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let limits = GuestLimits {
        memory_bytes_max: usize::try_from(memory_bytes_max).unwrap_or(usize::MAX),
        start_ms_max: ms(start_max),
        run_ms_max: ms(run_max),
        grace_ms_max: ms(grace_max),
        cpu_percent_max: Some(cpu_percent_max),
        ..GuestLimits::default()
    };
    let setup = GuestSetup { config: plugin.config.clone().into(), limits, ..GuestSetup::default() };
    let granted = services.grant(tenant.name.as_str(), plugin.name.as_str(), &plugin.grants, setup);
    granted.expect("the configuration's names are safe in paths")
}

/// What is done when a guest fails.
pub(crate) fn faults(plugin: &config::Plugin) -> Arc<[exchange::FaultStep]> {
    plugin.fault.iter().map(fault_step).collect()
}

pub(crate) fn quota(quota: &config::Quota) -> exchange::Quota {
    let config::Quota { calls_max, setups_per_s_max, places_per_s_max, cpu_percent_max, memory_bytes_max } = *quota;
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    exchange::Quota {
        calls_max: calls_max.map(|calls| usize::try_from(calls).unwrap_or(usize::MAX)),
        setups_per_s_max: setups_per_s_max.map(small),
        places_per_s_max: places_per_s_max.map(small),
        cpu_percent_max: cpu_percent_max.map(small),
        memory_bytes_max,
    }
}

fn fault_step(step: &config::FaultStep) -> exchange::FaultStep {
    match step {
        config::FaultStep::Retry => exchange::FaultStep::Retry,
        config::FaultStep::Previous => exchange::FaultStep::Previous,
        config::FaultStep::Prompt(config::Prompt { sample_rate_hz, samples, .. }) => {
            let prompt = exchange::Prompt { sample_rate_hz: *sample_rate_hz, samples: samples.clone() };
            exchange::FaultStep::Prompt(Arc::new(prompt))
        }
        config::FaultStep::Connect => exchange::FaultStep::Connect,
        config::FaultStep::Disconnect => exchange::FaultStep::Disconnect,
    }
}

fn pattern(pattern: &config::Pattern) -> exchange::Pattern {
    match pattern {
        config::Pattern::Any => exchange::Pattern::Any,
        config::Pattern::Exact(number) => exchange::Pattern::Exact(number.clone()),
        config::Pattern::Prefix(start) => exchange::Pattern::Prefix(start.clone()),
        config::Pattern::Suffix(end) => exchange::Pattern::Suffix(end.clone()),
    }
}

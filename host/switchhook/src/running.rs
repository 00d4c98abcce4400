//! From the resolved configuration to what the crates below run on.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carriers::Dial;
use carriers::telcoflow::{Credentials, ManagerConfig, Secret};
use exchange::{ConnectorConfig, ExchangeConfig, Observer, PluginConfig, TenantConfig};
use recordings::{Recorder, RecorderError, RecorderLimits};
use sandbox::{GuestLimits, GuestSetup, LoadError, Plugin, Sandbox, SandboxConfig};
use telcoflow::link::LinkConfig;

use crate::config::{self, Config, Connector, Tenant};

/// A plugin that cannot be used. Its calls are left to others; the host goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The file cannot be read.
    #[error("{}: the plugin cannot be read: {error}: build it, or correct `source`", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no handler that this host can run.
    #[error("{}: {error}", path.display())]
    Refused {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: LoadError,
    },
}

/// Reads, checks and compiles a component.
///
/// # Errors
/// The file cannot be read, or is not a handler.
pub fn load_plugin(sandbox: &Arc<Sandbox>, path: &Path) -> Result<Plugin, PluginError> {
    let unreadable = |error| PluginError::Unreadable { path: path.to_owned(), error };
    let wasm = std::fs::read(path).map_err(unreadable)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Plugin::load(sandbox, &name, &wasm).map_err(|error| PluginError::Refused { path: path.to_owned(), error })
}

/// A sandbox as large as the configuration can need.
///
/// # Errors
/// The machine cannot give what it takes.
pub fn sandbox_for(config: &Config) -> Result<Arc<Sandbox>, sandbox::SandboxError> {
    let plugins = config.tenants.iter().flat_map(|tenant| &tenant.plugins);
    let calls: u32 = plugins.map(|plugin| plugin.limits.calls_max).fold(0, u32::saturating_add);
    let guests_max = calls.clamp(1, sandbox::limits::GUESTS_MAX);
    Ok(Arc::new(Sandbox::new(&SandboxConfig { guests_max })?))
}

/// What writes recordings, if some plugin may record.
///
/// # Errors
/// The data directory takes no folder.
pub fn recorder_for(config: &Config) -> Result<Option<Recorder>, RecorderError> {
    let mut plugins = config.tenants.iter().flat_map(|tenant| &tenant.plugins);
    let wanted = plugins.any(|plugin| plugin.grants.recording);
    wanted.then(|| Recorder::open(&config.data_dir, RecorderLimits::default())).transpose()
}

/// Compiles the plugins and puts the exchange's configuration together. Plugins that cannot be used are left out and told.
pub fn exchange_config(
    config: &Config,
    sandbox: &Arc<Sandbox>,
    recorder: Option<&Recorder>,
    dialer: Arc<dyn Dial>,
    observer: Arc<dyn Observer>,
) -> (ExchangeConfig, Vec<PluginError>) {
    let mut compiler = Compiler { sandbox, recorder, compiled: HashMap::new(), errors: Vec::new() };
    let tenants = config.tenants.iter().map(|tenant| tenant_config(tenant, &mut compiler)).collect();
    (ExchangeConfig { tenants, dialer, seed: seed(), observer }, compiler.errors)
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
        credentials: Credentials {
            api_key: Secret::new(credentials.api_key.expose()),
            connector_uuid: credentials.connector_uuid.clone(),
        },
        sdk_version: sdk_version.clone(),
        link: LinkConfig { sample_rate_hz: sample_rate.hz(), audio_mode: *audio_mode, call_flow: *call_flow },
    }
}

/// Compiles each file once, however many plugins name it.
struct Compiler<'a> {
    sandbox: &'a Arc<Sandbox>,
    recorder: Option<&'a Recorder>,
    compiled: HashMap<PathBuf, Option<Plugin>>,
    errors: Vec<PluginError>,
}

impl Compiler<'_> {
    fn plugin(&mut self, path: &Path) -> Option<Plugin> {
        if let Some(known) = self.compiled.get(path) {
            return known.clone();
        }
        let loaded = load_plugin(self.sandbox, path).map_err(|error| self.errors.push(error)).ok();
        self.compiled.insert(path.to_owned(), loaded.clone());
        loaded
    }
}

fn tenant_config(tenant: &Tenant, compiler: &mut Compiler<'_>) -> TenantConfig {
    let plugins = tenant.plugins.iter().filter_map(|plugin| plugin_config(tenant, plugin, compiler));
    let connectors = tenant.connectors.iter().map(|connector| ConnectorConfig {
        name: connector.name.to_string(),
        manager: manager_config(connector),
        playout_bytes_max: connector.playout_bytes_max,
        allow_ws_voice_url: connector.allow_ws_voice_url,
    });
    let routes = tenant.routes.iter().map(|route| exchange::Route {
        to: pattern(&route.to),
        from: pattern(&route.from),
        connector: tenant.connector_of(route).map(|connector| connector.name.to_string()),
        plugin: tenant.plugin_of(route).name.to_string(),
    });
    TenantConfig {
        name: tenant.name.to_string(),
        plugins: plugins.collect(),
        connectors: connectors.collect(),
        routes: routes.collect(),
    }
}

fn plugin_config(tenant: &Tenant, plugin: &config::Plugin, compiler: &mut Compiler<'_>) -> Option<PluginConfig> {
    let config::PluginLimits { memory_bytes_max, calls_max, start_max, run_max, grace_max } = plugin.limits;
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let limits = GuestLimits {
        memory_bytes_max: usize::try_from(memory_bytes_max).unwrap_or(usize::MAX),
        start_ms_max: ms(start_max),
        run_ms_max: ms(run_max),
        grace_ms_max: ms(grace_max),
        ..GuestLimits::default()
    };
    let recorder = compiler.recorder.filter(|_| plugin.grants.recording);
    let recordings = recorder.map(|recorder| {
        let store = recorder.plugin(tenant.name.as_str(), plugin.name.as_str());
        store.expect("the configuration's names are safe in paths")
    });
    Some(PluginConfig {
        name: plugin.name.to_string(),
        plugin: compiler.plugin(&plugin.source)?,
        setup: GuestSetup { config: plugin.config.clone().into(), limits, recordings },
        calls_max: calls_max as usize,
    })
}

fn pattern(pattern: &config::Pattern) -> exchange::Pattern {
    match pattern {
        config::Pattern::Any => exchange::Pattern::Any,
        config::Pattern::Exact(number) => exchange::Pattern::Exact(number.clone()),
        config::Pattern::Prefix(start) => exchange::Pattern::Prefix(start.clone()),
        config::Pattern::Suffix(end) => exchange::Pattern::Suffix(end.clone()),
    }
}

//! What the exchange runs on: resolved, with plugins already compiled.

use std::sync::Arc;

use carriers::telcoflow::ManagerConfig;
use carriers::{Dial, Dialers};
use sandbox::GuestSetup;

use crate::fault::FaultStep;
use crate::quota::Quota;
use crate::record::Observer;
use crate::route::Route;
use crate::shelf::PluginVersion;

/// Everything the exchange needs.
pub struct ExchangeConfig {
    /// Who is hosted.
    pub tenants: Vec<TenantConfig>,
    /// Opens the sockets.
    pub dialer: Arc<dyn Dial>,
    /// Feeds ids and jitter.
    pub seed: u64,
    /// Is told of calls.
    pub observer: Arc<dyn Observer>,
}

/// One tenant.
pub struct TenantConfig {
    /// Its name.
    pub name: String,
    /// What it may use with all its calls together.
    pub quota: Quota,
    /// Its accounts at Telcoflow.
    pub connectors: Vec<ConnectorConfig>,
    /// Its plugins.
    pub plugins: Vec<PluginConfig>,
    /// Which plugin answers which number; the first match wins.
    pub routes: Vec<Route>,
}

/// One account at Telcoflow.
#[derive(Clone, Debug)]
pub struct ConnectorConfig {
    /// Its name within the tenant.
    pub name: String,
    /// Where and as whom.
    pub manager: ManagerConfig,
    /// Audio that may wait for one call, in bytes.
    pub playout_bytes_max: usize,
    /// How long the voice socket of a call that goes on is dialled again after it broke, in milliseconds. 0: not at all.
    pub voice_redial_ms_max: u64,
    /// Takes a `ws` voice URL from a `wss` session manager.
    pub allow_ws_voice_url: bool,
    /// Open its sockets instead of [`ExchangeConfig::dialer`]: it has a client certificate, or trusts a CA of its own.
    pub dialers: Option<Dialers>,
}

/// One plugin, ready to serve.
#[derive(Debug)]
pub struct PluginConfig {
    /// Its name within the tenant.
    pub name: String,
    /// What its calls get at first; `None`: it takes no call before a version is made live.
    pub version: Option<PluginVersion>,
    /// What its guests are started with.
    pub setup: GuestSetup,
    /// What is done when a guest fails, in order; after the last step the host leaves the call.
    pub faults: Arc<[FaultStep]>,
    /// Calls at once, of all its versions.
    pub calls_max: usize,
}

//! A simulator and a host, joined by in-memory pipes or by sockets on loopback.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carriers::telcoflow::{Credentials, ManagerConfig, Secret};
use carriers::{Dial, Dialers, TcpDialer};
use exchange::{
    CallRecord, CallView, ChatRecord, ConnectorConfig, Drained, Exchange, ExchangeConfig, FaultStep, HandlerFault,
    LeftCall, LinkChange, Observer, Pattern, PluginConfig, PluginVersion, Quota, Route, TenantConfig, Withdrawn,
};
use key_value::{KeyValueLimits, KeyValues, RuntimeClock};
use network::{Networks, Policy, Resolve, SystemResolver, Trust};
use recordings::{Disk, LocalDisk, RecorderLimits};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sandbox::{GuestClock, GuestLimits, GuestSetup};
use sim::{Caller, PlacedCall, SimConfig, Simulator};
pub use switchhook::simulated::PipeDialer;
use telcoflow::frame::AudioMode;
use telcoflow::link::LinkConfig;
use tokio::sync::mpsc;
use url::Url;

use crate::components;
use crate::logs::API_KEY;

/// The connector that all worlds use.
pub const CONNECTOR: &str = "00000000-0000-4000-8000-0000000000aa";
/// Finished calls that may wait for a test to ask.
const RECORDS_MAX: usize = 20_000;

/// Which called numbers, the component that answers them, and what it is configured with.
pub type Other = (Pattern, String, Vec<(String, String)>);

/// How a world is made.
pub struct WorldConfig {
    /// The server.
    pub sim: SimConfig,
    /// The component that answers every call, by name.
    pub plugin: String,
    /// What it is configured with.
    pub config: Vec<(String, String)>,
    /// What its guests may use.
    pub limits: GuestLimits,
    /// What is done when they fail.
    pub faults: Vec<FaultStep>,
    /// What the tenant may use.
    pub quota: Quota,
    /// Which called numbers it answers.
    pub answers: Pattern,
    /// More tenants, each with one plugin and a connector of its own to the same server.
    pub neighbours: Vec<Neighbour>,
    /// Calls at once.
    pub calls_max: usize,
    /// Audio.
    pub sample_rate_hz: u32,
    /// Mixed or isolated.
    pub audio_mode: AudioMode,
    /// Audio that may wait for one call.
    pub playout_bytes_max: usize,
    /// The key that the host shows.
    pub api_key: String,
    /// More connectors of the same tenant: a name, and the key that it shows.
    pub more_connectors: Vec<(String, String)>,
    /// Takes a `ws` voice URL from a `wss` session manager.
    pub allow_ws_voice_url: bool,
    /// How long a voice socket that broke is dialled again.
    pub voice_redial_ms_max: u64,
    /// Whether the host shows its key; a certificate may stand for it.
    pub shows_key: bool,
    /// Open all sockets, instead of the world's dialer.
    pub dialers: Option<Dialers>,
    /// How long calls of the first plugin wait for another host.
    pub hold: Duration,
    /// The grant `calls`, for every plugin.
    pub may_place: bool,
    /// Which called numbers wait for another host.
    pub hold_to: Pattern,
    /// More plugins and the routes to them, tried before the first.
    pub others: Vec<Other>,
    /// Every plugin may record, into this folder: `recordings/acme/first/REFERENCE.wav`, `.../other-0/...`.
    pub data_dir: Option<PathBuf>,
    /// What plugins may remember there; `None`: nothing.
    pub remembers: Option<KeyValueLimits>,
    /// Which hosts the first plugin may reach.
    pub network: Option<Policy>,
    /// Who looks their names up.
    pub resolver: Arc<dyn Resolve>,
    /// Whose certificates are trusted there: PEM of CAs. By default nobody's.
    pub network_cas: Vec<String>,
    /// What its recordings may take.
    pub recorder_limits: RecorderLimits,
    /// Is told of calls and links too.
    pub observer: Arc<dyn Observer>,
    /// Where they are written, unless on the machine's own disk.
    pub disk: Arc<dyn Disk>,
}

/// The number of the [echoes](Neighbour::echoes) beside.
const BESIDE: &str = "+15552000";

/// Another tenant.
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// Which called numbers it answers. No two tenants answer the same.
    pub answers: Pattern,
    /// The component, by name.
    pub plugin: String,
    /// What it is configured with.
    pub config: Vec<(String, String)>,
    /// What its guests may use.
    pub limits: GuestLimits,
    /// What is done when they fail.
    pub faults: Vec<FaultStep>,
    /// What it may use.
    pub quota: Quota,
}

impl Neighbour {
    /// Echoes of another tenant beside what a test is about: [`World::call_beside`] calls them.
    pub fn echoes() -> Self {
        Self::with("beside", BESIDE, "echo", &[])
    }

    /// One without limits whose calls are answered by this component, configured so.
    pub fn with(name: &str, to: &str, plugin: &str, config: &[(&str, &str)]) -> Self {
        Self {
            name: name.into(),
            answers: Pattern::Exact(to.into()),
            plugin: plugin.into(),
            config: pairs(config),
            limits: GuestLimits::default(),
            faults: Vec::new(),
            quota: Quota::default(),
        }
    }
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            sim: SimConfig { api_key: API_KEY.into(), connector_uuid: CONNECTOR.into(), ..SimConfig::default() },
            plugin: "echo".into(),
            config: Vec::new(),
            limits: GuestLimits::default(),
            faults: Vec::new(),
            quota: Quota::default(),
            answers: Pattern::Any,
            neighbours: Vec::new(),
            calls_max: 500,
            sample_rate_hz: 16_000,
            audio_mode: AudioMode::Mixed,
            playout_bytes_max: 1 << 20,
            api_key: API_KEY.into(),
            more_connectors: Vec::new(),
            allow_ws_voice_url: false,
            voice_redial_ms_max: exchange::limits::VOICE_REDIAL_MS_DEFAULT,
            shows_key: true,
            dialers: None,
            hold: Duration::ZERO,
            may_place: false,
            hold_to: Pattern::Any,
            others: Vec::new(),
            data_dir: None,
            remembers: None,
            network: None,
            resolver: Arc::new(SystemResolver),
            network_cas: Vec::new(),
            recorder_limits: RecorderLimits::default(),
            observer: Arc::new(()),
            disk: Arc::new(LocalDisk),
        }
    }
}

impl WorldConfig {
    /// A world whose calls are all answered by this component, configured so.
    pub fn with(plugin: &str, config: &[(&str, &str)]) -> Self {
        Self { plugin: plugin.into(), config: pairs(config), ..Self::default() }
    }
}

/// Configuration as a plugin gets it.
pub fn pairs(config: &[(&str, &str)]) -> Vec<(String, String)> {
    config.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

/// A simulator, a host, and what became of the host's calls.
pub struct World {
    /// The server.
    pub sim: Simulator,
    /// The host.
    pub exchange: Exchange,
    stores: Stores,
    records: mpsc::Receiver<CallRecord>,
    dialer: Arc<dyn Dial>,
    base: String,
}

impl World {
    /// Joined by pipes: for virtual time.
    pub async fn simulated(config: WorldConfig) -> Self {
        let sim = Simulator::new(config.sim.clone());
        sim.set_public_base("ws://pipe.test");
        let dialer = Arc::new(PipeDialer(sim.clone()));
        Self::start(config, sim, dialer, "ws://pipe.test").await
    }

    /// Joined by sockets on loopback.
    pub async fn real(config: WorldConfig) -> Self {
        let sim = Simulator::new(config.sim.clone());
        let address = sim.listen("127.0.0.1:0").await.expect("a free port");
        let base = format!("ws://{address}");
        let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
        Self::start(config, sim, dialer, &base).await
    }

    async fn start(config: WorldConfig, sim: Simulator, dialer: Arc<dyn Dial>, base: &str) -> Self {
        let links = 1 + config.neighbours.len();
        let world = Self::start_unready(config, sim, dialer, base);
        world.sim.session_managers(links).await;
        world
    }

    /// Like the others, but does not wait for the session manager: for links that never come up.
    pub fn start_unready(config: WorldConfig, sim: Simulator, dialer: Arc<dyn Dial>, base: &str) -> Self {
        let (told, records) = mpsc::channel(RECORDS_MAX);
        let stores = Stores::open(&config);
        let exchange = Exchange::start(ExchangeConfig {
            tenants: tenants(&config, base, &stores),
            dialer: dialer.clone(),
            seed: config.sim.seed,
            observer: Arc::new(Recorder(told, config.observer.clone())),
        });
        Self { sim, exchange, stores, records, dialer, base: base.to_owned() }
    }

    /// Another host of the same server. It [leaves](Self::leave) before this one is closed.
    pub fn beside(&self, config: WorldConfig) -> Self {
        Self::start_unready(config, self.sim.clone(), self.dialer.clone(), &self.base)
    }

    /// How a connector to this world's server is configured.
    pub fn connector(&self, config: &WorldConfig, name: &str, api_key: &str) -> ConnectorConfig {
        connector(config, &self.base, name, api_key)
    }

    /// Places so many calls to the [echoes](Neighbour::echoes) beside: each speaks for so long, ms, and waits for all of it.
    pub fn call_beside(&self, calls: usize, ms: u32) -> Vec<PlacedCall> {
        let caller = || Caller { to: BESIDE.into(), record: false, ..Caller::echo(ms) };
        (0..calls).map(|_| self.sim.place_call(caller())).collect()
    }

    /// The next call that ended in the host.
    pub async fn record(&mut self) -> CallRecord {
        self.records.recv().await.expect("the exchange lives")
    }

    /// A call that has ended already.
    pub fn try_record(&mut self) -> Option<CallRecord> {
        self.records.try_recv().ok()
    }

    /// Ends the host, then the server. Fails when calls had to be cut.
    pub async fn close(self) {
        let sim = self.sim.clone();
        self.leave().await;
        sim.shutdown().await;
    }

    /// Ends the host and leaves the server to others. Fails when calls had to be cut.
    pub async fn leave(mut self) {
        let drained = self.exchange.drain(Duration::from_secs(30)).await;
        assert_eq!(drained, Drained::Clean, "calls were left over");
        if let Some(recorder) = &self.stores.recorder {
            assert!(recorder.close().await, "recordings are not on the disk");
        }
        if let Some(key_values) = &self.stores.key_values {
            key_values.close().await;
        }
    }
}

/// What a world keeps on the disk.
struct Stores {
    recorder: Option<recordings::Recorder>,
    key_values: Option<KeyValues>,
}

impl Stores {
    fn open(config: &WorldConfig) -> Self {
        let Some(folder) = &config.data_dir else { return Self { recorder: None, key_values: None } };
        let limits = config.recorder_limits.clone();
        let recorder = recordings::Recorder::with_disk(folder, limits, config.disk.clone());
        let clock = Arc::new(RuntimeClock::starting_at(Duration::from_secs(1_767_268_800)));
        let key_values = config.remembers.map(|limits| KeyValues::open(folder, limits, clock).expect("a database"));
        Self { recorder: Some(recorder.expect("a folder for recordings")), key_values }
    }

    /// How a plugin's guests are made, with what these let it keep.
    fn setup(&self, tenant: &str, plugin: &str) -> GuestSetup {
        GuestSetup {
            recordings: self.recorder.as_ref().map(|recorder| recorder.plugin(tenant, plugin).expect("safe names")),
            key_value: self.key_values.as_ref().map(|values| values.plugin(tenant, plugin)),
            // A guest's clock is that of its events, which may be a virtual one.
            clock: GuestClock::now(),
            ..GuestSetup::default()
        }
    }
}

fn tenants(config: &WorldConfig, base: &str, stores: &Stores) -> Vec<TenantConfig> {
    let neighbours = config.neighbours.iter().map(|neighbour| {
        let name = neighbour.name.as_str();
        let (settings, limits) = (neighbour.config.clone().into(), neighbour.limits.clone());
        TenantConfig {
            name: name.to_string(),
            quota: neighbour.quota,
            connectors: vec![connector(config, base, "main", &config.api_key)],
            plugins: vec![PluginConfig {
                name: "only".to_string(),
                version: Some(components::plugin(&neighbour.plugin).into()),
                setup: GuestSetup { config: settings, limits, ..stores.setup(name, "only") },
                faults: neighbour.faults.clone().into(),
                calls_max: config.calls_max,
            }],
            routes: vec![Route { to: neighbour.answers.clone(), plugin: "only".to_string(), ..Route::default() }],
        }
    });
    std::iter::once(tenant(config, base, stores)).chain(neighbours).collect()
}

fn tenant(config: &WorldConfig, base: &str, stores: &Stores) -> TenantConfig {
    let plugin = |name: &str, component: &str, values: &[(String, String)]| PluginConfig {
        name: name.to_string(),
        version: Some(components::plugin(component).into()),
        setup: GuestSetup {
            config: values.to_vec().into(),
            limits: config.limits.clone(),
            may_place: config.may_place,
            ..stores.setup("acme", name)
        },
        faults: config.faults.clone().into(),
        calls_max: config.calls_max,
    };
    let mut plugins = vec![plugin("first", &config.plugin, &config.config)];
    if let Some(policy) = &config.network {
        let networks = Networks::new(Trust::Roots(roots(&config.network_cas)), config.resolver.clone())
            .expect("TLS can be set up");
        plugins[0].setup.network = Some(networks.plugin("acme", "first", policy.clone()));
    }
    let mut routes = Vec::new();
    for (index, (to, component, values)) in config.others.iter().enumerate() {
        let name = format!("other-{index}");
        plugins.push(plugin(&name, component, values));
        routes.push(Route { to: to.clone(), plugin: name, ..Route::default() });
    }
    let first = || Route { plugin: "first".to_string(), ..Route::default() };
    if !config.hold.is_zero() {
        routes.push(Route { to: config.hold_to.clone(), hold: config.hold, ..first() });
    }
    routes.push(Route { to: config.answers.clone(), ..first() });
    let more = config.more_connectors.iter().map(|(name, api_key)| connector(config, base, name, api_key));
    TenantConfig {
        name: "acme".to_string(),
        quota: config.quota,
        connectors: std::iter::once(connector(config, base, "main", &config.api_key)).chain(more).collect(),
        plugins,
        routes,
    }
}

fn connector(config: &WorldConfig, base: &str, name: &str, api_key: &str) -> ConnectorConfig {
    ConnectorConfig {
        name: name.to_string(),
        manager: ManagerConfig {
            base_url: Url::parse(base).expect("a base URL"),
            credentials: config
                .shows_key
                .then(|| Credentials { api_key: Secret::new(api_key), connector_uuid: CONNECTOR.to_string() }),
            sdk_version: "1.0.0".to_string(),
            link: LinkConfig { sample_rate_hz: config.sample_rate_hz, audio_mode: config.audio_mode, call_flow: None },
        },
        playout_bytes_max: config.playout_bytes_max,
        voice_redial_ms_max: config.voice_redial_ms_max,
        allow_ws_voice_url: config.allow_ws_voice_url,
        dialers: config.dialers.clone(),
    }
}

struct Recorder(mpsc::Sender<CallRecord>, Arc<dyn Observer>);

impl Observer for Recorder {
    fn call_claimed(&self, call: &CallView) {
        self.1.call_claimed(call);
    }

    fn call_left(&self, left: &LeftCall<'_>) {
        self.1.call_left(left);
    }

    fn link_changed(&self, tenant: &str, connector: &str, change: LinkChange) {
        self.1.link_changed(tenant, connector, change);
    }

    fn call_held(&self, call: &CallView) {
        self.1.call_held(call);
    }

    fn call_taken(&self, call: &CallView) {
        self.1.call_taken(call);
    }

    fn call_started(&self, call: &CallView) {
        self.1.call_started(call);
    }

    fn version_served(&self, tenant: &str, plugin: &str, version: &PluginVersion) {
        self.1.version_served(tenant, plugin, version);
    }

    fn handler_failed(&self, fault: &HandlerFault<'_>) {
        self.1.handler_failed(fault);
    }

    fn version_withdrawn(&self, withdrawn: &Withdrawn<'_>) {
        self.1.version_withdrawn(withdrawn);
    }

    fn chat_ended(&self, chat: &ChatRecord) {
        self.1.chat_ended(chat);
    }

    fn call_ended(&self, call: &CallRecord) {
        self.1.call_ended(call);
        // A test that ended needs no more records.
        let _ = self.0.try_send(call.clone());
    }
}

fn roots(pems: &[String]) -> Vec<CertificateDer<'static>> {
    pems.iter().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")).collect()
}

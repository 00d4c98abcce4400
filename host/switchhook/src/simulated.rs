//! A host and a simulator in one process, for `call` and `demo`: no account and no network needed.

use std::sync::Arc;
use std::time::Duration;

use carriers::telcoflow::{Credentials, ManagerConfig, Secret};
use carriers::{ByteStream, Dial, DialError, Dialed};
use exchange::{CallRecord, ConnectorConfig, Exchange, ExchangeConfig, Observer, PluginConfig, Route, TenantConfig};
use sandbox::{GuestSetup, Plugin};
use sim::{CallReport, Caller, SimConfig, Simulator, Switches};
use telcoflow::frame::AudioMode;
use telcoflow::link::LinkConfig;
use url::Url;

use crate::limits::{CALL_DRAIN_MS_MAX, PLAYOUT_BYTES_DEFAULT};
use crate::running;
use crate::services::Services;

/// The host part of the address that leads to the simulator of this process.
pub const PIPE_BASE: &str = "ws://pipe.test";
/// The one tenant of such a host.
pub const TENANT: &str = "simulated";
/// Bytes an in-memory pipe holds in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// Opens pipes to a simulator instead of sockets; any other address is unreachable.
pub struct PipeDialer(pub Simulator);

impl Dial for PipeDialer {
    fn dial(&self, url: &Url) -> Dialed {
        let sim = self.0.clone();
        let known = url.host_str() == Some("pipe.test");
        Box::pin(async move {
            if !known {
                let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                return Err(DialError::Unreachable { address: "an address outside the simulation".into(), error });
            }
            let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
            sim.serve(theirs);
            Ok(Box::new(ours) as Box<dyn ByteStream>)
        })
    }
}

/// A host with one connector at a simulator, whose every call goes to one plugin.
pub fn exchange_config(
    server: &SimConfig,
    base_url: Url,
    (sample_rate_hz, audio_mode): (u32, AudioMode),
    plugin: Plugin,
    dialer: Arc<dyn Dial>,
    observer: Arc<dyn Observer>,
) -> ExchangeConfig {
    let connector = ConnectorConfig {
        name: "simulator".to_owned(),
        manager: ManagerConfig {
            base_url,
            credentials: Some(Credentials {
                api_key: Secret::new(&server.api_key),
                connector_uuid: server.connector_uuid.clone(),
            }),
            sdk_version: "1.0.0".to_owned(),
            link: LinkConfig { sample_rate_hz, audio_mode, call_flow: None },
        },
        playout_bytes_max: PLAYOUT_BYTES_DEFAULT,
        voice_redial_ms_max: exchange::limits::VOICE_REDIAL_MS_DEFAULT,
        allow_ws_voice_url: false,
        dialers: None,
    };
    let name = plugin.name().to_owned();
    let plugin = PluginConfig {
        name: name.clone(),
        version: Some(plugin.into()),
        setup: GuestSetup::default(),
        faults: Arc::default(),
        calls_max: exchange::limits::CALLS_MAX_DEFAULT,
    };
    let tenant = TenantConfig {
        name: TENANT.to_owned(),
        quota: exchange::Quota::default(),
        connectors: vec![connector],
        plugins: vec![plugin],
        routes: vec![Route { plugin: name, ..Route::default() }],
    };
    ExchangeConfig { tenants: vec![tenant], dialer, seed: running::seed(), observer }
}

/// How a simulated call is set up, beside who calls and what answers.
pub struct CallSetup {
    /// The call's rate, Hz.
    pub sample_rate_hz: u32,
    /// Which legs the handler hears.
    pub audio_mode: AudioMode,
    /// The voice socket may be dialled again when it broke.
    pub voice_redial: bool,
    /// Every choice of the simulator follows from it.
    pub seed: u64,
    /// What the guest is started with.
    pub guest: GuestSetup,
    /// What it may reach, to be closed before what it left is looked at.
    pub services: Services,
}

/// What became of a simulated call.
pub struct SimulatedCall {
    /// What the simulator knows.
    pub report: CallReport,
    /// What the host knows; none when it did not take the call.
    pub record: Option<CallRecord>,
    /// When the call was placed, by the runtime's clock.
    pub placed: tokio::time::Instant,
}

/// Makes one call to a plugin, with a server and a host of its own, and ends both.
pub async fn call(plugin: Plugin, caller: Caller, setup: CallSetup) -> SimulatedCall {
    let open_points = Switches { voice_redial: setup.voice_redial, ..Switches::default() };
    let server = SimConfig { seed: setup.seed, open_points, ..SimConfig::default() };
    let simulator = Simulator::new(server.clone());
    simulator.set_public_base(PIPE_BASE);
    let base = Url::parse(PIPE_BASE).expect("a constant that is a URL");
    let records = Arc::new(Records::default());
    let dialer = Arc::new(PipeDialer(simulator.clone()));
    let audio = (setup.sample_rate_hz, setup.audio_mode);
    let mut config = exchange_config(&server, base, audio, plugin, dialer, records.clone());
    for plugin in config.tenants.iter_mut().flat_map(|tenant| &mut tenant.plugins) {
        plugin.setup = setup.guest.clone();
    }
    let mut exchange = Exchange::start(config);
    simulator.session_managers(1).await;
    let placed = tokio::time::Instant::now();
    let report = simulator.place_call(caller).finished().await;
    exchange.drain(Duration::from_millis(CALL_DRAIN_MS_MAX)).await;
    setup.services.close().await;
    simulator.shutdown().await;
    let record = records.take(&report.session_id);
    SimulatedCall { report, record, placed }
}

/// Collects the records of calls that are over.
#[derive(Default)]
pub struct Records(parking_lot::Mutex<Vec<exchange::CallRecord>>);

impl Records {
    /// Takes the record of a session's call out.
    pub fn take(&self, session_id: &str) -> Option<exchange::CallRecord> {
        let mut records = self.0.lock();
        let index = records.iter().position(|record| record.session_id == session_id)?;
        Some(records.swap_remove(index))
    }
}

impl Observer for Records {
    fn call_ended(&self, call: &exchange::CallRecord) {
        self.0.lock().push(call.clone());
    }
}

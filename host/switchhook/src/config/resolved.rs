//! The configuration once everything in it is known to be good: names are unique, references are indexes,
//! secrets are there, and a value that exists is a legal one.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use carriers::{IdentityFiles, TlsFiles};
use registry::source::OciReference;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::CallFlow;
use url::Url;

use super::base_url::BaseUrl;
use super::pattern::Pattern;
use super::secret::Secret;

/// A whole configuration: at least one tenant.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from, as it was named.
    pub file: PathBuf,
    /// Where the host keeps its files. It need not exist.
    pub data_dir: PathBuf,
    /// Whether the file says so. Then versions of plugins and compiled code are kept there too; else only what a plugin's
    /// grants call for.
    pub has_data_dir: bool,
    /// The admin interface. `None`: there is none.
    pub admin: Option<Admin>,
    /// Where traces of calls go. `None`: there are none.
    pub traces: Option<TracesTo>,
    /// Not empty.
    pub tenants: Vec<Tenant>,
    /// The other files that it is made of: secrets and prompts. Certificates and plugins are not among them.
    pub files: BTreeSet<PathBuf>,
}

/// The admin interface.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where it listens. Port 0: one that the system chooses, and the log tells.
    pub listen: SocketAddr,
    /// Who may use it: with a token, or from this machine.
    pub access: admin::Access,
    /// That token.
    pub token: Option<Secret>,
}

/// A collector of OpenTelemetry traces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TracesTo {
    /// Its address for OTLP over HTTP, without `v1/traces`.
    pub endpoint: Url,
    /// Sent with each request.
    pub headers: Vec<(String, Secret)>,
}

/// Who owns connectors, plugins and routes.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Unique in the file.
    pub name: Name,
    /// What it may use with all its calls together.
    pub quota: Quota,
    /// Accounts at Telcoflow. Not empty.
    pub connectors: Vec<Connector>,
    /// What may answer calls.
    pub plugins: Vec<Plugin>,
    /// Which plugin answers which call: the first that matches. Not empty.
    pub routes: Vec<Route>,
}

impl Tenant {
    /// The plugin that a route names.
    pub fn plugin_of(&self, route: &Route) -> &Plugin {
        &self.plugins[route.plugin.0]
    }

    /// The connector that a route names, if it names one.
    pub fn connector_of(&self, route: &Route) -> Option<&Connector> {
        route.connector.map(|index| &self.connectors[index.0])
    }
}

/// What a tenant may use with all its calls together. None: as much as there is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quota {
    /// Calls and chats at once.
    pub calls_max: Option<u64>,
    /// Calls and chats that are taken in a second.
    pub setups_per_s_max: Option<u64>,
    /// Calls and chats that are placed in a second.
    pub places_per_s_max: Option<u64>,
    /// Percent of a core.
    pub cpu_percent_max: Option<u64>,
    /// Memory of its guests and what they make the host hold, in bytes.
    pub memory_bytes_max: Option<u64>,
}

/// One account at Telcoflow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Connector {
    /// Unique among the tenant's connectors.
    pub name: Name,
    /// Where it dials.
    pub base_url: BaseUrl,
    /// Who it is.
    pub credentials: Credentials,
    /// The CAs that it trusts instead of the platform's; the file could be used when the configuration was resolved.
    pub ca_path: Option<PathBuf>,
    /// Sent as `x-sdk-version`; printable ASCII.
    pub sdk_version: String,
    /// Of all audio of its calls.
    pub sample_rate: SampleRate,
    /// Which channels its calls have.
    pub audio_mode: AudioMode,
    /// How many bytes of outgoing audio one call may queue. A power of two.
    pub playout_bytes_max: usize,
    /// How long the voice socket of a call that goes on is dialled again after it broke; zero: not at all.
    pub voice_redial_ms_max: u64,
    /// What the carrier shall do with calls and messages. None: what it does already.
    pub call_flow: Option<CallFlow>,
    /// Whether a `ws://` voice address is dialled though the session manager is reached over `wss://`.
    pub allow_ws_voice_url: bool,
}

impl Connector {
    /// The files of its TLS.
    pub fn tls_files(&self) -> TlsFiles {
        TlsFiles { ca_path: self.ca_path.clone(), identity: self.credentials.certificate().cloned() }
    }
}

/// How a connector shows who it is: in one way at least.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Credentials {
    /// In headers.
    Key(ApiKey),
    /// By a TLS client certificate.
    Certificate(IdentityFiles),
    /// By both at once.
    Both(ApiKey, IdentityFiles),
}

impl Credentials {
    /// What stands in headers, if anything.
    pub fn key(&self) -> Option<&ApiKey> {
        match self {
            Credentials::Key(key) | Credentials::Both(key, _) => Some(key),
            Credentials::Certificate(_) => None,
        }
    }

    /// The client certificate, if there is one. Its files could be used when the configuration was resolved.
    pub fn certificate(&self) -> Option<&IdentityFiles> {
        match self {
            Credentials::Certificate(files) | Credentials::Both(_, files) => Some(files),
            Credentials::Key(_) => None,
        }
    }
}

/// Who a connector is, in headers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKey {
    /// Sent as `x-api-key`; printable ASCII.
    pub api_key: Secret,
    /// Sent as `x-connector-uuid`; printable ASCII.
    pub connector_uuid: String,
}

/// The sample rates that the wire knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SampleRate {
    /// 8 kHz
    Hz8000,
    /// 16 kHz
    #[default]
    Hz16000,
    /// 24 kHz
    Hz24000,
}

impl SampleRate {
    /// In samples a second.
    pub fn hz(self) -> u32 {
        match self {
            SampleRate::Hz8000 => 8_000,
            SampleRate::Hz16000 => 16_000,
            SampleRate::Hz24000 => 24_000,
        }
    }
}

/// What may answer calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plugin {
    /// Unique among the tenant's plugins.
    pub name: Name,
    /// Where its component comes from.
    pub source: Source,
    /// What the handler may read, ordered by key; keys are unique.
    pub config: Vec<(String, String)>,
    /// What its guests may do beyond their call.
    pub grants: Grants,
    /// What one guest, and all of them, may use.
    pub limits: PluginLimits,
    /// What is done when a guest fails, in order.
    pub fault: Vec<FaultStep>,
}

/// One step of what is done when a guest fails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FaultStep {
    /// Another guest of the same version.
    Retry,
    /// One of the version before it.
    Previous,
    /// The host says this.
    Prompt(Prompt),
    /// The host connects the caller with whom they called.
    Connect,
    /// The host ends the call for everyone.
    Disconnect,
}

/// What the host says when a guest fails.
#[derive(Clone, Eq, PartialEq)]
pub struct Prompt {
    /// Its file. It was readable when the configuration was resolved.
    pub path: PathBuf,
    /// Samples a second: those of all the tenant's connectors.
    pub sample_rate_hz: u32,
    /// Mono. Not empty.
    pub samples: Vec<i16>,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (samples, hz) = (self.samples.len(), self.sample_rate_hz);
        write!(f, "Prompt({}, {samples} samples at {hz} Hz)", self.path.display())
    }
}

/// Where a plugin's component comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A file. It was readable when the configuration was resolved.
    File(PathBuf),
    /// An OCI registry, and who pulls: a user and a password, or anybody.
    Oci(OciReference, Option<(String, Secret)>),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Oci(reference, _) => reference.fmt(f),
        }
    }
}

/// What guests of one plugin may do beyond their call. Nothing, unless the operator says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Grants {
    /// Record into the data directory.
    pub recording: bool,
    /// Place calls, and begin chats, over the tenant's connectors.
    pub calls: bool,
    /// Remember keys and values in the data directory.
    pub key_value: bool,
    /// Reach hosts, and what is put into requests to them.
    pub network: network::Policy,
}

impl Grants {
    /// Those that are given, by their keys.
    pub fn names(&self) -> BTreeSet<String> {
        let Grants { recording, calls, key_value, network } = self;
        let hosts = !network.is_empty();
        [(*recording, "recording"), (*calls, "calls"), (*key_value, "key_value"), (hosts, "hosts")]
            .into_iter()
            .filter(|(given, _)| *given)
            .map(|(_, name)| name.to_owned())
            .collect()
    }
}

/// What guests of one plugin may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PluginLimits {
    /// Memory of one guest, in bytes.
    pub memory_bytes_max: u64,
    /// Calls at once. At least 1.
    pub calls_max: u32,
    /// Time for instantiating one guest.
    pub start_max: Duration,
    /// CPU time of a guest between two requests for an event.
    pub run_max: Duration,
    /// Time that a guest has left after the end of its call.
    pub grace_max: Duration,
    /// Percent of a core that one guest may use.
    pub cpu_percent_max: u32,
}

/// Which calls a plugin answers: those for which everything here holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The called number.
    pub to: Pattern,
    /// The calling number.
    pub from: Pattern,
    /// None: every channel.
    pub channel: Option<Channel>,
    /// None: every connector of the tenant.
    pub connector: Option<ConnectorIndex>,
    /// Who answers.
    pub plugin: PluginIndex,
    /// How long a call waits for another host before the plugin gets it; zero: not at all. Always zero for chats.
    pub hold: Duration,
}

/// What kind of session a route takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// `TELCO`: telephone calls.
    Telco,
    /// `WA`: chats.
    Wa,
}

/// One of [`Tenant::plugins`] of the same tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PluginIndex(pub(super) usize);

impl PluginIndex {
    /// Its position in [`Tenant::plugins`].
    pub fn get(self) -> usize {
        self.0
    }
}

/// One of [`Tenant::connectors`] of the same tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConnectorIndex(pub(super) usize);

impl ConnectorIndex {
    /// Its position in [`Tenant::connectors`].
    pub fn get(self) -> usize {
        self.0
    }
}

/// A name of 1 to 64 letters, digits, `_`, `-` and `.`, that starts with a letter or digit: safe in paths and logs.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(pub(super) String);

impl Name {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

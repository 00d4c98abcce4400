//! What the interface answers with, as JSON. Units stand last in the names.

use std::time::{Duration, SystemTime};

use call::{Happening, Ledger, State, Stats};
use exchange::{CallDetail, CallRecord, CallView, ChatView, QuotaView, Setup, TenantView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::watch::{EndedCall, unix_ms};

/// Whether the process lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    pub(crate) status: &'static str,
}

/// Whether calls are taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// New calls can come: some session manager is up, and the host does not drain.
    pub(crate) ready: bool,
    /// The host takes no more calls.
    pub(crate) draining: bool,
    /// Session managers that are up.
    pub(crate) links_up: usize,
    /// Session managers in all.
    pub(crate) links: usize,
}

/// Calls that are here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Calls {
    /// How many there are, also those that are not listed.
    pub(crate) total: usize,
    /// The first of them, the oldest before the others.
    pub(crate) calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Call {
    /// The carrier's call id; the session's until the carrier has told it.
    id: String,
    /// The Telcoflow session, if it is here.
    session_id: Option<String>,
    /// Whose it is.
    tenant: String,
    /// What handles it.
    plugin: String,
    /// Which version of that.
    version: String,
    /// How far the host is with it: `setting-up`, `held`, `talking`, `over`.
    stage: &'static str,
    /// Where it stands for its handler: `pending`, `answered`, `connected`, `ended`.
    state: &'static str,
    /// When it came, milliseconds since 1970.
    since_unix_ms: u64,
    /// How long it has been here, or was.
    duration_ms: u64,
    /// Processor time of its handler, microseconds.
    cpu_us: u64,
    /// How long its handler was parked, since it or its tenant had used up its share of the processor, microseconds.
    parked_us: u64,
    /// Percent of a core that its handler may use; none when that is not limited, and when it is over.
    cpu_percent_max: Option<u32>,
    /// Its outgoing audio; none before it has a voice and when it is over.
    buffers: Option<Buffers>,
    /// What it counted; none when it never had a voice.
    audio: Option<Audio>,
}

/// Chats that are here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Chats {
    /// How many there are, also those that are not listed.
    pub(crate) total: usize,
    /// The first of them, the oldest before the others.
    pub(crate) chats: Vec<Chat>,
}

/// One chat.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Chat {
    /// The Telcoflow session.
    session_id: String,
    /// Whose it is.
    tenant: String,
    /// Which connector brought it.
    connector: String,
    /// What handles it.
    plugin: String,
    /// Which version of that.
    version: String,
    /// Whether this side began it.
    outbound: bool,
    /// When it came, milliseconds since 1970.
    since_unix_ms: u64,
    /// How long it has been here.
    duration_ms: u64,
    /// Messages that came.
    messages_in: u64,
    /// Messages of the handler that were taken.
    messages_out: u64,
}

/// What became of the audio that the handler played, in samples.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Buffers {
    /// Waits in the host.
    queued_samples: u64,
    /// Left the host.
    sent_samples: u64,
    /// Was heard, by estimate.
    heard_samples: u64,
    /// Was taken back, or came too late.
    dropped_samples: u64,
}

/// Counters of a call's audio.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Audio {
    /// Frames that came.
    frames_in: u64,
    /// Samples in them.
    samples_in: u64,
    /// Samples of these that the handler was too late for.
    samples_lost: u64,
    /// Frames that left.
    frames_out: u64,
    /// Bytes in them.
    bytes_out: u64,
    /// Bytes that the carrier asked for.
    bytes_requested: u64,
    /// The most bytes that waited for the carrier.
    playout_bytes_peak: u64,
}

/// One call with what happened in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// The call.
    call: Call,
    /// How it ended; none while it is here.
    end: Option<End>,
    /// What happened in it, in its order: rare events, no audio.
    timeline: Vec<Entry>,
    /// Entries that found no place.
    left_out: u64,
}

/// How a call ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct End {
    /// Why, as handlers are told.
    reason: &'static str,
    /// How its handler ended; none when none ran, or when it had to be dropped.
    handler: Option<&'static str>,
    /// What went wrong before a handler could run.
    trouble: Option<String>,
    /// By which connector it came.
    connector: String,
    /// How long the parts of its set-up took.
    setup: SetupTimes,
}

/// How long the parts of a set-up took, microseconds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetupTimes {
    /// From the ringing to the answered claim.
    claim_us: u64,
    /// Making the guest.
    guest_us: u64,
    /// Until the carrier said where the voice is.
    call_in_us: u64,
    /// Opening the voice socket.
    voice_us: u64,
    /// From there to the confirmed answer; none when it was never answered.
    answer_us: Option<u64>,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entry {
    /// When: microseconds after the voice socket was open.
    at_us: u64,
    /// What: `accepted`, `outcome`, `mark`, `cleared`, `warning`, `call-error`, `fault` (its name is what was done), `ended`.
    what: &'static str,
    /// Which command.
    command: Option<u32>,
    /// The command's name, the mark's, or the reason of the end.
    name: Option<String>,
    /// The code of a failure, warning or error.
    code: Option<String>,
    /// Whether the audio before a mark was heard.
    played: Option<bool>,
    /// What was taken back.
    dropped_samples: Option<u64>,
}

/// Who is hosted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tenants {
    /// In the order of the configuration.
    pub(crate) tenants: Vec<Tenant>,
}

/// One tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tenant {
    /// Its name.
    name: String,
    /// What it may use with all its calls together, and what it uses.
    quota: Quota,
    /// Its accounts.
    connectors: Vec<Connector>,
    /// Its plugins, by name.
    plugins: Vec<String>,
    /// How many routes it has.
    routes: usize,
}

/// What a tenant may use, where that is limited, and what it uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quota {
    /// Calls and chats that are here.
    calls: usize,
    /// How many may be.
    calls_max: Option<usize>,
    /// Calls and chats that may be taken in a second.
    setups_per_s_max: Option<u32>,
    /// Calls and chats that may be placed in a second.
    places_per_s_max: Option<u32>,
    /// Percent of a core that its guests may use.
    cpu_percent_max: Option<u32>,
    /// Memory of its guests, and what they make the host hold.
    memory_bytes: u64,
    /// How much that may be.
    memory_bytes_max: Option<u64>,
}

/// One account at Telcoflow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Connector {
    /// Its name within the tenant.
    name: String,
    /// Whether its session manager is up.
    up: bool,
}

/// A reload that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// What is different now, in words; empty when nothing is.
    pub(crate) changes: Vec<String>,
}

/// The host takes no more calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Draining {
    /// Calls that are still here.
    pub(crate) calls: usize,
}

impl Chat {
    pub(crate) fn live(view: &ChatView) -> Self {
        let ChatView { session_id, tenant, connector, plugin, version, outbound, here, stats } = view.clone();
        Self {
            session_id,
            tenant,
            connector,
            plugin,
            version,
            outbound,
            since_unix_ms: unix_ms(SystemTime::now()).saturating_sub(ms(here)),
            duration_ms: ms(here),
            messages_in: stats.messages_in,
            messages_out: stats.sends,
        }
    }
}

impl Call {
    pub(crate) fn live(view: &CallView) -> Self {
        let voice = view.stage == exchange::Stage::Talking;
        Self {
            id: view.id.clone(),
            session_id: some(&view.session_id),
            tenant: view.tenant.clone(),
            plugin: view.plugin.clone(),
            version: view.version.clone(),
            stage: view.stage.as_str(),
            state: view.state.as_str(),
            since_unix_ms: unix_ms(SystemTime::now()).saturating_sub(ms(view.here)),
            duration_ms: ms(view.here),
            cpu_us: us(view.cpu),
            parked_us: us(view.parked),
            cpu_percent_max: view.cpu_percent_max,
            buffers: voice.then(|| Buffers::of(&view.ledger)),
            audio: voice.then(|| Audio::of(&view.stats)),
        }
    }

    fn over(EndedCall { record, ended_unix_ms }: &EndedCall) -> Self {
        Self {
            id: record.id.clone(),
            session_id: some(&record.session_id),
            tenant: record.tenant.clone(),
            plugin: record.plugin.clone(),
            version: record.version.clone(),
            stage: "over",
            state: State::Ended.as_str(),
            since_unix_ms: ended_unix_ms.saturating_sub(ms(record.duration)),
            duration_ms: ms(record.duration),
            cpu_us: us(record.cpu),
            parked_us: us(record.parked),
            cpu_percent_max: None,
            buffers: None,
            audio: record.stats.as_ref().map(Audio::of),
        }
    }
}

impl Buffers {
    fn of(ledger: &Ledger) -> Self {
        Self {
            queued_samples: ledger.queued,
            sent_samples: ledger.sent,
            heard_samples: ledger.heard,
            dropped_samples: ledger.dropped,
        }
    }
}

impl Audio {
    fn of(stats: &Stats) -> Self {
        Self {
            frames_in: stats.frames_in,
            samples_in: stats.samples_in,
            samples_lost: stats.samples_lost,
            frames_out: stats.frames_out,
            bytes_out: stats.bytes_out,
            bytes_requested: stats.bytes_requested,
            playout_bytes_peak: stats.playout_bytes_peak,
        }
    }
}

impl Timeline {
    pub(crate) fn live(detail: &CallDetail) -> Self {
        Self {
            call: Call::live(&detail.view),
            end: None,
            timeline: detail.journal.iter().map(Entry::of).collect(),
            left_out: detail.journal_left_out,
        }
    }

    pub(crate) fn over(ended: &EndedCall) -> Self {
        Self {
            call: Call::over(ended),
            end: Some(End::of(&ended.record)),
            timeline: ended.record.journal.iter().map(Entry::of).collect(),
            left_out: ended.record.journal_left_out,
        }
    }
}

impl End {
    fn of(record: &CallRecord) -> Self {
        let Setup { claim, guest, call_in, voice, answer } = record.setup;
        Self {
            reason: record.end.as_str(),
            handler: record.guest.as_ref().map(|guest| guest.code()),
            trouble: record.trouble.clone(),
            connector: record.connector.clone(),
            setup: SetupTimes {
                claim_us: us(claim),
                guest_us: us(guest),
                call_in_us: us(call_in),
                voice_us: us(voice),
                answer_us: answer.map(us),
            },
        }
    }
}

impl Entry {
    fn of((at, what): &(Duration, Happening)) -> Self {
        let mut entry = Self {
            at_us: us(*at),
            what: "",
            command: None,
            name: None,
            code: None,
            played: None,
            dropped_samples: None,
        };
        match what {
            Happening::Accepted { command, name } => {
                entry.what = "accepted";
                (entry.command, entry.name) = (Some(*command), Some((*name).to_owned()));
            }
            Happening::Outcome { command, name, failure } => {
                entry.what = "outcome";
                (entry.command, entry.name) = (Some(*command), Some((*name).to_owned()));
                entry.code = failure.as_ref().map(ToString::to_string);
            }
            Happening::Mark { name, played } => {
                entry.what = "mark";
                (entry.name, entry.played) = (Some(name.clone()), Some(*played));
            }
            Happening::Cleared { dropped_samples } => {
                entry.what = "cleared";
                entry.dropped_samples = Some(*dropped_samples);
            }
            Happening::Warning { code } => (entry.what, entry.code) = ("warning", Some(code.to_string())),
            Happening::CallError { code } => (entry.what, entry.code) = ("call-error", Some(code.to_string())),
            Happening::Fault { code, then } => {
                entry.what = "fault";
                (entry.code, entry.name) = (Some(code.to_string()), Some((*then).to_owned()));
            }
            Happening::Ended(reason) => (entry.what, entry.name) = ("ended", Some(reason.as_str().to_owned())),
        }
        entry
    }
}

impl Quota {
    fn of(view: &QuotaView) -> Self {
        let exchange::Quota { calls_max, setups_per_s_max, places_per_s_max, cpu_percent_max, memory_bytes_max } =
            view.quota;
        let (calls, memory_bytes) = (view.calls, view.memory_bytes);
        Self { calls, calls_max, setups_per_s_max, places_per_s_max, cpu_percent_max, memory_bytes, memory_bytes_max }
    }
}

impl From<TenantView> for Tenant {
    fn from(view: TenantView) -> Self {
        let connector = |view: exchange::ConnectorView| Connector { name: view.name, up: view.up };
        Self {
            name: view.name,
            quota: Quota::of(&view.quota),
            connectors: view.connectors.into_iter().map(connector).collect(),
            plugins: view.plugins.into_iter().map(|plugin| plugin.name).collect(),
            routes: view.routes.len(),
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

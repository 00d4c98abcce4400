//! What the exchange tells of its calls, kept for whoever asks later.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use exchange::{
    CallRecord, CallView, ChatRecord, HandlerFault, LeftCall, LinkChange, Observer, PluginVersion, Withdrawn,
};
use loader::{LoadObserver, Receipt};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use traces::{SpanCounts, Traces};

use crate::limits::{ENDED_CALLS_MAX, EVENT_STREAMS_MAX, EVENTS_BEHIND_MAX};
use crate::metrics::Metrics;

/// Hears of every call. It is the exchange's observer and the interface's memory.
pub struct Watch {
    ended: Mutex<VecDeque<Arc<EndedCall>>>,
    news: broadcast::Sender<Arc<News>>,
    followers: Arc<Semaphore>,
    metrics: Metrics,
    /// Who writes down what becomes of versions, where they are kept.
    versions: OnceLock<loader::News>,
    /// Who exports traces, where somebody does.
    traces: OnceLock<Arc<Traces>>,
}

/// One event for those who follow.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) name: &'static str,
    pub(crate) data: String,
}

/// What one client follows, and its place.
pub(crate) struct Follower {
    pub(crate) news: broadcast::Receiver<Arc<News>>,
    _place: OwnedSemaphorePermit,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            ended: Mutex::default(),
            news: broadcast::Sender::new(EVENTS_BEHIND_MAX),
            followers: Arc::new(Semaphore::new(EVENT_STREAMS_MAX)),
            metrics: Metrics::default(),
            versions: OnceLock::new(),
            traces: OnceLock::new(),
        }
    }
}

/// A call that is over, and when that was.
pub(crate) struct EndedCall {
    pub(crate) record: CallRecord,
    pub(crate) ended_unix_ms: u64,
}

impl Watch {
    /// A place among those who follow; `None` when all are taken.
    pub(crate) fn follow(&self) -> Option<Follower> {
        let place = self.followers.clone().try_acquire_owned().ok()?;
        Some(Follower { news: self.news.subscribe(), _place: place })
    }

    /// Tells this one what becomes of versions, from now on. The first who asks is told.
    pub fn tell_versions(&self, versions: loader::News) {
        let _ = self.versions.set(versions);
    }

    /// Shows what becomes of its spans. The first who asks is shown.
    pub fn show_traces(&self, traces: Arc<Traces>) {
        let _ = self.traces.set(traces);
    }

    /// What became of spans, where traces are exported.
    pub(crate) fn spans(&self) -> Option<SpanCounts> {
        self.traces.get().map(|traces| traces.spans())
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The configuration was read anew, and this is different since.
    pub fn config_reloaded(&self, changes: &[String]) {
        self.metrics.reloaded("done");
        self.tell("config.reloaded", json!({"changes": changes}));
    }

    /// The configuration was read anew and refused, so that nothing has changed.
    pub fn config_refused(&self, problems: &[String]) {
        self.metrics.reloaded("refused");
        self.tell("config.refused", json!({"problems": problems}));
    }

    fn tell(&self, name: &'static str, data: Value) {
        if self.news.receiver_count() > 0 {
            // Refused when the last of them has just left.
            let _ = self.news.send(Arc::new(News { name, data: data.to_string() }));
        }
    }

    /// The last call that ended with this id: the carrier's or the session's.
    pub(crate) fn ended(&self, id: &str) -> Option<Arc<EndedCall>> {
        let ended = self.ended.lock();
        ended.iter().rev().find(|call| call.record.id == id || call.record.session_id == id).cloned()
    }
}

impl Observer for Watch {
    fn call_claimed(&self, call: &CallView) {
        self.metrics.claimed(&call.tenant, &call.plugin);
        self.tell("call.claimed", facts(call));
    }

    fn call_held(&self, call: &CallView) {
        self.tell("call.held", facts(call));
    }

    fn call_taken(&self, call: &CallView) {
        self.metrics.taken(&call.tenant, &call.plugin);
        self.tell("call.taken", facts(call));
    }

    fn call_started(&self, call: &CallView) {
        self.tell("call.begins", facts(call));
    }

    fn call_left(&self, left: &LeftCall<'_>) {
        self.metrics.left(left);
        let LeftCall { tenant, connector, plugin, why } = left;
        let why = why.as_str();
        self.tell("call.left", json!({"tenant": tenant, "connector": connector, "plugin": plugin, "why": why}));
    }

    fn link_changed(&self, tenant: &str, connector: &str, change: LinkChange) {
        let name = match change {
            LinkChange::Up => "link.up",
            LinkChange::Down => "link.down",
            LinkChange::Refused => "link.refused",
        };
        self.tell(name, json!({"tenant": tenant, "connector": connector}));
    }

    fn version_served(&self, tenant: &str, plugin: &str, version: &PluginVersion) {
        let (number, version) = (version.number(), version.plugin().version());
        if let (Some(versions), Some(number)) = (self.versions.get(), number) {
            versions.served(tenant, plugin, number);
        }
        self.tell("version.served", json!({"tenant": tenant, "plugin": plugin, "version": version, "number": number}));
    }

    fn handler_failed(&self, fault: &HandlerFault<'_>) {
        self.metrics.failed(fault);
        let HandlerFault { tenant, plugin, version, id, code, then } = fault;
        self.tell(
            "handler.failed",
            json!({"id": id, "tenant": tenant, "plugin": plugin, "version": version, "code": code, "then": then}),
        );
    }

    fn version_withdrawn(&self, withdrawn: &Withdrawn<'_>) {
        self.metrics.withdrawn(withdrawn);
        let Withdrawn { tenant, plugin, version, back } = withdrawn;
        if let (Some(versions), Some(_)) = (self.versions.get(), back) {
            versions.withdrawn(tenant, plugin, version);
        }
        self.tell("version.withdrawn", json!({"tenant": tenant, "plugin": plugin, "version": version, "back": back}));
    }

    fn call_ended(&self, ended: &CallRecord) {
        self.metrics.ended(ended);
        let call = Arc::new(EndedCall { record: ended.clone(), ended_unix_ms: unix_ms(SystemTime::now()) });
        let forgotten = {
            let mut kept = self.ended.lock();
            let forgotten = if kept.len() < ENDED_CALLS_MAX { None } else { kept.pop_front() };
            kept.push_back(call);
            forgotten
        };
        // Freed without the lock: it may be large.
        drop(forgotten);
        let CallRecord { id, session_id, tenant, plugin, version, end, duration, guest, .. } = ended;
        self.tell(
            "call.ended",
            json!({
                "id": id,
                "session_id": session_id,
                "tenant": tenant,
                "plugin": plugin,
                "version": version,
                "reason": end.as_str(),
                "handler": guest.as_ref().map(|guest| guest.code()),
                "duration_ms": u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            }),
        );
    }

    fn chat_ended(&self, ended: &ChatRecord) {
        let ChatRecord { session_id, tenant, plugin, version, end, duration, guest, trouble, .. } = ended;
        self.tell(
            "chat.ended",
            json!({
                "session_id": session_id,
                "tenant": tenant,
                "plugin": plugin,
                "version": version,
                "reason": end.as_str(),
                "handler": guest.as_ref().map(|guest| guest.code()),
                "trouble": trouble,
                "duration_ms": u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            }),
        );
    }
}

impl LoadObserver for Watch {
    fn version_live(&self, receipt: &Receipt) {
        let Receipt { tenant, plugin, number, version, .. } = receipt;
        self.tell("version.live", json!({"tenant": tenant, "plugin": plugin, "version": version, "number": number}));
    }
}

fn facts(call: &CallView) -> Value {
    let CallView { id, session_id, tenant, plugin, version, .. } = call;
    json!({"id": id, "session_id": session_id, "tenant": tenant, "plugin": plugin, "version": version})
}

/// Milliseconds since 1970; 0 before.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

//! The calls that are live, for whoever asks.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use call::{Ledger, State, Stats};
use parking_lot::Mutex;
use sandbox::SharedCall;
use tokio::sync::watch;

/// One live call as seen from outside.
#[derive(Clone, Debug)]
pub struct CallView {
    /// The carrier's call id.
    pub id: String,
    /// The Telcoflow session.
    pub session_id: String,
    /// Whose it is.
    pub tenant: String,
    /// What handles it.
    pub plugin: String,
    /// Which version of that.
    pub version: String,
    /// Where it stands.
    pub state: State,
    /// How long its voice socket has been open.
    pub age: Duration,
    /// Processor time of its handler.
    pub cpu: Duration,
    /// What became of its outgoing audio.
    pub ledger: Ledger,
    /// Its counters.
    pub stats: Stats,
}

/// All live calls.
#[derive(Clone)]
pub(crate) struct Board(Arc<Inner>);

struct Inner {
    calls: Mutex<HashMap<u64, Entry>>,
    /// How many calls are claimed and not yet over.
    attending: watch::Sender<usize>,
}

struct Entry {
    id: String,
    session_id: String,
    tenant: String,
    plugin: String,
    version: String,
    since: Instant,
    call: SharedCall,
    cpu_us: Arc<AtomicU64>,
}

/// A call's entry, taken down on drop.
pub(crate) struct Posted {
    board: Board,
    key: u64,
    cpu_us: Arc<AtomicU64>,
}

/// Counts a call in from its claim to its record.
pub(crate) struct Attending(Board);

impl Drop for Attending {
    fn drop(&mut self) {
        self.0.0.attending.send_modify(|calls| *calls -= 1);
    }
}

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(Inner { calls: Mutex::default(), attending: watch::Sender::new(0) }))
    }
}

impl Board {
    /// Counts a claimed call in.
    pub(crate) fn attend(&self) -> Attending {
        self.0.attending.send_modify(|calls| *calls += 1);
        Attending(self.clone())
    }

    /// How many calls are claimed and not yet over.
    pub(crate) fn attending(&self) -> usize {
        *self.0.attending.borrow()
    }

    /// Waits until there is none.
    pub(crate) async fn until_empty(&self) {
        let mut attending = self.0.attending.subscribe();
        // The sender lives as long as the board, so the wait cannot fail.
        let _ = attending.wait_for(|calls| *calls == 0).await;
    }

    /// Puts a call up.
    pub(crate) fn post(&self, call: &SharedCall, session_id: &str, plugin: &str, version: &str) -> Posted {
        static KEYS: AtomicU64 = AtomicU64::new(0);
        let key = KEYS.fetch_add(1, Ordering::Relaxed);
        let cpu_us = Arc::new(AtomicU64::new(0));
        let entry = {
            let locked = call.lock();
            Entry {
                id: locked.info().id.clone(),
                session_id: session_id.to_string(),
                tenant: locked.info().tenant.clone(),
                plugin: plugin.to_string(),
                version: version.to_string(),
                since: locked.now(),
                call: call.clone(),
                cpu_us: cpu_us.clone(),
            }
        };
        self.0.calls.lock().insert(key, entry);
        Posted { board: self.clone(), key, cpu_us }
    }

    /// Everything that is up.
    pub(crate) fn views(&self) -> Vec<CallView> {
        self.0.calls.lock().values().map(Entry::view).collect()
    }
}

impl Posted {
    pub(crate) fn view(&self) -> Option<CallView> {
        self.board.0.calls.lock().get(&self.key).map(Entry::view)
    }

    pub(crate) fn bill(&self, cpu: Duration) {
        self.cpu_us.store(u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        self.board.0.calls.lock().remove(&self.key);
    }
}

impl Entry {
    fn view(&self) -> CallView {
        let call = self.call.lock();
        CallView {
            id: self.id.clone(),
            session_id: self.session_id.clone(),
            tenant: self.tenant.clone(),
            plugin: self.plugin.clone(),
            version: self.version.clone(),
            state: call.state(),
            age: call.now().saturating_duration_since(self.since),
            cpu: Duration::from_micros(self.cpu_us.load(Ordering::Relaxed)),
            ledger: call.position(),
            stats: call.stats(),
        }
    }
}

//! What a connector counts while it runs, for whoever asks: its tasks add, a reader takes a copy.
//!
//! Counts only grow, from the start of the connector, so that two readings can be subtracted. Nothing waits for a reader.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use telcoflow::Tally;

/// One connector as seen from outside.
#[derive(Clone, Debug)]
pub struct ConnectorView {
    /// Whose it is.
    pub tenant: String,
    /// Its name within the tenant.
    pub name: String,
    /// Whether its session manager is set up.
    pub up: bool,
    /// Whether its credentials were refused at the last dial: only a person can mend that.
    pub credentials_refused: bool,
    /// What it counted so far.
    pub counts: ConnectorCounts,
}

/// What one connector counted since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectorCounts {
    /// Session-manager sockets that were set up.
    pub set_ups: u64,
    /// Session-manager sockets that were lost: closed, broken, silent, or never set up.
    pub losses: u64,
    /// Dials of the session manager that failed. Credentials that are refused again and again count once.
    pub refusals: u64,
    /// Calls that were announced, each announcement counted.
    pub announced: u64,
    /// Those of them that were announced again, as still alive.
    pub resumed: u64,
    /// Claims that were granted.
    pub claims: u64,
    /// Claims that were not: others were first, the session is gone, or no answer came.
    pub claims_failed: u64,
    /// Voice sockets that broke while their call went on, and were dialled again.
    pub voices_lost: u64,
    /// Those of them whose calls have their voice again.
    pub voices_regained: u64,
    /// What the server sent wrong on session-manager sockets, by kind. Kinds are a closed set.
    pub oddities_manager: Vec<(&'static str, u64)>,
    /// What it sent wrong on voice sockets.
    pub oddities_voice: Vec<(&'static str, u64)>,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counts of one connector, shared by its tasks.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    up: AtomicBool,
    credentials_refused: AtomicBool,
    set_ups: Count,
    losses: Count,
    refusals: Count,
    pub(crate) announced: Count,
    pub(crate) resumed: Count,
    pub(crate) claims: Count,
    pub(crate) claims_failed: Count,
    pub(crate) voices_lost: Count,
    pub(crate) voices_regained: Count,
    pub(crate) manager: Tally,
    pub(crate) voice: Tally,
}

impl Counters {
    pub(crate) fn link_up(&self) {
        self.set_ups.add();
        self.up.store(true, Ordering::Relaxed);
        self.credentials_refused.store(false, Ordering::Relaxed);
    }

    pub(crate) fn link_lost(&self) {
        self.losses.add();
        self.up.store(false, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, credentials: bool) {
        self.refusals.add();
        self.credentials_refused.store(credentials, Ordering::Relaxed);
    }

    /// As seen from outside.
    pub(crate) fn view(&self, tenant: &str, name: &str) -> ConnectorView {
        ConnectorView {
            tenant: tenant.to_string(),
            name: name.to_string(),
            up: self.up.load(Ordering::Relaxed),
            credentials_refused: self.credentials_refused.load(Ordering::Relaxed),
            counts: self.read(),
        }
    }

    fn read(&self) -> ConnectorCounts {
        ConnectorCounts {
            set_ups: self.set_ups.get(),
            losses: self.losses.get(),
            refusals: self.refusals.get(),
            announced: self.announced.get(),
            resumed: self.resumed.get(),
            claims: self.claims.get(),
            claims_failed: self.claims_failed.get(),
            voices_lost: self.voices_lost.get(),
            voices_regained: self.voices_regained.get(),
            oddities_manager: self.manager.counts(),
            oddities_voice: self.voice.counts(),
        }
    }
}

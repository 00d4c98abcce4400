//! A call's levels and milestones while it lives, for whoever draws them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

use crate::report::Timeline;

/// What a silent line measures, dBFS.
const SILENCE_DBFS: f64 = -120.0;

/// A view of a call under way. It outlives the call, and then shows where it ended.
#[derive(Clone, Debug)]
pub struct Gauge {
    levels: Arc<Levels>,
    timeline: watch::Receiver<Timeline>,
}

impl Gauge {
    pub(crate) fn new(levels: Arc<Levels>, timeline: watch::Receiver<Timeline>) -> Self {
        levels.watched.store(true, Ordering::Relaxed);
        Self { levels, timeline }
    }

    /// What was reached so far.
    pub fn timeline(&self) -> Timeline {
        *self.timeline.borrow()
    }

    /// The level of the last frame that the caller said, dBFS.
    pub fn caller_dbfs(&self) -> f64 {
        self.levels.caller.get()
    }

    /// The level of the last frame that was played of the agent, dBFS.
    pub fn agent_dbfs(&self) -> f64 {
        self.levels.agent.get()
    }
}

/// The levels of one call. Measured only while somebody looks.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    watched: AtomicBool,
    caller: Level,
    agent: Level,
}

impl Levels {
    /// One tick: what was said, and what was played.
    pub(crate) fn measure(&self, said: &[i16], played: &[i16]) {
        if self.watched.load(Ordering::Relaxed) {
            self.caller.set(audio::level_dbfs(said));
            self.agent.set(audio::level_dbfs(played));
        }
    }
}

#[derive(Debug)]
struct Level(AtomicU64);

impl Level {
    fn set(&self, dbfs: f64) {
        self.0.store(dbfs.max(SILENCE_DBFS).to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

impl Default for Level {
    fn default() -> Self {
        Self(AtomicU64::new(SILENCE_DBFS.to_bits()))
    }
}

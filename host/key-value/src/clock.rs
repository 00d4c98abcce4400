//! The time of day, by which entries are forgotten: it has to outlive the process, so it is not the runtime's
//! clock, but where all is simulated.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Milliseconds since 1970.
    fn unix_ms(&self) -> u64;
}

/// The machine's clock. When it is set back, entries live longer by as much.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The runtime's clock, which may be a virtual one: for simulations.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeClock {
    began: Instant,
    starts_at: Duration,
}

impl RuntimeClock {
    /// Says at this moment that so much time has passed since 1970. To be made in the runtime.
    pub fn starting_at(starts_at: Duration) -> Self {
        Self { began: Instant::now(), starts_at }
    }
}

impl Clock for RuntimeClock {
    fn unix_ms(&self) -> u64 {
        u64::try_from((self.starts_at + self.began.elapsed()).as_millis()).unwrap_or(u64::MAX)
    }
}

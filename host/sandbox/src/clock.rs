//! What a guest takes for the time.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

/// Which clock a guest reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GuestClock {
    /// The machine's.
    #[default]
    System,
    /// The runtime's, which may be a virtual one: waits and readings then agree.
    Runtime {
        /// What the guest's calendar says when the guest is made, since 1970.
        starts_at: Duration,
    },
}

impl GuestClock {
    /// The runtime's clock, which says what the machine's calendar says at this moment.
    pub fn now() -> Self {
        let starts_at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::Runtime { starts_at }
    }

    pub(crate) fn set(self, wasi: &mut WasiCtxBuilder) {
        if let Self::Runtime { starts_at } = self {
            let clock = RuntimeClock { began: Instant::now(), starts_at };
            wasi.wall_clock(clock).monotonic_clock(clock);
        }
    }
}

#[derive(Clone, Copy)]
struct RuntimeClock {
    began: Instant,
    starts_at: Duration,
}

/// A clock without a calendar begins here: Go's runtime takes zero for a clock that is broken.
const BEGINNING: Duration = Duration::from_secs(1);
/// The runtime's timers wake on whole milliseconds.
const RESOLUTION: Duration = Duration::from_millis(1);

impl HostWallClock for RuntimeClock {
    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn now(&self) -> Duration {
        self.starts_at + self.began.elapsed()
    }
}

impl HostMonotonicClock for RuntimeClock {
    fn resolution(&self) -> u64 {
        RESOLUTION.as_nanos() as u64
    }

    fn now(&self) -> u64 {
        u64::try_from((BEGINNING + self.began.elapsed()).as_nanos()).unwrap_or(u64::MAX)
    }
}

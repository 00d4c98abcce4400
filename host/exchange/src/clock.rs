//! The runtime's clock, which may be a virtual one. Only tasks ask it; what they drive is told the time.

use std::time::{Duration, Instant};

/// What time it is.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// How long ago that was.
pub(crate) fn since(began: Instant) -> Duration {
    now().saturating_duration_since(began)
}

//! The runtime's clock, which may be a virtual one. Only sockets ask it; the protocol's cores are told the time.

use std::time::Instant;

/// What time it is.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

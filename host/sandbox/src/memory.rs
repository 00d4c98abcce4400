//! What a guest may make the host allocate: for its memories and tables, and for the audio that it plays.

use wasmtime::ResourceLimiter;

use crate::account::{Held, MemoryAccount};
use crate::limits::{GUEST_HOST_BYTES, GUEST_KIT_BYTES, GUEST_NETWORK_BYTES, GUEST_WASI_HTTP_BYTES, PLAYOUT_LOT_BYTES};

/// Counts all memories of one guest against one limit, and remembers that it refused.
pub(crate) struct MemoryLimiter {
    bytes_max: usize,
    bytes: usize,
    table_elements_max: usize,
    refused: Option<String>,
    /// Of its tenant's memory; `None` when nobody counts it.
    held: Option<Held>,
    /// It was the tenant's memory that was too small.
    tenants: bool,
    playout: Playout,
    /// It has or had connections.
    networks: bool,
    /// It has or had resamplers or detectors.
    tools: bool,
    /// It used `wasi:http`.
    wasi_http: bool,
}

/// The audio of a guest that waits in the host, counted in lots.
#[derive(Default)]
struct Playout {
    /// Held for it.
    held_bytes: u64,
    /// No more than this waits.
    waiting_bytes_max: u64,
}

impl MemoryLimiter {
    pub(crate) fn new(bytes_max: usize, table_elements_max: usize) -> Self {
        let (held, playout) = (None, Playout::default());
        Self {
            bytes_max,
            bytes: 0,
            table_elements_max,
            refused: None,
            held,
            tenants: false,
            playout,
            networks: false,
            tools: false,
            wasi_http: false,
        }
    }

    /// Counts everything into this account from now on, beginning with what every guest makes the host hold. False when it
    /// has no room for that.
    pub(crate) fn count_into(&mut self, account: &MemoryAccount) -> bool {
        self.held = account.hold(GUEST_HOST_BYTES);
        self.held.is_some()
    }

    /// Whether what was refused was refused for the tenant's sake.
    pub(crate) fn tenant_refused(&self) -> bool {
        self.tenants
    }

    /// Whether a guest may have connections: from its first on it holds what they need.
    pub(crate) fn admits_network(&mut self) -> bool {
        first(&mut self.held, &mut self.networks, GUEST_NETWORK_BYTES)
    }

    /// The same for resamplers and detectors.
    pub(crate) fn admits_tools(&mut self) -> bool {
        first(&mut self.held, &mut self.tools, GUEST_KIT_BYTES)
    }

    /// The same for what `wasi:http` keeps. There a refusal has no other form than a trap, so it is remembered.
    pub(crate) fn admits_wasi_http(&mut self) -> bool {
        let admitted = first(&mut self.held, &mut self.wasi_http, GUEST_WASI_HTTP_BYTES);
        if !admitted {
            let refused = "wanted wasi:http, and its tenant's guests have all the memory that they may have together";
            (self.refused, self.tenants) = (Some(refused.to_owned()), true);
        }
        admitted
    }

    /// Whether so many more bytes of audio may wait in the host. `waiting` tells how many do, and is seldom asked.
    pub(crate) fn admits_audio(&mut self, bytes: usize, waiting: impl FnOnce() -> usize) -> bool {
        let Some(held) = &mut self.held else { return true };
        let (playout, bytes) = (&mut self.playout, bytes as u64);
        playout.waiting_bytes_max += bytes;
        if playout.waiting_bytes_max <= playout.held_bytes {
            return true;
        }
        playout.waiting_bytes_max = waiting() as u64 + bytes;
        let wanted = playout.waiting_bytes_max.next_multiple_of(PLAYOUT_LOT_BYTES);
        if wanted <= playout.held_bytes / 4 {
            held.shrink(playout.held_bytes - wanted);
            playout.held_bytes = wanted;
        } else if wanted > playout.held_bytes {
            if !held.grow(wanted - playout.held_bytes) {
                playout.waiting_bytes_max -= bytes;
                return false;
            }
            playout.held_bytes = wanted;
        }
        true
    }

    /// What was refused, for the reason that ends the guest.
    pub(crate) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}

/// Holds so many bytes at the first of something. False when there is no room for them.
fn first(held: &mut Option<Held>, holds: &mut bool, bytes: u64) -> bool {
    if let Some(held) = held
        && !*holds
    {
        *holds = held.grow(bytes);
        return *holds;
    }
    true
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_add(desired.saturating_sub(current));
        if bytes > self.bytes_max {
            let refused = format!("wanted {bytes} bytes of memory, {} are allowed", self.bytes_max);
            self.refused = Some(refused.clone());
            return Err(wasmtime::Error::msg(refused));
        }
        let more = desired.saturating_sub(current) as u64;
        if let Some(held) = &mut self.held
            && !held.grow(more)
        {
            let refused = format!("wanted {more} bytes of memory more than its tenant's guests may have together");
            (self.refused, self.tenants) = (Some(refused.clone()), true);
            return Err(wasmtime::Error::msg(refused));
        }
        self.bytes = bytes;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements_max {
            let refused = format!("wanted {desired} table elements, {} are allowed", self.table_elements_max);
            self.refused = Some(refused.clone());
            return Err(wasmtime::Error::msg(refused));
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_the_guests_and_its_tenants() {
        let account = MemoryAccount::new(Some(GUEST_HOST_BYTES + 100));
        let mut limiter = MemoryLimiter::new(200, 1);
        assert!(limiter.count_into(&account));
        assert!(limiter.memory_growing(0, 60, None).is_ok());
        assert!(limiter.memory_growing(60, 101, None).is_err() && limiter.tenant_refused());
        assert!(limiter.memory_growing(60, 100, None).is_ok());
        assert!(!MemoryLimiter::new(1, 1).count_into(&account), "there is no room for another guest");
        drop(limiter);
        assert_eq!(account.used(), 0);
    }

    #[test]
    fn audio_is_counted_in_lots_and_given_back() {
        let lot = PLAYOUT_LOT_BYTES as usize;
        let account = MemoryAccount::new(Some(GUEST_HOST_BYTES + 6 * PLAYOUT_LOT_BYTES));
        let mut limiter = MemoryLimiter::new(200, 1);
        assert!(limiter.admits_audio(1 << 40, || 0), "nobody counts it");
        assert!(limiter.count_into(&account));
        let used = |account: &MemoryAccount| account.used() - GUEST_HOST_BYTES;
        assert!(limiter.admits_audio(lot, || 0));
        assert_eq!(used(&account), PLAYOUT_LOT_BYTES);
        for _ in 0..100 {
            assert!(limiter.admits_audio(lot / 10, || 0));
        }
        assert_eq!(used(&account), PLAYOUT_LOT_BYTES, "what was pulled makes room");
        assert!(limiter.admits_audio(5 * lot, || lot));
        assert!(!limiter.admits_audio(1, || 6 * lot), "the tenant has no more");
        assert!(limiter.admits_audio(1, || 0), "all of it was pulled");
        assert_eq!(used(&account), PLAYOUT_LOT_BYTES);
    }
}

//! The memory of a tenant: what its guests have, and what they make the host hold, in one number.
//!
//! Whoever holds something for a guest holds a [`Held`] beside it, which gives the bytes back when it is dropped. One
//! atomic number, asked when memory grows and when something large is taken in, never for a frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What all guests of a tenant may have together.
#[derive(Clone, Debug, Default)]
pub struct MemoryAccount(Arc<Sums>);

#[derive(Debug)]
struct Sums {
    used: AtomicU64,
    max: AtomicU64,
}

/// Bytes of an account, until it is dropped.
#[derive(Debug)]
pub struct Held {
    account: MemoryAccount,
    bytes: u64,
}

impl Default for Sums {
    fn default() -> Self {
        Self { used: AtomicU64::new(0), max: AtomicU64::new(u64::MAX) }
    }
}

impl MemoryAccount {
    /// An account of so many bytes; `None`: it only counts.
    pub fn new(bytes_max: Option<u64>) -> Self {
        let account = Self::default();
        account.set_bytes_max(bytes_max);
        account
    }

    /// Changes how much it is. What is held stays held.
    pub fn set_bytes_max(&self, bytes_max: Option<u64>) {
        self.0.max.store(bytes_max.unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How much it is.
    pub fn bytes_max(&self) -> Option<u64> {
        Some(self.0.max.load(Ordering::Relaxed)).filter(|max| *max < u64::MAX)
    }

    /// Bytes that are held.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more would fit now.
    pub fn has_room(&self, bytes: u64) -> bool {
        self.used().checked_add(bytes).is_some_and(|used| used <= self.0.max.load(Ordering::Relaxed))
    }

    /// Holds bytes; `None` when there are not so many left.
    pub fn hold(&self, bytes: u64) -> Option<Held> {
        let mut held = Held { account: self.clone(), bytes: 0 };
        held.grow(bytes).then_some(held)
    }
}

impl Held {
    /// How much it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Holds more, or as much as before and `false` when there is not so much left.
    pub fn grow(&mut self, bytes: u64) -> bool {
        let max = self.account.0.max.load(Ordering::Relaxed);
        let more = |used: u64| used.checked_add(bytes).filter(|used| *used <= max);
        let grown = self.account.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if grown {
            self.bytes += bytes;
        }
        grown
    }

    /// Gives some back, at most what it holds.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.account.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_comes_back() {
        let account = MemoryAccount::new(Some(100));
        let mut first = account.hold(60).expect("it fits");
        assert!(account.hold(41).is_none() && !account.has_room(41));
        assert!(!first.grow(41) && first.grow(40));
        assert_eq!((account.used(), first.bytes()), (100, 100));
        first.shrink(30);
        let second = account.hold(30).expect("it fits again");
        assert!(account.hold(u64::MAX).is_none());
        drop(first);
        assert_eq!(account.used(), 30);
        account.set_bytes_max(Some(10));
        assert!(account.hold(1).is_none(), "less than what is held");
        drop(second);
        assert_eq!(account.used(), 0);
    }

    #[test]
    fn without_a_limit_it_counts() {
        let account = MemoryAccount::new(None);
        let held = account.hold(1 << 60).expect("nothing is refused");
        assert_eq!((account.used(), account.bytes_max()), (1 << 60, None));
        drop(held);
    }
}

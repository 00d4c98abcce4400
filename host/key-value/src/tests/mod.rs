//! One store, its clock by hand.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod model;
mod rules;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use call::KeyValueStore;

use crate::{Clock, KeyValueLimits, KeyValues};

#[derive(Debug)]
struct ByHand(AtomicU64);

impl ByHand {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(1_000_000)))
    }

    fn pass_s(&self, s: u64) {
        self.0.fetch_add(s * 1_000, Ordering::Relaxed);
    }
}

impl Clock for ByHand {
    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn open(folder: &Path, keys_max: u64, bytes_max: u64, clock: &Arc<ByHand>) -> KeyValues {
    KeyValues::open(folder, KeyValueLimits { keys_max, bytes_max }, clock.clone()).unwrap()
}

async fn get(store: &Arc<dyn KeyValueStore>, key: &str) -> Option<Vec<u8>> {
    store.get(key.to_owned()).await.unwrap()
}

async fn set(store: &Arc<dyn KeyValueStore>, key: &str, value: &[u8], ttl_s: Option<u32>) -> Result<(), String> {
    store.set(key.to_owned(), value.to_vec(), ttl_s).await.map_err(|failure| failure.code.into_owned())
}

//! The store as a whole, and what a plugin sees of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call::{Failure, KeyValueStore, Stored, code};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::book::Book;
use crate::change::{Change, Owner};
use crate::clock::Clock;
use crate::limits::{KEY_BYTES_MAX, PLUGIN_BYTES_MAX, PLUGIN_KEYS_MAX, PLUGIN_WAITING_MAX, VALUE_BYTES_MAX};
use crate::queue::{Queue, refused};

/// What one plugin may store. Each field's default stands in [`crate::limits`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyValueLimits {
    /// Keys.
    pub keys_max: u64,
    /// Bytes of all its keys and values.
    pub bytes_max: u64,
}

impl Default for KeyValueLimits {
    fn default() -> Self {
        Self { keys_max: PLUGIN_KEYS_MAX, bytes_max: PLUGIN_BYTES_MAX }
    }
}

/// The store cannot be opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: the key-value store cannot be opened: {why}", folder.display())]
pub struct OpenError {
    /// Its folder.
    pub folder: PathBuf,
    /// What the system or the database said.
    pub why: String,
}

/// Owns the folder `key-value` of a data directory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyValues {
    queue: Queue,
    limits: KeyValueLimits,
    places: Arc<Mutex<Places>>,
}

/// For what waits, by tenant and plugin: as many as the configuration has.
type Places = HashMap<(String, String), Arc<Semaphore>>;

impl KeyValues {
    /// Opens the store of a data directory, or makes it. Only one process can.
    ///
    /// # Errors
    /// [`OpenError`]: the folder cannot be used, another host has it open, or the database is of no use.
    pub fn open(data_dir: &Path, limits: KeyValueLimits, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let folder = data_dir.join("key-value");
        let book = Book::open(&folder).map_err(|fault| OpenError { folder, why: fault.0 })?;
        Ok(Self { queue: Queue::new(book, clock), limits, places: Arc::default() })
    }

    /// Closes the database, so that another process can open it. What is asked later is told `STORAGE`.
    pub async fn close(&self) {
        let queue = self.queue.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || queue.close()).await {
            tracing::warn!(%error, "the key-value store was not closed: it will be repaired when it is opened");
        }
    }

    /// What one plugin of one tenant sees: its own entries alone. However often it is asked for, what waits is bounded together.
    pub fn plugin(&self, tenant: &str, plugin: &str) -> Arc<dyn KeyValueStore> {
        let owner = Owner { tenant: tenant.to_owned(), plugin: plugin.to_owned(), limits: self.limits };
        let name = (owner.tenant.clone(), owner.plugin.clone());
        let places =
            self.places.lock().entry(name).or_insert_with(|| Arc::new(Semaphore::new(PLUGIN_WAITING_MAX))).clone();
        Arc::new(PluginStore { owner, queue: self.queue.clone(), places })
    }
}

#[derive(Debug)]
struct PluginStore {
    owner: Owner,
    queue: Queue,
    /// For requests that wait.
    places: Arc<Semaphore>,
}

impl PluginStore {
    /// Checks what can be checked at once, and takes a place.
    fn admit(&self, key: &str, values: &[Option<&Vec<u8>>]) -> Result<OwnedSemaphorePermit, Failure> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            let text = format!("a key has 1 to {KEY_BYTES_MAX} bytes, and this one {}", key.len());
            return Err(Failure::new(code::INVALID, text));
        }
        if let Some(long) = values.iter().flatten().find(|value| value.len() > VALUE_BYTES_MAX) {
            let text = format!("a value has {VALUE_BYTES_MAX} bytes at the most, and this one {}", long.len());
            return Err(Failure::new(code::INVALID, text));
        }
        let full = |_| Failure::new(code::FULL, "too many requests of this plugin wait for the host's disk");
        self.places.clone().try_acquire_owned().map_err(full)
    }

    fn change(&self, change: Change) -> Stored<bool> {
        let expected = change.expected.as_ref().and_then(Option::as_ref);
        let place = match self.admit(&change.key, &[change.value.as_ref(), expected]) {
            Ok(place) => place,
            Err(failure) => return refused(failure),
        };
        let changed = self.queue.change(self.owner.clone(), change);
        Box::pin(async move {
            let changed = changed.await;
            drop(place);
            changed
        })
    }
}

impl KeyValueStore for PluginStore {
    fn get(&self, key: String) -> Stored<Option<Vec<u8>>> {
        let place = match self.admit(&key, &[]) {
            Ok(place) => place,
            Err(failure) => return refused(failure),
        };
        let value = self.queue.read(self.owner.clone(), key);
        Box::pin(async move {
            let value = value.await;
            drop(place);
            value
        })
    }

    fn set(&self, key: String, value: Vec<u8>, ttl_s: Option<u32>) -> Stored<()> {
        let set = self.change(Change { key, value: Some(value), ttl_s, expected: None });
        Box::pin(async { set.await.map(drop) })
    }

    fn delete(&self, key: String) -> Stored<()> {
        let deleted = self.change(Change { key, value: None, ttl_s: None, expected: None });
        Box::pin(async { deleted.await.map(drop) })
    }

    fn compare_and_set(
        &self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
        ttl_s: Option<u32>,
    ) -> Stored<bool> {
        self.change(Change { key, value: Some(value), ttl_s, expected: Some(expected) })
    }
}

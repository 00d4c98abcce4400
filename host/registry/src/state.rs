//! What is known only while the host runs: which components are in use, and which versions calls hold.

use std::collections::{HashMap, HashSet};

use crate::digest::Digest;
use crate::error::RegistryError;

/// Every component that has a file, or is about to have one.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    slots: HashMap<Digest, Slot>,
    bytes: u64,
    /// The database may know better: a change of it failed, so that nobody knows whether it was made.
    pub(crate) is_stale: bool,
}

#[derive(Debug)]
struct Slot {
    size_bytes: u64,
    /// Versions that name it.
    named: usize,
    /// [`crate::Component`]s of it.
    pinned: usize,
}

impl Shelf {
    /// Takes the database's word for what is named. What is pinned stays.
    pub(crate) fn reload(&mut self, components: &[(Digest, u64)]) {
        self.slots.values_mut().for_each(|slot| slot.named = 0);
        for (digest, size_bytes) in components {
            let slot = self.slots.entry(*digest);
            slot.or_insert(Slot { size_bytes: *size_bytes, named: 0, pinned: 0 }).named += 1;
        }
        // A file that is in no slot is in nobody's way, and goes when the registry is opened.
        self.slots.retain(|_, slot| slot.is_used());
        self.bytes = self.slots.values().map(|slot| slot.size_bytes).sum();
        self.is_stale = false;
    }

    pub(crate) fn is_named(&self, digest: &Digest) -> bool {
        self.slots.get(digest).is_some_and(|slot| slot.named > 0)
    }

    /// Nobody may remove its file from here on. Refused when there is no room for a new one.
    pub(crate) fn pin(&mut self, digest: Digest, size_bytes: u64, bytes_max: u64) -> Result<(), RegistryError> {
        if let Some(slot) = self.slots.get_mut(&digest) {
            slot.pinned += 1;
            return Ok(());
        }
        if self.bytes.saturating_add(size_bytes) > bytes_max {
            return Err(RegistryError::TooManyBytes { bytes_max });
        }
        self.bytes += size_bytes;
        self.slots.insert(digest, Slot { size_bytes, named: 0, pinned: 1 });
        Ok(())
    }

    /// True: its file is nobody's, and to be removed before anybody else is let in.
    pub(crate) fn unpin(&mut self, digest: &Digest) -> bool {
        self.less(digest, |slot| slot.pinned = slot.pinned.saturating_sub(1))
    }

    /// A version names it.
    pub(crate) fn named(&mut self, digest: &Digest) {
        if let Some(slot) = self.slots.get_mut(digest) {
            slot.named += 1;
        }
    }

    /// A version that named it is gone. As for [`Self::unpin`].
    pub(crate) fn unnamed(&mut self, digest: &Digest) -> bool {
        self.less(digest, |slot| slot.named = slot.named.saturating_sub(1))
    }

    fn less(&mut self, digest: &Digest, change: impl FnOnce(&mut Slot)) -> bool {
        let Some(slot) = self.slots.get_mut(digest) else { return false };
        change(slot);
        let is_over = !slot.is_used();
        if is_over {
            self.bytes -= slot.size_bytes;
            self.slots.remove(digest);
        }
        is_over
    }
}

impl Slot {
    fn is_used(&self) -> bool {
        self.named > 0 || self.pinned > 0
    }
}

/// A version of a plugin of a tenant.
pub(crate) type Key = (String, String, u64);

/// The versions that calls use. Its lock is never held while the disk is asked for something.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    held: HashMap<Key, usize>,
    /// About to be dropped.
    doomed: HashSet<Key>,
}

impl Holds {
    /// False: it is about to be dropped.
    pub(crate) fn hold(&mut self, key: &Key) -> bool {
        if self.doomed.contains(key) {
            return false;
        }
        *self.held.entry(key.clone()).or_default() += 1;
        true
    }

    pub(crate) fn release(&mut self, key: &Key) {
        if let Some(count) = self.held.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.held.remove(key);
            }
        }
    }

    pub(crate) fn is_held(&self, key: &Key) -> bool {
        self.held.contains_key(key)
    }

    /// From here on nobody can hold it, unless somebody does already: then the answer is false.
    pub(crate) fn doom(&mut self, key: Key) -> bool {
        !self.is_held(&key) && self.doomed.insert(key)
    }

    /// What was doomed is gone, or has stayed.
    pub(crate) fn absolve(&mut self) {
        self.doomed.clear();
    }
}

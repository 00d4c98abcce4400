//! How many recordings a plugin has, and how large they are: what its limits are checked against.
//!
//! The folder is counted when it is first needed and again when a limit seems to be reached, since an operator may have
//! removed files; in between the index keeps the account itself.

use std::collections::HashMap;

use call::{Failure, code};

use crate::recorder::RecorderLimits;
use crate::reference::Reference;

#[derive(Debug, Default)]
pub(crate) struct Index {
    counted: bool,
    /// Recordings that are complete.
    stored: u64,
    stored_bytes: u64,
    /// Those that are being made, and the bytes each was promised.
    live: HashMap<Reference, u64>,
    live_bytes: u64,
}

impl Index {
    /// Whether the folder must be counted before anything is refused or accepted.
    pub(crate) fn is_stale(&self, limits: &RecorderLimits) -> bool {
        !self.counted || self.check(limits).is_err()
    }

    /// Takes over what lies in the folder. Files that are being written have their own account.
    pub(crate) fn count(&mut self, found: impl Iterator<Item = (Reference, u64)>) {
        let stored = found.filter(|(reference, _)| !self.live.contains_key(reference));
        (self.stored, self.stored_bytes) = stored.fold((0, 0), |(files, bytes), (_, more)| (files + 1, bytes + more));
        self.counted = true;
    }

    /// A recording begins, unless there are too many.
    pub(crate) fn begin(&mut self, reference: &Reference, limits: &RecorderLimits) -> Result<(), Failure> {
        self.check(limits)?;
        self.live.insert(reference.clone(), 0);
        Ok(())
    }

    /// A recording wants to grow. False: the plugin has no room for it.
    pub(crate) fn grow(&mut self, reference: &Reference, bytes: u64, limits: &RecorderLimits) -> bool {
        let fits = self.bytes().saturating_add(bytes) <= limits.plugin_bytes_max;
        if fits && let Some(promised) = self.live.get_mut(reference) {
            *promised += bytes;
            self.live_bytes += bytes;
        }
        fits
    }

    /// A recording is over; `bytes` of it lie in the folder, or none when it was thrown away.
    pub(crate) fn end(&mut self, reference: &Reference, bytes: Option<u64>) {
        let promised = self.live.remove(reference).unwrap_or_default();
        self.live_bytes = self.live_bytes.saturating_sub(promised);
        if let Some(bytes) = bytes {
            self.stored += 1;
            self.stored_bytes += bytes;
        }
    }

    /// A complete recording was removed.
    pub(crate) fn removed(&mut self, bytes: u64) {
        self.stored = self.stored.saturating_sub(1);
        self.stored_bytes = self.stored_bytes.saturating_sub(bytes);
    }

    /// `NOT_NOW` for a recording that is being made.
    pub(crate) fn check_complete(&self, reference: &Reference) -> Result<(), Failure> {
        if self.live.contains_key(reference) {
            return Err(Failure::new(code::NOT_NOW, "this recording is still being made"));
        }
        Ok(())
    }

    fn check(&self, limits: &RecorderLimits) -> Result<(), Failure> {
        let recordings = self.stored + self.live.len() as u64;
        if recordings >= limits.plugin_recordings_max {
            let message = format!("this plugin has {recordings} recordings: delete some");
            return Err(Failure::new(code::FULL, message));
        }
        if self.bytes() >= limits.plugin_bytes_max {
            let message = format!("this plugin's recordings have {} bytes: delete some", self.bytes());
            return Err(Failure::new(code::FULL, message));
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.stored_bytes + self.live_bytes
    }
}

//! What a plugin remembers in a simulated call or chat.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{chat_host, host};
use crate::{Failure, code};

const KEY_BYTES_MAX: usize = 512;
const VALUE_BYTES_MAX: usize = 256 << 10;

/// Keys and values, with the end of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) granted: bool,
    entries: BTreeMap<String, (Vec<u8>, Option<Duration>)>,
}

impl Memory {
    /// Granted, and with this in it.
    pub(crate) fn remember(&mut self, key: &str, value: &[u8]) {
        self.granted = true;
        self.entries.insert(key.to_owned(), (value.to_vec(), None));
    }

    /// What is remembered at this moment.
    pub(crate) fn at(mut self, now: Duration) -> BTreeMap<String, Vec<u8>> {
        self.forget(now);
        self.entries.into_iter().map(|(key, (value, _))| (key, value)).collect()
    }

    pub(crate) fn get(&mut self, now: Duration, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.check(key, &[])?;
        self.forget(now);
        Ok(self.entries.get(key).map(|(value, _)| value.clone()))
    }

    pub(crate) fn set(&mut self, now: Duration, key: &str, value: &[u8], ttl_s: Option<u32>) -> Result<(), Failure> {
        self.check(key, value)?;
        let until = ttl_s.map(|ttl_s| now + Duration::from_secs(ttl_s.into()));
        self.entries.insert(key.to_owned(), (value.to_vec(), until));
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: &str) -> Result<(), Failure> {
        self.check(key, &[])?;
        self.entries.remove(key);
        Ok(())
    }

    pub(crate) fn compare_and_set(
        &mut self,
        now: Duration,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        ttl_s: Option<u32>,
    ) -> Result<bool, Failure> {
        self.check(key, expected.unwrap_or_default())?;
        let found = self.get(now, key)?.as_deref() == expected;
        if found {
            self.set(now, key, value, ttl_s)?;
        }
        Ok(found)
    }

    fn check(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        if !self.granted {
            return Err(Failure::new(code::NOT_GRANTED, "this plugin has no grant for key_value"));
        }
        if key.is_empty() || key.len() > KEY_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
            return Err(Failure::new(code::INVALID, "the key or the value is too long, or the key empty"));
        }
        Ok(())
    }

    fn forget(&mut self, now: Duration) {
        self.entries.retain(|_, (_, until)| until.is_none_or(|until| now < until));
    }
}

/// The memory of the call or chat that is simulated on this thread, and what time it is there.
pub(crate) fn with<T>(f: impl Fn(&mut Memory, Duration) -> T) -> T {
    chat_host::try_with(|chat| f(&mut chat.memory, chat.now))
        .unwrap_or_else(|| host::with(|host| f(&mut host.memory, host.now)))
}

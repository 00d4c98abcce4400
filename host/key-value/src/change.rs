//! What is asked of the store, and what one plugin's changes do to the tables.

use call::{Failure, code};
use redb::{ReadableTable, Table, TableDefinition};

use crate::book::Fault;
use crate::limits::{FORGOTTEN_PER_CHANGE_MAX, FORGOTTEN_WHEN_FULL_MAX};
use crate::store::KeyValueLimits;

/// Tenant, plugin, key; until when it lives (milliseconds since 1970, 0: for ever), the value.
pub(crate) const ENTRIES: TableDefinition<'_, (&str, &str, &str), (u64, &[u8])> = TableDefinition::new("entries");
/// Those that end: tenant, plugin, when, key.
pub(crate) const ENDS: TableDefinition<'_, (&str, &str, u64, &str), ()> = TableDefinition::new("ends");
/// Tenant, plugin; keys, and bytes of keys and values. Entries past their time count until they are removed.
pub(crate) const USED: TableDefinition<'_, (&str, &str), (u64, u64)> = TableDefinition::new("used");

/// Whose entries.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) tenant: String,
    pub(crate) plugin: String,
    pub(crate) limits: KeyValueLimits,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: String,
    /// `None`: forget it.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) ttl_s: Option<u32>,
    /// Only when this is the present value.
    pub(crate) expected: Option<Option<Vec<u8>>>,
}

/// The tables within a transaction.
pub(crate) struct Tables<'t> {
    pub(crate) entries: Table<'t, (&'static str, &'static str, &'static str), (u64, &'static [u8])>,
    pub(crate) ends: Table<'t, (&'static str, &'static str, u64, &'static str), ()>,
    pub(crate) used: Table<'t, (&'static str, &'static str), (u64, u64)>,
}

/// What stands in the table.
struct Present {
    until_ms: u64,
    bytes: u64,
    as_expected: bool,
}

/// Whether an entry is past its time.
pub(crate) fn is_over(until_ms: u64, now_ms: u64) -> bool {
    until_ms != 0 && until_ms <= now_ms
}

impl Tables<'_> {
    /// Makes a change, or leaves all as it was. False: the present value was not the expected one.
    pub(crate) fn apply(
        &mut self,
        owner: &Owner,
        change: &Change,
        now_ms: u64,
    ) -> Result<Result<bool, Failure>, Fault> {
        let Owner { tenant, plugin, limits } = owner;
        let (tenant, plugin) = (tenant.as_str(), plugin.as_str());
        self.forget(tenant, plugin, now_ms, FORGOTTEN_PER_CHANGE_MAX)?;
        let present = self.present(tenant, plugin, change, now_ms)?;
        if let Some(expected) = &change.expected
            && !present.as_ref().map_or(expected.is_none(), |present| present.as_expected)
        {
            return Ok(Ok(false));
        }
        let Some(value) = &change.value else {
            if present.is_some() {
                self.remove(tenant, plugin, &change.key)?;
            }
            return Ok(Ok(true));
        };
        let bytes = (change.key.len() + value.len()) as u64;
        let old = present.as_ref().map_or((0, 0), |present| (1, present.bytes));
        let mut used = self.used(tenant, plugin)?;
        let would_be = |used: (u64, u64)| (used.0 - old.0 + 1, used.1 - old.1 + bytes);
        let fits = |(keys, bytes): (u64, u64)| keys <= limits.keys_max && bytes <= limits.bytes_max;
        // A smaller value in a key's place always fits, also under a quota that was lowered.
        if !fits(would_be(used)) && (old.0 == 0 || bytes > old.1) {
            self.forget(tenant, plugin, now_ms, FORGOTTEN_WHEN_FULL_MAX)?;
            used = self.used(tenant, plugin)?;
            if !fits(would_be(used)) {
                let KeyValueLimits { keys_max, bytes_max } = limits;
                let text = format!("this plugin may keep {keys_max} keys and {bytes_max} bytes: delete some");
                return Ok(Err(Failure::new(code::FULL, text)));
            }
        }
        if let Some(Present { until_ms, .. }) = present
            && until_ms != 0
        {
            self.ends.remove((tenant, plugin, until_ms, change.key.as_str()))?;
        }
        let until_ms = change.ttl_s.map_or(0, |ttl_s| now_ms.saturating_add(u64::from(ttl_s) * 1_000).max(1));
        self.entries.insert((tenant, plugin, change.key.as_str()), (until_ms, value.as_slice()))?;
        if until_ms != 0 {
            self.ends.insert((tenant, plugin, until_ms, change.key.as_str()), ())?;
        }
        self.used.insert((tenant, plugin), would_be(used))?;
        Ok(Ok(true))
    }

    /// The entry as it is. One that is past its time is removed first.
    fn present(&mut self, tenant: &str, plugin: &str, change: &Change, now_ms: u64) -> Result<Option<Present>, Fault> {
        let key = change.key.as_str();
        let present = self.entries.get((tenant, plugin, key))?.map(|row| {
            let (until_ms, value) = row.value();
            let expected = change.expected.as_ref().and_then(Option::as_deref);
            Present { until_ms, bytes: (key.len() + value.len()) as u64, as_expected: expected == Some(value) }
        });
        match present {
            Some(Present { until_ms, .. }) if is_over(until_ms, now_ms) => {
                self.remove(tenant, plugin, key)?;
                Ok(None)
            }
            present => Ok(present),
        }
    }

    /// Removes entries that are past their time, the oldest first.
    fn forget(&mut self, tenant: &str, plugin: &str, now_ms: u64, entries_max: usize) -> Result<(), Fault> {
        let mut over = Vec::new();
        for end in self.ends.range((tenant, plugin, 0, "")..(tenant, plugin, now_ms.saturating_add(1), ""))? {
            if over.len() == entries_max {
                break;
            }
            over.push(end?.0.value().3.to_owned());
        }
        over.iter().try_for_each(|key| self.remove(tenant, plugin, key))
    }

    fn remove(&mut self, tenant: &str, plugin: &str, key: &str) -> Result<(), Fault> {
        let removed = self.entries.remove((tenant, plugin, key))?.map(|row| {
            let (until_ms, value) = row.value();
            (until_ms, (key.len() + value.len()) as u64)
        });
        let Some((until_ms, bytes)) = removed else { return Ok(()) };
        if until_ms != 0 {
            self.ends.remove((tenant, plugin, until_ms, key))?;
        }
        let (keys, all_bytes) = self.used(tenant, plugin)?;
        self.used.insert((tenant, plugin), (keys.saturating_sub(1), all_bytes.saturating_sub(bytes)))?;
        Ok(())
    }

    fn used(&self, tenant: &str, plugin: &str) -> Result<(u64, u64), Fault> {
        Ok(self.used.get((tenant, plugin))?.map_or((0, 0), |row| row.value()))
    }
}

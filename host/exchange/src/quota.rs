//! What a tenant may use with all its calls and chats together, and what it uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use sandbox::MemoryAccount;
use sandbox::limits::GUEST_HOST_BYTES;

use crate::admission::{Permit, Slots};
use crate::limits::{SETUPS_FILL_MS, TENANT_SHARE_FILL_MS};
use crate::share::{Bucket, Clock, CpuShare, Lanes};
use crate::shelf::NoPlace;

/// What a tenant may use. `None`: as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Calls and chats at once.
    pub calls_max: Option<usize>,
    /// Calls and chats that come and are taken in a second.
    pub setups_per_s_max: Option<u32>,
    /// Calls and chats that are placed in a second, by its handlers and its operator together.
    pub places_per_s_max: Option<u32>,
    /// Percent of a core, for all its guests together.
    pub cpu_percent_max: Option<u32>,
    /// Memory of its guests, and what they make the host hold, in bytes.
    pub memory_bytes_max: Option<u64>,
}

/// A quota and what is used of it, as seen from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaView {
    /// What may be used.
    pub quota: Quota,
    /// Calls and chats that are here.
    pub calls: usize,
    /// Bytes that are held.
    pub memory_bytes: u64,
}

/// The quota of a running tenant: counters that its tasks share, without a lock.
#[derive(Debug)]
pub(crate) struct Quotas {
    calls: Slots,
    /// 0: as many as come.
    setups_per_s: AtomicU32,
    setups: Bucket,
    /// 0: as many as are wanted.
    places_per_s: AtomicU32,
    places: Bucket,
    cpu: Arc<Bucket>,
    memory: MemoryAccount,
    /// Those of the host.
    lanes: Lanes,
    clock: Clock,
}

impl Quotas {
    pub(crate) fn new(quota: &Quota, lanes: Lanes, clock: Clock) -> Self {
        Self {
            calls: Slots::new(quota.calls_max.unwrap_or(usize::MAX)),
            setups_per_s: AtomicU32::new(quota.setups_per_s_max.unwrap_or(0)),
            setups: Bucket::new(100, SETUPS_FILL_MS * 1_000_000),
            places_per_s: AtomicU32::new(quota.places_per_s_max.unwrap_or(0)),
            places: Bucket::new(100, SETUPS_FILL_MS * 1_000_000),
            cpu: Arc::new(Bucket::new(quota.cpu_percent_max.unwrap_or(0), TENANT_SHARE_FILL_MS * 1_000_000)),
            memory: MemoryAccount::new(quota.memory_bytes_max),
            lanes,
            clock,
        }
    }

    /// Changes what may be used from now on, by calls that are here too. What is used stays.
    pub(crate) fn set(&self, quota: &Quota) {
        let Quota { calls_max, setups_per_s_max, places_per_s_max, cpu_percent_max, memory_bytes_max } = *quota;
        self.calls.set_max(calls_max.unwrap_or(usize::MAX));
        self.setups_per_s.store(setups_per_s_max.unwrap_or(0), Ordering::Relaxed);
        self.places_per_s.store(places_per_s_max.unwrap_or(0), Ordering::Relaxed);
        self.cpu.set_percent(cpu_percent_max.unwrap_or(0));
        self.memory.set_bytes_max(memory_bytes_max);
    }

    /// A place for one more call or chat that comes.
    ///
    /// # Errors
    /// What of the quota is used up.
    pub(crate) fn take(&self, now: Instant) -> Result<Permit, NoPlace> {
        let permit = self.take_for_placed()?;
        if !self.is_due(&self.setups, &self.setups_per_s, now) {
            return Err(NoPlace::TenantFast);
        }
        Ok(permit)
    }

    /// A place for one that goes out, which [`may_place`](Self::may_place) has let through: it is no set-up of those that come.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) fn take_for_placed(&self) -> Result<Permit, NoPlace> {
        if !self.memory.has_room(GUEST_HOST_BYTES) {
            return Err(NoPlace::TenantMemory);
        }
        self.calls.take().ok_or(NoPlace::TenantFull)
    }

    /// Whether one more call or chat may be placed. It counts as placed then, whatever becomes of it.
    pub(crate) fn may_place(&self, now: Instant) -> bool {
        self.is_due(&self.places, &self.places_per_s, now)
    }

    /// Takes one of so many a second from a bucket.
    fn is_due(&self, bucket: &Bucket, per_s: &AtomicU32, now: Instant) -> bool {
        let time = 1_000_000_000_u64.checked_div(u64::from(per_s.load(Ordering::Relaxed)));
        time.is_none_or(|time| bucket.take(self.clock.ns(now), time))
    }

    /// What one guest may use of the processor, within the tenant's share.
    pub(crate) fn share(&self, cpu_percent_max: Option<u32>) -> CpuShare {
        CpuShare::new(cpu_percent_max, self.cpu.clone(), self.lanes.clone(), self.clock)
    }

    /// Where its memory is counted.
    pub(crate) fn memory(&self) -> &MemoryAccount {
        &self.memory
    }

    pub(crate) fn view(&self) -> QuotaView {
        let some = |number: u32| Some(number).filter(|number| *number > 0);
        let quota = Quota {
            calls_max: Some(self.calls.max()).filter(|max| *max < usize::MAX),
            setups_per_s_max: some(self.setups_per_s.load(Ordering::Relaxed)),
            places_per_s_max: some(self.places_per_s.load(Ordering::Relaxed)),
            cpu_percent_max: some(self.cpu.percent()),
            memory_bytes_max: self.memory.bytes_max(),
        };
        QuotaView { quota, calls: self.calls.taken(), memory_bytes: self.memory.used() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn quotas(quota: Quota) -> (Quotas, Instant) {
        let start = Instant::now();
        (Quotas::new(&quota, Lanes::new(1), Clock(start)), start)
    }

    #[test]
    fn without_a_quota_everything_is_taken() {
        let (quotas, now) = quotas(Quota::default());
        let held: Vec<_> = (0..10_000).map(|_| quotas.take(now).expect("a place")).collect();
        assert_eq!(quotas.view(), QuotaView { calls: 10_000, ..QuotaView::default() });
        drop(held);
        assert_eq!(quotas.share(None).admit(now), Ok(()));
    }

    #[test]
    fn calls_are_counted_until_they_are_over() {
        let (quotas, now) = quotas(Quota { calls_max: Some(2), ..Quota::default() });
        let first = quotas.take(now).expect("a place");
        let _second = quotas.take(now).expect("a place");
        assert_eq!(quotas.take(now).map(drop), Err(NoPlace::TenantFull));
        drop(first);
        assert!(quotas.take(now).is_ok());
    }

    #[test]
    fn a_quota_that_changes_holds_from_then_on_and_takes_nothing_away() {
        let (quotas, now) = quotas(Quota::default());
        let held: Vec<_> = (0..3).map(|_| quotas.take(now).expect("a place")).collect();
        let less = Quota {
            calls_max: Some(2),
            setups_per_s_max: Some(1),
            places_per_s_max: Some(1),
            cpu_percent_max: Some(40),
            memory_bytes_max: Some(GUEST_HOST_BYTES),
        };
        quotas.set(&less);
        assert_eq!(quotas.view(), QuotaView { quota: less, calls: 3, memory_bytes: 0 });
        assert_eq!(quotas.take(now).map(drop), Err(NoPlace::TenantFull));
        drop(held);
        assert!((0..9).filter(|_| quotas.take(now).is_ok()).count() < 3, "one a second, and what was saved up");
        quotas.set(&Quota::default());
        assert_eq!(quotas.view(), QuotaView::default());
        assert_eq!((0..9).filter(|_| quotas.take(now).is_ok()).count(), 9);
    }

    #[test]
    fn a_share_of_the_processor_is_kept_by_those_who_are_here_too() {
        let (quotas, now) = quotas(Quota::default());
        let mut share = quotas.share(None);
        let later = |ms| now + Duration::from_millis(ms);
        share.bill(now, Duration::from_secs(5));
        assert_eq!(share.admit(now), Ok(()), "nothing is limited");
        quotas.set(&Quota { cpu_percent_max: Some(10), ..Quota::default() });
        assert_eq!(share.admit(now), Ok(()), "what was used before is not owed");
        share.bill(now, Duration::from_secs(1));
        assert!(share.admit(now).is_err(), "a second is ten seconds' worth");
        quotas.set(&Quota::default());
        assert_eq!(share.admit(later(60_000)), Ok(()), "it is not held for ever");
    }

    #[test]
    fn setups_are_limited_over_any_second() {
        let (quotas, start) = quotas(Quota { setups_per_s_max: Some(50), ..Quota::default() });
        let mut taken = 0;
        for ms in 0..10_000 {
            taken += usize::from(quotas.take(start + Duration::from_millis(ms)).is_ok());
        }
        assert!((549..=552).contains(&taken), "{taken} in ten seconds, with the burst of one");
        let later = start + Duration::from_secs(11);
        let refused = (0..1_000).find_map(|_| quotas.take(later).map(drop).err());
        assert_eq!(refused, Some(NoPlace::TenantFast));
    }

    #[test]
    fn placing_has_a_rate_of_its_own() {
        let (quotas, start) = quotas(Quota { places_per_s_max: Some(2), ..Quota::default() });
        let placed = |at_ms: u64| quotas.may_place(start + Duration::from_millis(at_ms));
        let in_ten_seconds = (0..10_000).filter(|ms| placed(*ms)).count();
        assert!((21..=23).contains(&in_ten_seconds), "{in_ten_seconds} in ten seconds, with the burst of one");
        let _ = placed(10_000);
        assert!(!placed(10_000), "two at once");
        assert!(quotas.take(start).is_ok(), "calls that come are not placed");
        assert!(placed(10_600), "half a second for one");
    }

    #[test]
    fn what_is_placed_is_no_set_up() {
        let (quotas, now) = quotas(Quota { setups_per_s_max: Some(1), calls_max: Some(9), ..Quota::default() });
        let placed: Vec<_> = (0..4).map(|_| quotas.take_for_placed().expect("a place")).collect();
        let came: Vec<_> = (0..4).map_while(|_| quotas.take(now).ok()).collect();
        assert_eq!((placed.len(), came.len()), (4, 2), "those that come have a second's worth and the burst of one");
        let places = (0..9).map_while(|_| quotas.take_for_placed().ok()).collect::<Vec<_>>();
        assert_eq!(places.len(), 3, "both count among the calls at once");
        assert_eq!(quotas.take_for_placed().map(drop), Err(NoPlace::TenantFull));
    }

    #[test]
    fn no_call_is_taken_without_memory_for_it() {
        let (quotas, now) = quotas(Quota { memory_bytes_max: Some(GUEST_HOST_BYTES + 1), ..Quota::default() });
        assert!(quotas.take(now).is_ok());
        let held = quotas.memory().hold(2).expect("it fits");
        assert_eq!(quotas.take(now).map(drop), Err(NoPlace::TenantMemory));
        drop(held);
        assert!(quotas.take(now).is_ok());
    }
}

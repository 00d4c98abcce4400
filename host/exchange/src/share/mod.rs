//! Processor shares: a guest that has used more than its share, or its tenant's, is not polled until that is paid for.
//!
//! Nobody else's audio is late then; its own is. The core decides and never waits: the turn asks it before each poll of
//! its guest, bills each poll, and comes again when it says so. A guest that wants more than its own share for seconds
//! without ever resting is ended. One that is held for its tenant's sake is not: its neighbours may be to blame.
//!
//! Whatever the shares are, guests that compute for long do so in [lanes](lane), one fewer than the host has threads.

mod bucket;
mod lane;
mod pace;

use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, Instant};

pub(crate) use bucket::Bucket;
use lane::Lane;
pub(crate) use lane::Lanes;
pub(crate) use pace::paced;

use crate::limits::{LONG_POLL_US, OVER_SHARE_MS_MAX, SHARE_FILL_MS, SHARE_LOT_US};

/// One guest's share, and its tenant's.
#[derive(Debug)]
pub(crate) struct CpuShare {
    own: Option<Bucket>,
    /// It may be limited later only.
    tenant: Arc<Bucket>,
    lane: Lane,
    clock: Clock,
    /// Used of the tenant's, and not billed there yet.
    unbilled_ns: u64,
    /// What the last poll took: what the next one is expected to.
    last_ns: u64,
    held: Option<Held>,
    /// What was taken from the tenant's bucket for the poll that may come now.
    ticket_ns: Option<u64>,
    /// Since when it wants more than its own share without a rest.
    over_since: Option<Instant>,
    parked: Duration,
}

/// Where nanoseconds are counted from. All buckets that a share knows have the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(pub(crate) Instant);

/// What a clock shows where it begins: an empty past, in which buckets were full.
const ORIGIN_NS: u64 = 3_600_000_000_000;

#[derive(Clone, Copy, Debug)]
struct Held {
    since: Instant,
    until: Instant,
    ticket_ns: Option<u64>,
}

/// Why a guest may not be polled now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotNow {
    /// It is parked, until then.
    Parked(Instant),
    /// It has wanted more than its own share for this long.
    Over(Duration),
}

impl CpuShare {
    /// Of a guest that may use `percent` of a core, if that is limited, of a tenant that may use so much with all its guests.
    pub(crate) fn new(percent: Option<u32>, tenant: Arc<Bucket>, lanes: Lanes, clock: Clock) -> Self {
        let own = percent.map(|percent| Bucket::new(percent, SHARE_FILL_MS * 1_000_000));
        Self {
            own,
            tenant,
            lane: Lane::new(lanes),
            clock,
            unbilled_ns: 0,
            last_ns: 0,
            held: None,
            ticket_ns: None,
            over_since: None,
            parked: Duration::ZERO,
        }
    }

    /// How long guests were parked so far.
    pub(crate) fn parked(&self, now: Instant) -> Duration {
        self.parked
            + self.held.map_or(Duration::ZERO, |held| now.saturating_duration_since(held.since))
            + self.lane.waited(now)
    }

    /// Whether the guest may be polled now, by its shares and by what else is computed for long. Whoever is let in bills the
    /// poll and [leaves](Self::leave).
    ///
    /// # Errors
    /// It may not. The task is woken when a lane is free.
    pub(crate) fn enter(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), NotNow> {
        if !self.lane.is_waited_for() {
            self.admit(now)?;
        }
        self.lane.enter(cx, now).map_err(NotNow::Parked)
    }

    /// The poll is over. `cut` tells, if it was a long one, whether the guest was in the middle of its work.
    pub(crate) fn leave(&mut self, now: Instant, used: Duration, cut: impl FnOnce() -> bool) {
        let long = used >= Duration::from_micros(LONG_POLL_US) && cut();
        self.parked += self.lane.leave(now, long);
    }

    /// Whether the guest may be polled now. One that is parked is looked at again at its time, not earlier.
    ///
    /// # Errors
    /// It may not.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), NotNow> {
        if self.own.is_none() && self.held.is_none() && !self.tenant.limits() {
            return Ok(());
        }
        if let Some(held) = self.held {
            if now < held.until {
                return Err(NotNow::Parked(held.until));
            }
            self.held = None;
            self.ticket_ns = held.ticket_ns;
            self.parked += now.saturating_duration_since(held.since);
            // It waited for its own share, and for its turn in the tenant's.
            return Ok(());
        }
        let now_ns = self.clock.ns(now);
        let own_at = self.own.as_ref().map_or(0, Bucket::ready_at);
        let tenants_at = self.tenant.ready_at();
        if own_at <= now_ns && tenants_at <= now_ns {
            return Ok(());
        }
        self.park(now, now_ns, own_at, tenants_at)
    }

    /// The guest was polled, for so long.
    pub(crate) fn bill(&mut self, now: Instant, used: Duration) {
        let used_ns = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        self.last_ns = used_ns;
        if let Some(own) = &self.own {
            own.bill(self.clock.ns(now), used_ns);
        }
        if let Some(expected_ns) = self.ticket_ns.take() {
            self.tenant.settle(self.clock.ns(now), expected_ns, used_ns);
            return;
        }
        if !self.tenant.limits() {
            return;
        }
        // In lots, so that guests that take microseconds do not fight for the number.
        self.unbilled_ns += used_ns;
        if self.unbilled_ns >= SHARE_LOT_US * 1_000 {
            self.tenant.bill(self.clock.ns(now), std::mem::take(&mut self.unbilled_ns));
        }
    }

    /// What was done for the guest beside its polls.
    pub(crate) fn bill_more(&self, now: Instant, used: Duration) {
        let used_ns = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        let buckets = self.own.iter().chain([&*self.tenant]);
        buckets.for_each(|bucket| bucket.bill(self.clock.ns(now), used_ns));
    }

    /// The guest has nothing to do. One that is not in debt then wants no more than its share.
    pub(crate) fn rest(&mut self, now: Instant) {
        if self.over_since.is_some() && self.own.as_ref().is_none_or(|own| own.ready_at() <= self.clock.ns(now)) {
            self.over_since = None;
        }
    }

    /// Whether the guest wants more than its own share, as far as it is known.
    pub(crate) fn is_over(&self) -> bool {
        self.over_since.is_some()
    }

    /// Another guest comes in the place of one that is gone: its debts stay, how long it wanted too much does not.
    pub(crate) fn succeed(&mut self) {
        self.over_since = None;
    }

    fn park(&mut self, now: Instant, now_ns: u64, own_at: u64, tenants_at: u64) -> Result<(), NotNow> {
        if own_at > now_ns {
            let over = now.saturating_duration_since(*self.over_since.get_or_insert(now));
            if over >= Duration::from_millis(OVER_SHARE_MS_MAX) {
                return Err(NotNow::Over(over));
            }
        }
        let (mut until_ns, mut ticket_ns) = (own_at.max(now_ns), None);
        if tenants_at > now_ns {
            let expected_ns = self.last_ns.max(SHARE_LOT_US * 1_000 / 10);
            ticket_ns = Some(expected_ns);
            until_ns = until_ns.max(self.tenant.queue(now_ns, expected_ns));
        }
        let until = self.clock.at(until_ns).max(now);
        self.held = Some(Held { since: now, until, ticket_ns });
        Err(NotNow::Parked(until))
    }
}

impl Clock {
    /// Nanoseconds since the clock began.
    pub(crate) fn ns(self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.0);
        // 584 years of them fit.
        ORIGIN_NS + since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }

    fn at(self, ns: u64) -> Instant {
        self.0 + Duration::from_nanos(ns.saturating_sub(ORIGIN_NS))
    }
}

#[cfg(test)]
mod tests;

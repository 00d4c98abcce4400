//! A token bucket in one atomic number, so that all tasks of a tenant share one without a lock. Pure: the time is an argument.
//!
//! The number is the moment until which what was used is paid for. Use pushes it into the future, by as much time as the
//! rate takes to earn it; a bucket that was idle remembers no more than its burst. While the moment lies ahead the bucket
//! is empty, and the moment is when it will not be. Times are nanoseconds on one clock of the owner's.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Nanoseconds of debt that one bucket remembers. What is owed beyond that is forgiven, so that nobody waits for hours.
const DEBT_NS_MAX: u64 = 10_000_000_000;

/// What is used is told in nanoseconds too: of a processor, or of the time that one of a thing is worth.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Hundredths of a nanosecond that are earned in one. 0: nothing is limited.
    percent: AtomicU32,
    /// Time in which an idle bucket fills.
    fill_ns: u64,
    paid_until_ns: AtomicU64,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(percent: u32, fill_ns: u64) -> Self {
        Self { percent: AtomicU32::new(percent), fill_ns, paid_until_ns: AtomicU64::new(0) }
    }

    /// What it earns, in hundredths; 0: nothing is limited.
    pub(crate) fn percent(&self) -> u32 {
        self.percent.load(Ordering::Relaxed)
    }

    /// Whether anything is limited.
    pub(crate) fn limits(&self) -> bool {
        self.percent() > 0
    }

    /// Changes what it earns from now on. What is owed stays owed.
    pub(crate) fn set_percent(&self, percent: u32) {
        self.percent.store(percent, Ordering::Relaxed);
    }

    /// When it is not empty any more; a moment that has passed when it is not empty now.
    pub(crate) fn ready_at(&self) -> u64 {
        if self.percent() == 0 { 0 } else { self.paid_until_ns.load(Ordering::Relaxed) }
    }

    /// Takes what was used, also more than there is: the next one waits.
    pub(crate) fn bill(&self, now_ns: u64, used_ns: u64) {
        self.push(now_ns, self.time_for(used_ns));
    }

    /// A place in the queue of those who wait for an empty bucket: when it is theirs. What they are expected to use is
    /// taken already, so that the next one is given a later moment.
    pub(crate) fn queue(&self, now_ns: u64, expected_ns: u64) -> u64 {
        self.push(now_ns, self.time_for(expected_ns)).max(now_ns)
    }

    /// Corrects what was expected to what was used.
    pub(crate) fn settle(&self, now_ns: u64, expected_ns: u64, used_ns: u64) {
        if used_ns >= expected_ns {
            self.bill(now_ns, used_ns - expected_ns);
        } else {
            let back = self.time_for(expected_ns - used_ns);
            self.paid_until_ns
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| Some(at.saturating_sub(back)))
                .ok();
        }
    }

    /// Takes this much if the bucket is not empty; else nothing.
    pub(crate) fn take(&self, now_ns: u64, used_ns: u64) -> bool {
        let time = self.time_for(used_ns);
        let more = |at: u64| (at <= now_ns).then(|| self.pushed(at, now_ns, time));
        self.paid_until_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// The moment before the push.
    fn push(&self, now_ns: u64, time_ns: u64) -> u64 {
        let more = |at: u64| Some(self.pushed(at, now_ns, time_ns));
        self.paid_until_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).unwrap_or_else(|at| at)
    }

    fn pushed(&self, at: u64, now_ns: u64, time_ns: u64) -> u64 {
        let at = at.max(now_ns.saturating_sub(self.fill_ns));
        at.saturating_add(time_ns).min(now_ns.saturating_add(DEBT_NS_MAX))
    }

    fn time_for(&self, used_ns: u64) -> u64 {
        match u64::from(self.percent()) {
            // Nothing is limited: nothing is owed.
            0 => 0,
            // Rounded up, so that many small uses are not cheaper than one.
            percent => used_ns.saturating_mul(100).div_ceil(percent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    /// Buckets begin long after the clock did.
    const START: u64 = 3_600_000 * MS;

    #[test]
    fn an_idle_bucket_holds_its_burst_and_no_more() {
        let bucket = Bucket::new(50, 1_000 * MS);
        assert!(bucket.ready_at() <= START);
        bucket.bill(START, 499 * MS);
        assert!(bucket.ready_at() <= START, "half a second in a second");
        bucket.bill(START, 2 * MS);
        assert_eq!(bucket.ready_at(), START + 2 * MS, "a millisecond too much takes two");
    }

    #[test]
    fn what_waits_is_served_in_its_order_and_pays_what_it_used() {
        let bucket = Bucket::new(10, 0);
        bucket.bill(START, MS);
        assert_eq!(bucket.queue(START, MS), START + 10 * MS);
        assert_eq!(bucket.queue(START, MS), START + 20 * MS);
        bucket.settle(START + 10 * MS, MS, MS / 2);
        assert_eq!(bucket.queue(START + 10 * MS, MS), START + 25 * MS, "half of the first was given back");
        bucket.settle(START + 20 * MS, MS, 3 * MS);
        assert_eq!(bucket.ready_at(), START + 55 * MS);
    }

    #[test]
    fn what_is_counted_is_taken_whole_or_not() {
        let bucket = Bucket::new(100, 1_000 * MS);
        let taken = (0..100).filter(|_| bucket.take(START, 100 * MS)).count();
        assert_eq!(taken, 11, "ten in a second, and the one that empties it");
        assert!(!bucket.take(START + 99 * MS, 100 * MS));
        assert!(bucket.take(START + 100 * MS, 100 * MS));
    }

    #[test]
    fn debt_is_bounded_and_nothing_wraps() {
        let bucket = Bucket::new(1, 1_000 * MS);
        bucket.bill(START, u64::MAX);
        assert_eq!(bucket.ready_at(), START + DEBT_NS_MAX);
        bucket.bill(u64::MAX, u64::MAX);
        assert_eq!(bucket.ready_at(), u64::MAX);
    }

    /// Whatever asks whenever: over any time, no more is used than was earned in it, one burst, and the last poll.
    #[test]
    fn over_any_time_no_more_is_used_than_is_earned() {
        for seed in 0..2_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let percent = random.u32(1..400);
            let fill = random.u64(0..2_000) * MS;
            let bucket = Bucket::new(percent, fill);
            let (mut now, mut used, mut longest) = (START, 0, 0);
            for _ in 0..500 {
                now += random.u64(0..3 * MS) * random.u64(0..4);
                if bucket.ready_at() > now {
                    if random.u8(..4) == 0 {
                        now = bucket.ready_at();
                    } else {
                        continue;
                    }
                }
                let poll = random.u64(..2 * MS);
                bucket.bill(now, poll);
                used += poll;
                longest = longest.max(poll);
                let earned = (now - START + fill) / 100 * u64::from(percent) + u64::from(percent);
                assert!(used <= earned + longest, "seed {seed}: {used} used, {earned} earned");
            }
        }
    }

    /// Threads that bill one bucket lose nothing of each other's.
    #[test]
    fn threads_share_it() {
        let bucket = Bucket::new(100, 0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| bucket.bill(START, 1)));
            }
        });
        assert_eq!(bucket.ready_at(), START + 40_000);
    }
}

//! The handler's timers.
//!
//! A timer whose event waits in the inbox rests: it has no deadline until the event is taken, so a handler that does
//! not come back costs no wake-ups. Taken, a repeating timer goes on in its own rhythm.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::code;
use crate::limits::TIMERS_MAX;

/// The shortest period of a repeating timer (`timers.wit`).
const PERIOD_MIN: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
pub(crate) struct Timers {
    last_id: u32,
    /// Latest first, so that the next to fire is the last.
    running: Vec<Timer>,
    /// Fired, and their event not taken.
    resting: Vec<Timer>,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    id: u32,
    at: Instant,
    period: Option<Duration>,
}

impl Timers {
    /// Starts a timer. One without a delay is due at once: the next [`fire`](Timers::fire) names it.
    pub(crate) fn set(&mut self, now: Instant, delay: Duration, repeat: bool) -> Result<u32, Failure> {
        if self.running.len() + self.resting.len() >= TIMERS_MAX {
            return Err(Failure::new(code::FULL, format!("{TIMERS_MAX} timers run; cancel one first")));
        }
        let period = repeat.then(|| delay.max(PERIOD_MIN));
        let Some(at) = now.checked_add(period.unwrap_or(delay)) else {
            return Err(Failure::new(code::INVALID, "the delay is beyond what the clock can tell"));
        };
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        self.run(Timer { id, at, period });
        Ok(id)
    }

    /// The next timer that is due by `now`, in the order of their times. Its event is to be queued.
    pub(crate) fn fire(&mut self, now: Instant) -> Option<u32> {
        let timer = self.running.pop_if(|timer| timer.at <= now)?;
        self.resting.push(timer);
        Some(timer.id)
    }

    /// The handler took the event of this timer.
    pub(crate) fn taken(&mut self, id: u32, now: Instant) {
        let Some(index) = self.resting.iter().position(|timer| timer.id == id) else {
            return;
        };
        let timer = self.resting.swap_remove(index);
        if let Some(period) = timer.period
            && let Some(at) = next_beat(timer.at, period, now)
        {
            self.run(Timer { at, ..timer });
        }
    }

    /// Stops a timer. True when its event waits and is to be removed.
    pub(crate) fn cancel(&mut self, id: u32) -> bool {
        self.running.retain(|timer| timer.id != id);
        let resting = self.resting.len();
        self.resting.retain(|timer| timer.id != id);
        self.resting.len() < resting
    }

    /// Stops all that run; what fired already is still delivered.
    pub(crate) fn stop(&mut self) {
        self.running = Vec::new();
        for timer in &mut self.resting {
            timer.period = None;
        }
    }

    /// Stops all, also those whose event waits: it is to be removed.
    pub(crate) fn forget(&mut self) {
        (self.running, self.resting) = (Vec::new(), Vec::new());
    }

    /// When the next one fires.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.running.last().map(|timer| timer.at)
    }

    fn run(&mut self, timer: Timer) {
        let index = self.running.partition_point(|other| (other.at, other.id) > (timer.at, timer.id));
        self.running.insert(index, timer);
    }
}

/// The first of `at + n * period` that lies after `now`, for n of 1 and more.
fn next_beat(at: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let missed = now.saturating_duration_since(at).as_nanos() / period.as_nanos();
    let ahead = u64::try_from(period.as_nanos() * (missed + 1)).ok()?;
    at.checked_add(Duration::from_nanos(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn they_fire_in_the_order_of_their_times() {
        let start = Instant::now();
        let mut timers = Timers::default();
        let late = timers.set(start, 30 * MS, false).unwrap();
        let early = timers.set(start, 10 * MS, false).unwrap();
        let also_late = timers.set(start, 30 * MS, false).unwrap();
        assert_eq!(timers.next_at(), Some(start + 10 * MS));
        assert_eq!(timers.fire(start + 9 * MS), None);
        assert_eq!(timers.fire(start + 40 * MS), Some(early));
        assert_eq!(timers.fire(start + 40 * MS), Some(late));
        assert_eq!(timers.fire(start + 40 * MS), Some(also_late));
        assert_eq!(timers.fire(start + 40 * MS), None);
        assert_eq!(timers.next_at(), None);
    }

    #[test]
    fn a_repeating_one_rests_until_it_is_taken_and_keeps_its_rhythm() {
        let start = Instant::now();
        let mut timers = Timers::default();
        let id = timers.set(start, 10 * MS, true).unwrap();
        assert_eq!(timers.fire(start + 10 * MS), Some(id));
        assert_eq!(timers.next_at(), None, "its event waits");
        assert_eq!(timers.fire(start + 35 * MS), None, "no second event");
        timers.taken(id, start + 35 * MS);
        assert_eq!(timers.next_at(), Some(start + 40 * MS));
        timers.fire(start + 40 * MS);
        timers.taken(id, start + 40 * MS);
        assert_eq!(timers.next_at(), Some(start + 50 * MS), "never at the same instant again");
    }

    #[test]
    fn the_shortest_period_is_a_millisecond() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(start, Duration::ZERO, true).unwrap();
        assert_eq!(timers.next_at(), Some(start + MS));
    }

    #[test]
    fn a_fired_one_counts_until_it_is_taken() {
        let start = Instant::now();
        let mut timers = Timers::default();
        for _ in 0..TIMERS_MAX {
            timers.set(start, Duration::ZERO, false).unwrap();
        }
        let first = timers.fire(start).unwrap();
        assert_eq!(timers.set(start, MS, false).unwrap_err().code, code::FULL);
        timers.taken(first, start);
        timers.set(start, MS, false).unwrap();
        assert_eq!(timers.set(start, MS, false).unwrap_err().code, code::FULL);
    }

    #[test]
    fn cancelling_tells_whether_an_event_waits() {
        let start = Instant::now();
        let mut timers = Timers::default();
        let running = timers.set(start, MS, false).unwrap();
        let fired = timers.set(start, Duration::ZERO, true).unwrap();
        timers.fire(start + MS);
        timers.fire(start + MS);
        timers.taken(running, start + MS);
        assert!(!timers.cancel(running));
        assert!(timers.cancel(fired));
        assert!(!timers.cancel(fired));
        assert!(!timers.cancel(99));
    }

    #[test]
    fn nothing_goes_on_after_the_stop() {
        let start = Instant::now();
        let mut timers = Timers::default();
        let fired = timers.set(start, MS, true).unwrap();
        timers.fire(start + MS);
        timers.set(start, 2 * MS, false).unwrap();
        timers.stop();
        timers.taken(fired, start + MS);
        assert_eq!(timers.next_at(), None);
    }

    #[test]
    fn a_delay_beyond_the_clock_is_refused() {
        let mut timers = Timers::default();
        let failure = timers.set(Instant::now(), Duration::MAX, false).unwrap_err();
        assert_eq!(failure.code, code::INVALID);
    }
}

//! Whether a version of a plugin fails its calls over and over. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::limits::{LOOP_FAULTS, LOOP_OUTCOMES_KEPT, LOOP_S};

/// How the last handlers of a version ended.
#[derive(Debug, Default)]
pub(crate) struct Health {
    recent: VecDeque<(Instant, bool)>,
}

impl Health {
    /// One more handler ended. True when the version is to be taken off new calls: it failed often within a short time, and
    /// at least as often as not. What led to that is forgotten then.
    pub(crate) fn note(&mut self, now: Instant, failed: bool) -> bool {
        while self
            .recent
            .front()
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) > Duration::from_secs(LOOP_S))
            || self.recent.len() >= LOOP_OUTCOMES_KEPT
        {
            self.recent.pop_front();
        }
        self.recent.push_back((now, failed));
        let faults = self.recent.iter().filter(|(_, failed)| *failed).count();
        let loops = failed && faults >= LOOP_FAULTS && 2 * faults >= self.recent.len();
        if loops {
            self.recent.clear();
        }
        loops
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn faults_in_a_row_are_a_loop_and_are_told_once() {
        let (start, mut health) = (Instant::now(), Health::default());
        let told: Vec<_> = (0..12).map(|second| health.note(start + S * second, true)).collect();
        let times: Vec<_> = told.iter().enumerate().filter(|(_, told)| **told).map(|(index, _)| index).collect();
        assert_eq!(times, [LOOP_FAULTS - 1, 2 * LOOP_FAULTS - 1]);
    }

    #[test]
    fn seldom_faults_and_faults_among_good_calls_are_none() {
        let (start, mut health) = (Instant::now(), Health::default());
        for n in 0..100 {
            assert!(!health.note(start + S * 16 * n, true), "four in a minute");
        }
        let (start, mut health) = (start + S * 10_000, Health::default());
        for n in 0..1_000 {
            assert!(!health.note(start + Duration::from_millis(10) * n, n % 3 == 0), "one in three");
        }
    }

    #[test]
    fn nothing_grows() {
        let (start, mut health) = (Instant::now(), Health::default());
        (0..10_000).for_each(|_| assert!(!health.note(start, false)));
        assert!(health.recent.len() <= LOOP_OUTCOMES_KEPT);
    }
}

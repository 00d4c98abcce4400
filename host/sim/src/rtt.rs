//! The round trip over time: one point for each stretch of a call, bounded in number.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{RTT_POINT_MS, RTT_POINTS_MAX};
use crate::report::RttPoint;

/// The points of one call.
#[derive(Debug, Default)]
pub(crate) struct RttPoints {
    points: Vec<(Instant, Duration)>,
    /// Until when the last point takes more.
    open_until: Option<Instant>,
}

impl RttPoints {
    /// A round trip was complete.
    pub(crate) fn note(&mut self, now: Instant, rtt: Duration) {
        if let Some(until) = self.open_until
            && now < until
        {
            if let Some(last) = self.points.last_mut().filter(|(_, longest)| *longest < rtt) {
                *last = (now, rtt);
            }
            return;
        }
        self.open_until = Some(now + Duration::from_millis(RTT_POINT_MS));
        if self.points.len() < RTT_POINTS_MAX {
            self.points.push((now, rtt));
        } else {
            // The last point is finished: what follows must not change it.
            self.open_until = None;
        }
    }

    /// The points, counted from `placed`.
    pub(crate) fn since(self, placed: Instant) -> Vec<RttPoint> {
        self.points.into_iter().map(|(at, rtt)| RttPoint { at: at - placed, rtt }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_point_is_the_longest_round_trip_of_its_stretch() {
        let placed = Instant::now();
        let mut points = RttPoints::default();
        for (at, rtt) in [(100, 40), (120, 90), (140, 41), (299, 60), (300, 42), (1_000, 43)] {
            points.note(placed + MS * at, MS * rtt);
        }
        let point = |at, rtt| RttPoint { at: MS * at, rtt: MS * rtt };
        assert_eq!(points.since(placed), [point(120, 90), point(300, 42), point(1_000, 43)]);
    }

    #[test]
    fn points_that_do_not_fit_change_nothing() {
        let placed = Instant::now();
        let mut points = RttPoints::default();
        let stretch = Duration::from_millis(RTT_POINT_MS);
        for number in 0..RTT_POINTS_MAX as u32 + 3 {
            points.note(placed + stretch * number, MS * number);
        }
        let points = points.since(placed);
        assert_eq!(points.len(), RTT_POINTS_MAX);
        assert_eq!(points.last().map(|point| point.rtt), Some(MS * (RTT_POINTS_MAX as u32 - 1)));
    }
}

//! A value over time, bounded: the longer it is watched, the coarser it is kept.

use std::time::Duration;

use crate::limits::SERIES_POINTS_MAX;

/// Points in their order, at most [`SERIES_POINTS_MAX`]. When it is full, each two neighbours become the higher one.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    points: Vec<(Duration, f64)>,
    /// How many values one point stands for.
    per_point: u32,
    /// How many the last point has.
    in_last: u32,
}

impl Default for Series {
    fn default() -> Series {
        Series { points: Vec::new(), per_point: 1, in_last: 0 }
    }
}

impl Series {
    /// Adds the value at this time, which is not before the last one.
    pub fn push(&mut self, at: Duration, value: f64) {
        if self.in_last < self.per_point
            && let Some(last) = self.points.last_mut()
        {
            self.in_last += 1;
            if value > last.1 {
                *last = (at, value);
            }
            return;
        }
        if self.points.len() == SERIES_POINTS_MAX {
            self.points = self
                .points
                .chunks(2)
                .filter_map(|pair| pair.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)))
                .collect();
            self.per_point = self.per_point.saturating_mul(2);
        }
        self.points.push((at, value));
        self.in_last = 1;
    }

    /// What was kept.
    pub fn points(&self) -> &[(Duration, f64)] {
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_stays_however_long_it_is_watched() {
        let mut series = Series::default();
        for tick in 0..SERIES_POINTS_MAX as u64 * 5 {
            series.push(Duration::from_millis(tick), if tick == 1_234 { 9.0 } else { 1.0 });
        }
        let points = series.points();
        assert!((SERIES_POINTS_MAX / 2..=SERIES_POINTS_MAX).contains(&points.len()), "{}", points.len());
        assert!(points.contains(&(Duration::from_millis(1_234), 9.0)));
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

//! A value over time as a line with the area below it.

use std::fmt::Write;
use std::time::Duration;

use super::axis::Axis;

/// The height of a line's track, in units of its drawing.
pub const HEIGHT: f64 = 100.0;

/// The end of a scale that holds all values: 1, 2 or 5 with zeros.
pub fn scale_end(points: &[(Duration, f64)]) -> f64 {
    let most = points.iter().map(|point| point.1).filter(|value| value.is_finite()).fold(0.0, f64::max);
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|end| *end >= most).unwrap_or(most)
}

/// The data of two SVG paths: the line, and the area below it. Both are empty without points.
pub fn paths(points: &[(Duration, f64)], axis: Axis, scale_end: f64) -> (String, String) {
    let mut line = String::with_capacity(points.len() * 12);
    let (mut first_x, mut last_x) = (None, 0.0);
    for (at, value) in points.iter().filter(|(_, value)| value.is_finite()) {
        let (x, y) = (axis.x(*at), HEIGHT * (1.0 - (value / scale_end).clamp(0.0, 1.0)));
        // A text takes whatever is written to it.
        let _ = write!(line, "{}{x:.1} {y:.1}", if first_x.is_none() { 'M' } else { 'L' });
        first_x.get_or_insert(x);
        last_x = x;
    }
    match first_x {
        Some(first_x) => {
            let area = format!("{line}L{last_x:.1} {HEIGHT}L{first_x:.1} {HEIGHT}Z");
            (line, area)
        }
        None => (String::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (most, end) in [(0.0, 1.0), (0.3, 0.5), (1.0, 1.0), (41.0, 50.0), (240.0, 500.0), (1_001.0, 2_000.0)] {
            assert_eq!(scale_end(&[(S, most)]), end, "{most}");
        }
        assert_eq!(scale_end(&[]), 1.0);
        assert_eq!(scale_end(&[(S, f64::NAN), (S, 3.0)]), 5.0);
    }

    #[test]
    fn values_stay_in_their_track() {
        let axis = Axis::new(S * 10);
        let (line, area) = paths(&[(S, 0.0), (S * 2, 50.0), (S * 3, f64::INFINITY), (S * 4, 200.0)], axis, 100.0);
        assert_eq!(line, "M99.0 100.0L198.0 50.0L396.0 0.0");
        assert_eq!(area, "M99.0 100.0L198.0 50.0L396.0 0.0L396.0 100L99.0 100Z");
        assert_eq!(paths(&[], axis, 1.0), (String::new(), String::new()));
    }
}

//! The time axis that all tracks of a call share.

use std::time::Duration;

/// The width of a track's drawing, in its own units: a browser stretches it to whatever there is.
pub const WIDTH: f64 = 1_000.0;
/// The most labels on an axis: that many fit on a telephone.
const LABELS_MAX: usize = 7;
/// Steps between labels, in seconds.
const STEPS_S: [f64; 18] =
    [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0];

/// From the placing of a call to a little after its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    span_s: f64,
}

impl Axis {
    /// An axis for a call of this length.
    pub fn new(length: Duration) -> Axis {
        Axis { span_s: length.as_secs_f64().max(0.1) * 1.01 }
    }

    /// How long it is, in seconds.
    pub fn span_s(&self) -> f64 {
        self.span_s
    }

    /// Where a time stands, 0 to 1. What is outside stands at the edge.
    pub fn share(&self, at: Duration) -> f64 {
        (at.as_secs_f64() / self.span_s).clamp(0.0, 1.0)
    }

    /// The same in units of a drawing.
    pub fn x(&self, at: Duration) -> f64 {
        self.share(at) * WIDTH
    }

    /// The labelled times, in seconds.
    pub fn labels_s(&self) -> Vec<f64> {
        let longest = self.span_s / LABELS_MAX as f64;
        let step = STEPS_S.into_iter().find(|step| *step >= longest).unwrap_or((longest / 3_600.0).ceil() * 3_600.0);
        (0..=LABELS_MAX).map(|index| index as f64 * step).take_while(|at| *at < self.span_s * 0.97).collect()
    }
}

/// A label of the axis: `0.5`, `2`, `1:30`.
pub fn label(at_s: f64) -> String {
    if at_s >= 60.0 {
        let (minutes, seconds) = ((at_s / 60.0).floor(), at_s % 60.0);
        format!("{minutes}:{seconds:02.0}")
    } else {
        format!("{} s", (at_s * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_a_few_labels() {
        for ms in [0, 100, 900, 3_000, 8_200, 61_000, 600_000, 9_000_000, 360_000_000] {
            let labels = Axis::new(Duration::from_millis(ms)).labels_s();
            assert!((2..=8).contains(&labels.len()), "{ms} ms: {labels:?}");
            assert!(labels.windows(2).all(|pair| label(pair[0]) != label(pair[1])), "{ms} ms: {labels:?}");
        }
    }

    #[test]
    fn times_outside_stand_at_the_edge() {
        let axis = Axis::new(Duration::from_secs(10));
        assert_eq!(axis.x(Duration::ZERO), 0.0);
        assert!(axis.x(Duration::from_secs(10)) < WIDTH);
        assert_eq!(axis.x(Duration::from_secs(60)), WIDTH);
    }

    #[test]
    fn labels_read_well() {
        assert_eq!([0.5, 2.0, 90.0].map(label), ["0.5 s", "2 s", "1:30"]);
    }
}

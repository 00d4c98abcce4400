//! A waveform as the envelope of its samples: the lowest and the highest of each short stretch.

use std::fmt::Write;
use std::time::Duration;

use super::axis::Axis;

/// The height of a waveform, in units of its drawing; zero is in the middle.
pub const HEIGHT: f64 = 200.0;
/// Stretches over the whole axis: more than a wide screen has pixels would not be seen.
const STRETCHES: f64 = 1_000.0;

/// Recorded audio and when it began, counted from the placing of the call.
#[derive(Clone, Copy, Debug)]
pub struct Wave<'a> {
    /// What was recorded.
    pub samples: &'a [i16],
    /// Its rate, Hz.
    pub sample_rate_hz: u32,
    /// When the first sample was said.
    pub from: Duration,
}

impl Wave<'_> {
    /// The highest deviation from silence, 0 to 32,768.
    pub fn peak(&self) -> u16 {
        self.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
    }

    /// The lowest and the highest sample of each stretch, and where it begins, in units of the drawing.
    pub fn envelope(&self, axis: Axis) -> Vec<(f64, i16, i16)> {
        let rate_hz = f64::from(self.sample_rate_hz.max(1));
        let stretch = (axis.span_s() * rate_hz / STRETCHES).ceil().max(1.0) as usize;
        let stretches = self.samples.chunks(stretch).enumerate();
        let envelope = stretches.filter_map(|(index, samples)| {
            let at = self.from + Duration::from_secs_f64((index * stretch) as f64 / rate_hz);
            let (low, high) = (samples.iter().min()?, samples.iter().max()?);
            (axis.share(at) < 1.0).then_some((axis.x(at), *low, *high))
        });
        envelope.collect()
    }

    /// The outline of the envelope as the data of an SVG path; empty without samples. A sample of `full` reaches the edge.
    pub fn path(&self, axis: Axis, full: u16) -> String {
        let envelope = self.envelope(axis);
        let middle = HEIGHT / 2.0;
        let y = |sample: i16| middle - f64::from(sample) / f64::from(full.max(1)) * middle;
        let mut path = String::with_capacity(envelope.len() * 22);
        for (index, (x, _, high)) in envelope.iter().enumerate() {
            // A text takes whatever is written to it.
            let _ = write!(path, "{}{x:.1} {:.0}", if index == 0 { 'M' } else { 'L' }, y(*high));
        }
        for (x, low, _) in envelope.iter().rev() {
            let _ = write!(path, "L{x:.1} {:.0}", y(*low));
        }
        if !path.is_empty() {
            path.push('Z');
        }
        path
    }
}

/// A peak as a level below full scale.
pub fn level(peak: u16) -> String {
    if peak == 0 {
        return "silent".to_owned();
    }
    format!("peak {:.0} dBFS", 20.0 * (f64::from(peak) / 32_768.0).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_seen_however_long_the_call() {
        for seconds in [1_usize, 60, 3_000] {
            let mut samples = vec![0; 8_000 * seconds];
            samples[8_000 * seconds / 2] = 30_000;
            let wave = Wave { samples: &samples, sample_rate_hz: 8_000, from: Duration::ZERO };
            let axis = Axis::new(Duration::from_secs(seconds as u64));
            let envelope = wave.envelope(axis);
            assert!(envelope.len() <= 1_000, "{seconds} s: {}", envelope.len());
            let clicks: Vec<f64> = envelope.iter().filter(|(_, _, high)| *high == 30_000).map(|(x, ..)| *x).collect();
            assert_eq!(clicks.len(), 1, "{seconds} s");
            assert!((490.0..=500.0).contains(&clicks[0]), "{seconds} s: {clicks:?}");
            let path = wave.path(axis, 30_000);
            assert!(path.starts_with('M') && path.ends_with('Z') && path.len() < 40_000, "{}", path.len());
        }
    }

    #[test]
    fn what_was_not_recorded_is_not_drawn() {
        let wave = Wave { samples: &[], sample_rate_hz: 0, from: Duration::ZERO };
        assert_eq!(wave.path(Axis::new(Duration::ZERO), 0), "");
        assert_eq!(level(wave.peak()), "silent");
        let beyond = Wave { samples: &[1; 100], sample_rate_hz: 8_000, from: Duration::from_secs(9) };
        assert_eq!(beyond.path(Axis::new(Duration::from_secs(1)), 1), "");
    }

    #[test]
    fn the_loudest_sample_stays_in_its_track() {
        let wave = Wave { samples: &[i16::MIN, i16::MAX], sample_rate_hz: 2, from: Duration::ZERO };
        assert_eq!(wave.peak(), 32_768);
        assert_eq!(level(wave.peak()), "peak 0 dBFS");
        assert_eq!(wave.path(Axis::new(Duration::from_secs(1)), 32_768), "M0.0 200L495.0 0L495.0 0L0.0 200Z");
    }
}

//! Judging audio: where in a longer recording it is found again.

/// Where audio was found again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// How many samples later than its start.
    pub samples: usize,
    /// How alike the two are there: 1 is the same but for loudness, 0 is unrelated, -1 is inverted.
    pub likeness: f64,
}

/// Finds `said` in `heard`, at the most `lag_samples_max` samples after its start, by the greatest likeness
/// (normalised correlation; the earliest of equals). `None` when `heard` is too short to hold it, or either is silent.
///
/// The cost is the length of `said` times `lag_samples_max`: at 16 kHz, a second within two takes about 0.2 s.
pub fn find_lag(said: &[i16], heard: &[i16], lag_samples_max: usize) -> Option<Lag> {
    let said_energy = product(said, said);
    if said_energy == 0 || heard.len() < said.len() {
        return None;
    }
    let mut window_energy = product(&heard[..said.len()], &heard[..said.len()]);
    let mut best: Option<Lag> = None;
    for (samples, window) in heard.windows(said.len()).take(lag_samples_max.saturating_add(1)).enumerate() {
        if window_energy > 0 {
            let scale = (said_energy as f64).sqrt() * (window_energy as f64).sqrt();
            let likeness = product(said, window) as f64 / scale;
            if best.is_none_or(|best| likeness > best.likeness) {
                best = Some(Lag { samples, likeness });
            }
        }
        if let Some(next) = heard.get(samples + said.len()) {
            window_energy += i64::from(*next).pow(2) - i64::from(window[0]).pow(2);
        }
    }
    best
}

/// Exact: 2^33 products of full-scale samples fit.
fn product(a: &[i16], b: &[i16]) -> i64 {
    a.iter().zip(b).map(|(a, b)| i64::from(i32::from(*a) * i32::from(*b))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::silence;

    /// A tone that rises, so that it is like itself at one place only.
    fn chirp(samples: usize) -> Vec<i16> {
        (0..samples).map(|index| ((index * index) as f64 / 400.0).sin() * 8_000.0).map(|value| value as i16).collect()
    }

    #[test]
    fn audio_is_found_again_quieter_and_later() {
        let said = chirp(400);
        let mut heard = silence(123);
        heard.extend(said.iter().map(|sample| sample / 3));
        heard.extend(silence(300));
        let lag = find_lag(&said, &heard, 400).unwrap();
        assert_eq!(lag.samples, 123);
        assert!(lag.likeness > 0.999, "{lag:?}");
    }

    #[test]
    fn what_lies_beyond_the_allowed_lag_is_not_found() {
        let said = chirp(400);
        let heard = [silence(500), said.clone()].concat();
        let lag = find_lag(&said, &heard, 499).unwrap();
        assert!(lag.likeness < 0.9, "{lag:?}");
        assert_eq!(find_lag(&said, &heard, usize::MAX).unwrap().samples, 500);
    }

    #[test]
    fn silence_is_nowhere() {
        assert_eq!(find_lag(&silence(10), &chirp(20), 10), None);
        assert_eq!(find_lag(&chirp(10), &silence(20), 10), None);
        assert_eq!(find_lag(&chirp(10), &chirp(9), 10), None);
        assert_eq!(find_lag(&[], &chirp(9), 10), None);
    }

    #[test]
    fn inverted_audio_is_unlike() {
        let said = chirp(400);
        let inverted: Vec<i16> = said.iter().map(|sample| -sample).collect();
        assert!(find_lag(&said, &inverted, 0).unwrap().likeness < -0.999);
    }
}

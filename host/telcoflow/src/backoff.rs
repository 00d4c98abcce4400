//! How long to wait before dialling again. Row `SM-16` of `PROTOCOL.md`.

use std::time::Duration;

use crate::limits::{
    BACKOFF_JITTER_PERCENT, BACKOFF_MAX_MS, BACKOFF_MIN_MS, CREDENTIALS_BACKOFF_MAX_MS, CREDENTIALS_BACKOFF_MIN_MS,
};

/// Growing pauses with jitter on top. The same seed gives the same pauses.
#[derive(Clone, Debug)]
pub struct Backoff {
    rng: fastrand::Rng,
    first_ms: f64,
    factor: f64,
    longest_ms: f64,
    attempt: i32,
}

impl Backoff {
    /// For a server that cannot be reached or went away: min(0.5 s x 1.5^attempt, 10 s), plus up to 20 %.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            first_ms: BACKOFF_MIN_MS as f64,
            factor: 1.5,
            longest_ms: BACKOFF_MAX_MS as f64,
            attempt: 0,
        }
    }

    /// For a server that refused the credentials, which only a person can mend: min(30 s x 2^attempt, 300 s), plus up
    /// to 20 %.
    pub fn for_credentials(seed: u64) -> Self {
        Self {
            first_ms: CREDENTIALS_BACKOFF_MIN_MS as f64,
            factor: 2.0,
            longest_ms: CREDENTIALS_BACKOFF_MAX_MS as f64,
            ..Self::new(seed)
        }
    }

    /// The next pause; each is longer than the one before until the longest is reached.
    pub fn next_delay(&mut self) -> Duration {
        let pause_ms = (self.first_ms * self.factor.powi(self.attempt)).min(self.longest_ms);
        let jitter_ms = self.rng.f64() * pause_ms * BACKOFF_JITTER_PERCENT as f64 / 100.0;
        self.attempt = self.attempt.saturating_add(1);
        Duration::from_secs_f64((pause_ms + jitter_ms) / 1000.0)
    }

    /// Starts over with the shortest pause.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(delay: Duration, nominal_s: f64) {
        let delay_s = delay.as_secs_f64();
        assert!(
            (nominal_s - 1e-6..=nominal_s * 1.2 + 1e-6).contains(&delay_s),
            "{delay_s} is not {nominal_s} and up to 20 %"
        );
    }

    #[test]
    fn pauses_grow_to_ten_seconds_and_start_over() {
        let mut backoff = Backoff::new(7);
        for attempt in 0..20 {
            within(backoff.next_delay(), (0.5 * 1.5_f64.powi(attempt)).min(10.0));
        }
        backoff.reset();
        within(backoff.next_delay(), 0.5);
    }

    #[test]
    fn refused_credentials_pause_for_minutes() {
        let mut backoff = Backoff::for_credentials(7);
        for nominal_s in [30.0, 60.0, 120.0, 240.0, 300.0, 300.0] {
            within(backoff.next_delay(), nominal_s);
        }
    }

    #[test]
    fn the_longest_pause_holds_for_ever() {
        let mut backoff = Backoff::new(1);
        backoff.attempt = i32::MAX - 1;
        for _ in 0..3 {
            within(backoff.next_delay(), 10.0);
        }
    }

    #[test]
    fn a_seed_is_repeatable_and_jitter_is_real() {
        let delays = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..8).map(|_| backoff.next_delay()).collect::<Vec<_>>()
        };
        assert_eq!(delays(3), delays(3));
        assert_ne!(delays(3), delays(4));
    }
}

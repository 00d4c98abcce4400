//! When a file that somebody writes may be read: once it has looked the same for a while. Pure: the clock is an argument.

use std::time::{Duration, Instant};

/// How a file looks from outside. Another file under the same name looks different, and so does one that was written to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Look {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) bytes: u64,
    /// Seconds and nanoseconds of the last change: of its contents, and of anything else.
    pub(super) modified: (i64, i64),
    pub(super) changed: (i64, i64),
}

/// What to do about a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Nothing until somebody says that it has changed.
    Rest,
    /// Look again at this time.
    LookAt(Instant),
    /// It has looked like this for long enough: read it, or take note that it is gone.
    Take(Option<Look>),
}

/// One file.
#[derive(Debug, Default)]
pub(super) struct Settle {
    /// What was taken last. None: nothing was yet.
    taken: Option<Option<Look>>,
    /// What it looks like, and since when.
    seen: Option<(Option<Look>, Instant)>,
}

impl Settle {
    /// Somebody has looked. `None` is a file that is not there.
    pub(super) fn looked(&mut self, now: Instant, look: Option<Look>, quiet: Duration) -> Step {
        if self.taken == Some(look) {
            self.seen = None;
            return Step::Rest;
        }
        let since = match self.seen {
            Some((seen, since)) if seen == look => since,
            _ => now,
        };
        self.seen = Some((look, since));
        let at = since + quiet;
        if now < at {
            return Step::LookAt(at);
        }
        self.taken = Some(look);
        self.seen = None;
        Step::Take(look)
    }

    /// What was taken has changed while it was read: as if it had never been taken.
    pub(super) fn put_back(&mut self) {
        self.taken = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Look, Settle, Step};

    const QUIET: Duration = Duration::from_millis(200);

    fn look(bytes: u64) -> Option<Look> {
        Some(Look { device: 1, inode: 1, bytes, modified: (bytes as i64, 0), changed: (0, 0) })
    }

    #[test]
    fn what_changes_is_not_taken_before_it_rests() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut settle = Settle::default();
        assert_eq!(settle.looked(at(0), look(1), QUIET), Step::LookAt(at(200)));
        assert_eq!(settle.looked(at(199), look(2), QUIET), Step::LookAt(at(399)));
        assert_eq!(settle.looked(at(399), look(2), QUIET), Step::Take(look(2)));
        assert_eq!(settle.looked(at(400), look(2), QUIET), Step::Rest);
        assert_eq!(settle.looked(at(500), None, QUIET), Step::LookAt(at(700)));
        assert_eq!(settle.looked(at(600), look(2), QUIET), Step::Rest, "gone and back before anybody noticed");
        assert_eq!(settle.looked(at(650), None, QUIET), Step::LookAt(at(850)), "what was seen before is forgotten");
        assert_eq!(settle.looked(at(850), None, QUIET), Step::Take(None));
        assert_eq!(settle.looked(at(900), look(2), QUIET), Step::LookAt(at(1_100)), "back after that: a new file");
        settle.put_back();
        assert_eq!(settle.looked(at(1_100), look(2), QUIET), Step::Take(look(2)));
        settle.put_back();
        assert_eq!(settle.looked(at(1_100), look(2), QUIET), Step::LookAt(at(1_300)));
    }

    #[test]
    fn random_writers_are_never_caught_in_the_middle() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut settle, mut now) = (Settle::default(), Instant::now());
            let (mut current, mut since, mut taken) = (None, now, None);
            for _ in 0..200 {
                now += Duration::from_millis(random.u64(..150));
                if random.u8(..4) == 0 {
                    let next = if random.bool() { look(random.u64(..3)) } else { None };
                    if next != current {
                        (current, since) = (next, now);
                    }
                }
                if let Step::Take(found) = settle.looked(now, current, QUIET) {
                    assert_eq!(found, current, "seed {seed}");
                    assert!(now - since >= QUIET, "seed {seed}: it had changed a moment ago");
                    assert_ne!(taken, Some(found), "seed {seed}: it was taken already");
                    taken = Some(found);
                }
            }
            assert!(taken.is_some(), "seed {seed}");
        }
    }
}

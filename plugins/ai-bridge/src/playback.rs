//! How much of an answer can have been heard, by the ledger.
//!
//! The ledger counts all that was ever played. An answer begins behind what is sent or queued at that moment, less what was
//! sent and will never be heard because it was cleared.

use switchhook_guest::Ledger;

/// The answer that is played.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Playback {
    /// Samples that were sent and were never heard.
    lost: u64,
    answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    /// Where it begins among what is heard.
    begin: u64,
    /// Samples of it that came.
    samples: u64,
    /// All of it came.
    whole: bool,
}

impl Playback {
    /// Audio of the answer came, before any of it is queued.
    pub(crate) fn came(&mut self, samples: u64, ahead: u64, ledger: &Ledger) {
        let begin = (ledger.sent + ledger.queued + ahead).saturating_sub(self.lost);
        let answer = self.answer.get_or_insert(Answer { begin, samples: 0, whole: false });
        if std::mem::take(&mut answer.whole) {
            *answer = Answer { begin, samples: 0, whole: false };
        }
        answer.samples += samples;
    }

    pub(crate) fn is_whole(&mut self) {
        if let Some(answer) = &mut self.answer {
            answer.whole = true;
        }
    }

    /// Everything was cleared: how many samples of the answer were heard, if it was not over.
    pub(crate) fn cleared(&mut self, ledger: &Ledger) -> Option<u64> {
        self.lost = ledger.sent.saturating_sub(ledger.heard);
        let Answer { begin, samples, whole } = self.answer.take()?;
        let heard = ledger.heard.saturating_sub(begin).min(samples);
        (!whole || heard < samples).then_some(heard)
    }

    /// Whether there is an answer that was not heard to its end.
    pub(crate) fn sounds(&self, ledger: &Ledger) -> bool {
        self.answer.is_some_and(|answer| !answer.whole || ledger.heard < answer.begin + answer.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(queued: u64, sent: u64, heard: u64) -> Ledger {
        Ledger { queued, sent, heard, dropped: 0, exact: false }
    }

    #[test]
    fn an_answer_is_heard_from_its_own_beginning() {
        let mut playback = Playback::default();
        playback.came(1_000, 0, &ledger(0, 0, 0));
        playback.came(1_000, 0, &ledger(900, 100, 50));
        assert_eq!(playback.cleared(&ledger(0, 900, 700)), Some(700));
        // 200 were sent and never heard: the next one begins at 700.
        playback.came(500, 0, &ledger(0, 900, 700));
        assert_eq!(playback.cleared(&ledger(0, 1_200, 850)), Some(150));
        assert_eq!(playback.cleared(&ledger(0, 1_200, 850)), None, "nothing is said");
    }

    #[test]
    fn what_was_heard_to_its_end_is_not_cut() {
        let mut playback = Playback::default();
        playback.came(500, 0, &ledger(0, 0, 0));
        assert!(playback.sounds(&ledger(0, 500, 500)), "more of it may come");
        playback.is_whole();
        assert!(!playback.sounds(&ledger(0, 500, 500)));
        assert!(playback.sounds(&ledger(0, 500, 499)));
        // The next answer waits behind it.
        playback.came(300, 0, &ledger(100, 400, 300));
        assert_eq!(playback.cleared(&ledger(0, 700, 600)), Some(100));
    }
}

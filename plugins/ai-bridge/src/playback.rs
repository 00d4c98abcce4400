//! How much of an answer can have been heard, by the ledger.
//!
//! The ledger counts all that was ever played. An answer begins behind what is sent or queued at that moment, less what was
//! sent and will never be heard because it was cleared, or because the voice broke. What a broken voice had not played is a
//! gap in the answer: the caller did not hear it, and is behind it as soon as more is heard.

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
    /// Samples of it that were lost before those that were heard last.
    passed: u64,
    /// So many of it had been heard when the voice broke last, and so many behind them were lost.
    gap: (u64, u64),
}

impl Answer {
    fn behind(begin: u64) -> Self {
        Self { begin, samples: 0, whole: false, passed: 0, gap: (0, 0) }
    }

    /// How far the caller is in it, samples.
    fn reached(&self, ledger: &Ledger) -> u64 {
        let heard = ledger.heard.saturating_sub(self.begin);
        let gap = if heard > self.gap.0 { self.gap.1 } else { 0 };
        (heard + self.passed + gap).min(self.samples)
    }

    /// The voice broke: this much of what the ledger had sent will never be heard.
    fn loses(&mut self, samples: u64, ledger: &Ledger) {
        // What came before the answer is lost first.
        let before = self.begin.saturating_sub(ledger.heard).min(samples);
        self.begin -= before;
        let at = ledger.heard.saturating_sub(self.begin);
        if at > self.gap.0 {
            self.passed += std::mem::replace(&mut self.gap, (at, 0)).1;
        }
        self.gap.1 += samples - before;
    }
}

impl Playback {
    /// Audio of the answer came, before any of it is queued.
    pub(crate) fn came(&mut self, samples: u64, ahead: u64, ledger: &Ledger) {
        let begin = (ledger.sent + ledger.queued + ahead).saturating_sub(self.lost);
        let answer = self.answer.get_or_insert(Answer::behind(begin));
        if std::mem::take(&mut answer.whole) {
            *answer = Answer::behind(begin);
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
        let answer = self.answer.take()?;
        let reached = answer.reached(ledger);
        (!answer.whole || reached < answer.samples).then_some(reached)
    }

    /// The voice broke: what was sent and not heard never will be.
    pub(crate) fn broke(&mut self, ledger: &Ledger) {
        let lost = ledger.sent.saturating_sub(ledger.heard);
        let samples = lost.saturating_sub(std::mem::replace(&mut self.lost, lost));
        if let Some(answer) = &mut self.answer {
            answer.loses(samples, ledger);
        }
    }

    /// Whether more of an answer is to come.
    pub(crate) fn comes(&self) -> bool {
        self.answer.is_some_and(|answer| !answer.whole)
    }

    /// Whether there is an answer that was not heard to its end.
    pub(crate) fn sounds(&self, ledger: &Ledger) -> bool {
        self.answer.is_some_and(|answer| !answer.whole || answer.reached(ledger) < answer.samples)
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
    fn what_a_broken_voice_had_not_played_is_a_gap() {
        let mut playback = Playback::default();
        playback.came(2_000, 0, &ledger(0, 0, 0));
        // 700 were heard and 200 lost; 1,100 wait.
        playback.broke(&ledger(1_100, 900, 700));
        assert!(playback.sounds(&ledger(1_100, 900, 700)));
        let mut before = playback;
        assert_eq!(before.cleared(&ledger(0, 900, 700)), Some(700), "the caller is before the gap");
        let mut behind = playback;
        assert_eq!(behind.cleared(&ledger(0, 1_400, 1_000)), Some(1_200), "and behind it");
        // It breaks again 100 later, and once more before anything is heard.
        playback.broke(&ledger(800, 1_200, 800));
        playback.broke(&ledger(800, 1_200, 800));
        let mut again = playback;
        assert_eq!(again.cleared(&ledger(0, 1_300, 850)), Some(1_250));
        playback.is_whole();
        assert!(playback.sounds(&ledger(0, 2_000, 1_599)) && !playback.sounds(&ledger(0, 2_000, 1_600)));
        // The next answer begins behind all that.
        playback.came(500, 0, &ledger(0, 2_000, 1_600));
        assert_eq!(playback.cleared(&ledger(0, 2_300, 1_700)), Some(100));
    }

    #[test]
    fn what_is_lost_of_the_answer_before_is_no_gap() {
        let mut playback = Playback::default();
        playback.came(500, 0, &ledger(0, 0, 0));
        playback.is_whole();
        playback.came(1_000, 0, &ledger(300, 200, 100));
        // 300 heard; 200 of the first answer and 100 of the second were on their way.
        playback.broke(&ledger(900, 600, 300));
        let mut here = playback;
        assert_eq!(here.cleared(&ledger(900, 600, 300)), Some(0));
        assert_eq!(playback.cleared(&ledger(0, 900, 350)), Some(150));
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

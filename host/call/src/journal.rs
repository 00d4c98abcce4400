//! What happened in a call, for whoever looks at it afterwards: commands and their outcomes, marks, clears, notices, the
//! end. Rare events only: audio is counted in [`Stats`](crate::Stats) and never stands here.
//!
//! Bounded by [`JOURNAL_ENTRIES_MAX`]: of a call in which more happens the beginning is kept, and the end. It takes
//! memory as it fills.

use std::borrow::Cow;
use std::time::Instant;

use crate::limits::JOURNAL_ENTRIES_MAX;
use crate::{CommandId, EndReason};

/// What happened in a call, in its order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Journal {
    entries: Vec<JournalEntry>,
    left_out: u64,
}

/// One thing that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JournalEntry {
    /// When: the time of the call's turn.
    pub at: Instant,
    /// What.
    pub what: Happening,
}

/// What can happen in a call. Names and codes are as in the handler contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Happening {
    /// A command was accepted: of the handler, or the host's own `close`.
    Accepted {
        /// Which one.
        command: CommandId,
        /// Its name.
        name: &'static str,
    },
    /// A command finished.
    Outcome {
        /// Which one.
        command: CommandId,
        /// Its name.
        name: &'static str,
        /// The code of its failure; `None` when it succeeded.
        failure: Option<Cow<'static, str>>,
    },
    /// A mark was reached, or will not be.
    Mark {
        /// Its name, which is the handler's.
        name: String,
        /// Whether the audio before it was heard.
        played: bool,
    },
    /// The handler dropped what was queued.
    Cleared {
        /// How much that was, samples.
        dropped_samples: u64,
    },
    /// The handler's author was warned.
    Warning {
        /// Of what.
        code: Cow<'static, str>,
    },
    /// The carrier reported an error of the call.
    CallError {
        /// Which one.
        code: Cow<'static, str>,
    },
    /// The handler failed.
    Fault {
        /// Why.
        code: Cow<'static, str>,
        /// What was done about it.
        then: &'static str,
    },
    /// The call was over.
    Ended(EndReason),
}

impl Journal {
    /// What was kept, oldest first.
    pub fn entries(&self) -> &[JournalEntry] {
        &self.entries
    }

    /// How many entries did not fit.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(crate) fn write(&mut self, at: Instant, what: Happening) {
        // The last place is the end's: a journal without it would look like that of a call that goes on.
        let kept = usize::from(!matches!(what, Happening::Ended(_)));
        if self.entries.len() + kept < JOURNAL_ENTRIES_MAX {
            self.entries.push(JournalEntry { at, what });
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::failure::code;
    use crate::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, Failure};

    fn call(start: Instant) -> Call {
        let info = CallInfo { id: "c1".into(), sample_rate_hz: 8_000, channels: vec![0], ..CallInfo::default() };
        let capabilities = Capabilities::of(&[Ability::Answer, Ability::Close, Ability::Interrupt]);
        Call::new(CallConfig { info, capabilities, playout_bytes_max: 1 << 16 }, start)
    }

    fn answer(call: &mut Call) -> CommandId {
        let command = call.command(CommandKind::Answer).unwrap();
        call.handle_outcome(command, Ok(None));
        command
    }

    #[test]
    fn it_tells_a_call_in_its_order_and_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut call = call(start);
        call.handle_timeout(at(5));
        let answered = call.command(CommandKind::Answer).unwrap();
        call.handle_timeout(at(9));
        call.handle_outcome(answered, Ok(None));
        call.play_samples(&[1; 800]).unwrap();
        call.mark("greeting").unwrap();
        call.handle_timeout(at(20));
        call.clear();
        call.handle_warning(Failure::new("SLOW", "take your time"));
        call.handle_error(Failure::new("NO_ROUTE", "the carrier's words"));
        let closing = call.command(CommandKind::Close).unwrap();
        call.handle_timeout(at(30));
        call.handle_ended(EndReason::VoiceLost);

        let expected = [
            (5, Happening::Accepted { command: answered, name: "answer" }),
            (9, Happening::Outcome { command: answered, name: "answer", failure: None }),
            (20, Happening::Cleared { dropped_samples: 800 }),
            (20, Happening::Mark { name: "greeting".into(), played: false }),
            (20, Happening::Warning { code: "SLOW".into() }),
            (20, Happening::CallError { code: "NO_ROUTE".into() }),
            (20, Happening::Accepted { command: closing, name: "close" }),
            (30, Happening::Outcome { command: closing, name: "close", failure: Some(code::LINK_LOST.into()) }),
            (30, Happening::Ended(EndReason::VoiceLost)),
        ];
        let expected = expected.map(|(ms, what)| JournalEntry { at: at(ms), what });
        assert_eq!(call.journal().entries(), expected);
        assert_eq!(call.journal().left_out(), 0);
    }

    #[test]
    fn a_mark_that_was_heard_says_so() {
        let start = Instant::now();
        let mut call = call(start);
        answer(&mut call);
        call.mark("at once").unwrap();
        let last = call.journal().entries().last().map(|entry| &entry.what);
        assert_eq!(last, Some(&Happening::Mark { name: "at once".into(), played: true }));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_end_is_kept() {
        let start = Instant::now();
        let mut call = call(start);
        answer(&mut call);
        for _ in 0..JOURNAL_ENTRIES_MAX {
            call.clear();
        }
        call.handle_ended(EndReason::Terminated);
        assert_eq!(call.journal().left_out(), 3, "answer, its outcome and the end take a place each");
        assert_eq!(call.journal().entries().len(), JOURNAL_ENTRIES_MAX);
        let last = call.journal().entries().last().map(|entry| &entry.what);
        assert_eq!(last, Some(&Happening::Ended(EndReason::Terminated)));
    }

    #[test]
    fn a_refused_command_and_audio_leave_nothing() {
        let mut call = call(Instant::now());
        assert!(call.command(CommandKind::Spy).is_err());
        call.handle_audio(0, &[0; 640]);
        call.handle_credit(640, Some(640));
        assert_eq!(call.journal(), &Journal::default());
        assert_eq!(call.journal().entries.capacity(), 0);
    }
}

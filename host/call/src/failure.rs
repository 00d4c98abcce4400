//! Why something was refused or went wrong, in the words of the handler contract (`types.wit`, `failure`).
//!
//! Failures that come from a carrier are cut to a bounded length on their way in, so that a talkative peer cannot
//! fill the memory of a call.

use std::borrow::Cow;

use crate::limits::{FAILURE_CODE_BYTES_MAX, FAILURE_MESSAGE_BYTES_MAX};

/// The host's own codes. Carriers add theirs, unchanged.
pub mod code {
    /// Not legal in this state of the call, or while the same command is under way.
    pub const NOT_NOW: &str = "NOT_NOW";
    /// This carrier cannot do it.
    pub const NOT_SUPPORTED: &str = "NOT_SUPPORTED";
    /// The plugin's grants do not cover it.
    pub const NOT_GRANTED: &str = "NOT_GRANTED";
    /// A bad argument.
    pub const INVALID: &str = "INVALID";
    /// A bounded queue or table is full; nothing was taken.
    pub const FULL: &str = "FULL";
    /// No answer within the deadline.
    pub const TIMEOUT: &str = "TIMEOUT";
    /// The call's socket died before the answer.
    pub const LINK_LOST: &str = "LINK_LOST";
    /// The call is over.
    pub const ENDED: &str = "ENDED";
    /// A warning: the way to the carrier broke, and the host tries to open it again.
    pub const VOICE_LOST: &str = "VOICE_LOST";
    /// A warning: it is open again.
    pub const VOICE_BACK: &str = "VOICE_BACK";
    /// The host's disk failed, is full or did not answer.
    pub const STORAGE: &str = "STORAGE";
}

/// Why something was refused or went wrong. `code` is for programs, `message` for people.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// One of [`code`], or a carrier's own.
    pub code: Cow<'static, str>,
    /// What happened and what to do, without secrets and without whole telephone numbers.
    pub message: String,
}

impl Failure {
    /// A failure of this code and message.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Failure {
        Failure { code: code.into(), message: message.into() }
    }

    pub(crate) fn ended() -> Failure {
        Failure::new(code::ENDED, "the call is over")
    }

    /// The same failure, cut to what a queue may hold.
    pub(crate) fn bounded(mut self) -> Failure {
        if self.code.len() > FAILURE_CODE_BYTES_MAX {
            truncate(self.code.to_mut(), FAILURE_CODE_BYTES_MAX);
        }
        truncate(&mut self.message, FAILURE_MESSAGE_BYTES_MAX);
        self
    }
}

/// Cuts `text` to at most `bytes_max` bytes at a character boundary, and gives the rest of its memory back.
pub(crate) fn truncate(text: &mut String, bytes_max: usize) {
    if text.len() <= bytes_max {
        return;
    }
    text.truncate(text.floor_char_boundary(bytes_max));
    text.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriers_failure_is_cut_at_a_character() {
        let long = Failure::new("é".repeat(100), "ü".repeat(2_000)).bounded();
        assert_eq!(long.code.len(), FAILURE_CODE_BYTES_MAX);
        assert_eq!(long.message.len(), FAILURE_MESSAGE_BYTES_MAX);

        let mut odd = String::from("aé");
        truncate(&mut odd, 2);
        assert_eq!(odd, "a");
    }

    #[test]
    fn a_short_failure_is_left_alone() {
        let failure = Failure::new("CALL_UNANSWERED", "nobody picked up");
        assert_eq!(failure.clone().bounded(), failure);
        assert_eq!(failure.to_string(), "CALL_UNANSWERED: nobody picked up");
    }
}

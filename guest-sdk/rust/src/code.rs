//! The host's own failure codes.
//!
//! The set may grow, and carriers add theirs unchanged: compare with the codes you know and treat the rest as
//! "something else".

use crate::Failure;

/// Not legal in this state of the call, or the same command is under way.
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
/// The host's disk failed, is full or did not answer.
pub const STORAGE: &str = "STORAGE";
/// Another host's name is not known, or nobody answers there.
pub const UNREACHABLE: &str = "UNREACHABLE";
/// Another host has no certificate that is trusted for its name.
pub const TLS: &str = "TLS";
/// Another host did not take the upgrade to a WebSocket.
pub const REFUSED: &str = "REFUSED";
/// The handler gave it up.
pub const CANCELLED: &str = "CANCELLED";
/// A warning: the way to the carrier broke, and the host opens it again. Commands fail with `LINK_LOST` until then.
pub const VOICE_LOST: &str = "VOICE_LOST";
/// A warning: it is open again.
pub const VOICE_BACK: &str = "VOICE_BACK";
/// Telcoflow's: the number that `connect` rang did not pick up. The call is as it was.
pub const CALL_UNANSWERED: &str = "CALL_UNANSWERED";

/// Telcoflow's: the command is not legal where the call stands for the server: `disconnect` before `connected`, perhaps.
pub const INVALID_COMMAND: &str = "INVALID_COMMAND";

impl Failure {
    /// A failure of the handler's own, for `Err(...)`: `code` for programs, `message` for people.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// Whether this is that failure: `failure.is(code::FULL)`.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }
}

impl From<guest_audio::WavError> for Failure {
    /// [`INVALID`].
    fn from(error: guest_audio::WavError) -> Self {
        Self::new(INVALID, error.to_string())
    }
}

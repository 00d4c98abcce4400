//! The states of a call, and the one table of what is legal in each (`call.wit`).
//!
//! | command | `pending` | `answered` | `connected` | `ended` |
//! |---|---|---|---|---|
//! | `answer` | -> `answered` | `NOT_NOW` | `NOT_NOW` | `ENDED` |
//! | `connect` | -> `connected` | -> `connected` | `NOT_NOW` | `ENDED` |
//! | `whisper`, `barge`, `spy` | `NOT_NOW` | `NOT_NOW` | stays | `ENDED` |
//! | `disconnect`, `close` | -> `ended` | -> `ended` | -> `ended` | `ENDED` |
//! | `transfer` | `NOT_NOW` | -> `connected` | stays | `ENDED` |
//! | `send-digits` | `NOT_NOW` | stays | stays | `ENDED` |
//!
//! An arrow tells where success leads. A command that fails leaves the call where it was: `CALL_UNANSWERED` is an error value
//! like any other, and so is the `INVALID_COMMAND` with which a server may refuse `disconnect` before `connected`.
//!
//! The four states are those of the 0.24 surface, where `ended` is called disconnected, and its events are these outcomes:
//! *answered* and *answer-failed* that of `answer`, *connected* and *connect-failed* that of `connect`, *terminated* is the
//! event `ended`. While `pending` it knows `answer` and `connect` only; that a call may be left unanswered is the wire's.

use crate::Ability;

/// Where a call stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// It rings.
    Pending,
    /// It was picked up: audio flows.
    Answered,
    /// It is bridged to the other party: audio flows.
    Connected,
    /// It is over.
    Ended,
}

impl State {
    /// All four, in the order of a call's life.
    pub const ALL: [State; 4] = [State::Pending, State::Answered, State::Connected, State::Ended];

    /// Its name in the handler contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Answered => "answered",
            State::Connected => "connected",
            State::Ended => "ended",
        }
    }

    /// True when audio may be played.
    pub const fn takes_audio(self) -> bool {
        matches!(self, State::Answered | State::Connected)
    }

    /// The table: what a command that needs this ability comes to in this state.
    pub const fn rule(self, ability: Ability) -> Rule {
        use Ability as A;
        match (self, ability) {
            (State::Ended, _) => Rule::Ended,
            (_, A::Disconnect | A::Close) => Rule::Legal(State::Ended),
            (State::Pending, A::Answer) => Rule::Legal(State::Answered),
            (State::Pending | State::Answered, A::Connect) => Rule::Legal(State::Connected),
            (State::Answered | State::Connected, A::Transfer) => Rule::Legal(State::Connected),
            (State::Answered | State::Connected, A::SendDigits | A::Interrupt) => Rule::Legal(self),
            (State::Connected, A::Whisper | A::Barge | A::Spy) => Rule::Legal(self),
            _ => Rule::NotNow,
        }
    }

    /// True when a command that needs this ability is legal.
    pub const fn allows(self, ability: Ability) -> bool {
        matches!(self.rule(ability), Rule::Legal(_))
    }

    /// The state after a command of this ability succeeded, but for the end, which is told apart. Late answers never lead
    /// back: a call that is connected stays so when the answer to an earlier `answer` arrives.
    pub(crate) const fn after(self, ability: Ability) -> State {
        match self.rule(ability) {
            Rule::Legal(State::Ended) | Rule::NotNow | Rule::Ended => self,
            Rule::Legal(next) => next,
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// It is accepted, and its success leads to this state.
    Legal(State),
    /// It is refused with `NOT_NOW`.
    NotNow,
    /// It is refused with `ENDED`.
    Ended,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum EndReason {
    /// The carrier said that the call is over: somebody hung up.
    Terminated,
    /// The handler left it.
    Closed,
    /// The handler ended it for everyone.
    Disconnected,
    /// The call's socket died.
    VoiceLost,
    /// The call's socket could not be opened.
    VoiceUnreachable,
    /// The carrier's session was closed.
    SessionClosed,
    /// The handler failed, and the fault policy ends the call.
    HandlerFailed,
    /// The host drains, and the call outlived its grace.
    Drained,
    /// The host stops.
    HostStopped,
    /// It was given to another host before it had a handler here: no handler is told this.
    HandedOver,
}

impl EndReason {
    /// Its name in the handler contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            EndReason::Terminated => "terminated",
            EndReason::Closed => "closed",
            EndReason::Disconnected => "disconnected",
            EndReason::VoiceLost => "voice-lost",
            EndReason::VoiceUnreachable => "voice-unreachable",
            EndReason::SessionClosed => "session-closed",
            EndReason::HandlerFailed => "handler-failed",
            EndReason::Drained => "drained",
            EndReason::HostStopped => "host-stopped",
            EndReason::HandedOver => "handed-over",
        }
    }

    /// True when the way to the carrier is gone, rather than the call itself.
    pub(crate) const fn lost_link(self) -> bool {
        matches!(self, EndReason::VoiceLost | EndReason::VoiceUnreachable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_contracts() {
        let legal = |state: State| -> Vec<&str> {
            Ability::ALL.into_iter().filter(|ability| state.allows(*ability)).map(Ability::as_str).collect()
        };
        assert_eq!(legal(State::Pending), ["answer", "connect", "disconnect", "close"]);
        assert_eq!(legal(State::Answered), ["connect", "disconnect", "close", "transfer", "send-digits", "interrupt"]);
        assert_eq!(
            legal(State::Connected),
            ["whisper", "barge", "spy", "disconnect", "close", "transfer", "send-digits", "interrupt"]
        );
        assert!(legal(State::Ended).is_empty());
        assert_eq!(State::ALL.map(State::takes_audio), [false, true, true, false]);
    }

    #[test]
    fn success_never_leads_back() {
        assert_eq!(State::Pending.after(Ability::Answer), State::Answered);
        assert_eq!(State::Pending.after(Ability::Connect), State::Connected);
        assert_eq!(State::Answered.after(Ability::Connect), State::Connected);
        for ability in Ability::ALL {
            assert_eq!(State::Connected.after(ability), State::Connected);
            assert_eq!(State::Ended.after(ability), State::Ended);
        }
    }
}

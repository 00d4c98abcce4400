//! The states of a call, and the one table of what is legal in each (`call.wit`; the same as the older surface in
//! section 4 of the wire page).

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

    /// True when a command that needs this ability is legal: the table.
    pub const fn allows(self, ability: Ability) -> bool {
        use Ability as A;
        match self {
            State::Pending => matches!(ability, A::Answer | A::Connect | A::Close | A::Disconnect),
            State::Answered => {
                matches!(ability, A::Connect | A::Close | A::Disconnect | A::Transfer | A::SendDigits | A::Interrupt)
            }
            State::Connected => matches!(
                ability,
                A::Whisper | A::Barge | A::Spy | A::Close | A::Disconnect | A::Transfer | A::SendDigits | A::Interrupt
            ),
            State::Ended => false,
        }
    }

    /// The state after a command of this ability succeeded. Late answers never lead back: a call that is connected
    /// stays so when the answer to an earlier `answer` arrives.
    pub(crate) const fn after(self, ability: Ability) -> State {
        match (self, ability) {
            (State::Pending, Ability::Answer) => State::Answered,
            (State::Pending | State::Answered, Ability::Connect | Ability::Transfer) => State::Connected,
            _ => self,
        }
    }
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

    const STATES: [State; 4] = [State::Pending, State::Answered, State::Connected, State::Ended];

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
        assert_eq!(STATES.map(State::takes_audio), [false, true, true, false]);
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

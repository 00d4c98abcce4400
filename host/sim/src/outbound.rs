//! Who is at the other end when a client places a call, and what the server makes of the wish.

use crate::caller::{CalleeAnswer, Caller};

/// What comes of a `session.create` to one number.
#[derive(Clone, Debug)]
pub enum Outbound {
    /// A call: its telephone rings.
    Rings(Box<Remote>),
    /// The request is refused with this code, such as `QUOTA_EXCEEDED`.
    Refused {
        /// The code.
        code: String,
    },
    /// A session is created, and cannot be claimed: that is refused with this code.
    Unclaimable {
        /// `SESSION_BUSY`, `SESSION_CLOSED` or `SESSION_NOT_FOUND`.
        code: String,
    },
    /// The request is never answered, and there is no call.
    NoAnswer,
}

impl Outbound {
    /// A telephone that rings at this party's.
    pub fn rings(remote: Remote) -> Self {
        Self::Rings(Box::new(remote))
    }

    /// A session that is lost before it is claimed.
    pub fn unclaimable(code: &str) -> Self {
        Self::Unclaimable { code: code.to_owned() }
    }

    /// A refusal.
    pub fn refused(code: &str) -> Self {
        Self::Refused { code: code.to_owned() }
    }
}

/// Whoever is called by a client.
#[derive(Clone, Debug)]
pub struct Remote {
    /// What happens when the telephone rings; it rings from `session.ready` on. [`Caller::ring_ms`] of the party is the
    /// longest that it rings.
    pub picks_up: CalleeAnswer,
    /// What they do once the agent has answered. `to` is the connector's own number; `from` is not looked at, since the
    /// client says whom it calls.
    pub party: Caller,
}

impl Default for Remote {
    fn default() -> Self {
        Self { picks_up: CalleeAnswer::After { ms: 500 }, party: Caller::default() }
    }
}

impl Remote {
    /// A party that picks up after half a second and does this.
    pub fn new(party: Caller) -> Self {
        Self { party, ..Self::default() }
    }

    /// A line that is busy.
    pub fn busy() -> Self {
        Self { picks_up: CalleeAnswer::Refused { ms: 100, code: "BUSY".to_owned() }, ..Self::default() }
    }

    /// A telephone that rings for so long, ms, and nobody picks it up.
    pub fn never_answers(ring_ms: u32) -> Self {
        let party = Caller { ring_ms, ..Caller::default() };
        Self { picks_up: CalleeAnswer::Never, party }
    }
}

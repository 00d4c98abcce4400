//! What is known of a call before it starts: its facts, and what its carrier can do.

use std::fmt;

/// Everything that a [`Call`](crate::Call) needs to begin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallConfig {
    /// The facts of the call.
    pub info: CallInfo,
    /// What the carrier can do with it.
    pub capabilities: Capabilities,
    /// The most audio that waits for the carrier, in bytes. `play` answers `FULL` above it. An odd value is rounded down.
    pub playout_bytes_max: usize,
}

/// What is known of the call when the handler starts (`types.wit`, `call-info`).
///
/// Its `Debug` shows only the last four digits of a number and only the names of `fields`.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct CallInfo {
    /// Unique within the host.
    pub id: String,
    /// Who owns the connector that brought it.
    pub tenant: String,
    /// What brought the call: `telcoflow`.
    pub carrier: String,
    /// The number that calls, as the carrier writes it.
    pub caller: String,
    /// The number that is called, as the carrier writes it.
    pub callee: String,
    /// True when the host placed the call.
    pub outbound: bool,
    /// True when an earlier handler instance served this call and was lost.
    pub resumed: bool,
    /// Samples a second, in both directions. 0 is read as 1, so that no clock divides by it.
    pub sample_rate_hz: u32,
    /// The channels that are known to carry audio at some time: 0 is the call, others are single legs. Further ones may
    /// appear as they are first heard, as many as [`limits`](crate::limits) lets.
    pub channels: Vec<u8>,
    /// What else the carrier said: `session_id`, `org_uuid`.
    pub fields: Vec<(String, String)>,
}

impl fmt::Debug for CallInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field_names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("CallInfo")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("carrier", &self.carrier)
            .field("caller", &last_four(&self.caller))
            .field("callee", &last_four(&self.callee))
            .field("outbound", &self.outbound)
            .field("resumed", &self.resumed)
            .field("sample_rate_hz", &self.sample_rate_hz)
            .field("channels", &self.channels)
            .field("field_names", &field_names)
            .finish()
    }
}

/// A telephone number as logs may show it: the end of one that is long enough to hide the rest.
pub fn last_four(number: &str) -> String {
    let length = number.chars().count();
    let tail: String = number.chars().skip(length.saturating_sub(4)).collect();
    if length > 4 { format!("..{tail}") } else { "..".to_owned() }
}

/// One thing that a carrier may be able to do. The first nine are the commands of `call.wit`, in its words.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Ability {
    /// Pick up.
    Answer,
    /// Ring the number that was originally called and bridge it in.
    Connect,
    /// Be heard by the number's subscriber only.
    Whisper,
    /// Be heard by both parties.
    Barge,
    /// Be heard by nobody.
    Spy,
    /// End the call for everyone.
    Disconnect,
    /// Leave the call.
    Close,
    /// Ring another number and bridge it in.
    Transfer,
    /// Send keys out of band.
    SendDigits,
    /// Stop what the carrier is playing: without it, `clear` drops only what has not left.
    Interrupt,
    /// Report keys that were pressed.
    Dtmf,
}

impl Ability {
    /// Every ability, in the order in which they are listed.
    pub const ALL: [Ability; 11] = [
        Ability::Answer,
        Ability::Connect,
        Ability::Whisper,
        Ability::Barge,
        Ability::Spy,
        Ability::Disconnect,
        Ability::Close,
        Ability::Transfer,
        Ability::SendDigits,
        Ability::Interrupt,
        Ability::Dtmf,
    ];

    /// Its name in the handler contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ability::Answer => "answer",
            Ability::Connect => "connect",
            Ability::Whisper => "whisper",
            Ability::Barge => "barge",
            Ability::Spy => "spy",
            Ability::Disconnect => "disconnect",
            Ability::Close => "close",
            Ability::Transfer => "transfer",
            Ability::SendDigits => "send-digits",
            Ability::Interrupt => "interrupt",
            Ability::Dtmf => "dtmf",
        }
    }
}

/// The set of abilities that a carrier has.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Capabilities(u16);

impl Capabilities {
    /// Nothing at all.
    pub const NONE: Capabilities = Capabilities(0);

    /// Exactly these.
    pub const fn of(abilities: &[Ability]) -> Capabilities {
        let mut set = Capabilities::NONE;
        let mut index = 0;
        while index < abilities.len() {
            set = set.with(abilities[index]);
            index += 1;
        }
        set
    }

    /// The same and this one.
    pub const fn with(self, ability: Ability) -> Capabilities {
        Capabilities(self.0 | (1 << ability as u16))
    }

    /// True when the carrier can do this.
    pub const fn has(self, ability: Ability) -> bool {
        self.0 & (1 << ability as u16) != 0
    }

    /// The abilities in the order of [`Ability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Ability> {
        Ability::ALL.into_iter().filter(move |ability| self.has(*ability))
    }

    /// Their names in the handler contract.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.iter().map(Ability::as_str)
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_whole_number() {
        let info = CallInfo {
            caller: "+15550104477".into(),
            callee: "911".into(),
            fields: vec![("session_id".into(), "s-secret".into())],
            ..CallInfo::default()
        };
        let text = format!("{info:?}");
        assert!(text.contains("..4477") && text.contains("session_id"), "{text}");
        assert!(!text.contains("5550104477") && !text.contains("911") && !text.contains("s-secret"), "{text}");
    }

    #[test]
    fn a_set_has_what_it_was_given() {
        let set = Capabilities::of(&[Ability::Dtmf, Ability::Answer]);
        assert_eq!(set.names().collect::<Vec<_>>(), ["answer", "dtmf"]);
        assert_eq!(format!("{set:?}"), r#"{"answer", "dtmf"}"#);
        for ability in Ability::ALL {
            assert_eq!(set.has(ability), matches!(ability, Ability::Answer | Ability::Dtmf));
            assert!(Capabilities::of(&Ability::ALL).has(ability));
        }
    }
}

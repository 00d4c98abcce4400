//! The commands of a call, their names on the wire and their deadlines.

use std::time::Duration;

use serde_json::Value;

use super::super::json::{Fields, Printer};
use crate::frame::ParseError;
use crate::limits::COMMAND_DEADLINE_S;

/// A command that this crate knows. Rows `V-10` to `V-17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandName {
    /// `call.answer`: pick up.
    Answer,
    /// `call.connect`: ring the original callee and bridge.
    Connect {
        /// How long to ring, 1 to 120 seconds.
        ring_time_s: u32,
    },
    /// `agent.whisper`: only the number's subscriber hears the agent.
    Whisper,
    /// `agent.barge`: both hear the agent.
    Barge,
    /// `agent.spy`: nobody hears the agent.
    Spy,
    /// `agent.interrupt`: stop what is being played.
    Interrupt,
    /// `call.disconnect`: end the call for everyone.
    Disconnect,
    /// `call.close`: leave; before `connect` the call ends.
    Close,
}

impl CommandName {
    /// The name on the wire.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Answer => "call.answer",
            Self::Connect { .. } => "call.connect",
            Self::Whisper => "agent.whisper",
            Self::Barge => "agent.barge",
            Self::Spy => "agent.spy",
            Self::Interrupt => "agent.interrupt",
            Self::Disconnect => "call.disconnect",
            Self::Close => "call.close",
        }
    }

    /// How long the server has, as `timeout_ms` tells it: the ring time of a connect, ten seconds for all others.
    pub fn deadline(self) -> Duration {
        match self {
            Self::Connect { ring_time_s } => Duration::from_secs(ring_time_s.into()),
            _ => Duration::from_secs(COMMAND_DEADLINE_S),
        }
    }
}

/// A command as a server reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum AskedCommand {
    /// One that this crate knows.
    Known(CommandName),
    /// Any other.
    Other {
        /// Its name on the wire.
        name: String,
        /// Its `data`, if it came with some.
        data: Option<Value>,
    },
}

impl AskedCommand {
    /// The name on the wire.
    pub fn wire_name(&self) -> &str {
        match self {
            Self::Known(command) => command.wire_name(),
            Self::Other { name, .. } => name,
        }
    }

    pub(super) fn read(frame: &mut Fields) -> Result<Self, ParseError> {
        let name = frame.text("command")?;
        Ok(Self::Known(match name.as_str() {
            "call.answer" => CommandName::Answer,
            "call.connect" => CommandName::Connect { ring_time_s: frame.object("data")?.whole_u32("ringTimeSeconds")? },
            "agent.whisper" => CommandName::Whisper,
            "agent.barge" => CommandName::Barge,
            "agent.spy" => CommandName::Spy,
            "agent.interrupt" => CommandName::Interrupt,
            "call.disconnect" => CommandName::Disconnect,
            "call.close" => CommandName::Close,
            _ => {
                let data = frame.raw("data");
                return Ok(Self::Other { name, data });
            }
        }))
    }

    pub(super) fn print_data(&self, frame: Printer) -> Printer {
        match self {
            Self::Known(CommandName::Connect { ring_time_s }) => {
                frame.nested("data", Printer::object().field("ringTimeSeconds", ring_time_s))
            }
            Self::Known(_) => frame,
            Self::Other { data, .. } => frame.optional("data", data.as_ref()),
        }
    }
}

impl From<CommandName> for AskedCommand {
    fn from(command: CommandName) -> Self {
        Self::Known(command)
    }
}

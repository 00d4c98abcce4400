//! What a client says in text on the voice plane.

use super::super::json::{Fields, Printer};
use super::command::AskedCommand;
use crate::frame::ParseError;

/// A text frame from client to server. Row `V-3`.
#[derive(Clone, Debug, PartialEq)]
pub enum ToServer {
    /// `command`: do something with the call.
    Command {
        /// Names the answer; a UUID.
        command_id: String,
        /// What to do.
        command: AskedCommand,
        /// The server's deadline, in milliseconds.
        timeout_ms: u64,
    },
    /// A type that this crate does not know.
    Unknown {
        /// The type.
        kind: String,
    },
}

impl ToServer {
    /// Reads a frame strictly: every field of the public SDK must be there with its type.
    ///
    /// # Errors
    /// Those of [`ParseError`]; the client is to blame.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let mut fields = Fields::read(text)?;
        if fields.kind() != "command" {
            return Ok(Self::Unknown { kind: fields.into_kind() });
        }
        let mut data = fields.object("data")?;
        Ok(Self::Command {
            command_id: data.text("command_id")?,
            timeout_ms: data.whole("timeout_ms")?,
            command: AskedCommand::read(&mut data)?,
        })
    }

    /// The frame as JSON text.
    pub fn print(&self) -> String {
        let frame = Printer::frame(self.kind());
        match self {
            Self::Command { command_id, command, timeout_ms } => {
                let data = Printer::object()
                    .field("command_id", command_id)
                    .field("command", command.wire_name())
                    .field("timeout_ms", timeout_ms);
                frame.nested("data", command.print_data(data))
            }
            Self::Unknown { .. } => frame,
        }
        .finish()
    }

    /// The frame type on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::Command { .. } => "command",
            Self::Unknown { kind } => kind,
        }
    }
}

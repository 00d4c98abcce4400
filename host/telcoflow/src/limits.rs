//! Every limit of this crate, with its unit and what happens at it.
//!
//! A rule with a row in `PROTOCOL.md` names that row; the others are this host's own.

/// Longest message that is read, both planes, both directions. Row `WS-4`.
///
/// A longer one is [`ParseError::TooLong`](crate::frame::ParseError::TooLong) and is not looked at.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Longest frame type that an oddity repeats; a longer or strange one is not shown.
pub const SHOWN_KIND_BYTES_MAX: usize = 40;

/// How long the server has for a command, except that `call.connect` has its ring time. Rows `V-10` to `V-17`.
pub const COMMAND_DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

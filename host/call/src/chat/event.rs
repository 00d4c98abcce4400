//! What is known of a chat, what a handler can be told, and why a chat ends, in the words of `chat.wit`.

use std::fmt;

use crate::{CommandId, Failure, NetworkEvent, Placed, last_four};

/// What is known of the chat when the handler starts (`chat.wit`, `chat-info`).
///
/// Its `Debug` shows only the last four characters of an address.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct ChatInfo {
    /// Unique within the host.
    pub id: String,
    /// Who owns the connector that brought it.
    pub tenant: String,
    /// What brought the chat: `telcoflow`.
    pub carrier: String,
    /// The chat network: `WA`.
    pub network: String,
    /// The other party, as the carrier writes it.
    pub remote: String,
    /// The connector's side.
    pub local: String,
    /// True when the host began it.
    pub outbound: bool,
    /// True when it was open before and an earlier handler may have served it.
    pub resumed: bool,
    /// What else the carrier said: `session_id`.
    pub fields: Vec<(String, String)>,
}

impl fmt::Debug for ChatInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatInfo")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("carrier", &self.carrier)
            .field("network", &self.network)
            .field("remote", &last_four(&self.remote))
            .field("local", &last_four(&self.local))
            .field("outbound", &self.outbound)
            .field("resumed", &self.resumed)
            .finish_non_exhaustive()
    }
}

/// Something that happened in a chat. Its `Debug` shows the size of a message, never the message.
#[derive(Clone, Eq, PartialEq)]
pub enum ChatEvent {
    /// Somebody wrote.
    Message {
        /// Who, as the carrier writes it.
        sender: String,
        /// What: JSON, an object in the chat network's own form.
        content: String,
        /// Messages that were dropped just before this one because the handler was too far behind.
        lost: u32,
    },
    /// A command finished: exactly one for each accepted command.
    Outcome {
        /// The command's id.
        command: CommandId,
        /// `send` or `close`.
        name: &'static str,
        /// The carrier's JSON detail, if it gave one, or why it failed.
        result: Result<Option<String>, Failure>,
    },
    /// A timer fired.
    Timer(u32),
    /// What became of a call or chat that the handler placed.
    Placed {
        /// The number that it was given.
        request: u32,
        /// How far it came.
        step: Placed,
    },
    /// Something the handler's author should know; the chat goes on.
    Warning(Failure),
    /// Something happened to a connection of the handler.
    Network(NetworkEvent),
    /// The chat is over. The last event.
    Closed(ChatEnd),
}

impl fmt::Debug for ChatEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { content, lost, .. } => {
                let bytes = content.len();
                f.debug_struct("Message").field("bytes", &bytes).field("lost", lost).finish_non_exhaustive()
            }
            Self::Outcome { command, name, result } => {
                let result = result.as_ref().map(|detail| detail.as_ref().map(String::len));
                f.debug_struct("Outcome")
                    .field("command", command)
                    .field("name", name)
                    .field("result", &result)
                    .finish()
            }
            Self::Timer(id) => f.debug_tuple("Timer").field(id).finish(),
            Self::Placed { request, step } => {
                f.debug_struct("Placed").field("request", request).field("step", &step.step()).finish()
            }
            Self::Warning(failure) => f.debug_tuple("Warning").field(failure).finish(),
            Self::Network(event) => f.debug_tuple("Network").field(event).finish(),
            Self::Closed(end) => f.debug_tuple("Closed").field(end).finish(),
        }
    }
}

/// Why a chat is over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ChatEnd {
    /// The handler closed it, or returned.
    Closed,
    /// The carrier closed it.
    SessionClosed,
    /// The link was lost, and the chat could not be claimed again.
    Lost,
    /// Nobody wrote for too long.
    Idle,
    /// The handler failed.
    HandlerFailed,
    /// The host drains. The chat lives on at the carrier, for another host.
    Drained,
    /// The host stops.
    HostStopped,
}

impl ChatEnd {
    /// Its name in the handler contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::SessionClosed => "session-closed",
            Self::Lost => "lost",
            Self::Idle => "idle",
            Self::HandlerFailed => "handler-failed",
            Self::Drained => "drained",
            Self::HostStopped => "host-stopped",
        }
    }
}

/// Counters of one chat.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ChatStats {
    /// Messages that came while it lived.
    pub messages_in: u64,
    /// Those of them that the inbox had no place for.
    pub messages_lost: u64,
    /// Messages of the handler that were taken.
    pub sends: u64,
    /// Those of them that failed.
    pub sends_failed: u64,
    /// Results of messages that nobody waited for.
    pub outcomes_ignored: u64,
    /// Messages that came after the end.
    pub late: u64,
}

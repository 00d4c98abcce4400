//! What a handler can be told, in the words of `types.wit`.

use std::fmt;

use crate::{CommandId, EndReason, Failure, Ledger, NetworkEvent, Placed};

/// Something that happened to a call.
///
/// Its `Debug` shows the size of audio, never audio, and hides keys.
#[derive(Clone, Eq, PartialEq)]
pub enum Event {
    /// Audio was heard. The only event that may be dropped when a handler is late (oldest first, counted).
    Audio {
        /// 0 is the call; others carry single legs.
        channel: u8,
        /// Position of the first sample on this channel, in samples since its first audio, counting lost ones.
        at_sample: u64,
        /// Samples of this channel that were dropped just before this frame.
        lost_samples: u32,
        /// Signed 16-bit little-endian, mono. Never empty, never half a sample.
        pcm: Vec<u8>,
    },
    /// A command finished: exactly one for each accepted command.
    Outcome {
        /// The command's id.
        command: CommandId,
        /// Its name in the handler contract.
        name: &'static str,
        /// The carrier's JSON detail, if it gave one, or why it failed.
        result: Result<Option<String>, Failure>,
    },
    /// A mark was reached (`played`), or dropped by `clear` or the end of the call.
    Mark {
        /// The name that the handler gave.
        name: String,
        /// True when everything before it has been heard, by the ledger's estimate.
        played: bool,
    },
    /// A key that was signalled out of band.
    Dtmf {
        /// The key.
        digit: String,
        /// The channel of the leg that signalled it.
        channel: u8,
    },
    /// The playout queue fell under the level of `notify_below`; the ledger is of that moment.
    PlayoutLow(Ledger),
    /// A timer fired.
    Timer(u32),
    /// What became of a call or chat that the handler placed.
    Placed {
        /// The number that it was given.
        request: u32,
        /// How far it came.
        step: Placed,
    },
    /// Something the handler's author should know; the call goes on.
    Warning(Failure),
    /// The carrier reported an error of this call; the call goes on.
    CallError(Failure),
    /// Something happened to a connection of the handler.
    Network(NetworkEvent),
    /// The call is over. The last event.
    Ended(EndReason),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Audio { channel, at_sample, lost_samples, pcm } => f
                .debug_struct("Audio")
                .field("channel", channel)
                .field("at_sample", at_sample)
                .field("lost_samples", lost_samples)
                .field("bytes", &pcm.len())
                .finish(),
            Event::Outcome { command, name, result } => {
                f.debug_struct("Outcome").field("command", command).field("name", name).field("result", result).finish()
            }
            Event::Mark { name, played } => f.debug_struct("Mark").field("name", name).field("played", played).finish(),
            Event::Dtmf { channel, .. } => f.debug_struct("Dtmf").field("channel", channel).finish_non_exhaustive(),
            Event::PlayoutLow(ledger) => f.debug_tuple("PlayoutLow").field(ledger).finish(),
            Event::Timer(id) => f.debug_tuple("Timer").field(id).finish(),
            Event::Placed { request, step } => {
                f.debug_struct("Placed").field("request", request).field("step", &step.step()).finish()
            }
            Event::Warning(failure) => f.debug_tuple("Warning").field(failure).finish(),
            Event::CallError(failure) => f.debug_tuple("CallError").field(failure).finish(),
            Event::Network(event) => f.debug_tuple("Network").field(event).finish(),
            Event::Ended(reason) => f.debug_tuple("Ended").field(reason).finish(),
        }
    }
}

/// What [`Call::next`](crate::Call::next) has for the handler, and [`Chat::next`](crate::Chat::next).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next<E = Event> {
    /// The oldest event that was not taken yet.
    Event(E),
    /// Nothing happened yet.
    Wait,
    /// The last event was delivered; nothing will ever come again.
    Over,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_audio_nor_keys() {
        let audio = Event::Audio { channel: 0, at_sample: 3, lost_samples: 0, pcm: vec![77; 640] };
        let text = format!("{audio:?}");
        assert!(text.contains("640") && !text.contains("77"), "{text}");
        let key = format!("{:?}", Event::Dtmf { digit: "9".into(), channel: 0 });
        assert!(!key.contains('9'), "{key}");
    }
}

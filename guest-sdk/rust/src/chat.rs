//! Chats: a handler of messages instead of audio, in the world `message-handler`.
//!
//! One instance serves one chat. It pulls events here and nowhere else; [`send`] and [`close`] are accepted or refused at
//! once and finish later as [`ChatEvent::Outcome`].
//!
//! ```no_run
//! use switchhook_guest::Failure;
//! use switchhook_guest::chat::{self, ChatEvent, ChatInfo};
//!
//! switchhook_guest::chat_handler!(echo);
//!
//! fn echo(_chat: ChatInfo) -> Result<(), Failure> {
//!     for event in chat::events() {
//!         if let ChatEvent::Message(message) = event {
//!             chat::send("v1", &message.content)?;
//!         }
//!     }
//!     Ok(())
//! }
//! ```

use std::time::Duration;

pub use crate::bindings::chatting::switchhook::handler::chat::{ChatEvent, ChatInfo, ChatMessage, ChatWaited};
pub use crate::host::messages::{close, room, send};

use crate::events::millis;
use crate::host::chat as host;

/// The chat's events, one after the other, to its end. [`ChatEvent::Closed`] is the last one.
pub fn events() -> ChatEvents {
    ChatEvents { _private: () }
}

/// Waits for the next event. `None`: [`ChatEvent::Closed`] was delivered and nothing will ever come again.
pub fn next() -> Option<ChatEvent> {
    host::next()
}

/// Waits for the next event, but no longer than `limit`, which is rounded up to whole milliseconds.
/// [`Duration::ZERO`] asks without waiting.
pub fn next_within(limit: Duration) -> ChatWaited {
    host::next_within(millis(limit))
}

/// The iterator that [`events`] makes.
#[derive(Debug)]
pub struct ChatEvents {
    _private: (),
}

impl Iterator for ChatEvents {
    type Item = ChatEvent;

    fn next(&mut self) -> Option<ChatEvent> {
        next()
    }
}

impl std::iter::FusedIterator for ChatEvents {}

//! Events that wait for the handler. Messages are bounded here; everything else is bounded where it is made.

use std::collections::VecDeque;

use super::ChatEvent;
use crate::Failure;
use crate::limits::{CHAT_INBOX_BYTES_MAX, CHAT_INBOX_MESSAGES_MAX};

/// The code of the warning that messages were dropped.
const OVERFLOW: &str = "OVERFLOW";

#[derive(Default)]
pub(super) struct Inbox {
    events: VecDeque<ChatEvent>,
    messages: usize,
    bytes: usize,
    outcomes: usize,
    /// Messages that were dropped since the last that was kept.
    lost: u32,
}

impl Inbox {
    pub(super) fn push(&mut self, event: ChatEvent) {
        self.outcomes += usize::from(matches!(event, ChatEvent::Outcome { .. }));
        self.events.push_back(event);
    }

    /// Whether there was a place. One message always has, whatever its length: the link bounds that.
    pub(super) fn push_message(&mut self, sender: String, content: String) -> bool {
        let bytes = sender.len() + content.len();
        let full = self.messages >= CHAT_INBOX_MESSAGES_MAX || self.bytes + bytes > CHAT_INBOX_BYTES_MAX;
        if full && self.messages > 0 {
            if self.lost == 0 {
                let text = "the handler is too far behind: messages are dropped until it has caught up";
                self.push(ChatEvent::Warning(Failure::new(OVERFLOW, text)));
            }
            self.lost = self.lost.saturating_add(1);
            return false;
        }
        self.messages += 1;
        self.bytes += bytes;
        let lost = std::mem::take(&mut self.lost);
        self.push(ChatEvent::Message { sender, content, lost });
        true
    }

    pub(super) fn pop(&mut self) -> Option<ChatEvent> {
        let event = self.events.pop_front()?;
        match &event {
            ChatEvent::Message { sender, content, .. } => {
                self.messages -= 1;
                self.bytes -= sender.len() + content.len();
            }
            ChatEvent::Outcome { .. } => self.outcomes -= 1,
            _ => {}
        }
        Some(event)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Outcomes that were not taken.
    pub(super) fn outcomes(&self) -> usize {
        self.outcomes
    }

    /// Removes the events of what the handler began.
    pub(super) fn forget_handler(&mut self) {
        self.events
            .retain(|event| !matches!(event, ChatEvent::Timer(_) | ChatEvent::Outcome { .. } | ChatEvent::Network(_)));
        self.outcomes = 0;
    }

    pub(super) fn remove_timer(&mut self, id: u32) {
        self.events.retain(|event| *event != ChatEvent::Timer(id));
    }
}

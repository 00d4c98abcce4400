//! The handler's side of a chat: events out, wishes in. Nothing waits, and each refusal says what is wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Chat, ChatEnd, ChatEvent, Closing, Outgoing};
use crate::limits::{API_VERSION_BYTES_MAX, COMMANDS_OPEN_MAX, MESSAGE_OUT_BYTES_MAX, MESSAGE_WAIT_MS_MAX};
use crate::{CallPlacer, CommandId, Contact, Failure, NetworkEvent, Next, Placed, code};

impl Chat {
    /// The oldest event that was not taken yet.
    #[allow(clippy::should_implement_trait, reason = "the handler contract calls it `next`; `Wait` is not an end")]
    pub fn next(&mut self) -> Next<ChatEvent> {
        if self.over {
            return Next::Over;
        }
        let Some(event) = self.inbox.pop() else {
            return Next::Wait;
        };
        match &event {
            ChatEvent::Timer(id) => self.timers.taken(*id, self.now),
            ChatEvent::Placed { step, .. } => self.placing.taken(step),
            ChatEvent::Network(event) => self.network.taken(event),
            ChatEvent::Closed(_) => self.over = true,
            _ => {}
        }
        Next::Event(event)
    }

    /// True when [`next`](Chat::next) would not answer [`Next::Wait`].
    pub fn has_event(&self) -> bool {
        self.over || !self.inbox.is_empty()
    }

    /// Queues a message: `content` is JSON, an object in the chat network's own form. It finishes as exactly one
    /// [`ChatEvent::Outcome`].
    ///
    /// # Errors
    /// `ENDED` after the end; `NOT_NOW` once a close is under way; `INVALID` for what is no JSON object or too long; `FULL`
    /// with 32 under way, counting those whose outcome was not taken.
    pub fn send(&mut self, api_version: &str, content: &str) -> Result<CommandId, Failure> {
        if self.end.is_some() {
            return Err(ended());
        }
        if self.closing.is_some() {
            return Err(Failure::new(code::NOT_NOW, "the chat is being closed"));
        }
        let content = check(api_version, content)?;
        if self.room() == 0 {
            let message = format!("{COMMANDS_OPEN_MAX} commands are under way; take their outcomes first");
            return Err(Failure::new(code::FULL, message));
        }
        self.stats.sends += 1;
        let message = Outgoing { id: self.accept(), api_version: api_version.to_owned(), content };
        let id = message.id;
        self.waiting.push_back((message, self.now + Duration::from_millis(MESSAGE_WAIT_MS_MAX)));
        Ok(id)
    }

    /// How many more commands would be taken now.
    pub fn room(&self) -> usize {
        let closing = usize::from(self.closing.is_some_and(|closing| closing.command.is_some()));
        let open = self.waiting.len() + usize::from(self.under_way.is_some()) + closing;
        COMMANDS_OPEN_MAX.saturating_sub(open + self.inbox.outcomes())
    }

    /// Closes the chat when every message that was taken has its outcome.
    ///
    /// # Errors
    /// `ENDED` after the end; `NOT_NOW` while a close is under way; `FULL` as for [`send`](Chat::send).
    pub fn close(&mut self) -> Result<CommandId, Failure> {
        if self.end.is_some() {
            return Err(ended());
        }
        if self.closing.is_some() {
            return Err(Failure::new(code::NOT_NOW, "the chat is being closed"));
        }
        if self.room() == 0 {
            let message = format!("{COMMANDS_OPEN_MAX} commands are under way; take their outcomes first");
            return Err(Failure::new(code::FULL, message));
        }
        let id = self.accept();
        self.closing = Some(Closing { command: Some(id), reason: ChatEnd::Closed, begun: false });
        Ok(id)
    }

    /// Starts a timer, as [`Call::set_timer`](crate::Call::set_timer) does.
    ///
    /// # Errors
    /// The same.
    pub fn set_timer(&mut self, delay: Duration, repeat: bool) -> Result<u32, Failure> {
        if self.end.is_some() {
            return Err(ended());
        }
        let id = self.timers.set(self.now, delay, repeat)?;
        while let Some(id) = self.timers.fire(self.now) {
            self.inbox.push(ChatEvent::Timer(id));
        }
        Ok(id)
    }

    /// Stops a timer; an event of it that is already queued is removed. Unknown ids are ignored.
    pub fn cancel_timer(&mut self, id: u32) {
        if self.timers.cancel(id) {
            self.inbox.remove_timer(id);
        }
    }

    /// Places a call, or begins a further chat, as [`Call::place`](crate::Call::place) does.
    ///
    /// # Errors
    /// The same.
    pub fn place(&mut self, placer: &dyn CallPlacer, contact: Contact, to: &str, plugin: &str) -> Result<u32, Failure> {
        self.placing.place(self.now, placer, contact, to, plugin)
    }

    /// What became of a call or chat that was placed.
    pub fn handle_placed(&mut self, request: u32, step: Placed) {
        if self.end.is_none() && self.placing.came(request, &step) {
            self.inbox.push(ChatEvent::Placed { request, step: step.bounded() });
        }
    }

    /// Whether more may be read for the handler.
    pub fn has_network_room(&self) -> bool {
        self.network.has_room()
    }

    /// Something happened to a connection of the handler. After the end it is told nothing.
    pub fn handle_network(&mut self, event: NetworkEvent) {
        if self.end.is_none() {
            self.network.came(&event);
            self.inbox.push(ChatEvent::Network(event));
        }
    }

    fn accept(&mut self) -> CommandId {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}

fn ended() -> Failure {
    Failure::new(code::ENDED, "the chat is over")
}

fn check(api_version: &str, content: &str) -> Result<Map<String, Value>, Failure> {
    if api_version.len() > API_VERSION_BYTES_MAX {
        let message = format!("the version has {} bytes; {API_VERSION_BYTES_MAX} are allowed", api_version.len());
        return Err(Failure::new(code::INVALID, message));
    }
    if content.len() > MESSAGE_OUT_BYTES_MAX {
        let message = format!("the message has {} bytes; {MESSAGE_OUT_BYTES_MAX} are allowed", content.len());
        return Err(Failure::new(code::INVALID, message));
    }
    // What the parser says of the text shows nothing of it but a place.
    serde_json::from_str(content)
        .map_err(|error| Failure::new(code::INVALID, format!("the message is no JSON object: {error}")))
}

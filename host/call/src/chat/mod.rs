//! One chat, whatever the carrier: messages in, messages out in order, timers, and its end; no IO, no clock.
//!
//! A [`Chat`] stands between a carrier's link, which many chats and calls share, and the handler of one chat. It is driven
//! as a [`Call`](crate::Call) is: time enters through [`Chat::handle_timeout`], what arrived through `handle_*`, what must
//! leave comes out of `poll_*`, and the handler's side takes events and asks for things.
//!
//! - **Nothing is lost silently.** Messages wait for a late handler up to the limits; beyond that the newest is dropped,
//!   and the handler is told: by a warning `OVERFLOW`, and by a count in the next message.
//! - **One message out at a time.** The next leaves when the one before has its result, so that their order is the
//!   handler's, whatever a server does with requests at once. While the link is away they wait.
//! - **One outcome for each accepted command, one end for each chat.**

mod event;
mod handler;
mod inbox;

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

pub use self::event::{ChatEnd, ChatEvent, ChatInfo, ChatStats};
use self::inbox::Inbox;
use crate::limits::{MESSAGE_WAIT_MS_MAX, OUTCOME_DETAIL_BYTES_MAX};
use crate::network::NetworkWaiting;
use crate::placing::Placing;
use crate::timers::Timers;
use crate::{CommandId, Failure, code};

/// Everything that a [`Chat`] needs to begin.
#[derive(Clone, Debug)]
pub struct ChatConfig {
    /// Its facts.
    pub info: ChatInfo,
    /// How long nobody may write before it is closed.
    pub idle_max: Duration,
}

/// A message on its way out.
#[derive(Clone, PartialEq)]
pub struct Outgoing {
    /// The command that it is.
    pub id: CommandId,
    /// Version of the chat network's own form.
    pub api_version: String,
    /// The message in that form: an object.
    pub content: serde_json::Map<String, serde_json::Value>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("id", &self.id).field("fields", &self.content.len()).finish_non_exhaustive()
    }
}

/// One chat between a carrier and a handler. The module's documentation states how it is driven.
pub struct Chat {
    info: ChatInfo,
    now: Instant,
    inbox: Inbox,
    timers: Timers,
    last_id: CommandId,
    /// Messages that wait to leave, and until when.
    waiting: VecDeque<(Outgoing, Instant)>,
    /// The one that left and has no result.
    under_way: Option<(Outgoing, Instant)>,
    /// Whether messages may leave: the link is up and holds this chat.
    attached: bool,
    /// After the link had no place: when to try again.
    retry_at: Option<Instant>,
    closing: Option<Closing>,
    idle_max: Duration,
    idle_at: Option<Instant>,
    end: Option<ChatEnd>,
    over: bool,
    /// Commands up to this are a handler's that is gone.
    orphaned: CommandId,
    stats: ChatStats,
    placing: Placing,
    network: NetworkWaiting,
}

/// A close that was asked for.
#[derive(Clone, Copy, Debug)]
struct Closing {
    /// The handler's command, if it was the handler, until its outcome.
    command: Option<CommandId>,
    reason: ChatEnd,
    /// The carrier was asked.
    begun: bool,
}

impl Chat {
    /// A chat that the link holds, and in which nobody wrote yet.
    pub fn new(config: ChatConfig, now: Instant) -> Self {
        Self {
            info: config.info,
            now,
            inbox: Inbox::default(),
            timers: Timers::default(),
            last_id: 0,
            waiting: VecDeque::new(),
            under_way: None,
            attached: true,
            retry_at: None,
            closing: None,
            idle_max: config.idle_max,
            idle_at: now.checked_add(config.idle_max),
            end: None,
            over: false,
            orphaned: 0,
            stats: ChatStats::default(),
            placing: Placing::default(),
            network: NetworkWaiting::default(),
        }
    }

    /// Its facts.
    pub fn info(&self) -> &ChatInfo {
        &self.info
    }

    /// The time that [`handle_timeout`](Chat::handle_timeout) told last.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Why it is over, once it is.
    pub fn end(&self) -> Option<ChatEnd> {
        self.end
    }

    /// What it counted.
    pub fn stats(&self) -> ChatStats {
        self.stats
    }

    /// Whether every message that was taken has its outcome.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_none()
    }

    /// It is `now`: called first in every turn. Fires timers, fails messages that waited for too long, and closes a chat in
    /// which nobody wrote for too long. A time before that of an earlier call is read as that one.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.end.is_some() {
            return;
        }
        while let Some(id) = self.timers.fire(self.now) {
            self.inbox.push(ChatEvent::Timer(id));
        }
        self.retry_at.take_if(|at| *at <= self.now);
        while let Some((message, _)) = self.waiting.pop_front_if(|(_, due)| *due <= self.now) {
            let failure = format!("it could not leave within {MESSAGE_WAIT_MS_MAX} ms: it was not sent");
            self.finish(message.id, "send", Err(Failure::new(code::TIMEOUT, failure)));
        }
        if self.idle_at.take_if(|at| *at <= self.now).is_some() {
            self.close_for(ChatEnd::Idle);
        }
    }

    /// When [`handle_timeout`](Chat::handle_timeout) is due next: later than the last time it was told.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.end.is_some() {
            return None;
        }
        let message = self.waiting.front().map(|(_, due)| *due);
        [self.timers.next_at(), message, self.retry_at, self.idle_at].into_iter().flatten().min()
    }

    // === the carrier's side ===

    /// Somebody wrote: `content` is JSON, an object in the chat network's own form. What does not fit is dropped and counted,
    /// and the handler is told; whether it fitted.
    pub fn handle_message(&mut self, sender: String, content: String) -> bool {
        if self.end.is_some() {
            self.stats.late += 1;
            return false;
        }
        self.wrote();
        self.stats.messages_in += 1;
        let fitted = self.inbox.push_message(sender, content);
        self.stats.messages_lost += u64::from(!fitted);
        fitted
    }

    /// The link is gone, or does not hold this chat for the time being: messages wait.
    pub fn handle_detached(&mut self) {
        self.attached = false;
    }

    /// The link holds this chat again.
    pub fn handle_attached(&mut self) {
        self.attached = true;
    }

    /// Whether the link holds this chat.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// The next message to send, if one may leave. [`handle_sent`](Chat::handle_sent) is due for it, or
    /// [`handle_unsent`](Chat::handle_unsent).
    pub fn poll_message(&mut self) -> Option<Outgoing> {
        let may = self.attached && self.under_way.is_none() && self.retry_at.is_none() && self.end.is_none();
        let (message, due) = if may { self.waiting.pop_front()? } else { return None };
        self.under_way = Some((message.clone(), due));
        Some(message)
    }

    /// What became of a message that left.
    pub fn handle_sent(&mut self, id: CommandId, result: Result<Option<String>, Failure>) {
        if self.under_way.take_if(|(message, _)| message.id == id).is_none() {
            self.stats.outcomes_ignored += 1;
            return;
        }
        let result = match result {
            Ok(detail) => Ok(detail.filter(|detail| detail.len() <= OUTCOME_DETAIL_BYTES_MAX)),
            Err(failure) => Err(failure.bounded()),
        };
        self.wrote();
        self.finish(id, "send", result);
    }

    /// The link did not take a message: it is the next again, and tried again after `pause`.
    pub fn handle_unsent(&mut self, id: CommandId, pause: Duration) {
        if let Some(message) = self.under_way.take_if(|(message, _)| message.id == id) {
            self.waiting.push_front(message);
            self.retry_at = self.now.checked_add(pause);
        }
    }

    /// Whether the carrier is to be asked to close the chat: once, when what was taken has its outcome.
    /// [`handle_close`](Chat::handle_close) is due for it.
    pub fn poll_close(&mut self) -> bool {
        let quiet = self.is_quiet();
        match &mut self.closing {
            Some(closing) if !closing.begun && quiet && self.end.is_none() => {
                closing.begun = true;
                true
            }
            _ => false,
        }
    }

    /// The carrier closed the chat, or did not. A close that the host wanted ends the chat either way.
    pub fn handle_close(&mut self, result: Result<(), Failure>) {
        let Some(closing) = &mut self.closing else { return };
        let command = closing.command.take();
        let (reason, failed) = (closing.reason, result.is_err());
        match command {
            Some(id) => {
                if failed {
                    self.closing = None;
                }
                self.finish(id, "close", result.map(|()| None).map_err(Failure::bounded));
            }
            None if failed => self.handle_end(reason),
            None => {}
        }
    }

    /// The host closes the chat. A close of the handler that is under way goes on.
    pub fn close_for(&mut self, reason: ChatEnd) {
        if self.end.is_none() && self.closing.is_none() {
            self.closing = Some(Closing { command: None, reason, begun: false });
        }
    }

    /// The handler is gone and another takes its place. Messages that wait for it are the successor's, and those that it sent
    /// leave; its timers, and the outcomes of what it began, are forgotten.
    pub fn handle_handler_lost(&mut self) {
        self.timers.forget();
        self.inbox.forget_handler();
        self.network = NetworkWaiting::default();
        self.orphaned = self.last_id;
        self.info.resumed = true;
    }

    /// The reason of the close that is under way.
    pub fn closing(&self) -> Option<ChatEnd> {
        self.closing.map(|closing| closing.reason)
    }

    /// The chat is over. The first reason wins; one that was asked for by a close is kept. Open commands finish, then
    /// [`ChatEvent::Closed`] comes as the last event.
    pub fn handle_end(&mut self, reason: ChatEnd) {
        if self.end.is_some() {
            return;
        }
        let asked = self.closing.filter(|closing| closing.begun && reason == ChatEnd::SessionClosed);
        let reason = asked.map_or(reason, |closing| closing.reason);
        let failure = || match reason {
            ChatEnd::Lost => Failure::new(code::LINK_LOST, "the link was lost before the answer"),
            _ => Failure::new(code::ENDED, "the chat ended before the answer"),
        };
        let waiting = std::mem::take(&mut self.waiting).into_iter().map(|(message, _)| message.id);
        let ids: Vec<CommandId> =
            self.under_way.take().map(|(message, _)| message.id).into_iter().chain(waiting).collect();
        for id in ids {
            self.finish(id, "send", Err(failure()));
        }
        if let Some(id) = self.closing.take().and_then(|closing| closing.command) {
            let result = if reason == ChatEnd::Closed { Ok(None) } else { Err(failure()) };
            self.finish(id, "close", result);
        }
        self.timers.stop();
        self.end = Some(reason);
        self.inbox.push(ChatEvent::Closed(reason));
    }

    fn finish(&mut self, id: CommandId, name: &'static str, result: Result<Option<String>, Failure>) {
        self.stats.sends_failed += u64::from(name == "send" && result.is_err());
        if id <= self.orphaned {
            return;
        }
        self.inbox.push(ChatEvent::Outcome { command: id, name, result });
    }

    /// Somebody wrote, or was written to.
    fn wrote(&mut self) {
        self.idle_at = self.now.checked_add(self.idle_max);
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chat")
            .field("id", &self.info.id)
            .field("attached", &self.attached)
            .field("waiting", &self.waiting.len())
            .field("closing", &self.closing)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

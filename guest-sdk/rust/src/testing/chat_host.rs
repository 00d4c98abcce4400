//! The host of a simulated chat: one thread, virtual time, which passes only in [`ChatHost::next`].

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::chat_report::{ChatReport, Sent};
use super::commands::Response;
use super::memory::Memory;
use super::peers::Peers;
use super::person::{Person, Step};
use super::placing::Placing;
use super::timers::Timers;
use crate::chat::{ChatEvent, ChatMessage, ChatWaited};
use crate::{CommandId, Event, Failure, Outcome, TimerId, code};

const COMMANDS_MAX: usize = 32;
const MESSAGE_BYTES_MAX: usize = 64 << 10;
const API_VERSION_BYTES_MAX: usize = 64;
/// How long the carrier takes for what nothing is said of.
const USUAL: Duration = Duration::from_millis(20);

thread_local! {
    static HOST: RefCell<Option<ChatHost>> = const { RefCell::new(None) };
}

/// Calls into the host that serves a chat on this thread, if one does.
pub(crate) fn try_with<T>(f: impl FnOnce(&mut ChatHost) -> T) -> Option<T> {
    HOST.with(|host| host.borrow_mut().as_mut().map(f))
}

/// The same.
///
/// # Panics
/// When none does.
pub(crate) fn with<T>(f: impl FnOnce(&mut ChatHost) -> T) -> T {
    try_with(f).expect("no chat is simulated on this thread: see `switchhook_guest::testing`")
}

/// Makes a host serve this thread.
pub(crate) fn serve(host: ChatHost) -> Serving {
    let before = HOST.with(|current| current.replace(Some(host)));
    assert!(before.is_none(), "a simulated chat cannot be held within another");
    Serving
}

/// Takes the host away, also when a handler panics.
pub(crate) struct Serving;

impl Serving {
    pub(crate) fn release(self) -> ChatHost {
        HOST.with(|current| current.take()).expect("it was served")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        HOST.with(|current| current.take());
    }
}

#[derive(Debug)]
pub(crate) struct ChatHost {
    pub(crate) config: HashMap<String, String>,
    pub(crate) report: ChatReport,
    pub(crate) memory: Memory,
    pub(crate) peers: Peers,
    pub(crate) now: Duration,
    inbox: VecDeque<ChatEvent>,
    responses: VecDeque<Response>,
    close_response: Option<Response>,
    commands: u32,
    /// Messages without an outcome, in order; one at a time is under way, until then.
    waiting: VecDeque<CommandId>,
    under_way: Option<(Duration, CommandId, Result<Option<String>, Failure>)>,
    closing: Option<CommandId>,
    closes_at: Option<(Duration, Result<Option<String>, Failure>)>,
    timers: Timers,
    placing: Placing,
    script: VecDeque<Step>,
    since: Option<Duration>,
    /// Messages of the handler that had arrived when the step began, and that have by now.
    arrived_before: usize,
    arrived: usize,
    gives_up: Duration,
    wrote_at: Duration,
    ended: bool,
    over: bool,
}

/// What happened to a connection, as a chat's handler is told.
fn chat_event(event: Event) -> Option<ChatEvent> {
    Some(match event {
        Event::SocketOpen(socket) => ChatEvent::SocketOpen(socket),
        Event::SocketMessage(message) => ChatEvent::SocketMessage(message),
        Event::SocketWritable(socket) => ChatEvent::SocketWritable(socket),
        Event::SocketClosed(closed) => ChatEvent::SocketClosed(closed),
        Event::HttpHead(head) => ChatEvent::HttpHead(head),
        Event::HttpBody(body) => ChatEvent::HttpBody(body),
        Event::HttpEnd(end) => ChatEvent::HttpEnd(end),
        _ => return None,
    })
}

impl ChatHost {
    pub(crate) fn new(person: Person) -> Self {
        let report = ChatReport {
            result: Ok(()),
            end: String::new(),
            duration: Duration::ZERO,
            sent: Vec::new(),
            closes: 0,
            remembered: BTreeMap::new(),
            sockets: Vec::new(),
            requests: Vec::new(),
            placed: Vec::new(),
            log: Vec::new(),
            timers_left: 0,
        };
        let mut host = Self {
            config: person.config,
            memory: person.memory,
            peers: person.peers,
            report,
            now: Duration::ZERO,
            inbox: VecDeque::new(),
            responses: person.responses,
            close_response: person.close_response,
            commands: 0,
            waiting: VecDeque::new(),
            under_way: None,
            closing: None,
            closes_at: None,
            timers: Timers::default(),
            placing: Placing::new(person.plans),
            script: person.script,
            since: None,
            arrived_before: 0,
            arrived: 0,
            gives_up: person.gives_up,
            wrote_at: Duration::ZERO,
            ended: false,
            over: false,
        };
        host.follow_script();
        host
    }

    /// The handler returned: what it sent still leaves, then the chat is closed if it lives.
    pub(crate) fn into_report(mut self, result: Result<(), Failure>) -> ChatReport {
        while !self.ended && (self.under_way.is_some() || self.closes_at.is_some()) {
            let at = self.under_way.as_ref().map(|(at, ..)| *at).or(self.closes_at.as_ref().map(|(at, _)| *at));
            self.now = at.unwrap_or(self.now).max(self.now);
            self.finish_commands();
        }
        self.end("closed");
        self.report.timers_left = self.timers.len();
        self.report.placed = self.placing.placed;
        self.report.sockets = std::mem::take(&mut self.peers.met_sockets);
        self.report.requests = std::mem::take(&mut self.peers.met_requests);
        self.report.remembered = self.memory.at(self.now);
        self.report.result = result;
        self.report
    }

    pub(crate) fn next(&mut self, limit: Option<Duration>) -> ChatWaited {
        let until = limit.map(|limit| self.now + limit);
        loop {
            if self.over {
                return ChatWaited::Over;
            }
            if let Some(event) = self.inbox.pop_front() {
                match &event {
                    ChatEvent::Closed(_) => self.over = true,
                    ChatEvent::Placed(step) => self.placing.taken(step),
                    _ => {}
                }
                return ChatWaited::Event(event);
            }
            let at = self.next_at();
            match until {
                Some(until) if until < at => {
                    self.advance(until);
                    if self.inbox.is_empty() {
                        return ChatWaited::TimedOut;
                    }
                }
                _ => self.advance(at),
            }
        }
    }

    /// When something happens next: at the latest, the host closes an idle chat.
    fn next_at(&self) -> Duration {
        let step = match (self.script.front(), self.since) {
            (Some(Step::Wait(time)), Some(since)) => Some(since + *time),
            _ => None,
        };
        let sent = self.under_way.as_ref().map(|(at, ..)| *at);
        let closes = self.closes_at.as_ref().map(|(at, _)| *at);
        let idle = self.wrote_at + self.gives_up;
        let others = [self.timers.next_at(), self.placing.next_at(), self.peers.next_at()];
        let next = [step, sent, closes].into_iter().chain(others).flatten().min();
        next.map_or(idle, |next| next.min(idle)).max(self.now)
    }

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.finish_commands();
        let inbox = &mut self.inbox;
        self.timers.fire(now, |id| {
            if !inbox.contains(&ChatEvent::Timer(id)) {
                inbox.push_back(ChatEvent::Timer(id));
            }
        });
        while let Some(step) = self.placing.due(now) {
            self.inbox.push_back(ChatEvent::Placed(step));
        }
        while let Some(event) = self.peers.due(now) {
            self.inbox.extend(chat_event(event));
        }
        self.follow_script();
        if now >= self.wrote_at + self.gives_up {
            self.end("idle");
        }
    }

    fn finish_commands(&mut self) {
        if let Some((_, id, result)) = self.under_way.take_if(|(at, ..)| *at <= self.now) {
            self.arrived += usize::from(result.is_ok());
            self.wrote_at = self.now;
            self.outcome(id, "send", result);
            self.send_next();
        }
        if let Some((_, result)) = self.closes_at.take_if(|(at, _)| *at <= self.now)
            && let Some(id) = self.closing.take()
        {
            let closed = result.is_ok();
            self.outcome(id, "close", result);
            if closed {
                self.end("closed");
            }
        }
    }

    fn outcome(&mut self, command: CommandId, name: &str, value: Result<Option<String>, Failure>) {
        if let Some(sent) = self.report.sent.iter_mut().find(|sent| sent.id == command) {
            sent.outcome = Some(value.clone().map(drop));
        }
        self.inbox.push_back(ChatEvent::Outcome(Outcome { command, name: name.to_owned(), value }));
    }

    /// The next message leaves, or the close that waited for them all.
    fn send_next(&mut self) {
        if self.under_way.is_some() {
            return;
        }
        if let Some(id) = self.waiting.pop_front() {
            let Response { after, result } =
                self.responses.pop_front().unwrap_or(Response { after: USUAL, result: Ok(None) });
            self.under_way = Some((self.now + after, id, result));
        } else if self.closing.is_some() && self.closes_at.is_none() {
            let Response { after, result } =
                self.close_response.take().unwrap_or(Response { after: USUAL, result: Ok(None) });
            self.closes_at = Some((self.now + after, result));
        }
    }

    fn end(&mut self, reason: &str) {
        if self.ended {
            return;
        }
        self.ended = true;
        self.report.end = reason.to_owned();
        self.report.duration = self.now;
        let sent = self.under_way.take().map(|(_, id, _)| id);
        for id in sent.into_iter().chain(std::mem::take(&mut self.waiting)) {
            self.outcome(id, "send", Err(ended()));
        }
        if let Some(id) = self.closing.take() {
            self.outcome(id, "close", Err(ended()));
        }
        self.closes_at = None;
        self.inbox.push_back(ChatEvent::Closed(reason.to_owned()));
    }

    fn follow_script(&mut self) {
        while !self.ended {
            let since = *self.since.get_or_insert(self.now);
            let over = match self.script.front() {
                None => return,
                Some(Step::Wait(time)) => self.now >= since + *time,
                Some(Step::UntilAnswered) => self.arrived > self.arrived_before,
                Some(_) => true,
            };
            if !over {
                return;
            }
            match self.script.pop_front() {
                Some(Step::Write(content)) => {
                    self.wrote_at = self.now;
                    let message = ChatMessage { sender: "+15550100".to_owned(), content, lost: 0 };
                    self.inbox.push_back(ChatEvent::Message(message));
                }
                Some(Step::Happens(event)) => self.inbox.push_back(event),
                Some(Step::Leave) => self.end("session-closed"),
                Some(Step::Wait(_) | Step::UntilAnswered) | None => {}
            }
            self.since = None;
            self.arrived_before = self.arrived;
        }
    }
}

/// What the handler asks for.
impl ChatHost {
    pub(crate) fn send(&mut self, api_version: &str, content: &str) -> Result<CommandId, Failure> {
        self.check()?;
        if content.len() > MESSAGE_BYTES_MAX || api_version.len() > API_VERSION_BYTES_MAX {
            return Err(Failure::new(code::INVALID, "the message or its version is too long"));
        }
        if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(content).is_err() {
            return Err(Failure::new(code::INVALID, "the message is no JSON object"));
        }
        let id = self.accept();
        let (api_version, content) = (api_version.to_owned(), content.to_owned());
        self.report.sent.push(Sent { id, at: self.now, api_version, content, outcome: None });
        self.waiting.push_back(id);
        self.send_next();
        Ok(id)
    }

    pub(crate) fn close(&mut self) -> Result<CommandId, Failure> {
        self.check()?;
        let id = self.accept();
        self.report.closes += 1;
        self.closing = Some(id);
        self.send_next();
        Ok(id)
    }

    pub(crate) fn room(&self) -> usize {
        let outcomes = self.inbox.iter().filter(|event| matches!(event, ChatEvent::Outcome(_))).count();
        let open = self.waiting.len() + usize::from(self.under_way.is_some()) + usize::from(self.closing.is_some());
        COMMANDS_MAX.saturating_sub(open + outcomes)
    }

    pub(crate) fn place(&mut self, to: &str, plugin: &str, chat: bool) -> Result<u32, Failure> {
        self.placing.place(self.now, to, plugin, chat)
    }

    pub(crate) fn set_timer(&mut self, ms: u32, repeat: bool) -> Result<TimerId, Failure> {
        if self.ended {
            return Err(ended());
        }
        let untaken = self.inbox.iter().filter(|event| matches!(event, ChatEvent::Timer(_))).count();
        self.timers.set(self.now, ms, repeat, untaken)
    }

    pub(crate) fn cancel_timer(&mut self, id: TimerId) {
        self.timers.cancel(id);
        self.inbox.retain(|event| *event != ChatEvent::Timer(id));
    }

    fn check(&self) -> Result<(), Failure> {
        if self.ended {
            return Err(ended());
        }
        if self.closing.is_some() {
            return Err(Failure::new(code::NOT_NOW, "the chat is being closed"));
        }
        if self.room() == 0 {
            return Err(Failure::new(code::FULL, format!("{COMMANDS_MAX} commands are under way")));
        }
        Ok(())
    }

    fn accept(&mut self) -> CommandId {
        self.commands += 1;
        self.commands
    }
}

fn ended() -> Failure {
    Failure::new(code::ENDED, "the chat is over")
}

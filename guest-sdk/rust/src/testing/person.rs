//! Who writes in a simulated chat, and how the carrier behaves.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::chat_host::{ChatHost, serve};
use super::chat_report::ChatReport;
use super::commands::Response;
use super::memory::Memory;
use super::peers::{Answer, Peer, Peers};
use super::placing::{Plan, Plans};
use crate::Failure;
use crate::chat::{ChatEvent, ChatInfo};

/// One step of a person's script.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(String),
    Wait(Duration),
    UntilAnswered,
    Happens(ChatEvent),
    Leave,
}

/// Somebody who writes, with a script. The steps run one after the other from the handler's start on.
#[derive(Clone, Debug)]
pub struct Person {
    pub(crate) info: ChatInfo,
    pub(crate) script: VecDeque<Step>,
    pub(crate) config: HashMap<String, String>,
    pub(crate) responses: VecDeque<Response>,
    pub(crate) close_response: Option<Response>,
    pub(crate) memory: Memory,
    pub(crate) peers: Peers,
    pub(crate) plans: Plans,
    pub(crate) gives_up: Duration,
}

impl Default for Person {
    fn default() -> Self {
        Self::new()
    }
}

/// The person.
impl Person {
    /// Somebody who writes nothing. After a day of silence the host closes the chat: `idle`.
    pub fn new() -> Self {
        let info = ChatInfo {
            id: "chat-1".into(),
            tenant: "test".into(),
            carrier: "test".into(),
            network: "WA".into(),
            remote: "+15550100".into(),
            local: "+15550199".into(),
            outbound: false,
            resumed: false,
            fields: Vec::new(),
        };
        Self {
            info,
            script: VecDeque::new(),
            config: HashMap::new(),
            responses: VecDeque::new(),
            close_response: None,
            memory: Memory::default(),
            peers: Peers::default(),
            plans: Plans::default(),
            gives_up: Duration::from_hours(24),
        }
    }

    /// Writes a text: `{"text": "..."}`.
    pub fn writes(self, text: &str) -> Self {
        let text = serde_json::json!({ "text": text }).to_string();
        self.writes_json(&text)
    }

    /// Writes this: JSON, an object in the chat network's own form.
    pub fn writes_json(self, content: &str) -> Self {
        self.step(Step::Write(content.to_owned()))
    }

    /// Writes nothing for a time.
    pub fn waits_ms(self, ms: u64) -> Self {
        self.step(Step::Wait(Duration::from_millis(ms)))
    }

    /// Writes nothing until one more message of the handler arrived.
    pub fn is_answered(self) -> Self {
        self.step(Step::UntilAnswered)
    }

    /// Anything else that can happen.
    pub fn happens(self, event: ChatEvent) -> Self {
        self.step(Step::Happens(event))
    }

    /// The carrier closes the chat: `session-closed`.
    pub fn leaves(self) -> Self {
        self.step(Step::Leave)
    }

    /// The chat is closed for idleness after so long in which nobody writes. Else after a day.
    pub fn gives_up_after_ms(mut self, ms: u64) -> Self {
        self.gives_up = Duration::from_millis(ms);
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.script.push_back(step);
        self
    }
}

/// The host and the carrier.
impl Person {
    /// What is known of the chat.
    pub fn info(mut self, change: impl FnOnce(&mut ChatInfo)) -> Self {
        change(&mut self.info);
        self
    }

    /// A key of the plugin's configuration.
    pub fn config(mut self, key: &str, value: &str) -> Self {
        self.config.insert(key.to_owned(), value.to_owned());
        self
    }

    /// How the next message of the handler goes. Those that nothing is said of are taken after 20 ms.
    pub fn answers(mut self, after_ms: u64, result: Result<Option<String>, Failure>) -> Self {
        self.responses.push_back(Response { after: Duration::from_millis(after_ms), result });
        self
    }

    /// The first close fails.
    pub fn refuses_close(mut self, failure: Failure) -> Self {
        self.close_response = Some(Response { after: Duration::from_millis(20), result: Err(failure) });
        self
    }

    /// Grants `key_value`.
    pub fn grants_key_value(mut self) -> Self {
        self.memory.granted = true;
        self
    }

    /// Grants `key_value`, and the plugin remembers this already.
    pub fn remembers(mut self, key: &str, value: &[u8]) -> Self {
        self.memory.remember(key, value);
        self
    }

    /// Grants a host: the next WebSocket to this URL has this other side.
    pub fn socket_to(mut self, url: &str, peer: Peer) -> Self {
        self.peers.socket_to(url, peer);
        self
    }

    /// Grants a host: the next request to this URL is answered so.
    pub fn request_to(mut self, url: &str, answer: Answer) -> Self {
        self.peers.request_to(url, answer);
        self
    }

    /// Grants `calls`. What is placed is answered after a second and ends ten seconds later, unless something else is said.
    pub fn grants_calls(mut self) -> Self {
        self.plans.granted = true;
        self
    }

    /// The next call or chat that is placed fails.
    pub fn placed_fails(mut self, after_ms: u64, failure: Failure) -> Self {
        self.plans.next.push_back(Plan::Fails(Duration::from_millis(after_ms), failure));
        self
    }

    /// The next call or chat that is placed is refused at once.
    pub fn placing_refused(mut self, failure: Failure) -> Self {
        self.plans.next.push_back(Plan::Refused(failure));
        self
    }

    /// The next call that is placed is answered after so long, and ends so long after that.
    pub fn placed_talks(mut self, answered_ms: u64, talks_ms: u64) -> Self {
        let (answered, talks) = (Duration::from_millis(answered_ms), Duration::from_millis(talks_ms));
        self.plans.next.push_back(Plan::Talks(answered, talks));
        self
    }
}

/// The chat.
impl Person {
    /// Writes to a handler, that of [`chat_handler!`](crate::chat_handler).
    pub fn run(self, handler: impl FnOnce(ChatInfo) -> Result<(), Failure>) -> ChatReport {
        let info = self.info.clone();
        let serving = serve(ChatHost::new(self));
        let result = handler(info);
        serving.release().into_report(result)
    }
}

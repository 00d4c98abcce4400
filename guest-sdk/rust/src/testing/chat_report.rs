//! What became of a simulated chat.

use std::collections::BTreeMap;
use std::time::Duration;

use super::peers::{MetRequest, MetSocket};
use super::placing::Placed;
use crate::{CommandId, Failure, Level};

/// A message of the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub(crate) id: CommandId,
    /// When it was accepted, since the chat began.
    pub at: Duration,
    /// Version of the chat network's form.
    pub api_version: String,
    /// JSON.
    pub content: String,
    /// How it went, once that was known.
    pub outcome: Option<Result<(), Failure>>,
}

/// What became of a chat, and what the person read.
#[derive(Clone, Debug)]
pub struct ChatReport {
    /// What the handler returned.
    pub result: Result<(), Failure>,
    /// Why the chat ended: `closed` (by the handler, or by returning), `session-closed`, `idle`.
    pub end: String,
    /// How long it was.
    pub duration: Duration,
    /// The messages that were accepted, in order.
    pub sent: Vec<Sent>,
    /// How often the handler asked to close it.
    pub closes: usize,
    /// The WebSockets that it opened, in order.
    pub sockets: Vec<MetSocket>,
    /// Its requests, in order.
    pub requests: Vec<MetRequest>,
    /// What its plugin remembers at the end.
    pub remembered: BTreeMap<String, Vec<u8>>,
    /// What it placed.
    pub placed: Vec<Placed>,
    /// Its log.
    pub log: Vec<(Level, String)>,
    /// Timers that still ran when the handler returned.
    pub timers_left: usize,
}

impl ChatReport {
    /// The texts that the person read, in order: of `{"text": "..."}` and of `{"text": {"body": "..."}}`. What has another
    /// form is shown whole.
    pub fn read(&self) -> Vec<String> {
        let taken = self.sent.iter().filter(|sent| sent.outcome == Some(Ok(())));
        taken.map(|sent| text_of(&sent.content)).collect()
    }

    /// Whether a line of the log contains this text.
    pub fn logged(&self, text: &str) -> bool {
        self.log.iter().any(|(_, line)| line.contains(text))
    }
}

fn text_of(content: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(content).unwrap_or_default();
    let text = value["text"].as_str().or_else(|| value["text"]["body"].as_str());
    text.unwrap_or(content).to_owned()
}

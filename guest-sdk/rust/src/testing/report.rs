//! What became of a simulated call.

use std::collections::BTreeMap;
use std::time::Duration;

use super::playout::samples;
use super::{MetRequest, MetSocket, Placed, Recording};
use crate::audio::level_dbfs;
use crate::{CommandId, Failure, Level};

/// A command that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub(crate) id: CommandId,
    /// When it was begun, since the call began.
    pub at: Duration,
    /// Its name, with its ring time if it has one: `answer`, `connect 20`.
    pub shown: String,
    /// How it finished, if it did.
    pub outcome: Option<Result<(), Failure>>,
}

/// What became of a call, and what the caller heard.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the handler returned.
    pub result: Result<(), Failure>,
    /// Why the call ended: `terminated` (the caller hung up), `closed` (by `close`, or by returning), `disconnected`.
    pub end: String,
    /// How long the call was.
    pub duration: Duration,
    /// When it was answered or connected, since it began.
    pub answered_at: Option<Duration>,
    /// Samples a second of all recordings here.
    pub sample_rate_hz: u32,
    /// The commands that were accepted, in order.
    pub begun: Vec<Command>,
    /// What the caller heard of the handler from the answer on, silence included.
    pub heard: Vec<i16>,
    /// What the caller said from the answer on, silence included.
    pub said: Vec<i16>,
    /// What the callee heard of the handler, in step with `heard`: silence until they were connected.
    pub callee_heard: Vec<i16>,
    /// What the callee said from being connected on, silence included.
    pub callee_said: Vec<i16>,
    /// When the handler cleared its audio, since the call began.
    pub clears: Vec<Duration>,
    /// Its log.
    pub log: Vec<(Level, String)>,
    /// The WebSockets that it opened, in order.
    pub sockets: Vec<MetSocket>,
    /// Its requests, in order.
    pub requests: Vec<MetRequest>,
    /// What its plugin remembers at the end.
    pub remembered: BTreeMap<String, Vec<u8>>,
    /// Its recordings.
    pub recordings: Vec<Recording>,
    /// What it placed.
    pub placed: Vec<Placed>,
    /// Timers that still ran when the handler returned.
    pub timers_left: usize,
}

impl Report {
    /// The commands that were accepted, in order, by name: `["answer", "connect 20", "close"]`.
    pub fn commands(&self) -> Vec<&str> {
        self.begun.iter().map(|command| command.shown.as_str()).collect()
    }

    /// What the caller heard in a part of the time since the answer, ms.
    pub fn heard_between_ms(&self, from_ms: u64, to_ms: u64) -> &[i16] {
        let at = |ms| (samples(Duration::from_millis(ms), self.sample_rate_hz) as usize).min(self.heard.len());
        &self.heard[at(from_ms)..at(to_ms)]
    }

    /// How loud that was, dB below full scale.
    pub fn heard_dbfs(&self, from_ms: u64, to_ms: u64) -> f64 {
        level_dbfs(self.heard_between_ms(from_ms, to_ms))
    }

    /// Where the caller first heard exactly these samples, ms since the answer.
    pub fn heard_at_ms(&self, what: &[i16]) -> Option<u64> {
        self.at_ms(&self.heard, what)
    }

    /// Where the callee first heard exactly these samples, ms since the answer.
    pub fn callee_heard_at_ms(&self, what: &[i16]) -> Option<u64> {
        self.at_ms(&self.callee_heard, what)
    }

    fn at_ms(&self, ear: &[i16], what: &[i16]) -> Option<u64> {
        let at = ear.windows(what.len().max(1)).position(|heard| heard == what)?;
        Some(at as u64 * 1_000 / u64::from(self.sample_rate_hz))
    }

    /// Whether a line of the log contains this text.
    pub fn logged(&self, text: &str) -> bool {
        self.log.iter().any(|(_, line)| line.contains(text))
    }
}

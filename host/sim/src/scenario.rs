//! Conformance scenarios: one call each, written down once and run against any client.
//!
//! A scenario is the caller's script, the callee's behaviour, the server's switches, and the agent's
//! part as a list of [`AgentStep`]s, which a client reads as JSON: the public SDK's client in
//! `tests/conformance/sdk_client.py`, and whatever else is to be compared with it. What must come of
//! it is in [`Expected`], and [`Scenario::verdict`] judges a report by it.

mod all;
mod verdict;

use serde::Serialize;
use telcoflow::frame::AudioMode;

use crate::caller::Caller;
use crate::config::{SimConfig, Switches};
use crate::report::Outcome;

pub use all::all;

/// Something the agent does. As JSON: `{"do": "connect", "ring_time_s": 20}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum AgentAction {
    /// `call.answer`.
    Answer,
    /// `call.connect`.
    Connect {
        /// How long to ring the callee, s.
        ring_time_s: u32,
    },
    /// `agent.whisper`.
    Whisper,
    /// `agent.barge`.
    Barge,
    /// `agent.spy`.
    Spy,
    /// Drops what is queued and sends `agent.interrupt`.
    Interrupt,
    /// `call.disconnect`.
    Disconnect,
    /// `call.close`.
    Close,
    /// Queues a tone.
    Say {
        /// Its pitch, Hz.
        freq_hz: f64,
        /// How long, ms.
        ms: u32,
    },
    /// Queues all audio of channel 0 as it comes, until the call is over.
    Echo,
    /// Waits until this much audio came on a channel since the call began.
    WaitAudio {
        /// The channel.
        channel: u8,
        /// PCM, bytes.
        bytes: u64,
    },
    /// Waits for `call.error`.
    WaitCallError,
    /// Waits for `call.terminated`.
    WaitTerminated,
    /// Lets time pass.
    Wait {
        /// How long, ms.
        ms: u32,
    },
}

impl AgentAction {
    /// The command this sends, by its wire name.
    pub fn command(&self) -> Option<&'static str> {
        match self {
            Self::Answer => Some("call.answer"),
            Self::Connect { .. } => Some("call.connect"),
            Self::Whisper => Some("agent.whisper"),
            Self::Barge => Some("agent.barge"),
            Self::Spy => Some("agent.spy"),
            Self::Interrupt => Some("agent.interrupt"),
            Self::Disconnect => Some("call.disconnect"),
            Self::Close => Some("call.close"),
            Self::Say { .. }
            | Self::Echo
            | Self::WaitAudio { .. }
            | Self::WaitCallError
            | Self::WaitTerminated
            | Self::Wait { .. } => None,
        }
    }
}

/// One step of the agent. A step begins when the one before it is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentStep {
    /// What it does.
    #[serde(flatten)]
    pub action: AgentAction,
    /// The error code its command must fail with; `None`: it must succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_with: Option<&'static str>,
}

/// What must come of a scenario, whatever the client.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// What ends the call.
    pub outcome: Outcome,
    /// Whether the caller hears the agent.
    pub caller_hears: bool,
    /// Whether the callee hears the agent.
    pub callee_hears: bool,
    /// Whether all that was said comes back.
    pub echoes: bool,
    /// Whether audio is thrown away unplayed.
    pub interrupts: bool,
    /// Which tones of the agent the caller, and which the callee, hears, among all that comes to their ears.
    pub tones: Vec<(f64, (bool, bool))>,
    /// The channels on which the agent gets audio.
    pub channels: &'static [u8],
}

/// One conformance scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub shows: &'static str,
    /// What the client's `setup` says.
    pub audio_mode: AudioMode,
    /// What the client's `setup` says, Hz.
    pub sample_rate_hz: u32,
    /// How the server is switched.
    pub open_points: Switches,
    /// Caller and callee.
    pub caller: Caller,
    /// The agent's part.
    pub agent: Vec<AgentStep>,
    /// What must come of it.
    pub expected: Expected,
}

impl Scenario {
    /// The scenario of that name.
    pub fn named(name: &str) -> Option<Self> {
        all().into_iter().find(|scenario| scenario.name == name)
    }

    /// A server for it.
    pub fn sim_config(&self, seed: u64) -> SimConfig {
        SimConfig { seed, open_points: self.open_points, ..SimConfig::default() }
    }

    /// The agent's part as JSON, for a client that reads it.
    pub fn agent_json(&self) -> String {
        serde_json::to_string(&self.agent).expect("steps are plain data with text keys")
    }

    /// The commands the agent sends and what each is answered: `None` is success.
    pub fn commands(&self) -> Vec<(String, Option<String>)> {
        let sent = |step: &AgentStep| {
            let name = step.action.command()?;
            Some((name.to_owned(), step.fails_with.map(str::to_owned)))
        };
        self.agent.iter().filter_map(sent).collect()
    }
}

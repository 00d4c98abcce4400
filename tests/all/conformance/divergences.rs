//! Where this host does otherwise than the SDK on purpose, as far as a scenario shows it: what the SDK did is changed to
//! what this host must have done. A divergence that changes nothing in a scenario it names fails there.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use sim::scenario::{AgentStep, Scenario};
use sim::{Frame, TranscriptLine};

use super::observed::{Observed, patience_ms};

/// One row of PROTOCOL.md, section 9, on the wire.
pub(crate) struct Divergence {
    /// Its id there.
    pub(crate) row: &'static str,
    /// The reason given there.
    pub(crate) reason: &'static str,
    /// What differs.
    pub(crate) on_the_wire: &'static str,
    /// The scenarios that show it.
    pub(crate) seen: Seen,
    /// Changes what the SDK did.
    pub(crate) apply: fn(&Scenario, &mut Observed),
}

/// Which scenarios show a divergence.
pub(crate) enum Seen {
    /// Every one.
    Everywhere,
    /// These.
    In(&'static [&'static str]),
}

impl Seen {
    pub(crate) fn is_in(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(names) => names.contains(&scenario.name),
        }
    }
}

/// All that is seen. Everything else is equal.
pub(crate) const DIVERGENCES: &[Divergence] = &[
    Divergence {
        row: "D-22",
        reason: "The caller should hear the last syllable.",
        on_the_wire: "The last 320 bytes of the utterance leave in a frame of 640, the rest of which is silence.",
        seen: Seen::In(&["tail"]),
        apply: pad_the_tail,
    },
    Divergence {
        row: "D-25",
        reason: "Telephone audio does not compress; a call should not depend on the environment.",
        on_the_wire: "No upgrade has `sec-websocket-extensions`.",
        seen: Seen::Everywhere,
        apply: |_, observed| observed.upgrades.retain(|line| !line.contains(" sec-websocket-extensions: ")),
    },
    Divergence {
        row: "D-26",
        reason: "The handler's first command should not wait for TCP and TLS.",
        on_the_wire: "The voice socket is open while it still rings.",
        seen: Seen::In(&["late-answer"]),
        apply: dial_at_once,
    },
    Divergence {
        row: "D-29",
        reason: "The answer is known, and a round trip would only tell it late.",
        on_the_wire: "The three commands and their responses are missing; the handler is told `NOT_NOW`.",
        seen: Seen::In(&["mode-before-connect"]),
        apply: refuse_at_once,
    },
    Divergence {
        row: "D-30",
        reason: "The protocol asks for `x-sdk-version` only; a server need not know the host's parts.",
        on_the_wire: "No upgrade has `user-agent`.",
        seen: Seen::Everywhere,
        apply: |_, observed| observed.upgrades.retain(|line| !line.contains(" user-agent: ")),
    },
];

/// The scenario as the server sees it when this host runs it: what is refused at once never comes there.
pub(crate) fn as_the_host_runs(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    if seen_in("D-29", &scenario) {
        scenario.agent.retain(|step| !is_not_now(step));
    }
    scenario
}

fn seen_in(row: &str, scenario: &Scenario) -> bool {
    DIVERGENCES.iter().any(|divergence| divergence.row == row && divergence.seen.is_in(scenario))
}

fn pad_the_tail(scenario: &Scenario, observed: &mut Observed) {
    let frame_bytes = scenario.sample_rate_hz as usize / 50 * 2;
    let said = super::observed::words(scenario);
    observed.spoken.clone_from(&said);
    observed.spoken.resize(said.len().next_multiple_of(frame_bytes), 0);
    observed.spoken_frames += 1;
}

fn dial_at_once(scenario: &Scenario, observed: &mut Observed) {
    let patience_ms = patience_ms(scenario).expect("the agent takes its time");
    observed.voice_idle += Duration::from_millis(patience_ms.into());
}

/// Whether this step's command is not legal where it stands, as only a server tells the SDK.
fn is_not_now(step: &AgentStep) -> bool {
    step.action.command().is_some() && step.fails_with == Some("INVALID_COMMAND")
}

fn refuse_at_once(scenario: &Scenario, observed: &mut Observed) {
    let refused = scenario.agent.iter().filter(|step| is_not_now(step));
    let refused: BTreeSet<&str> = refused.filter_map(|step| step.action.command()).collect();
    let gone: BTreeSet<String> = observed
        .frames
        .iter()
        .filter(|line| field(line, "command").is_some_and(|name| refused.contains(name.as_str())))
        .filter_map(|line| field(line, "command_id"))
        .collect();
    observed.frames.retain(|line| field(line, "command_id").is_none_or(|id| !gone.contains(&id)));
    for (told, step) in observed.steps.iter_mut().zip(&scenario.agent) {
        if is_not_now(step) {
            told.1 = "NOT_NOW".to_owned();
        }
    }
}

/// A text of the frame's `data`.
fn field(line: &TranscriptLine, name: &str) -> Option<String> {
    let Frame::Text(text) = &line.frame else { return None };
    let frame: Value = serde_json::from_str(text).ok()?;
    frame["data"][name].as_str().map(str::to_owned)
}

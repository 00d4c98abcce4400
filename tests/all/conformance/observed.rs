//! What is compared of a call: every frame of both planes, what the agent's program was told, and the audio of both ways.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::scenario::{AgentAction, Scenario};
use sim::{CallReport, ChannelSent, Direction, Outcome, Plane, Simulator, TranscriptLine};

use super::upgrades::Relay;

/// As loud as both agents speak.
const AMPLITUDE: f64 = 16_000.0;

/// One call as the server and the agent's program saw it.
pub(crate) struct Observed {
    /// What opened the two sockets.
    pub(crate) upgrades: Vec<String>,
    /// The frames of the session manager that are about no call.
    link: Vec<String>,
    /// The call's own frames.
    pub(crate) frames: Vec<TranscriptLine>,
    /// Each step of the agent and the code it ended with.
    pub(crate) steps: Vec<(String, String)>,
    outcome: Outcome,
    interrupts: u64,
    /// What came to the agent, by channel, and what the server sent.
    heard: BTreeMap<u8, ChannelSent>,
    sent: BTreeMap<u8, ChannelSent>,
    /// PCM that came from the agent.
    pub(crate) spoken: Vec<u8>,
    /// In how many frames it came.
    pub(crate) spoken_frames: u64,
    /// What the caller said.
    said: Vec<u8>,
    /// From the opening of the voice socket to the first command on it.
    pub(crate) voice_idle: Duration,
}

impl Observed {
    pub(crate) fn new(
        sim: &Simulator,
        relay: &Relay,
        report: &CallReport,
        steps: Vec<(String, String)>,
        heard: BTreeMap<u8, ChannelSent>,
    ) -> Self {
        let frames = report.transcript.lines().to_vec();
        assert_eq!((report.transcript.left_out(), sim.link_transcript().left_out()), (0, 0), "lines are missing");
        let mut voice =
            frames.iter().filter(|line| line.plane == Plane::Voice && line.direction == Direction::ToServer);
        let opened = voice.next().expect("the voice socket was opened").at;
        let first = voice.next().expect("there was a command").at;
        Self {
            upgrades: relay.lines(),
            link: sim.link_transcript().normalised(),
            frames,
            steps,
            outcome: report.outcome,
            interrupts: report.interrupts,
            heard,
            sent: report.sent.clone(),
            spoken: report.heard_raw.clone(),
            spoken_frames: report.pull.frames,
            said: audio::samples_to_bytes(&report.said),
            voice_idle: first.saturating_sub(opened),
        }
    }

    /// All of it, a line each, without what differs from run to run.
    pub(crate) fn lines(&self, scenario: &Scenario) -> Vec<String> {
        let steps = self.steps.iter().map(|(name, code)| format!("step {name}: {code}"));
        let mut lines = self.upgrades.clone();
        lines.extend_from_slice(&self.link);
        lines.extend(sim::normalise(&self.frames));
        lines.extend(steps);
        lines.push(format!("outcome: {}, interrupts: {}", self.outcome.as_str(), self.interrupts));
        lines.extend(self.heard_lines());
        lines.push(self.spoken_line(scenario));
        lines.extend(self.voice_line(scenario));
        lines
    }

    /// What came to the agent of what the server sent it. How much the line carried is a matter of clocks.
    fn heard_lines(&self) -> Vec<String> {
        if self.sent == self.heard {
            return self.sent.keys().map(|channel| format!("heard all of channel {channel}")).collect();
        }
        vec![format!("heard {:?} of {:?} by channel", self.heard, self.sent)]
    }

    /// What came from the agent, byte by byte.
    fn spoken_line(&self, scenario: &Scenario) -> String {
        let echoes = scenario.agent.iter().any(|step| step.action == AgentAction::Echo);
        let interrupts = scenario.agent.iter().any(|step| step.action == AgentAction::Interrupt);
        let meant = if echoes { self.said.clone() } else { words(scenario) };
        let (right, rest) = self.spoken.split_at(self.spoken.len().min(meant.len()));
        let wrong = right.iter().zip(&meant).filter(|(is, meant)| is != meant).count();
        if wrong > 0 || rest.iter().any(|byte| *byte != 0) {
            return format!("spoke otherwise than was meant: {wrong} bytes of {}", self.spoken.len());
        }
        match (echoes, interrupts) {
            // What was not interrupted is a matter of clocks.
            (_, true) => format!("spoke as was meant: {}", !right.is_empty() && right.len() < meant.len()),
            // Into how many frames the clocks divide an echo is theirs too.
            (true, false) => format!("spoke {} bytes of {}, then {} of silence", right.len(), meant.len(), rest.len()),
            (false, false) => {
                let (right, meant, rest) = (right.len(), meant.len(), rest.len());
                format!("spoke {right} bytes of {meant}, then {rest} of silence, in {} frames", self.spoken_frames)
            }
        }
    }

    /// Whether the voice socket was there before it was needed, where the agent takes its time.
    fn voice_line(&self, scenario: &Scenario) -> Option<String> {
        let ms = patience_ms(scenario)?;
        Some(format!("voice dialled before it was needed: {}", self.voice_idle >= Duration::from_millis(ms.into())))
    }
}

/// Three quarters of what the agent lets pass before its first command, if it does: between nothing and all of it.
pub(crate) fn patience_ms(scenario: &Scenario) -> Option<u32> {
    match scenario.agent.first()?.action {
        AgentAction::Wait { ms } => Some(ms / 4 * 3),
        _ => None,
    }
}

/// All that the agent says, as PCM.
pub(crate) fn words(scenario: &Scenario) -> Vec<u8> {
    let mut samples = Vec::new();
    for step in &scenario.agent {
        if let AgentAction::Say { freq_hz, ms } = step.action {
            let omega = 2.0 * std::f64::consts::PI * freq_hz / f64::from(scenario.sample_rate_hz);
            let count = scenario.sample_rate_hz * ms / 1_000;
            samples.extend((0..count).map(|at| (AMPLITUDE * (omega * f64::from(at)).sin()).round_ties_even() as i16));
        }
    }
    audio::samples_to_bytes(&samples)
}

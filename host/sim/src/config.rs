//! How a simulator is set up: its account, how it pulls audio, and one switch for each thing the protocol leaves open.

use std::fmt;

use crate::faults::Faults;
use crate::outbound::Outbound;
use crate::transcript::Detail;

/// The set-up of one [`Simulator`](crate::Simulator). `Default` is a well-behaved server.
#[derive(Clone)]
pub struct SimConfig {
    /// The `x-api-key` a session manager must show; another one is answered with 401.
    pub api_key: String,
    /// The `x-connector-uuid` a session manager must show; another one is answered with 401.
    pub connector_uuid: String,
    /// Every choice of the simulator (ids, tokens, faults) follows from it.
    pub seed: u64,
    /// How the audio of the client is asked for and played.
    pub pull: Pull,
    /// What the protocol leaves open.
    pub open_points: Switches,
    /// What comes of calls that clients place, by their number; another number is answered after half a second.
    pub outbound: Vec<(String, Outbound)>,
    /// What goes wrong.
    pub faults: Faults,
    /// How finely transcripts are kept.
    pub transcript: Detail,
    /// The `x-sdk-version` values taken; another one, or none, is answered with 426 and a body. `None` takes all.
    pub sdk_versions: Option<Vec<String>>,
    /// How long the server works on a command before it answers, ms.
    pub command_ms: u32,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            api_key: "sim-api-key".to_owned(),
            connector_uuid: "00000000-0000-4000-8000-000000000001".to_owned(),
            seed: 1,
            pull: Pull::default(),
            open_points: Switches::default(),
            outbound: Vec::new(),
            faults: Faults::default(),
            transcript: Detail::Runs,
            sdk_versions: None,
            command_ms: 0,
        }
    }
}

impl fmt::Debug for SimConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimConfig")
            .field("api_key", &"<hidden>")
            .field("connector_uuid", &self.connector_uuid)
            .field("seed", &self.seed)
            .field("pull", &self.pull)
            .field("open_points", &self.open_points)
            .field("outbound", &self.outbound.len())
            .field("faults", &self.faults)
            .field("transcript", &self.transcript)
            .field("sdk_versions", &self.sdk_versions)
            .field("command_ms", &self.command_ms)
            .finish()
    }
}

/// How the server asks for the client's audio. Flow control is pull: the client sends only what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// What was asked for and has not been played stays at or below this, ms of audio.
    pub ahead_ms: u32,
    /// One frame, ms: the pace of playing and of the caller's audio, and `prefer_audio_frame_bytes`. 5 to 100.
    pub frame_ms: u32,
    /// A request is sent when at least this much is missing from the target, ms of audio (at most `ahead_ms`).
    pub ask_ms: u32,
    /// Whether requests name `prefer_audio_frame_bytes`; without it the client falls back to 960 bytes.
    pub names_frame_bytes: bool,
    /// Asks again as soon as audio arrives, not when it was played: the client is never held back. Playing stays at
    /// real pace, so what waits to be played grows up to `PLAY_BUFFER_BYTES_MAX`.
    pub eager: bool,
}

impl Default for Pull {
    fn default() -> Self {
        Self { ahead_ms: 300, frame_ms: 20, ask_ms: 100, names_frame_bytes: true, eager: false }
    }
}

impl Pull {
    /// Samples of one frame at `sample_rate_hz`; `frame_ms` is taken as 5 to 100.
    pub(crate) fn frame_samples(&self, sample_rate_hz: u32) -> usize {
        let frame_ms = self.frame_ms.clamp(5, 100);
        (u64::from(sample_rate_hz) * u64::from(frame_ms) / 1_000) as usize
    }
}

/// What the wire protocol leaves open, one field each; the defaults are the simulator's guess at the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// `call.disconnect` before `call.answer` ends the call; otherwise it is `INVALID_COMMAND`. Default: false.
    pub disconnect_before_answer: bool,
    /// `call.disconnect` while answered but not connected ends the call; otherwise it is `INVALID_COMMAND` and the client
    /// has to fall back to `call.close`. Default: true.
    pub disconnect_while_answered: bool,
    /// `agent.interrupt` takes back what was asked for and not yet sent; bytes that come for it are counted as stale, not
    /// as overrun. Default: false, credit survives.
    pub interrupt_cancels_credit: bool,
    /// How long a call lives on when its voice socket dropped, ms; 0 ends it at once. Default: 5000.
    pub keep_after_voice_lost_ms: u32,
    /// The voice socket of a live call may be dialled again with the same token. Default: false, 401.
    pub voice_redial: bool,
    /// A voice socket stays up when the session-manager link of its session drops. Default: true.
    pub voice_survives_link_loss: bool,
    /// `call.in` after a `RESUME` carries a new token, good for one more voice socket. Default: true.
    pub new_token_after_resume: bool,
    /// `call.terminated` also follows a `call.disconnect` or `call.close` of the agent that ended the call.
    /// Default: true.
    pub terminated_after_command: bool,
    /// `session.closed` after `call.disconnect` says `CALL_TERMINATED`; otherwise `SDK_REQUEST`. Default: true.
    pub disconnect_reads_as_terminated: bool,
    /// Audio is asked for from the opening of the voice socket on, not only from the answer. Default: false.
    pub pull_before_answer: bool,
    /// In isolated mode channel 0 goes on as the mix of both parties after connect, beside channels 1 (the caller) and 2
    /// (the callee). Default: true.
    pub isolated_mix: bool,
    /// In isolated mode audio is also asked for on channels 1 and 2 (a client skips those requests). Default: false.
    pub requests_for_legs: bool,
    /// `call.in` of an outbound call comes at `session.ready`, and `call.answer` takes until they pick up, or fails; otherwise
    /// it comes when they have picked up, and when they do not, the session is closed. Default: false.
    pub call_in_before_pick_up: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            disconnect_before_answer: false,
            disconnect_while_answered: true,
            interrupt_cancels_credit: false,
            keep_after_voice_lost_ms: 5_000,
            voice_redial: false,
            voice_survives_link_loss: true,
            new_token_after_resume: true,
            terminated_after_command: true,
            disconnect_reads_as_terminated: true,
            pull_before_answer: false,
            isolated_mix: true,
            requests_for_legs: false,
            call_in_before_pick_up: false,
        }
    }
}

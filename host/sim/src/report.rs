//! What became of a call.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::pull::PullCounts;
use crate::transcript::Transcript;

/// What ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The caller hung up.
    CallerHungUp,
    /// The callee hung up.
    CalleeHungUp,
    /// The line of a party that a client called was busy, or refused.
    Busy,
    /// Nobody answered while it rang.
    Unanswered,
    /// The call reached the longest time the caller had for it.
    GaveUp,
    /// `call.disconnect`.
    AgentDisconnected,
    /// `call.close` before the callee was connected.
    AgentClosed,
    /// `call.close` after it: the agent left, the parties stayed.
    AgentLeft,
    /// A client closed its session over REST.
    Closed,
    /// The server ended it.
    ServerHungUp,
    /// The voice socket dropped and nobody came back in time.
    VoiceLost,
    /// The simulator had no room for it.
    Refused,
    /// The simulator was shut down.
    ShutDown,
}

impl Outcome {
    /// A word for tables and transcripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallerHungUp => "caller-hung-up",
            Self::CalleeHungUp => "callee-hung-up",
            Self::Busy => "busy",
            Self::Unanswered => "unanswered",
            Self::GaveUp => "gave-up",
            Self::AgentDisconnected => "agent-disconnected",
            Self::AgentClosed => "agent-closed",
            Self::AgentLeft => "agent-left",
            Self::Closed => "closed",
            Self::ServerHungUp => "server-hung-up",
            Self::VoiceLost => "voice-lost",
            Self::Refused => "refused",
            Self::ShutDown => "shut-down",
        }
    }
}

/// A point in the life of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Milestone {
    /// A session manager was told of the call.
    Announced,
    /// A session manager claimed it.
    Claimed,
    /// It was readied, and `call.in` sent.
    Ready,
    /// Its voice socket was opened.
    VoiceOpen,
    /// The agent answered, or connected without answering.
    Answered,
    /// The callee was connected.
    Connected,
    /// It ended.
    Ended,
}

impl Milestone {
    pub(crate) const COUNT: usize = 7;

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// When each milestone was first reached, counted from the placing of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeline([Option<Duration>; Milestone::COUNT]);

impl Timeline {
    /// When it was reached; `None` when it was not.
    pub fn at(&self, milestone: Milestone) -> Option<Duration> {
        self.0[milestone.index()]
    }

    pub(crate) fn reach(&mut self, milestone: Milestone, at: Duration) {
        self.0[milestone.index()].get_or_insert(at);
    }
}

/// How what came back compares with what was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EchoCheck {
    /// Bytes that were those said, in their place.
    pub equal_bytes: u64,
    /// Bytes that were others.
    pub different_bytes: u64,
    /// Bytes for which nothing was left to compare with.
    pub unverified_bytes: u64,
}

/// What was sent to the agent on one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelSent {
    /// PCM bytes.
    pub bytes: u64,
    /// Their checksum (CRC-32, as zlib has it), by which a client shows that it got just these.
    pub crc32: u32,
}

/// A step of a party's script that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepBegun {
    /// When, counted from the placing of the call.
    pub at: Duration,
    /// Where in the recording of what the party said, samples.
    pub said_sample: usize,
}

/// A round trip at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RttPoint {
    /// When it was complete, counted from the placing of the call.
    pub at: Duration,
    /// How long it took.
    pub rtt: Duration,
}

/// What became of one call.
#[derive(Clone)]
pub struct CallReport {
    /// The session's id.
    pub session_id: String,
    /// Which call of the simulator it was, counted from 0.
    pub ordinal: u64,
    /// What ended it.
    pub outcome: Outcome,
    /// When what happened.
    pub timeline: Timeline,
    /// The call's sample rate, Hz (16000 until a session manager claims the call).
    pub sample_rate_hz: u32,
    /// What the caller said and was sent on channel 0 (in isolated mode after connect: on channel 1).
    pub said: Vec<i16>,
    /// The PCM that came from the agent, in order, as it came, heard or not.
    pub heard_raw: Vec<u8>,
    /// What the caller heard of the agent at real pace from the answer on: silence where nothing was
    /// there to be played and where the mode (whisper, spy) keeps the agent from the caller.
    pub heard: Vec<i16>,
    /// What the callee heard of the agent at real pace from being connected on, as `heard`.
    pub callee_heard: Vec<i16>,
    /// What the callee said at real pace from being connected on, silence included.
    pub callee_said: Vec<i16>,
    /// All that came to the caller's ear from the callee's being connected on: callee and agent together. Until then it is
    /// `heard`. In step with `callee_ear`, `callee_said` and `callee_heard`.
    pub caller_ear: Vec<i16>,
    /// All that came to the callee's ear: caller and agent together.
    pub callee_ear: Vec<i16>,
    /// Samples of all recordings that did not fit.
    pub unrecorded_samples: u64,
    /// Audio frames sent to the agent, all channels.
    pub frames_sent: u64,
    /// PCM bytes sent to the agent, all channels.
    pub bytes_sent: u64,
    /// The same by channel.
    pub sent: BTreeMap<u8, ChannelSent>,
    /// PCM bytes of the caller that were sent.
    pub bytes_said: u64,
    /// Audio frames that were due while no voice socket was there, or that its outbox had no room for.
    pub frames_unsent: u64,
    /// Ticks left out because the machine was late.
    pub ticks_skipped: u64,
    /// How the pull went, and what came unasked.
    pub pull: PullCounts,
    /// `agent.interrupt` commands that succeeded.
    pub interrupts: u64,
    /// The steps of the caller's script that were reached, in order.
    pub caller_steps: Vec<StepBegun>,
    /// The steps of the callee's.
    pub callee_steps: Vec<StepBegun>,
    /// Commands received, by name, in order, with what was answered: `None` is success.
    pub commands: Vec<(String, Option<String>)>,
    /// Frames of the voice plane that could not be read.
    pub bad_frames: u64,
    /// Voice sockets opened, and those refused.
    pub voice_sockets: u32,
    /// Voice upgrades refused.
    pub voice_refusals: u32,
    /// For an echo: how long the k-th sample said took until the k-th sample came back, us, one entry a
    /// frame said.
    pub rtt_us: Histogram<u64>,
    /// The same over time: the longest round trip of each [`RTT_POINT_MS`](crate::limits::RTT_POINT_MS) in which one was
    /// complete.
    pub rtt_points: Vec<RttPoint>,
    /// With [`Caller::verify_echo`](crate::Caller::verify_echo): how the echo compares.
    pub echo: Option<EchoCheck>,
    /// Both planes' frames of this call.
    pub transcript: Transcript,
}

impl fmt::Debug for CallReport {
    /// Without the audio.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallReport")
            .field("ordinal", &self.ordinal)
            .field("outcome", &self.outcome)
            .field("timeline", &self.timeline)
            .field("said_samples", &self.said.len())
            .field("heard_raw_bytes", &self.heard_raw.len())
            .field("heard_samples", &self.heard.len())
            .field("pull", &self.pull)
            .field("echo", &self.echo)
            .field("commands", &self.commands)
            .field("transcript", &self.transcript)
            .finish_non_exhaustive()
    }
}

impl CallReport {
    /// From the announcement to the answer.
    pub fn setup_latency(&self) -> Option<Duration> {
        let announced = self.timeline.at(Milestone::Announced)?;
        Some(self.timeline.at(Milestone::Answered)?.saturating_sub(announced))
    }
}

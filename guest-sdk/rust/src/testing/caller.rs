//! Who calls, what they do, and how the carrier behaves.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::callee::Callee;
use super::commands::Response;
use super::host::{Host, release, serve};
use super::memory::Memory;
use super::peers::{Answer, Peer, Peers};
use super::placing::{Plan, Plans};
use super::report::Report;
use crate::aio;
use crate::{AudioFormat, CallInfo, Event, Failure, code};

/// One step of a party's script. The caller's begins when the call is answered.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Say(VecDeque<i16>),
    Press(String),
    Wait(Duration),
    UntilQuiet,
    Happens(Event),
    HangUp,
}

/// A caller with a script. The steps run one after the other from the answer on; between them the line carries silence.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) info: CallInfo,
    pub(crate) script: VecDeque<Step>,
    pub(crate) callee: Callee,
    pub(crate) config: HashMap<String, String>,
    pub(crate) responses: HashMap<&'static str, VecDeque<Response>>,
    pub(crate) recording_granted: bool,
    pub(crate) memory: Memory,
    pub(crate) peers: Peers,
    pub(crate) plans: Plans,
    pub(crate) playout_bytes_max: usize,
    pub(crate) rings: Duration,
    pub(crate) gives_up: Duration,
    pub(crate) silent_line: bool,
}

impl Default for Caller {
    fn default() -> Self {
        Self::new()
    }
}

/// The caller.
impl Caller {
    /// Calls, at 16 kHz, and stays silent for two minutes; then hangs up.
    pub fn new() -> Self {
        let info = CallInfo {
            id: "call-1".into(),
            tenant: "test".into(),
            carrier: "test".into(),
            caller: "+15550100".into(),
            callee: "+15550199".into(),
            outbound: false,
            resumed: false,
            audio: AudioFormat { sample_rate_hz: 16_000, channels: vec![0] },
            fields: Vec::new(),
        };
        Self {
            info,
            script: VecDeque::new(),
            callee: Callee::new(),
            config: HashMap::new(),
            responses: HashMap::new(),
            recording_granted: false,
            memory: Memory::default(),
            peers: Peers::default(),
            plans: Plans::default(),
            playout_bytes_max: 1 << 20,
            rings: Duration::from_secs(60),
            gives_up: Duration::from_secs(120),
            silent_line: true,
        }
    }

    /// Says these samples at the pace of speech.
    pub fn says(self, samples: &[i16]) -> Self {
        self.step(Step::Say(samples.iter().copied().collect()))
    }

    /// Presses keys, 100 ms each with pauses of 100 ms, as tones in band.
    pub fn presses(self, keys: &str) -> Self {
        self.step(Step::Press(keys.to_owned()))
    }

    /// A key that is signalled out of band.
    pub fn signals(self, key: char) -> Self {
        self.happens(Event::Dtmf(crate::Dtmf { digit: key.to_string(), channel: 0 }))
    }

    /// Stays silent.
    pub fn waits_ms(self, ms: u64) -> Self {
        self.step(Step::Wait(Duration::from_millis(ms)))
    }

    /// Stays silent until the handler has said something, and has been silent for 60 ms after it.
    pub fn hears_out(self) -> Self {
        self.step(Step::UntilQuiet)
    }

    /// Anything else that can happen.
    pub fn happens(self, event: Event) -> Self {
        self.step(Step::Happens(event))
    }

    /// Hangs up.
    pub fn hangs_up(self) -> Self {
        self.step(Step::HangUp)
    }

    /// Hangs up when nobody has answered after so long. Else after a minute.
    pub fn rings_for_ms(mut self, ms: u64) -> Self {
        self.rings = Duration::from_millis(ms);
        self
    }

    /// Hangs up so long after the call began, whatever the script says. Else after two minutes.
    pub fn gives_up_after_ms(mut self, ms: u64) -> Self {
        self.gives_up = Duration::from_millis(ms);
        self
    }

    /// What they do whom `connect` rings, from being connected on. Else they pick up and stay silent.
    pub fn meets(mut self, callee: Callee) -> Self {
        self.callee = callee;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.script.push_back(step);
        self
    }
}

/// The host and the carrier.
impl Caller {
    /// The call's sample rate. Else 16 kHz.
    pub fn sample_rate_hz(mut self, sample_rate_hz: u32) -> Self {
        self.info.audio.sample_rate_hz = sample_rate_hz;
        self
    }

    /// The legs are heard apart once they are connected: the caller on channel 1, the callee on 2, both on 0.
    pub fn isolated(mut self) -> Self {
        self.info.audio.channels = vec![0, 1, 2];
        self
    }

    /// What is known of the call, but for its audio format.
    pub fn info(mut self, change: impl FnOnce(&mut CallInfo)) -> Self {
        let audio = self.info.audio.clone();
        change(&mut self.info);
        self.info.audio = audio;
        self
    }

    /// A key of the plugin's configuration.
    pub fn config(mut self, key: &str, value: &str) -> Self {
        self.config.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Grants `recording`.
    pub fn grants_recording(mut self) -> Self {
        self.recording_granted = true;
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

    /// Audio that may be queued, bytes. Else a MiB.
    pub fn playout_bytes_max(mut self, bytes: usize) -> Self {
        self.playout_bytes_max = bytes;
        self
    }

    /// Sends no audio while the caller is silent, so that only what is awaited happens.
    pub fn without_line_noise(mut self) -> Self {
        self.silent_line = false;
        self
    }

    /// How the next command of this name (`connect`, `send-digits`, ...) goes. Those that nothing is said of succeed:
    /// `connect` after a second, the rest after 20 ms.
    pub fn answers(mut self, command: &'static str, after_ms: u64, result: Result<Option<String>, Failure>) -> Self {
        let response = Response { after: Duration::from_millis(after_ms), result };
        self.responses.entry(command).or_default().push_back(response);
        self
    }

    /// The number that `connect` rings does not pick up: `CALL_UNANSWERED` at the end of the ring time.
    pub fn nobody_answers(self) -> Self {
        let failure = Failure::new(code::CALL_UNANSWERED, "nobody picked up");
        // Cut to the ring time.
        self.answers("connect", 3_600_000, Err(failure))
    }
}

/// The call.
impl Caller {
    /// Calls an async handler, that of [`async_handler!`](crate::async_handler).
    pub fn run<F, T>(self, handler: F) -> Report
    where
        F: FnOnce(aio::Call) -> T,
        T: Future<Output = Result<(), Failure>>,
    {
        self.run_plain(|info| aio::run(info, handler))
    }

    /// Calls a plain handler, that of [`handler!`](crate::handler).
    pub fn run_plain(self, handler: impl FnOnce(CallInfo) -> Result<(), Failure>) -> Report {
        let info = self.info.clone();
        let serving = serve(Host::new(self));
        let result = crate::settle(handler(info));
        release(serving).into_report(result)
    }
}

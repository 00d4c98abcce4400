//! The host of a simulated call: one thread, virtual time, which passes only in [`Host::next`].

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::caller::{Caller, Step};
use super::commands::{Open, Response};
use super::legs::HeardBy;
use super::memory::Memory;
use super::part::{Part, Party, Sight};
use super::peers::Peers;
use super::placing::Placing;
use super::playout::{Playout, samples};
use super::report::Report;
use super::timers::Timers;
use crate::events::Waited;
use crate::{Event, Failure, Ledger, RequestId, TimerId, code};

/// The pace of the line.
const FRAME: Duration = Duration::from_millis(20);
/// After so much silence what was said is over.
const QUIET: Duration = Duration::from_millis(60);
const MARKS_MAX: usize = 1_024;
const MARK_NAME_BYTES_MAX: usize = 128;

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Calls into the host that serves this thread.
///
/// # Panics
/// When none does.
pub(crate) fn with<T>(f: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with(|host| {
        f(host.borrow_mut().as_mut().expect("no call is simulated on this thread: see `switchhook_guest::testing`"))
    })
}

/// Makes a host serve this thread.
pub(crate) fn serve(host: Host) -> Serving {
    let before = HOST.with(|current| current.replace(Some(host)));
    assert!(before.is_none(), "a simulated call cannot be made from within another");
    Serving
}

pub(crate) fn release(serving: Serving) -> Host {
    let host = HOST.with(|current| current.take());
    drop(serving);
    host.expect("it was served")
}

/// Takes the host away, also when a handler panics.
pub(crate) struct Serving;

impl Drop for Serving {
    fn drop(&mut self) {
        HOST.with(|current| current.take());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Answered,
    Connected,
    Ended,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Answered => "answered",
            Self::Connected => "connected",
            Self::Ended => "ended",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) now: Duration,
    pub(crate) state: State,
    pub(crate) inbox: VecDeque<Event>,
    pub(crate) open: Vec<Open>,
    pub(crate) commands: u32,
    pub(crate) responses: HashMap<&'static str, VecDeque<Response>>,
    pub(crate) playout: Playout,
    pub(crate) config: HashMap<String, String>,
    pub(crate) recording_granted: bool,
    pub(crate) memory: Memory,
    pub(crate) peers: Peers,
    pub(crate) report: Report,
    playout_bytes_max: usize,
    timers: Timers,
    placing: Placing,
    caller: Part,
    callee: Part,
    pub(crate) outbound: bool,
    pub(crate) isolated: bool,
    /// Who hears the handler, in the order of time.
    pub(crate) heard_by: Vec<HeardBy>,
    /// What the handler had the chance to hear on each channel.
    pub(crate) heard_samples: [u64; 3],
    rings: Duration,
    gives_up: Duration,
    pub(crate) silent_line: bool,
    next_frame: Option<Duration>,
    over: bool,
}

pub(crate) fn ended() -> Failure {
    Failure::new(code::ENDED, "the call is over")
}

impl Host {
    pub(crate) fn new(caller: Caller) -> Self {
        let sample_rate_hz = caller.info.audio.sample_rate_hz;
        Self {
            now: Duration::ZERO,
            state: State::Pending,
            inbox: VecDeque::new(),
            open: Vec::new(),
            commands: 0,
            responses: caller.responses,
            playout: Playout::new(sample_rate_hz),
            config: caller.config,
            recording_granted: caller.recording_granted,
            memory: caller.memory,
            peers: caller.peers,
            report: Report {
                result: Ok(()),
                end: String::new(),
                duration: Duration::ZERO,
                answered_at: None,
                sample_rate_hz,
                begun: Vec::new(),
                heard: Vec::new(),
                said: Vec::new(),
                callee_heard: Vec::new(),
                callee_said: Vec::new(),
                clears: Vec::new(),
                log: Vec::new(),
                recordings: Vec::new(),
                remembered: BTreeMap::new(),
                sockets: Vec::new(),
                requests: Vec::new(),
                placed: Vec::new(),
                timers_left: 0,
            },
            playout_bytes_max: caller.playout_bytes_max,
            timers: Timers::default(),
            placing: Placing::new(caller.plans),
            caller: Part::new(caller.script),
            callee: Part::new(caller.callee.script),
            outbound: caller.info.outbound,
            isolated: caller.info.audio.channels.len() > 1,
            heard_by: Vec::new(),
            heard_samples: [0; 3],
            rings: caller.rings,
            gives_up: caller.gives_up,
            silent_line: caller.silent_line,
            next_frame: None,
            over: false,
        }
    }

    /// The handler returned: the call is closed if it lives.
    pub(crate) fn into_report(mut self, result: Result<(), Failure>) -> Report {
        self.end("closed");
        self.end_recording();
        self.report.timers_left = self.timers.len();
        self.report.placed = std::mem::take(&mut self.placing.placed);
        self.report.sockets = std::mem::take(&mut self.peers.met_sockets);
        self.report.requests = std::mem::take(&mut self.peers.met_requests);
        self.report.remembered = std::mem::take(&mut self.memory).at(self.now);
        self.report.result = result;
        self.report.heard = self.ear(Party::Caller);
        self.report.callee_heard = self.ear(Party::Callee);
        self.report
    }

    pub(crate) fn next(&mut self, limit: Option<Duration>) -> Waited {
        let until = limit.map(|limit| self.now + limit);
        loop {
            if self.over {
                return Waited::Over;
            }
            if let Some(event) = self.inbox.pop_front() {
                match &event {
                    Event::Ended(_) => self.over = true,
                    Event::Placed(step) => self.placing.taken(step),
                    _ => {}
                }
                return Waited::Event(event);
            }
            let at = self.next_at();
            match until {
                Some(until) if until < at => {
                    self.advance(until);
                    if self.inbox.is_empty() {
                        return Waited::TimedOut;
                    }
                }
                _ => self.advance(at),
            }
        }
    }

    /// When something happens next: at the latest, the caller gives up.
    fn next_at(&self) -> Duration {
        let patience = if self.state == State::Pending { self.rings.min(self.gives_up) } else { self.gives_up };
        let commands = self.open.iter().map(|open| open.at);
        let timers = self.timers.next_at().into_iter().chain(self.placing.next_at()).chain(self.peers.next_at());
        let rest =
            [Some(patience), self.playout.next_at(), self.next_frame, self.caller.next_at(), self.callee.next_at()];
        let next = commands.chain(timers).chain(rest.into_iter().flatten()).min();
        next.unwrap_or(patience).max(self.now)
    }

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.playout.advance(now);
        while let Some(event) = self.playout.poll_event() {
            self.inbox.push_back(event);
        }
        self.finish_commands();
        self.carry_frame();
        self.fire_timers();
        while let Some(step) = self.placing.due(now) {
            // Of what is placed nothing is told once the call is over.
            if self.state != State::Ended {
                self.inbox.push_back(Event::Placed(step));
            }
        }
        while let Some(event) = self.peers.due(now) {
            if self.state != State::Ended {
                self.inbox.push_back(event);
            }
        }
        self.follow_scripts();
        let patience = if self.state == State::Pending { self.rings.min(self.gives_up) } else { self.gives_up };
        if now >= patience {
            self.end("terminated");
        }
    }

    pub(crate) fn pick_up(&mut self, state: State) {
        self.state = state;
        self.report.answered_at.get_or_insert(self.now);
        self.playout.open(self.now);
        self.next_frame.get_or_insert(self.now + FRAME);
        self.heard_by(true, state == State::Connected);
        self.follow_scripts();
    }

    pub(crate) fn end(&mut self, reason: &str) {
        if self.state == State::Ended {
            return;
        }
        self.state = State::Ended;
        self.report.end = reason.to_owned();
        self.report.duration = self.now;
        for open in std::mem::take(&mut self.open) {
            self.finish(open.id, open.name, Err(ended()));
        }
        self.inbox.extend(self.playout.clear());
        self.next_frame = None;
        self.inbox.push_back(Event::Ended(reason.to_owned()));
    }

    fn fire_timers(&mut self) {
        let inbox = &mut self.inbox;
        self.timers.fire(self.now, |id| {
            if !inbox.contains(&Event::Timer(id)) {
                inbox.push_back(Event::Timer(id));
            }
        });
    }

    /// Goes as far in the scripts as the call stands. What is said goes out with the frames of the line.
    fn follow_scripts(&mut self) {
        for party in [Party::Caller, Party::Callee] {
            while let Some(step) = self.follow(party) {
                match step {
                    Step::Happens(event) => self.inbox.push_back(event),
                    _ => self.end("terminated"),
                }
            }
        }
    }

    fn follow(&mut self, party: Party) -> Option<Step> {
        let heard = self.playout.ledger().heard;
        let sight = Sight { now: self.now, heard, quiet: self.playout.quiet() >= QUIET };
        match (party, self.state) {
            (Party::Caller, State::Answered | State::Connected) => self.caller.follow(sight),
            (Party::Callee, State::Connected) => self.callee.follow(sight),
            _ => None,
        }
    }

    fn carry_frame(&mut self) {
        let Some(at) = self.next_frame.filter(|at| *at <= self.now) else { return };
        self.next_frame = Some(at + FRAME);
        let sample_rate_hz = self.report.sample_rate_hz;
        let frame_samples = samples(FRAME, sample_rate_hz) as usize;
        let heard = self.playout.ledger().heard;
        let caller = self.caller.speak(frame_samples, sample_rate_hz, heard);
        let connected = self.state == State::Connected;
        let callee = if connected { self.callee.speak(frame_samples, sample_rate_hz, heard) } else { Vec::new() };
        self.carry(caller, callee, frame_samples);
    }
}

/// What the handler asks for.
impl Host {
    pub(crate) fn play(&mut self, bytes: usize, samples: impl Iterator<Item = i16>) -> Result<Ledger, Failure> {
        match self.state {
            State::Ended => return Err(ended()),
            State::Pending => return Err(Failure::new(code::NOT_NOW, "the call is not answered")),
            State::Answered | State::Connected => {}
        }
        if !bytes.is_multiple_of(2) {
            return Err(Failure::new(code::INVALID, "the audio ends in half a sample"));
        }
        let queued = self.playout.ledger().queued as usize * 2;
        if queued + bytes > self.playout_bytes_max {
            return Err(Failure::new(code::FULL, format!("{bytes} bytes do not fit behind {queued}")));
        }
        self.playout.play(samples);
        Ok(self.playout.ledger())
    }

    pub(crate) fn mark(&mut self, name: &str) -> Result<(), Failure> {
        if self.state == State::Ended {
            return Err(ended());
        }
        if name.len() > MARK_NAME_BYTES_MAX {
            return Err(Failure::new(code::INVALID, "the mark's name is too long"));
        }
        let untaken = self.inbox.iter().filter(|event| matches!(event, Event::Mark(_))).count();
        if self.playout.marks_pending() + untaken >= MARKS_MAX {
            return Err(Failure::new(code::FULL, format!("{MARKS_MAX} marks are pending")));
        }
        self.playout.mark(name);
        self.report_playout();
        Ok(())
    }

    pub(crate) fn clear(&mut self) -> Ledger {
        if matches!(self.state, State::Answered | State::Connected) {
            self.report.clears.push(self.now);
            self.inbox.extend(self.playout.clear());
            self.report_playout();
        }
        self.playout.ledger()
    }

    pub(crate) fn notify_below(&mut self, samples: u64) {
        if self.state != State::Ended {
            self.inbox.retain(|event| !matches!(event, Event::PlayoutLow(_)));
            self.playout.notify_below(samples);
            self.report_playout();
        }
    }

    fn report_playout(&mut self) {
        while let Some(event) = self.playout.poll_event() {
            self.inbox.push_back(event);
        }
    }

    pub(crate) fn set_timer(&mut self, ms: u32, repeat: bool) -> Result<TimerId, Failure> {
        if self.state == State::Ended {
            return Err(ended());
        }
        let untaken = self.inbox.iter().filter(|event| matches!(event, Event::Timer(_))).count();
        let id = self.timers.set(self.now, ms, repeat, untaken)?;
        self.fire_timers();
        Ok(id)
    }

    pub(crate) fn place(&mut self, to: &str, plugin: &str, chat: bool) -> Result<RequestId, Failure> {
        self.placing.place(self.now, to, plugin, chat)
    }

    pub(crate) fn cancel_timer(&mut self, id: TimerId) {
        self.timers.cancel(id);
        self.inbox.retain(|event| *event != Event::Timer(id));
    }
}

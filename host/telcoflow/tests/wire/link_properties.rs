//! Any order of inputs: nothing panics, each request is answered once, and the link always knows what it waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{Channel, CloseReason, Response, ToClient, ToServer};
use telcoflow::link::{Deadline, Event, Link, LinkConfig, Output, Refusal};

use crate::driver::{FLOW, granted, notify, refusal};

const CASES: u32 = 3000;
const SESSIONS: u8 = 6;

#[derive(Clone, Debug)]
enum Op {
    Opened,
    Refused(u16),
    Unreachable,
    Lost,
    Pong,
    /// Time passes and nothing is called.
    Wait(u32),
    /// Time passes to the deadline, which is handled.
    Deadline,
    /// The link is woken for nothing.
    WakeUp,
    Claim(u8),
    /// Starts a session of ours.
    Create,
    Ready(u8),
    SetupDone,
    /// Answers some request that was sent, perhaps on an earlier socket or twice.
    Answer(prop::sample::Index, Answer),
    Notify(u8),
    CallIn(u8),
    Closed(u8),
    Bytes(Vec<u8>),
    ShutDown,
}

#[derive(Clone, Debug)]
enum Answer {
    Grant,
    Nonsense,
    Refusal,
}

fn op() -> impl Strategy<Value = Op> {
    let answer = prop_oneof![
        4 => Just(Answer::Grant), 1 => Just(Answer::Nonsense), 1 => Just(Answer::Refusal)
    ];
    let id = || 0..SESSIONS;
    prop_oneof![
        8 => Just(Op::Opened),
        1 => prop::sample::select(&[401, 403, 426, 500][..]).prop_map(Op::Refused),
        1 => Just(Op::Unreachable),
        1 => Just(Op::Lost),
        3 => Just(Op::Pong),
        4 => (0..40_000_u32).prop_map(Op::Wait),
        8 => Just(Op::Deadline),
        2 => Just(Op::WakeUp),
        10 => id().prop_map(Op::Claim),
        4 => Just(Op::Create),
        5 => id().prop_map(Op::Ready),
        8 => Just(Op::SetupDone),
        10 => (any::<prop::sample::Index>(), answer).prop_map(|(at, answer)| Op::Answer(at, answer)),
        2 => id().prop_map(Op::Notify),
        2 => id().prop_map(Op::CallIn),
        3 => id().prop_map(Op::Closed),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Op::Bytes),
    ]
}

#[derive(Debug, PartialEq)]
enum Socket {
    Closed,
    Dialling,
    Open,
    SetUp,
}

#[derive(Debug, PartialEq)]
enum Held {
    Asked,
    Claimed { ready_sent: bool },
}

/// The link, its driver, and what must hold between them.
struct World {
    link: Link,
    now: Instant,
    deadline: Option<(Instant, Deadline)>,
    socket: Socket,
    shut_down: bool,
    sessions: BTreeMap<String, Held>,
    /// Creations that wait for their answer, and the number of the next.
    creations: BTreeSet<u64>,
    next_creation: u64,
    /// Requests that were sent: id and, for a claim, the session.
    sent: Vec<(String, Option<String>)>,
    flow_open: bool,
    log: Vec<Output>,
}

impl World {
    fn new(start: Instant, seed: u64) -> Self {
        let config = LinkConfig {
            sample_rate_hz: 8000,
            audio_mode: AudioMode::Isolated,
            call_flow: Some(FLOW).filter(|_| seed.is_multiple_of(2)),
        };
        let mut world = Self {
            link: Link::new(config, seed, start),
            now: start,
            deadline: None,
            socket: Socket::Closed,
            shut_down: false,
            sessions: BTreeMap::new(),
            creations: BTreeSet::new(),
            next_creation: 0,
            sent: Vec::new(),
            flow_open: false,
            log: Vec::new(),
        };
        world.drain();
        assert_eq!(world.socket, Socket::Dialling, "the first output is a dial");
        world
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Opened => {
                if self.socket == Socket::Dialling {
                    self.socket = Socket::Open;
                }
                self.link.handle_opened(self.now);
            }
            Op::Refused(status) => self.refuse(Refusal::Status { status: *status, body: "no".into() }),
            Op::Unreachable => self.refuse(Refusal::Unreachable("no route".into())),
            Op::Lost => {
                self.socket = Socket::Closed;
                self.link.handle_lost(self.now, "reset".into());
            }
            Op::Pong => self.link.handle_pong(self.now),
            Op::Wait(wait_ms) => self.now += Duration::from_millis((*wait_ms).into()),
            Op::Deadline => {
                if let Some((at, _)) = self.deadline {
                    self.now = self.now.max(at);
                }
                self.wake_up();
            }
            Op::WakeUp => self.wake_up(),
            Op::Claim(id) => self.claim(&name(*id)),
            Op::Create => self.create(),
            Op::Ready(id) => self.ready(&name(*id)),
            Op::SetupDone => self.frame(&ToClient::SetupDone { sm_ws_id: None }),
            Op::Answer(at, answer) => self.answer(*at, answer),
            Op::Notify(id) => self.frame(&notify(&name(*id))),
            Op::CallIn(id) => {
                let text = format!(r#"{{"type":"call.in","sessionId":"{}"}}"#, name(*id));
                self.link.handle_frame(self.now, text.as_bytes());
            }
            Op::Closed(id) => {
                self.frame(&ToClient::SessionClosed { session_id: name(*id), reason: CloseReason::CallTerminated })
            }
            Op::Bytes(bytes) => self.link.handle_frame(self.now, bytes),
            Op::ShutDown => {
                self.shut_down = true;
                self.link.shut_down();
            }
        }
        self.drain();
    }

    fn refuse(&mut self, refusal: Refusal) {
        if self.socket == Socket::Dialling {
            self.socket = Socket::Closed;
        }
        self.link.handle_refused(self.now, refusal);
    }

    fn wake_up(&mut self) {
        self.link.handle_timeout(self.now);
        self.drain();
        if let Some((at, deadline)) = self.deadline {
            assert!(at > self.now, "{deadline:?} was due and is still due");
        }
    }

    fn claim(&mut self, session_id: &str) {
        let up = self.link.is_up();
        match self.link.claim(self.now, session_id) {
            Ok(()) => {
                let before = self.sessions.insert(session_id.to_owned(), Held::Asked);
                assert_eq!(before, None, "one claim at a time");
            }
            Err(_) => assert!(!up || self.sessions.contains_key(session_id)),
        }
    }

    fn create(&mut self) {
        let (up, key) = (self.link.is_up(), self.next_creation);
        self.next_creation += 1;
        let asked = self.link.create(self.now, key, &Channel::Telco, "+15550100");
        assert_eq!(asked.is_ok(), up);
        self.creations.extend(asked.is_ok().then_some(key));
    }

    fn ready(&mut self, session_id: &str) {
        let held = matches!(self.sessions.get(session_id), Some(Held::Claimed { .. }));
        assert_eq!(self.link.ready(session_id).is_ok(), held);
    }

    fn answer(&mut self, at: prop::sample::Index, answer: &Answer) {
        if self.sent.is_empty() {
            return;
        }
        let (req_id, session_id) = &self.sent[at.index(self.sent.len())];
        let frame = match (answer, session_id) {
            (Answer::Grant, Some(session_id)) => granted(req_id, session_id),
            (Answer::Grant, None) => {
                let content = serde_json::json!({"sessionId": "created"});
                ToClient::Response(Response::granted(req_id, Some(content)))
            }
            (Answer::Nonsense, _) => ToClient::Response(Response::granted(req_id, None)),
            (Answer::Refusal, _) => refusal(req_id, "SESSION_BUSY", None),
        };
        self.frame(&frame);
    }

    fn frame(&mut self, frame: &ToClient) {
        self.link.handle_frame(self.now, frame.print().as_bytes());
    }

    fn drain(&mut self) {
        // One input ends at most everything that is open, and says little else.
        let outputs_max = self.sessions.len() + self.creations.len() + 8;
        for _ in 0..=outputs_max {
            match self.link.poll_output() {
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return self.check_rest();
                }
                output => {
                    self.check(&output);
                    self.log.push(output);
                }
            }
        }
        panic!("more than {outputs_max} outputs after one input");
    }

    fn check(&mut self, output: &Output) {
        match output {
            Output::Dial => {
                assert_eq!(self.socket, Socket::Closed, "one socket at a time");
                self.socket = Socket::Dialling;
            }
            Output::Transmit(text) => self.transmitted(text),
            Output::Ping => assert_eq!(self.socket, Socket::SetUp),
            Output::HangUp(_) => {
                assert!(self.shut_down || matches!(self.socket, Socket::Open | Socket::SetUp));
                self.socket = Socket::Closed;
            }
            Output::Event(event) => self.told(event),
            Output::Timeout(_) => unreachable!("ends the drain"),
        }
    }

    fn transmitted(&mut self, text: &str) {
        match ToServer::parse(text.as_bytes()).expect("our own frame") {
            ToServer::Setup { .. } => assert_eq!(self.socket, Socket::Open),
            ToServer::SessionOpen { req_id, session_id } => {
                assert_eq!(self.socket, Socket::SetUp);
                assert_eq!(self.sessions[&session_id], Held::Asked);
                self.sent.push((req_id, Some(session_id)));
            }
            ToServer::SessionReady { session_id } => {
                assert_eq!(self.socket, Socket::SetUp);
                let held = self.sessions.insert(session_id, Held::Claimed { ready_sent: true });
                assert_eq!(held, Some(Held::Claimed { ready_sent: false }), "once for each claim");
            }
            ToServer::SessionCreate { req_id, .. } => {
                assert_eq!(self.socket, Socket::SetUp);
                self.sent.push((req_id, None));
            }
            ToServer::CallFlowSetup { req_id, .. } => {
                assert_eq!(self.socket, Socket::SetUp);
                assert!(!std::mem::replace(&mut self.flow_open, true));
                self.sent.push((req_id, None));
            }
            other => panic!("{other:?}"),
        }
    }

    fn told(&mut self, event: &Event) {
        match event {
            Event::Up { .. } => {
                assert_eq!(self.socket, Socket::Open);
                assert!(self.sessions.is_empty(), "nothing is left of the socket before");
                self.socket = Socket::SetUp;
            }
            Event::Down { .. } => {
                assert_eq!(self.socket, Socket::Closed);
                assert!(
                    self.sessions.is_empty() && self.creations.is_empty() && !self.flow_open,
                    "all was answered before"
                );
            }
            Event::Claimed(session) => {
                let held = Held::Claimed { ready_sent: false };
                let before = self.sessions.insert(session.id.clone(), held);
                assert_eq!(before, Some(Held::Asked), "an answer to one claim");
            }
            Event::ClaimFailed { session_id, .. } => {
                let before = self.sessions.remove(session_id);
                assert_eq!(before, Some(Held::Asked), "an answer to one claim");
            }
            Event::Created { key, session_id } => {
                assert!(self.creations.remove(key), "an answer to one creation");
                assert_eq!(session_id, "created");
            }
            Event::CreateFailed { key, .. } => assert!(self.creations.remove(key), "an answer to one creation"),
            Event::SessionClosed { session_id, .. } => {
                let before = self.sessions.remove(session_id);
                assert!(matches!(before, Some(Held::Claimed { .. })), "{before:?}");
            }
            Event::CallIn(call) => {
                assert!(matches!(self.sessions[&call.session_id], Held::Claimed { .. }));
            }
            Event::NotReadied { session_id } => {
                assert_eq!(self.sessions[session_id], Held::Claimed { ready_sent: false });
            }
            Event::CallFlowSet(_) => assert!(std::mem::replace(&mut self.flow_open, false)),
            Event::Refused { .. } | Event::Notified(_) | Event::WaMsgIn(_) | Event::Oddity(_) => {}
            // There are calls only; chats stand in `chat_properties`.
            Event::Sent { .. } | Event::Reclaimed { .. } => panic!("{event:?}"),
        }
    }

    /// What holds between two inputs.
    fn check_rest(&self) {
        let deadline = self.deadline.map(|(_, deadline)| deadline);
        let expected: &[Option<Deadline>] = match self.socket {
            _ if self.shut_down => &[None],
            Socket::Dialling => &[None],
            Socket::Closed => &[Some(Deadline::Redial)],
            Socket::Open => &[Some(Deadline::SetupDone)],
            Socket::SetUp => {
                &[Some(Deadline::Ping), Some(Deadline::Pong), Some(Deadline::Request), Some(Deadline::Ready)]
            }
        };
        assert!(expected.contains(&deadline), "{:?} waits for {deadline:?}", self.socket);
        assert_eq!(self.link.is_up(), self.socket == Socket::SetUp);
    }

    fn finish(mut self) -> Vec<Output> {
        self.step(&Op::ShutDown);
        assert!(self.sessions.is_empty(), "unanswered: {:?}", self.sessions);
        assert!(!self.flow_open && self.creations.is_empty());
        let hang_ups = self.log.iter().filter(|output| **output == Output::HangUp("shut down"));
        assert_eq!(hang_ups.count(), 1);
        let before = self.log.len();
        for op in [Op::Opened, Op::SetupDone, Op::Deadline, Op::Lost, Op::Claim(0), Op::Create, Op::ShutDown] {
            self.step(&op);
        }
        assert_eq!(self.log.len(), before, "silent after the end");
        self.log
    }
}

fn name(id: u8) -> String {
    format!("s{id}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn any_order_of_inputs_is_survived_and_answered(
        seed in any::<u64>(), ops in prop::collection::vec(op(), 0..120),
    ) {
        let start = Instant::now();
        let run = || {
            let mut world = World::new(start, seed);
            for op in &ops {
                world.step(op);
            }
            world.finish()
        };
        prop_assert_eq!(run(), run(), "the same inputs give the same outputs");
    }

    /// With nobody but the clock: the link never spins, and never stops trying.
    #[test]
    fn time_alone_makes_steady_progress(seed in any::<u64>(), opens in any::<bool>()) {
        let mut world = World::new(Instant::now(), seed);
        let mut wakes = 0;
        let end = world.now + Duration::from_secs(600);
        while world.now < end {
            if world.socket == Socket::Dialling {
                world.step(if opens { &Op::Opened } else { &Op::Unreachable });
            }
            world.step(&Op::Deadline);
            wakes += 1;
            prop_assert!(wakes < 200, "busy");
        }
        let dials = world.log.iter().filter(|output| **output == Output::Dial).count();
        prop_assert!(dials > 20, "{}", dials);
    }
}

//! The session-manager plane: the parser, and a link under any order of frames, losses, claims and time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CallFlow, Channel, InboundCall, ToClient, ToServer};
use telcoflow::limits::{PEER_TEXT_BYTES_MAX, REQUESTS_MAX};
use telcoflow::link::{ClaimFailure, Deadline, Event, Link, LinkConfig, Output, Refusal};

use super::INPUT_BYTES_MAX;
use super::script::{Step, assert_shows_nothing, number, steps, with_ids};

const FLOW: CallFlow =
    CallFlow { inbound_call: InboundCall::All, outbound_call: true, inbound_message: false, outbound_message: false };

/// What comes before the input when it is one frame: the link dials, sets up, is up with a claim and a session, pauses,
/// and is shut down.
const BEFORE: [&str; 5] = [
    "",
    "!o",
    "!o\n{\"type\":\"setup.done\"}\n!c0\n!c1\n{\"type\":\"response\",\"reqId\":\"$1\",\"ok\":true,\"content\":{\"session\":{\"id\":\"s0\",\"channel\":\"TELCO\",\"remoteAddress\":\"\",\"localAddress\":\"\",\"openedAt\":0}}}",
    "!o\n!l",
    "!x",
];

/// The bytes as a frame by itself, as a frame in each state of a link, and as a script.
///
/// Letters of the script: `o` opened, `r` refused with a status, `u` unreachable, `l` lost, `p` pong, `t` the deadline comes,
/// `w` woken for nothing, `+` so many ms pass, `c` claims a session by its digit, `n` creates one, `y` readies it, `x` shut down.
pub fn session_manager_text(bytes: &[u8]) {
    if bytes.len() > INPUT_BYTES_MAX {
        return;
    }
    parses(bytes);
    for before in BEFORE {
        let mut world = World::new();
        steps(before.as_bytes()).for_each(|step| world.step(&step));
        world.frame(bytes);
        world.finish();
    }
    let mut world = World::new();
    steps(bytes).for_each(|step| world.step(&step));
    world.finish();
}

/// What is read can be printed, and reads as the same again.
fn parses(bytes: &[u8]) {
    match ToClient::parse(bytes) {
        Ok(frame) => {
            let text = frame.print();
            let again = ToClient::parse(text.as_bytes()).expect("our own print is read");
            assert_eq!(again.print(), text, "{frame:?}");
        }
        Err(error) => assert_shows_nothing(&error.to_string()),
    }
    if let Ok(frame) = ToServer::parse(bytes) {
        let text = frame.print();
        let again = ToServer::parse(text.as_bytes()).expect("our own print is read");
        assert_eq!(again.print(), text, "{frame:?}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Socket {
    Closed,
    Dialling,
    Open,
    SetUp,
}

#[derive(Debug, PartialEq)]
enum Held {
    Asked,
    Claimed {
        ready_sent: bool,
    },
    /// A chat whose socket is gone.
    Lost,
}

/// The link, its driver, and what must hold between them.
struct World {
    link: Link,
    now: Instant,
    deadline: Option<(Instant, Deadline)>,
    socket: Socket,
    shut_down: bool,
    sessions: BTreeMap<String, Held>,
    /// Those that are chats.
    chats: BTreeSet<String>,
    /// Creations that wait for their answer, and the number of the next.
    creations: BTreeSet<u64>,
    next_creation: u64,
    /// Ids of requests, in their order.
    ids: Vec<String>,
    flow_open: bool,
    oddities: BTreeSet<&'static str>,
}

impl World {
    fn new() -> Self {
        let config = LinkConfig { sample_rate_hz: 16_000, audio_mode: AudioMode::Mixed, call_flow: Some(FLOW) };
        let now = Instant::now();
        let mut world = Self {
            link: Link::new(config, 1, now),
            now,
            deadline: None,
            socket: Socket::Closed,
            shut_down: false,
            sessions: BTreeMap::new(),
            chats: BTreeSet::new(),
            creations: BTreeSet::new(),
            next_creation: 0,
            ids: Vec::new(),
            flow_open: false,
            oddities: BTreeSet::new(),
        };
        world.drain();
        assert_eq!(world.socket, Socket::Dialling, "the first output is a dial");
        world
    }

    fn step(&mut self, step: &Step<'_>) {
        match *step {
            Step::Happens(letter, rest) => self.happens(letter, rest),
            Step::Frame(frame) => self.frame(frame),
        }
        self.drain();
    }

    fn happens(&mut self, letter: u8, rest: &[u8]) {
        match letter {
            b'o' => {
                if self.socket == Socket::Dialling {
                    self.socket = Socket::Open;
                }
                self.link.handle_opened(self.now);
            }
            b'r' => {
                let status = u16::try_from(number(rest)).unwrap_or(500);
                self.refuse(Refusal::Status { status, body: String::from_utf8_lossy(rest).into_owned() });
            }
            b'u' => self.refuse(Refusal::Unreachable(String::from_utf8_lossy(rest).into_owned())),
            b'l' => {
                self.socket = Socket::Closed;
                self.link.handle_lost(self.now, String::from_utf8_lossy(rest).into_owned());
            }
            b'p' => self.link.handle_pong(self.now),
            b't' => {
                if let Some((at, _)) = self.deadline {
                    self.now = self.now.max(at);
                }
                self.wake_up();
            }
            b'w' => self.wake_up(),
            b'+' => self.now += Duration::from_millis(number(rest).into()),
            b'c' => self.claim(&session(rest)),
            b'n' => self.create(),
            b'y' => self.ready(&session(rest)),
            b'x' => {
                self.shut_down = true;
                self.link.shut_down();
            }
            _ => {}
        }
    }

    fn frame(&mut self, frame: &[u8]) {
        if let Some(frame) = with_ids(frame, &self.ids) {
            self.link.handle_frame(self.now, &frame);
            self.drain();
        }
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
            Err(refused) => assert!(!up || self.sessions.contains_key(session_id), "{refused}"),
        }
    }

    fn create(&mut self) {
        let (up, key) = (self.link.is_up(), self.next_creation);
        self.next_creation += 1;
        let asked = self.link.create(self.now, key, &Channel::Telco, "+15550100");
        assert!(asked.is_ok() || !up || self.creations.len() >= REQUESTS_MAX - 1, "{asked:?}");
        self.creations.extend(asked.is_ok().then_some(key));
    }

    fn ready(&mut self, session_id: &str) {
        let held = matches!(self.sessions.get(session_id), Some(Held::Claimed { .. } | Held::Lost));
        assert_eq!(self.link.ready(session_id).is_ok(), held);
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
                output => self.check(output),
            }
        }
        panic!("more than {outputs_max} outputs after one input");
    }

    fn check(&mut self, output: Output) {
        match output {
            Output::Dial => {
                assert_eq!((self.socket, self.shut_down), (Socket::Closed, false), "one socket at a time");
                self.socket = Socket::Dialling;
            }
            Output::Transmit(text) => self.transmitted(&text),
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
                assert!(matches!(self.sessions[&session_id], Held::Asked | Held::Lost));
                self.ids.push(req_id);
            }
            ToServer::SessionReady { session_id } => {
                assert_eq!(self.socket, Socket::SetUp);
                let held = self.sessions.insert(session_id, Held::Claimed { ready_sent: true });
                let unready = Some(Held::Claimed { ready_sent: false });
                assert!(held == unready || held == Some(Held::Lost), "once for each claim");
            }
            ToServer::SessionCreate { req_id, .. } => {
                assert_eq!(self.socket, Socket::SetUp);
                self.ids.push(req_id);
            }
            ToServer::CallFlowSetup { req_id, .. } => {
                assert_eq!(self.socket, Socket::SetUp);
                assert!(!std::mem::replace(&mut self.flow_open, true));
                self.ids.push(req_id);
            }
            other => panic!("{other:?}"),
        }
    }

    fn told(&mut self, event: Event) {
        match event {
            Event::Up { sm_ws_id } => {
                assert_eq!(self.socket, Socket::Open);
                assert!(self.sessions.values().all(|held| *held == Held::Lost), "nothing is left of the socket before");
                assert!(sm_ws_id.is_none_or(|id| id.len() <= PEER_TEXT_BYTES_MAX));
                self.socket = Socket::SetUp;
            }
            Event::Down { why, .. } => {
                assert_eq!(self.socket, Socket::Closed);
                assert!(self.creations.is_empty() && !self.flow_open, "all was answered before");
                let chats: Vec<&String> = self.sessions.keys().filter(|id| !self.chats.contains(*id)).collect();
                assert!(chats.is_empty(), "only chats outlive their socket: {chats:?}");
                self.sessions.values_mut().for_each(|held| *held = Held::Lost);
                assert!(why.len() <= PEER_TEXT_BYTES_MAX);
            }
            Event::Claimed(session) => {
                if session.channel == Channel::Wa {
                    self.chats.insert(session.id.clone());
                } else {
                    self.chats.remove(&session.id);
                }
                let held = Held::Claimed { ready_sent: false };
                let before = self.sessions.insert(session.id, held);
                assert_eq!(before, Some(Held::Asked), "an answer to one claim");
            }
            Event::ClaimFailed { session_id, failure } => {
                let before = self.sessions.remove(&session_id);
                assert_eq!(before, Some(Held::Asked), "an answer to one claim");
                assert!(!failure.code().is_empty() && failure.code().len() <= PEER_TEXT_BYTES_MAX);
                if let ClaimFailure::Busy { bound_sm_ws_id: Some(id) } = failure {
                    assert!(id.len() <= PEER_TEXT_BYTES_MAX);
                }
            }
            Event::Created { key, session_id } => {
                assert!(self.creations.remove(&key), "an answer to one creation");
                assert!(!session_id.is_empty() && session_id.len() <= PEER_TEXT_BYTES_MAX);
            }
            Event::CreateFailed { key, failure } => {
                assert!(self.creations.remove(&key), "an answer to one creation");
                assert!(!failure.code().is_empty() && failure.code().len() <= PEER_TEXT_BYTES_MAX);
            }
            Event::SessionClosed { session_id, .. } => {
                let before = self.sessions.remove(&session_id);
                assert!(matches!(before, Some(Held::Claimed { .. } | Held::Lost)), "{before:?}");
            }
            Event::CallIn(call) => {
                assert!(matches!(self.sessions[&call.session_id], Held::Claimed { .. }));
            }
            Event::WaMsgIn(message) => {
                assert!(matches!(self.sessions[&message.session_id], Held::Claimed { .. } | Held::Lost));
            }
            Event::Reclaimed { session_id } => {
                // `session.ready` leaves before it is told.
                let held = self.sessions.entry(session_id).and_modify(|held| {
                    if *held == Held::Lost {
                        *held = Held::Claimed { ready_sent: false };
                    }
                });
                assert!(matches!(held.or_insert(Held::Asked), Held::Claimed { .. }), "it was held before");
            }
            Event::Sent { .. } => panic!("nothing is sent here"),
            Event::NotReadied { session_id } => {
                assert_eq!(self.sessions[&session_id], Held::Claimed { ready_sent: false });
            }
            Event::CallFlowSet(_) => assert!(std::mem::replace(&mut self.flow_open, false)),
            Event::Oddity(oddity) => {
                assert!(self.oddities.insert(oddity.kind), "{} is told twice", oddity.kind);
                assert_shows_nothing(&oddity.detail);
            }
            Event::Refused { retry_in, .. } => assert!(retry_in > Duration::ZERO),
            Event::Notified(notify) => assert!(!notify.session_id.is_empty()),
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

    fn finish(mut self) {
        self.happens(b'x', b"");
        self.drain();
        assert!(self.sessions.is_empty(), "unanswered: {:?}", self.sessions);
        assert!(!self.flow_open);
    }
}

/// The session of a digit.
fn session(rest: &[u8]) -> String {
    format!("s{}", number(&rest[..rest.len().min(1)]))
}

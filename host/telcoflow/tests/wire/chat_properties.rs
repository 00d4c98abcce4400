//! Any order of inputs on a link with chats: each message has one result, each chat one end, and nothing is sent where it
//! may not be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CloseReason, Response, ToClient, ToServer};
use telcoflow::link::{Event, Link, LinkConfig, Output};

use crate::driver::{granted_chat, refusal};

const CASES: u32 = 2000;
const CHATS: u8 = 4;

#[derive(Clone, Debug)]
enum Op {
    Opened,
    SetupDone,
    Lost,
    Deadline,
    Pong,
    Claim(u8),
    Ready(u8),
    Send(u8),
    /// Answers some request that was sent, perhaps on an earlier socket or twice.
    Answer(prop::sample::Index, bool),
    Message(u8),
    Closed(u8),
    Forget(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let id = || 0..CHATS;
    prop_oneof![
        8 => Just(Op::Opened),
        8 => Just(Op::SetupDone),
        2 => Just(Op::Lost),
        8 => Just(Op::Deadline),
        3 => Just(Op::Pong),
        6 => id().prop_map(Op::Claim),
        5 => id().prop_map(Op::Ready),
        10 => id().prop_map(Op::Send),
        16 => (any::<prop::sample::Index>(), prop::bool::weighted(0.8)).prop_map(|(at, ok)| Op::Answer(at, ok)),
        4 => id().prop_map(Op::Message),
        1 => id().prop_map(Op::Closed),
        1 => id().prop_map(Op::Forget),
    ]
}

/// The link, its driver, and what must hold between them.
struct World {
    link: Link,
    now: Instant,
    deadline: Option<Instant>,
    dialling: bool,
    up: bool,
    /// Claims that wait, and chats that live: whether `ready` went out on this socket.
    asked: BTreeSet<String>,
    chats: BTreeMap<String, bool>,
    /// Chats of this socket, to which messages may go.
    attached: BTreeSet<String>,
    messages: BTreeSet<u32>,
    next_key: u32,
    /// Requests that were sent: id and the session of a claim.
    requests: Vec<(String, Option<String>)>,
    log: Vec<Output>,
}

impl World {
    fn new(start: Instant, seed: u64) -> Self {
        let config = LinkConfig { sample_rate_hz: 8000, audio_mode: AudioMode::Mixed, call_flow: None };
        let mut world = Self {
            link: Link::new(config, seed, start),
            now: start,
            deadline: None,
            dialling: false,
            up: false,
            asked: BTreeSet::new(),
            chats: BTreeMap::new(),
            attached: BTreeSet::new(),
            messages: BTreeSet::new(),
            next_key: 0,
            requests: Vec::new(),
            log: Vec::new(),
        };
        world.drain();
        world
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Opened => self.link.handle_opened(self.now),
            Op::SetupDone => self.frame(&ToClient::SetupDone { sm_ws_id: None }),
            Op::Lost => self.link.handle_lost(self.now, "reset".into()),
            Op::Deadline => {
                self.now = self.deadline.map_or(self.now, |at| self.now.max(at));
                self.link.handle_timeout(self.now);
            }
            Op::Pong => self.link.handle_pong(self.now),
            Op::Claim(id) => {
                let id = name(*id);
                if self.link.claim(self.now, &id).is_ok() {
                    assert!(self.up && !self.chats.contains_key(&id) && self.asked.insert(id), "one claim at a time");
                }
            }
            Op::Ready(id) => {
                let held = self.chats.contains_key(&name(*id));
                assert_eq!(self.link.ready(&name(*id)).is_ok(), held, "a chat is held with or without a socket");
            }
            Op::Send(id) => self.send(&name(*id)),
            Op::Answer(at, granted) if !self.requests.is_empty() => {
                let (req_id, session_id) = self.requests[at.index(self.requests.len())].clone();
                let frame = match (granted, session_id) {
                    (true, Some(session_id)) => granted_chat(&req_id, &session_id),
                    (true, None) => ToClient::Response(Response::granted(req_id, Some(json!({"id": 1})))),
                    (false, _) => refusal(&req_id, "SESSION_BUSY", None),
                };
                self.frame(&frame);
            }
            Op::Answer(..) => {}
            Op::Message(id) => {
                let text = format!(r#"{{"type":"wa.msg.in","sessionId":"{}","sender":"a","content":{{}}}}"#, name(*id));
                let told = self.log.len();
                self.link.handle_frame(self.now, text.as_bytes());
                self.drain();
                let heard = self.log[told..].iter().any(|output| matches!(output, Output::Event(Event::WaMsgIn(_))));
                assert_eq!(heard, self.up && self.chats.contains_key(&name(*id)));
            }
            Op::Closed(id) => {
                self.frame(&ToClient::SessionClosed { session_id: name(*id), reason: CloseReason::SdkRequest });
            }
            Op::Forget(id) => {
                self.link.forget(&name(*id));
                self.chats.remove(&name(*id));
                self.attached.remove(&name(*id));
            }
        }
        self.drain();
    }

    fn send(&mut self, id: &str) {
        let key = self.next_key;
        self.next_key += 1;
        let taken = self.link.send(self.now, key, id, "v1".into(), json!({"key": key})).is_ok();
        assert_eq!(taken, self.up && self.attached.contains(id));
        if taken {
            self.messages.insert(key);
        }
    }

    fn frame(&mut self, frame: &ToClient) {
        self.link.handle_frame(self.now, frame.print().as_bytes());
    }

    fn drain(&mut self) {
        loop {
            let output = self.link.poll_output();
            match &output {
                Output::Timeout(deadline) => {
                    self.deadline = deadline.map(|(at, _)| at);
                    assert_eq!(self.link.is_up(), self.up);
                    return;
                }
                Output::Dial => self.dialling = true,
                Output::Transmit(text) => self.transmitted(text),
                Output::Event(event) => self.told(event),
                Output::HangUp(_) => self.attached.clear(),
                Output::Ping => assert!(self.up),
            }
            self.log.push(output);
        }
    }

    fn transmitted(&mut self, text: &str) {
        match ToServer::parse(text.as_bytes()).expect("our own frame") {
            ToServer::Setup { .. } => assert!(self.dialling),
            ToServer::SessionOpen { req_id, session_id } => {
                assert!(self.up && !self.attached.contains(&session_id), "claimed once on each socket");
                assert!(self.asked.contains(&session_id) || self.chats.contains_key(&session_id));
                self.requests.push((req_id, Some(session_id)));
            }
            ToServer::SessionReady { session_id } => {
                // It leaves just before the event that tells of a chat which is claimed again.
                let before = self.chats.insert(session_id.clone(), true);
                assert_eq!(before, Some(false), "once for each claim");
                self.attached.insert(session_id);
            }
            ToServer::WaMsgOut { req_id, data } => {
                assert!(self.up && self.attached.contains(&data.session_id), "claimed on this socket");
                self.requests.push((req_id, None));
            }
            other => panic!("{other:?}"),
        }
    }

    fn told(&mut self, event: &Event) {
        match event {
            Event::Up { .. } => {
                assert!(self.messages.is_empty() && self.asked.is_empty(), "nothing is left of the socket before");
                self.up = true;
            }
            Event::Down { .. } => {
                assert!(self.messages.is_empty() && self.asked.is_empty(), "all was answered before");
                self.up = false;
                self.attached.clear();
                self.chats.values_mut().for_each(|ready| *ready = false);
            }
            Event::Claimed(session) => {
                assert!(self.asked.remove(&session.id));
                assert_eq!(self.chats.insert(session.id.clone(), false), None);
                self.attached.insert(session.id.clone());
            }
            Event::ClaimFailed { session_id, .. } => assert!(self.asked.remove(session_id)),
            Event::Reclaimed { session_id } => {
                assert!(self.chats.contains_key(session_id));
                self.attached.insert(session_id.clone());
            }
            Event::Sent { key, .. } => assert!(self.messages.remove(key), "one result for each message"),
            Event::SessionClosed { session_id, .. } => {
                assert!(self.chats.remove(session_id).is_some(), "one end for each chat");
                self.attached.remove(session_id);
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Vec<Output> {
        self.link.shut_down();
        self.up = false;
        self.drain();
        assert!(self.messages.is_empty() && self.chats.is_empty() && self.asked.is_empty(), "unanswered");
        self.log
    }
}

fn name(id: u8) -> String {
    format!("w{id}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn chats_survive_any_order_of_inputs(seed in any::<u64>(), ops in prop::collection::vec(op(), 0..150)) {
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

    /// Whatever is lost in between: a server that grants everything gets every chat back.
    #[test]
    fn a_chat_comes_back_after_any_number_of_losses(seed in any::<u64>(), losses in 1..6_usize) {
        let mut world = World::new(Instant::now(), seed);
        for op in [Op::Opened, Op::SetupDone, Op::Claim(0)] {
            world.step(&op);
        }
        let (req_id, _) = world.requests.last().cloned().expect("asked");
        world.frame(&granted_chat(&req_id, "w0"));
        world.drain();
        world.link.ready("w0").expect("claimed");
        world.drain();
        for _ in 0..losses {
            world.step(&Op::Lost);
            world.now += Duration::from_secs(15);
            for op in [Op::Deadline, Op::Opened, Op::SetupDone] {
                world.step(&op);
            }
            let (req_id, _) = world.requests.last().cloned().expect("asked again");
            world.frame(&granted_chat(&req_id, "w0"));
            world.drain();
            prop_assert!(world.attached.contains("w0"));
        }
    }
}

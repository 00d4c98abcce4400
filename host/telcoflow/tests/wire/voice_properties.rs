//! Any order of inputs: nothing panics, each command is answered once and in time, and a lost link is silent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use telcoflow::frame::voice::{CommandName, ToClient, ToServer};
use telcoflow::limits::{COMMAND_GRACE_S, COMMANDS_MAX};
use telcoflow::voice::{CommandRefused, Deadline, Event, Output, Voice};

const CASES: u32 = 3000;

#[derive(Clone, Debug)]
enum Op {
    Command(CommandName),
    /// Answers some command that was sent, perhaps twice or too late.
    Answer(prop::sample::Index, bool),
    Terminated,
    BufferRequest(i64, Option<i64>, i64),
    Bytes(Vec<u8>),
    Pong,
    /// Time passes and nothing is called.
    Wait(u32),
    /// Time passes to the deadline, which is handled.
    Deadline,
    Lost,
}

fn op() -> impl Strategy<Value = Op> {
    let command = prop_oneof![
        (0..200_u32).prop_map(|ring_time_s| CommandName::Connect { ring_time_s }),
        prop::sample::select(&[CommandName::Answer, CommandName::Spy, CommandName::Interrupt, CommandName::Close][..]),
    ];
    let number = || prop_oneof![-2..2000_i64, any::<i64>()];
    let request = (number(), prop::option::of(number()), prop_oneof![4 => Just(0), 1 => -1..300_i64]);
    prop_oneof![
        20 => command.prop_map(Op::Command),
        12 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(at, ok)| Op::Answer(at, ok)),
        1 => Just(Op::Terminated),
        4 => request.prop_map(|(bytes, frame, channel)| Op::BufferRequest(bytes, frame, channel)),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Op::Bytes),
        6 => Just(Op::Pong),
        3 => (0..8_000_u32).prop_map(Op::Wait),
        6 => Just(Op::Deadline),
        1 => Just(Op::Lost),
    ]
}

/// The link, its driver, and what must hold between them.
struct World {
    voice: Voice,
    now: Instant,
    deadline: Option<(Instant, Deadline)>,
    lost: bool,
    /// Commands that were accepted and not answered, with the moment by which they must be.
    open: BTreeMap<u32, Instant>,
    sent: Vec<String>,
    next_key: u32,
    log: Vec<Output>,
}

impl World {
    fn new(start: Instant, seed: u64) -> Self {
        let mut world = Self {
            voice: Voice::new(seed, start),
            now: start,
            deadline: None,
            lost: false,
            open: BTreeMap::new(),
            sent: Vec::new(),
            next_key: 0,
            log: Vec::new(),
        };
        world.drain();
        world
    }

    fn step(&mut self, op: &Op) {
        let before = self.log.len();
        let was_lost = self.lost;
        match op {
            Op::Command(command) => self.command(*command),
            Op::Answer(at, success) => {
                if !self.sent.is_empty() {
                    let id = &self.sent[at.index(self.sent.len())];
                    self.frame(&ToClient::CommandResponse {
                        command_id: id.clone(),
                        success: *success,
                        result: None,
                        error_code: None,
                        error_message: None,
                    });
                }
            }
            Op::Terminated => self.frame(&ToClient::CallTerminated),
            Op::BufferRequest(requested_bytes, prefer_audio_frame_bytes, channel_id) => {
                self.frame(&ToClient::BufferRequest {
                    requested_bytes: *requested_bytes,
                    prefer_audio_frame_bytes: *prefer_audio_frame_bytes,
                    channel_id: *channel_id,
                });
            }
            Op::Bytes(bytes) => self.voice.handle_text(self.now, bytes),
            Op::Pong => self.voice.handle_pong(self.now),
            Op::Wait(wait_ms) => self.now += Duration::from_millis((*wait_ms).into()),
            Op::Deadline => {
                if let Some((at, _)) = self.deadline {
                    self.now = self.now.max(at);
                }
                self.voice.handle_timeout(self.now);
                self.drain();
                if let Some((at, deadline)) = self.deadline {
                    assert!(at > self.now, "{deadline:?} was due and is still due");
                }
                let late = self.open.values().filter(|due| **due <= self.now);
                assert_eq!(late.count(), 0, "commands are answered in time");
            }
            Op::Lost => self.voice.handle_lost(self.now),
        }
        self.drain();
        assert_eq!(self.lost, self.deadline.is_none(), "a live link always has a deadline");
        assert!(!was_lost || self.log.len() == before, "a lost link is silent");
    }

    fn command(&mut self, command: CommandName) {
        let key = self.next_key;
        let ring_ok = !matches!(command, CommandName::Connect { ring_time_s: 0 | 121.. });
        match self.voice.command(self.now, key, command) {
            Ok(()) => {
                assert!(ring_ok && !self.lost && self.open.len() < COMMANDS_MAX);
                let patience = command.deadline() + Duration::from_secs(COMMAND_GRACE_S);
                self.open.insert(key, self.now + patience);
                self.next_key += 1;
            }
            Err(CommandRefused::LinkLost) => assert!(self.lost),
            Err(CommandRefused::RingTime) => assert!(!ring_ok),
            Err(CommandRefused::TooMany) => assert_eq!(self.open.len(), COMMANDS_MAX),
        }
    }

    fn frame(&mut self, frame: &ToClient) {
        self.voice.handle_text(self.now, frame.print().as_bytes());
    }

    fn drain(&mut self) {
        let outputs_max = self.open.len() + 4;
        for _ in 0..=outputs_max {
            let output = self.voice.poll_output();
            match &output {
                Output::Timeout(deadline) => {
                    self.deadline = *deadline;
                    return;
                }
                Output::Transmit(text) => match ToServer::parse(text.as_bytes()) {
                    Ok(ToServer::Command { command_id, .. }) => self.sent.push(command_id),
                    other => panic!("{other:?}"),
                },
                Output::Event(Event::Response { key, .. }) => {
                    assert!(self.open.remove(key).is_some(), "one answer to each command");
                }
                Output::Event(Event::Lost) => {
                    assert!(self.open.is_empty(), "all was answered before");
                    assert!(!std::mem::replace(&mut self.lost, true), "lost once");
                }
                Output::Event(Event::BufferRequest { bytes, frame_bytes }) => {
                    assert!(*bytes > 0 && *frame_bytes != Some(0));
                }
                Output::Event(_) | Output::Ping | Output::HangUp(_) => {}
            }
            self.log.push(output);
        }
        panic!("more than {outputs_max} outputs after one input");
    }

    fn finish(mut self) -> Vec<Output> {
        self.step(&Op::Lost);
        assert!(self.lost && self.open.is_empty());
        let terminated = Output::Event(Event::Terminated);
        assert!(self.log.iter().filter(|output| **output == terminated).count() <= 1);
        self.log
    }
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
}

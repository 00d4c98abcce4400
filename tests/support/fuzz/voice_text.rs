//! The text of the voice plane: the parser, and a voice link under any order of frames, commands, losses and time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use telcoflow::frame::voice::{CommandName, ToClient, ToServer};
use telcoflow::limits::{COMMAND_GRACE_S, COMMANDS_MAX, PEER_TEXT_BYTES_MAX};
use telcoflow::voice::{CommandRefused, Deadline, Event, Output, Voice};

use super::INPUT_BYTES_MAX;
use super::script::{Step, assert_shows_nothing, number, steps, with_ids};

/// The bytes as a frame by itself, and as a script.
///
/// Letters of the script: `a` answer, `c` connect with a ring time, `h` whisper, `b` barge, `s` spy, `i` interrupt, `d`
/// disconnect, `x` close, `p` pong, `t` the deadline comes, `+` so many ms pass, `l` lost.
pub fn voice_text(bytes: &[u8]) {
    if bytes.len() > INPUT_BYTES_MAX {
        return;
    }
    parses(bytes);
    let mut world = World::new();
    world.frame(bytes);
    world.finish();
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

/// The link, its driver, and what must hold between them.
struct World {
    voice: Voice,
    now: Instant,
    deadline: Option<(Instant, Deadline)>,
    lost: bool,
    terminated: bool,
    /// Commands that were accepted and not answered, with the moment by which they must be.
    open: BTreeMap<u32, Instant>,
    /// Ids of commands, in their order.
    ids: Vec<String>,
    next_key: u32,
    outputs: usize,
    oddities: BTreeSet<&'static str>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let mut world = Self {
            voice: Voice::new(1, now),
            now,
            deadline: None,
            lost: false,
            terminated: false,
            open: BTreeMap::new(),
            ids: Vec::new(),
            next_key: 0,
            outputs: 0,
            oddities: BTreeSet::new(),
        };
        world.drain();
        world
    }

    fn step(&mut self, step: &Step<'_>) {
        let (was_lost, before) = (self.lost, self.outputs);
        match *step {
            Step::Happens(letter, rest) => self.happens(letter, rest),
            Step::Frame(frame) => self.frame(frame),
        }
        self.drain();
        assert_eq!(self.lost, self.deadline.is_none(), "a live link always has a deadline");
        assert!(!was_lost || self.outputs == before, "a lost link is silent");
    }

    fn happens(&mut self, letter: u8, rest: &[u8]) {
        let command = match letter {
            b'a' => CommandName::Answer,
            b'c' => CommandName::Connect { ring_time_s: number(rest) },
            b'h' => CommandName::Whisper,
            b'b' => CommandName::Barge,
            b's' => CommandName::Spy,
            b'i' => CommandName::Interrupt,
            b'd' => CommandName::Disconnect,
            b'x' => CommandName::Close,
            b'p' => return self.voice.handle_pong(self.now),
            b't' => return self.at_deadline(),
            b'+' => return self.now += Duration::from_millis(number(rest).into()),
            b'l' => return self.voice.handle_lost(self.now),
            _ => return,
        };
        self.command(command);
    }

    fn frame(&mut self, frame: &[u8]) {
        if let Some(frame) = with_ids(frame, &self.ids) {
            self.voice.handle_text(self.now, &frame);
            self.drain();
        }
    }

    fn at_deadline(&mut self) {
        if let Some((at, _)) = self.deadline {
            self.now = self.now.max(at);
        }
        self.voice.handle_timeout(self.now);
        self.drain();
        if let Some((at, deadline)) = self.deadline {
            assert!(at > self.now, "{deadline:?} was due and is still due");
        }
        assert!(self.open.values().all(|due| *due > self.now), "commands are answered in time");
    }

    fn command(&mut self, command: CommandName) {
        let ring_ok = !matches!(command, CommandName::Connect { ring_time_s: 0 | 121.. });
        match self.voice.command(self.now, self.next_key, command) {
            Ok(()) => {
                assert!(ring_ok && !self.lost && self.open.len() < COMMANDS_MAX);
                let patience = command.deadline() + Duration::from_secs(COMMAND_GRACE_S);
                self.open.insert(self.next_key, self.now + patience);
                self.next_key += 1;
            }
            Err(CommandRefused::LinkLost) => assert!(self.lost),
            Err(CommandRefused::RingTime) => assert!(!ring_ok),
            Err(CommandRefused::TooMany) => assert_eq!(self.open.len(), COMMANDS_MAX),
        }
    }

    fn drain(&mut self) {
        let outputs_max = self.open.len() + 4;
        for _ in 0..=outputs_max {
            match self.voice.poll_output() {
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return;
                }
                Output::Transmit(text) => match ToServer::parse(text.as_bytes()) {
                    Ok(ToServer::Command { command_id, .. }) => self.ids.push(command_id),
                    other => panic!("{other:?}"),
                },
                Output::Event(event) => self.told(event),
                Output::Ping | Output::HangUp(_) => {}
            }
            self.outputs += 1;
        }
        panic!("more than {outputs_max} outputs after one input");
    }

    fn told(&mut self, event: Event) {
        match event {
            Event::Response { key, result } => {
                assert!(self.open.remove(&key).is_some(), "one answer to each command");
                if let Err(failure) = result {
                    assert!(!failure.code.is_empty() && failure.code.len() <= PEER_TEXT_BYTES_MAX);
                    assert!(!failure.message.is_empty() && failure.message.len() <= PEER_TEXT_BYTES_MAX);
                }
            }
            Event::Terminated => assert!(!std::mem::replace(&mut self.terminated, true), "told once"),
            Event::CallError { code, message } => {
                assert!(!code.is_empty() && code.len() <= PEER_TEXT_BYTES_MAX);
                assert!(message.len() <= PEER_TEXT_BYTES_MAX);
            }
            Event::BufferRequest { bytes, frame_bytes } => assert!(bytes > 0 && frame_bytes != Some(0)),
            Event::Lost => {
                assert!(self.open.is_empty(), "all was answered before");
                assert!(!std::mem::replace(&mut self.lost, true), "lost once");
            }
            Event::Oddity(oddity) => {
                assert!(self.oddities.insert(oddity.kind), "{} is told twice", oddity.kind);
                assert_shows_nothing(&oddity.detail);
            }
        }
    }

    fn finish(mut self) {
        self.happens(b'l', b"");
        self.drain();
        assert!(self.lost && self.open.is_empty());
    }
}

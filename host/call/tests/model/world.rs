//! A call, what is known about it from outside, and the checks that compare the two.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use call::limits::INBOX_UNKNOWN_CHANNELS_MAX;
use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, Deadline, Event, Failure, Next, State};

use crate::action::Action;
use crate::commands::Commands;
use crate::playout::Playout;

const PLAYOUT_BYTES_MAX: usize = 50_000;

pub(crate) struct World {
    sample_rate_hz: u32,
    call: Call,
    model: Playout,
    /// Grows with each byte that is played, so that a byte out of place shows.
    next_byte: u32,
    marks_made: u64,
    commands: Commands,
    timers: Vec<u32>,
    cancelled: BTreeSet<u32>,
    channels: BTreeMap<u8, Channel>,
    samples_taken: u64,
    keys: [u64; 2],
    bytes_out: u64,
    ends: usize,
}

#[derive(Default)]
struct Channel {
    samples_in: u64,
    next_sample: u64,
}

impl World {
    pub(crate) fn new(sample_rate_hz: u32, answered: bool) -> World {
        let now = Instant::now();
        let info = CallInfo { sample_rate_hz, ..CallInfo::default() };
        let capabilities = Capabilities::of(&Ability::ALL);
        let call = Call::new(CallConfig { info, capabilities, playout_bytes_max: PLAYOUT_BYTES_MAX + 1 }, now);
        let mut world = World {
            sample_rate_hz,
            call,
            model: Playout::new(sample_rate_hz, PLAYOUT_BYTES_MAX, now),
            next_byte: 0,
            marks_made: 0,
            commands: Commands::new(),
            timers: Vec::new(),
            cancelled: BTreeSet::new(),
            channels: BTreeMap::new(),
            samples_taken: 0,
            keys: [0; 2],
            bytes_out: 0,
            ends: 0,
        };
        if answered {
            world.act(&Action::Command(CommandKind::Answer));
            world.act(&Action::SendCommands);
            world.act(&Action::Outcome { pick: 0, success: true });
        }
        world
    }

    pub(crate) fn act(&mut self, action: &Action) {
        match action {
            Action::Step { micros } => self.step(self.call.now() + Duration::from_micros(*micros)),
            Action::StepToDeadline => self.step_to_deadline(),
            Action::Play { bytes } => self.play(*bytes),
            Action::PlaySamples { samples } => self.play_samples(*samples),
            Action::Flush => {
                self.call.flush();
                self.model.flush();
            }
            Action::Clear => self.clear(),
            Action::ClearStorm { times } => (0..*times).for_each(|_| {
                self.clear();
                self.send_commands();
            }),
            Action::Mark => self.mark(),
            Action::NotifyBelow { samples } => {
                self.call.notify_below(*samples);
                if self.lives() {
                    self.model.notify_below(*samples);
                }
            }
            Action::Credit { bytes, frame_bytes } => {
                self.call.handle_credit(*bytes, *frame_bytes);
                if self.lives() {
                    self.model.credit(*bytes, *frame_bytes);
                } else {
                    self.model.credit_dropped = self.model.credit_dropped.saturating_add(*bytes);
                }
            }
            Action::Send { frames } => (0..*frames).for_each(|_| self.send()),
            Action::SendCommands => self.send_commands(),
            Action::Audio { channel, bytes } => self.hear(*channel, *bytes),
            Action::Take { events } => (0..*events).for_each(|_| self.take()),
            Action::Command(kind) => self.command(kind),
            Action::Outcome { pick, success } => self.outcome(*pick, *success),
            Action::SetTimer { ms, repeat } => {
                let id = self.call.set_timer(Duration::from_millis(*ms), *repeat);
                self.timers.extend(id.ok());
            }
            Action::CancelTimer { pick } => {
                if let Some(id) = self.timers.get(pick % self.timers.len().max(1)) {
                    self.call.cancel_timer(*id);
                    self.cancelled.insert(*id);
                }
            }
            Action::Key => {
                let lives = self.lives();
                self.call.handle_dtmf("1", 0);
                self.keys[0] += u64::from(lives);
            }
            Action::Error { code } => self.call.handle_error(Failure::new(format!("E{code}"), "")),
            Action::Warning { code } => self.call.handle_warning(Failure::new(format!("W{code}"), "")),
            Action::End(reason) => {
                let lives = self.lives();
                self.call.handle_ended(*reason);
                self.commands.ended();
                if lives {
                    self.model.end();
                }
            }
        }
    }

    /// What holds at every moment.
    pub(crate) fn check(&self) {
        let (ledger, stats) = (self.call.position(), self.call.stats());
        assert_eq!(ledger, self.model.ledger(), "the ledger is the model's");
        assert_eq!(ledger.queued + ledger.sent + ledger.dropped, self.model.taken(), "audio is conserved");
        assert!(ledger.heard <= ledger.sent, "nothing is heard before it was sent");
        assert_eq!(stats.credit_dropped, self.model.credit_dropped);
        assert_eq!(stats.padding_samples, self.model.padding);
        assert_eq!(stats.bytes_out, self.bytes_out);
        assert!(stats.bytes_out <= stats.bytes_requested, "never more than was asked for");
        assert_eq!(stats.bytes_out, 2 * (ledger.sent + stats.padding_samples));

        let waiting = stats.samples_in - stats.samples_lost - self.samples_taken;
        let channels = self.channels.len().min(1 + INBOX_UNKNOWN_CHANNELS_MAX) as u64;
        let room = 2 * u64::from(self.sample_rate_hz) * channels;
        assert!(waiting <= room, "{waiting} samples wait in the inbox");
        assert_eq!(self.call.state(), self.commands.state, "the state is the model's");
        if let Some((at, reason)) = self.call.poll_timeout() {
            assert!(at > self.call.now(), "the deadline {reason:?} lies ahead");
        }
    }

    /// Ends the call, if it still lives, and closes the books.
    pub(crate) fn finish(&mut self) {
        self.act(&Action::End(call::EndReason::HostStopped));
        while let Next::Event(event) = self.call.next() {
            self.note(event);
        }
        self.check();
        assert_eq!(self.call.next(), Next::Over);
        assert_eq!(self.ends, 1, "the end comes once");
        let untaken = &self.commands.untaken;
        assert!(untaken.is_empty(), "each accepted command has an outcome: {untaken:?}");
        assert!(self.model.told.is_empty(), "each mark is reported: {:?}", self.model.told);
        assert_eq!(self.keys[0], self.keys[1] + self.call.stats().keys_dropped, "no key is lost uncounted");
        assert_eq!(self.call.poll_timeout(), None);
        assert!(!self.call.has_output());

        let stats = self.call.stats();
        assert_eq!(stats.samples_in, self.samples_taken + stats.samples_lost, "heard audio is conserved");
        let told: u64 = self.channels.values().map(|channel| channel.samples_in - channel.next_sample).sum();
        assert!(told <= stats.samples_lost, "only lost audio is missing at the end");
    }

    /// An event reached the handler.
    pub(crate) fn note(&mut self, event: Event) {
        assert_eq!(self.ends, 0, "nothing comes after the end, but the end comes once: {event:?}");
        match event {
            Event::Audio { channel, at_sample, lost_samples, pcm } => {
                assert!(!pcm.is_empty() && pcm.len().is_multiple_of(2));
                let samples = pcm.len() as u64 / 2;
                let heard = self.channels.entry(channel).or_default();
                assert_eq!(at_sample, heard.next_sample + u64::from(lost_samples), "positions are contiguous");
                heard.next_sample = at_sample + samples;
                self.samples_taken += samples;
                let first = (u32::from(channel) << 16) | (at_sample as u32 & 0xffff);
                assert_eq!(pcm[..2], sample(first), "the audio is that of its position");
            }
            Event::Outcome { command, name, .. } => {
                let untaken = self.commands.untaken.remove(&command);
                assert_eq!(untaken, Some(name), "one outcome for each accepted command");
            }
            Event::Mark { .. } | Event::PlayoutLow(_) => {
                assert_eq!(Some(event), self.model.told.pop_front(), "marks and levels are the model's");
            }
            Event::Timer(id) => {
                assert!(self.timers.contains(&id) && !self.cancelled.contains(&id), "timer {id} is not running");
            }
            Event::Dtmf { .. } => self.keys[1] += 1,
            Event::Placed { .. } | Event::Warning(_) | Event::CallError(_) | Event::Network(_) => {}
            Event::Ended(reason) => {
                assert_eq!(Some(reason), self.call.end_reason());
                self.ends += 1;
            }
        }
    }

    fn lives(&self) -> bool {
        self.call.state() != State::Ended
    }

    fn step(&mut self, now: Instant) {
        let (before, then) = (self.call.position().heard, self.call.now());
        self.call.handle_timeout(now);
        if self.lives() {
            self.model.step(now);
        }
        let real = (now - then).as_nanos() * u128::from(self.sample_rate_hz) / 1_000_000_000 + 1;
        assert!(u128::from(self.call.position().heard - before) <= real, "nothing is heard faster than real time");
    }

    fn step_to_deadline(&mut self) {
        let Some((at, reason)) = self.call.poll_timeout() else {
            return;
        };
        let told = self.model.told.len();
        self.step(at);
        match reason {
            Deadline::Timer => assert!(self.call.has_event(), "a timer fires at its deadline"),
            Deadline::Mark => assert!(self.model.told.len() > told, "a mark is reached at its deadline"),
            Deadline::Tail => {
                let held = self.commands.holds_audio();
                assert!(held || self.call.has_output(), "a tail leaves at its deadline");
            }
            Deadline::Tape => panic!("nothing is recorded here"),
        }
    }

    fn play(&mut self, bytes: usize) {
        let pcm: Vec<u8> = (0..bytes.div_ceil(2)).flat_map(|_| self.made_sample()).take(bytes).collect();
        let result = self.call.play(&pcm);
        let takes = self.call.state().takes_audio() && bytes.is_multiple_of(2) && self.model.fits(bytes);
        assert_eq!(result.is_ok(), takes, "{result:?}");
        if takes {
            self.model.play(self.call.now(), &pcm);
        }
    }

    fn play_samples(&mut self, samples: usize) {
        let pcm: Vec<u8> = (0..samples).flat_map(|_| self.made_sample()).collect();
        let samples: Vec<i16> = pcm.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let result = self.call.play_samples(&samples);
        let takes = self.call.state().takes_audio() && self.model.fits(pcm.len());
        assert_eq!(result.is_ok(), takes, "{result:?}");
        if takes {
            self.model.play(self.call.now(), &pcm);
        }
    }

    fn made_sample(&mut self) -> [u8; 2] {
        self.next_byte = self.next_byte.wrapping_add(1);
        sample(self.next_byte)
    }

    fn clear(&mut self) {
        if self.call.state().takes_audio() {
            self.model.clear();
            self.commands.interrupt();
        }
        assert_eq!(self.call.clear(), self.model.ledger());
    }

    fn mark(&mut self) {
        let name = format!("m{}", self.marks_made);
        if self.call.mark(&name).is_ok() {
            self.marks_made += 1;
            self.model.mark(name);
        } else {
            assert!(!self.lives(), "only the end refuses so few marks");
        }
    }

    fn send(&mut self) {
        let promised = self.call.has_output();
        let now = self.call.now();
        let expected = if self.commands.holds_audio() { None } else { self.model.send(now) };
        assert_eq!(promised, expected.is_some() || !self.commands.all_sent(), "has_output tells what is there");
        let mut frame = vec![9];
        assert_eq!(self.call.poll_audio(&mut frame), expected.is_some(), "what may leave does");
        assert_eq!(frame[1..], expected.unwrap_or_default(), "the frame is the model's");
        self.bytes_out += frame.len() as u64 - 1;
    }

    fn send_commands(&mut self) {
        while let Some(command) = self.call.poll_command() {
            self.commands.sent(command.id, &command.kind);
        }
    }

    fn hear(&mut self, channel: u8, bytes: usize) {
        let heard = self.channels.entry(channel).or_default();
        let first = heard.samples_in;
        let pcm: Vec<u8> = (first..first + bytes.div_ceil(2) as u64)
            .flat_map(|at| sample((u32::from(channel) << 16) | (at as u32 & 0xffff)))
            .take(bytes)
            .collect();
        if self.call.state() != State::Ended {
            heard.samples_in += bytes as u64 / 2;
        }
        self.call.handle_audio(channel, &pcm);
    }

    fn take(&mut self) {
        let promised = self.call.has_event();
        match self.call.next() {
            Next::Event(event) => {
                assert!(promised, "has_event told of it");
                self.note(event);
            }
            Next::Wait => assert!(!promised, "has_event promised one"),
            Next::Over => assert_eq!(self.ends, 1, "over only after the end"),
        }
    }

    fn command(&mut self, kind: &CommandKind) {
        let expected = self.commands.refusal(kind);
        match self.call.command(kind.clone()) {
            Ok(id) => {
                assert_eq!(expected, None, "{kind:?} is refused");
                self.commands.accepted(id, kind.name());
            }
            Err(failure) => assert_eq!(Some(failure.code.as_ref()), expected, "{kind:?} is refused for its reason"),
        }
    }

    fn outcome(&mut self, pick: usize, success: bool) {
        let id = self.commands.pick(pick);
        let lived = self.lives();
        self.commands.answered(id, success);
        let result = if success { Ok(None) } else { Err(Failure::new("CALL_UNANSWERED", "")) };
        self.call.handle_outcome(id, result);
        if lived && !self.lives() {
            self.model.end();
        }
    }
}

/// A sample that differs from its neighbours, in bytes.
fn sample(number: u32) -> [u8; 2] {
    let mixed = number.wrapping_mul(0x9e37_79b1);
    [(mixed >> 24) as u8, (mixed >> 16) as u8]
}

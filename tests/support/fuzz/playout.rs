//! The playout: whatever the handler and the carrier do, no byte leaves that was not asked for, and none gets lost.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use call::limits::FRAME_BYTES_MAX;
use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, EndReason, Event, Failure, Next, State};

use super::INPUT_BYTES_MAX;
use super::bytes::Bytes;

const PLAYOUT_BYTES_MAX: usize = 16 << 10;

/// The bytes as operations of the handler (play, mark, clear, flush, `notify_below`) and of the carrier (credit, sending,
/// outcomes, the end), with time between them.
pub fn playout(bytes: &[u8]) {
    if bytes.len() > INPUT_BYTES_MAX {
        return;
    }
    let mut world = World::new();
    let mut input = Bytes(bytes);
    while let Some(operation) = input.next() {
        match operation % 16 {
            0 | 1 => world.play(input.short() as usize % 4_096),
            2 => world.play_samples(input.byte().into()),
            3 => world.credit(input.short().into(), None),
            4 => world.credit(input.short().into(), Some(input.byte().into())),
            5 => world.credit(input.long(), Some(u32::from(input.short()) << (operation / 16))),
            6 | 7 => world.send(operation / 16),
            8 => world.clear(),
            9 => world.call.flush(),
            10 => world.mark(),
            11 => world.call.notify_below(input.short().into()),
            12 => world.wait(Duration::from_millis(input.byte().into())),
            13 => world.until_deadline(),
            14 if operation / 16 == 15 => world.call.handle_ended(EndReason::VoiceLost),
            14 => world.outcome(operation / 16 != 0),
            _ => world.take(operation / 16),
        }
        world.check();
    }
    world.finish();
}

struct World {
    call: Call,
    now: Instant,
    /// What waits, byte for byte.
    queue: VecDeque<u8>,
    next_byte: u8,
    taken_bytes: u64,
    out_bytes: u64,
    asked_bytes: u128,
    interrupts: VecDeque<u32>,
    marks: VecDeque<String>,
    marks_made: u32,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let config = CallConfig {
            info: CallInfo { sample_rate_hz: 8_000, ..CallInfo::default() },
            capabilities: Capabilities::of(&Ability::ALL),
            playout_bytes_max: PLAYOUT_BYTES_MAX,
        };
        let mut call = Call::new(config, now);
        let answer = call.command(CommandKind::Answer).expect("a call that rings can be answered");
        assert!(call.poll_command().is_some_and(|command| command.id == answer));
        call.handle_outcome(answer, Ok(None));
        assert!(matches!(call.next(), Next::Event(Event::Outcome { .. })));
        Self {
            call,
            now,
            queue: VecDeque::new(),
            next_byte: 1,
            taken_bytes: 0,
            out_bytes: 0,
            asked_bytes: 0,
            interrupts: VecDeque::new(),
            marks: VecDeque::new(),
            marks_made: 0,
        }
    }

    fn lives(&self) -> bool {
        self.call.state() != State::Ended
    }

    /// Bytes that differ from their neighbours and are never silence.
    fn sound(&mut self, bytes: usize) -> Vec<u8> {
        let mut next = || {
            self.next_byte = self.next_byte % 251 + 1;
            self.next_byte
        };
        (0..bytes).map(|_| next()).collect()
    }

    fn play(&mut self, bytes: usize) {
        let pcm = self.sound(bytes);
        let played = self.call.play(&pcm).is_ok();
        self.played(played, &pcm);
    }

    fn play_samples(&mut self, samples: usize) {
        let pcm = self.sound(samples * 2);
        let samples: Vec<i16> = pcm.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let played = self.call.play_samples(&samples).is_ok();
        self.played(played, &pcm);
    }

    fn played(&mut self, played: bool, pcm: &[u8]) {
        let fits = pcm.len().is_multiple_of(2) && self.queue.len() + pcm.len() <= PLAYOUT_BYTES_MAX;
        assert_eq!(played, fits && self.lives(), "all or nothing");
        if played {
            self.queue.extend(pcm);
            self.taken_bytes += pcm.len() as u64;
        }
    }

    fn credit(&mut self, bytes: u64, frame_bytes: Option<u32>) {
        self.call.handle_credit(bytes, frame_bytes);
        self.asked_bytes += u128::from(bytes);
    }

    /// A turn of the carrier: commands first, then audio while the socket takes it.
    fn send(&mut self, frames: u8) {
        while let Some(command) = self.call.poll_command() {
            assert_eq!(command.kind, CommandKind::Interrupt, "nothing else was asked");
            self.interrupts.push_back(command.id);
        }
        for _ in 0..=frames {
            let (has_output, before) = (self.call.has_output(), self.call.position());
            let mut frame = vec![7];
            let sent = self.call.poll_audio(&mut frame);
            assert_eq!((sent, frame[0]), (has_output, 7));
            let pcm = &frame[1..];
            if !sent {
                assert!(pcm.is_empty());
                return;
            }
            assert!(self.lives() && !pcm.is_empty() && pcm.len() % 2 == 0 && pcm.len() <= FRAME_BYTES_MAX);
            let audio = usize::try_from(self.call.position().sent - before.sent).expect("little audio") * 2;
            assert!(audio > 0, "no frame is all padding");
            let expected: Vec<u8> = self.queue.drain(..audio).collect();
            assert_eq!(&pcm[..audio], expected, "what was played, in its order");
            assert!(pcm[audio..].iter().all(|byte| *byte == 0), "padding is silence");
            assert!(pcm.len() == audio || self.queue.is_empty(), "audio goes before padding");
            self.out_bytes += pcm.len() as u64;
        }
    }

    fn clear(&mut self) {
        self.call.clear();
        if self.lives() {
            self.queue.clear();
        }
    }

    fn mark(&mut self) {
        let name = self.marks_made.to_string();
        if self.call.mark(&name).is_ok() {
            self.marks.push_back(name);
            self.marks_made += 1;
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.call.handle_timeout(self.now);
        if let Some((at, deadline)) = self.call.poll_timeout() {
            assert!(at > self.now, "{deadline:?} was due and is still due");
        }
    }

    fn until_deadline(&mut self) {
        if let Some((at, _)) = self.call.poll_timeout() {
            self.wait(at.saturating_duration_since(self.now));
        }
    }

    fn outcome(&mut self, success: bool) {
        if let Some(id) = self.interrupts.pop_front() {
            self.call.handle_outcome(id, if success { Ok(None) } else { Err(Failure::new("NO", "no")) });
        }
    }

    fn take(&mut self, events: u8) {
        for _ in 0..=events {
            match self.call.next() {
                Next::Event(Event::Mark { name, .. }) => {
                    assert_eq!(Some(name), self.marks.pop_front(), "each mark once, in their order");
                }
                Next::Event(Event::PlayoutLow(_) | Event::Ended(_)) => {}
                Next::Event(other) => panic!("nobody asked for {other:?}"),
                Next::Wait | Next::Over => return,
            }
        }
    }

    fn check(&mut self) {
        if !self.lives() {
            self.queue.clear();
        }
        let (ledger, stats) = (self.call.position(), self.call.stats());
        assert_eq!(ledger.queued * 2, self.queue.len() as u64);
        assert_eq!((ledger.queued + ledger.sent + ledger.dropped) * 2, self.taken_bytes, "{ledger:?}");
        assert!(ledger.heard <= ledger.sent, "{ledger:?}");
        assert_eq!(stats.bytes_out, self.out_bytes);
        assert_eq!((ledger.sent + stats.padding_samples) * 2, self.out_bytes, "{ledger:?} {stats:?}");
        assert!(u128::from(self.out_bytes) <= self.asked_bytes, "never more than was asked for");
        if stats.credit_dropped < u64::MAX {
            let usable = self.asked_bytes - u128::from(stats.credit_dropped);
            let unused_at_end = if self.lives() { 0 } else { usable - u128::from(self.out_bytes) };
            assert!(u128::from(self.out_bytes) <= usable && unused_at_end == 0, "{stats:?}");
        }
    }

    fn finish(mut self) {
        self.call.handle_ended(EndReason::Terminated);
        self.check();
        while self.call.next() != Next::Over {}
        self.check();
        assert!(!self.call.has_output());
    }
}

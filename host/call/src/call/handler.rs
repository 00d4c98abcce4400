//! The handler's side of a call: events out, wishes in. Nothing waits, and each refusal says what is wrong.

use std::time::Duration;

use super::Call;
use crate::failure::code;
use crate::journal::Happening;
use crate::limits::{COMMANDS_OPEN_MAX, DIGITS_MAX, MARK_NAME_BYTES_MAX, MARKS_MAX, NUMBER_BYTES_MAX, RING_TIME_S_MAX};
use crate::{
    Ability, CallPlacer, CommandId, CommandKind, Contact, Event, Failure, Ledger, NetworkEvent, Next, Placed, State,
};

impl Call {
    /// The oldest event that was not taken yet.
    #[allow(clippy::should_implement_trait, reason = "the handler contract calls it `next`; `Wait` is not an end")]
    pub fn next(&mut self) -> Next {
        if self.over {
            return Next::Over;
        }
        let Some(event) = self.inbox.pop() else {
            return Next::Wait;
        };
        match &event {
            Event::Timer(id) => self.timers.taken(*id, self.now),
            Event::Placed { step, .. } => self.placing.taken(step),
            Event::Network(event) => self.network.taken(event),
            Event::Ended(_) => self.over = true,
            _ => {}
        }
        Next::Event(event)
    }

    /// True when [`next`](Call::next) would not answer [`Next::Wait`].
    pub fn has_event(&self) -> bool {
        self.over || !self.inbox.is_empty()
    }

    /// Asks the carrier for something. An accepted command finishes as exactly one [`Event::Outcome`].
    ///
    /// # Errors
    /// `ENDED` after the end; `NOT_SUPPORTED` by this carrier; `INVALID` for a bad argument; `NOT_NOW` in this state, while
    /// the same command is under way, or once the call is being left; `FULL` with 32 under way.
    pub fn command(&mut self, kind: CommandKind) -> Result<CommandId, Failure> {
        if let Some(command) = self.inherit(&kind) {
            return Ok(command);
        }
        self.check_command(&kind)?;
        self.stats.commands += 1;
        let name = kind.name();
        let command = self.commands.accept(kind);
        self.journal.write(self.now, Happening::Accepted { command, name });
        Ok(command)
    }

    /// Queues PCM (signed 16-bit little-endian, the call's sample rate), all or nothing.
    ///
    /// # Errors
    /// `FULL` when it does not fit under `playout_bytes_max`; `INVALID` when a sample is cut in half; `NOT_NOW` before the
    /// call is answered; `ENDED` after its end.
    pub fn play(&mut self, pcm: &[u8]) -> Result<Ledger, Failure> {
        self.check_play(pcm.len())?;
        self.playout.play(self.now, pcm);
        Ok(self.after_play())
    }

    /// Queues samples at the call's sample rate, all or nothing.
    ///
    /// # Errors
    /// As for [`play`](Call::play).
    pub fn play_samples(&mut self, samples: &[i16]) -> Result<Ledger, Failure> {
        self.check_play(samples.len().saturating_mul(2))?;
        self.playout.play_samples(self.now, samples);
        Ok(self.after_play())
    }

    /// Asks for an [`Event::Mark`] when everything queued so far has been heard: at once when it has been already.
    ///
    /// # Errors
    /// `INVALID` for a name of more than 128 bytes; `FULL` with 1,024 pending, counting those whose event was not taken;
    /// `ENDED` after the end.
    pub fn mark(&mut self, name: &str) -> Result<(), Failure> {
        if self.state == State::Ended {
            return Err(Failure::ended());
        }
        if name.len() > MARK_NAME_BYTES_MAX {
            let message = format!("the mark's name has {} bytes; {MARK_NAME_BYTES_MAX} are allowed", name.len());
            return Err(Failure::new(code::INVALID, message));
        }
        if self.playout.marks_pending() + self.inbox.waiting().marks >= MARKS_MAX {
            return Err(Failure::new(code::FULL, format!("{MARKS_MAX} marks are pending; wait for their events")));
        }
        self.playout.mark(name);
        self.report_marks();
        Ok(())
    }

    /// Lets the last part of an utterance leave at once, though it does not fill a frame: it is padded with silence.
    pub fn flush(&mut self) {
        self.playout.flush();
    }

    /// Drops what is queued, and has the carrier stop what it is playing, if it can. Marks that were not reached come
    /// as not played. What the carrier asked for stays asked for.
    pub fn clear(&mut self) -> Ledger {
        if self.state.allows(Ability::Interrupt) {
            let dropped_before = self.playout.ledger().dropped;
            self.playout.clear();
            let dropped_samples = self.playout.ledger().dropped - dropped_before;
            self.journal.write(self.now, Happening::Cleared { dropped_samples });
            if let Some(tape) = &mut self.tape {
                tape.unsay(self.now);
            }
            self.drop_marks();
            if self.capabilities.has(Ability::Interrupt) {
                self.commands.interrupt();
            }
            self.report_low();
        }
        self.playout.ledger()
    }

    /// Asks for one [`Event::PlayoutLow`] when fewer than so many samples are queued: at once when that is so already.
    /// A later call replaces an earlier one, also when its event was not taken yet; 0 cancels it.
    pub fn notify_below(&mut self, samples: u64) {
        if self.state == State::Ended {
            return;
        }
        if self.inbox.waiting().playout_lows > 0 {
            self.inbox.remove(|event| matches!(event, Event::PlayoutLow(_)));
        }
        self.playout.notify_below(samples);
        self.report_low();
    }

    /// What became of the audio so far.
    pub fn position(&self) -> Ledger {
        self.playout.ledger()
    }

    /// Starts a timer that fires once after `delay`, or every `delay` (at least a millisecond) when it repeats. A repeating
    /// timer whose last event was not yet taken does not queue another.
    ///
    /// # Errors
    /// `FULL` with 256 running, counting those whose event was not taken; `INVALID` for a delay that the clock cannot tell;
    /// `ENDED` after the end.
    pub fn set_timer(&mut self, delay: Duration, repeat: bool) -> Result<u32, Failure> {
        if self.state == State::Ended {
            return Err(Failure::ended());
        }
        let id = self.timers.set(self.now, delay, repeat)?;
        self.fire_timers();
        Ok(id)
    }

    /// Stops a timer; an event of it that is already queued is removed. Unknown ids are ignored.
    pub fn cancel_timer(&mut self, id: u32) {
        if self.timers.cancel(id) {
            self.inbox.remove(|event| *event == Event::Timer(id));
        }
    }

    /// Whether more may be read for the handler.
    pub fn has_network_room(&self) -> bool {
        self.network.has_room()
    }

    /// Something happened to a connection of the handler. After the end it is told nothing.
    pub fn handle_network(&mut self, event: NetworkEvent) {
        if self.state != State::Ended {
            self.network.came(&event);
            self.inbox.push(Event::Network(event));
        }
    }

    /// Places a further call, or begins a chat. What becomes of it comes as [`Event::Placed`]. It may be placed after the end
    /// too; then nothing is told of it.
    ///
    /// # Errors
    /// `FULL` with 16 under way, counting those whose last step was not taken, and above the rate; else as `placer` refuses.
    pub fn place(&mut self, placer: &dyn CallPlacer, contact: Contact, to: &str, plugin: &str) -> Result<u32, Failure> {
        self.placing.place(self.now, placer, contact, to, plugin)
    }

    /// What became of a call or chat that was placed.
    pub fn handle_placed(&mut self, request: u32, step: Placed) {
        if self.state != State::Ended && self.placing.came(request, &step) {
            self.inbox.push(Event::Placed { request, step: step.bounded() });
        }
    }

    fn check_command(&self, kind: &CommandKind) -> Result<(), Failure> {
        let (name, ability) = (kind.name(), kind.ability());
        if self.state == State::Ended {
            return Err(Failure::ended());
        }
        if ability == Ability::Interrupt {
            return Err(Failure::new(code::NOT_SUPPORTED, "an interrupt is made by clear"));
        }
        if !self.capabilities.has(ability) {
            return Err(Failure::new(code::NOT_SUPPORTED, format!("this carrier has no {name}")));
        }
        check_arguments(kind)?;
        if !self.state.allows(ability) {
            let message = format!("{name} is not possible while the call is {}", self.state.as_str());
            return Err(Failure::new(code::NOT_NOW, message));
        }
        for under_way in [Ability::Close, Ability::Disconnect, ability] {
            if self.commands.is_open(under_way) {
                return Err(Failure::new(code::NOT_NOW, format!("{} is under way", under_way.as_str())));
            }
        }
        if self.commands.handlers_open() + self.inbox.waiting().outcomes >= COMMANDS_OPEN_MAX {
            let message = format!("{COMMANDS_OPEN_MAX} commands are under way; take their outcomes first");
            return Err(Failure::new(code::FULL, message));
        }
        Ok(())
    }

    pub(super) fn check_play(&self, bytes: usize) -> Result<(), Failure> {
        if self.state == State::Ended {
            return Err(Failure::ended());
        }
        if !self.state.takes_audio() {
            return Err(Failure::new(code::NOT_NOW, "nothing can be played before the call is answered"));
        }
        if !bytes.is_multiple_of(2) {
            return Err(Failure::new(code::INVALID, "the audio ends in half a sample: its length in bytes is odd"));
        }
        let free = self.playout.free_bytes();
        if bytes > free {
            return Err(Failure::new(code::FULL, format!("{bytes} bytes do not fit: {free} are free")));
        }
        Ok(())
    }

    fn after_play(&mut self) -> Ledger {
        let peak = self.playout.queued_bytes() as u64;
        self.stats.playout_bytes_peak = self.stats.playout_bytes_peak.max(peak);
        self.playout.ledger()
    }
}

fn check_arguments(kind: &CommandKind) -> Result<(), Failure> {
    match kind {
        CommandKind::Connect { ring_time_s } => check_ring_time(*ring_time_s),
        CommandKind::Transfer { to, ring_time_s } => {
            if to.is_empty() || to.len() > NUMBER_BYTES_MAX {
                let message = format!("a number has 1 to {NUMBER_BYTES_MAX} bytes, this one {}", to.len());
                return Err(Failure::new(code::INVALID, message));
            }
            check_ring_time(*ring_time_s)
        }
        CommandKind::SendDigits { digits } => {
            let keys = digits.bytes().all(|key| matches!(key, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D'));
            if !keys || digits.is_empty() || digits.len() > DIGITS_MAX {
                return Err(Failure::new(code::INVALID, format!("digits are 1 to {DIGITS_MAX} of 0-9, *, #, A-D")));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_ring_time(ring_time_s: u32) -> Result<(), Failure> {
    if (1..=RING_TIME_S_MAX).contains(&ring_time_s) {
        return Ok(());
    }
    Err(Failure::new(code::INVALID, format!("ring_time_s is 1 to {RING_TIME_S_MAX}, not {ring_time_s}")))
}

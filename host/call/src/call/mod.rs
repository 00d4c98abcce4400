//! One telephone call: the composition of inbox, playout, commands and timers, and its end.
//!
//! The carrier's side stands in `carrier`, the handler's in `handler`; both are methods of the one [`Call`].

mod carrier;
mod handler;
mod leave;
mod recorded;
mod succeed;

use std::fmt;
use std::time::Instant;

use crate::command::Commands;
use crate::failure::code;
use crate::inbox::Inbox;
use crate::journal::{Happening, Journal};
use crate::network::NetworkWaiting;
use crate::placing::Placing;
use crate::playout::Playout;
use crate::tape::Tape;
use crate::timers::Timers;
use crate::{Ability, CallConfig, CallInfo, Capabilities, CommandId, EndReason, Event, Failure, State, Stats};

/// One telephone call between a carrier and a handler. The crate's documentation states how it is driven.
pub struct Call {
    info: CallInfo,
    capabilities: Capabilities,
    now: Instant,
    state: State,
    end_reason: Option<EndReason>,
    /// `Event::Ended` was taken.
    over: bool,
    inbox: Inbox,
    playout: Playout,
    commands: Commands,
    timers: Timers,
    /// While something is recorded.
    tape: Option<Box<Tape>>,
    stats: Stats,
    journal: Journal,
    leaving: leave::Leaving,
    placing: Placing,
    network: NetworkWaiting,
    /// The call was answered when its handler took it over, which may not know.
    answer_inherited: bool,
}

/// Why a call wants to be woken by [`Call::handle_timeout`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Deadline {
    /// A timer of the handler fires.
    Timer,
    /// The audio before a mark has been heard, by the estimate.
    Mark,
    /// The tail of an utterance, which fills no frame, is let go 40 ms after the last audio.
    Tail,
    /// What is recorded is handed out every second.
    Tape,
}

impl Call {
    /// A call that rings, and of which nothing has happened yet.
    pub fn new(config: CallConfig, now: Instant) -> Call {
        let sample_rate_hz = u64::from(config.info.sample_rate_hz.max(1));
        Call {
            info: config.info,
            capabilities: config.capabilities,
            now,
            state: State::Pending,
            end_reason: None,
            over: false,
            inbox: Inbox::new(sample_rate_hz),
            playout: Playout::new(sample_rate_hz, config.playout_bytes_max, now),
            commands: Commands::default(),
            timers: Timers::default(),
            tape: None,
            stats: Stats::default(),
            journal: Journal::default(),
            leaving: leave::Leaving::default(),
            placing: Placing::default(),
            network: NetworkWaiting::default(),
            answer_inherited: false,
        }
    }

    /// It is `now`: called first in every turn. Fires timers and marks, and lets a held-back tail go. A time before that of
    /// an earlier call is read as that one.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.state == State::Ended {
            return;
        }
        self.playout.advance(self.now);
        if let Some(tape) = &mut self.tape {
            tape.advance(self.now);
        }
        self.report_marks();
        self.fire_timers();
    }

    /// When [`handle_timeout`](Call::handle_timeout) is due next, and why: later than the last time it was told.
    pub fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        if self.state == State::Ended {
            return None;
        }
        let timer = self.timers.next_at().map(|at| (at, Deadline::Timer));
        let mark = self.playout.mark_at().map(|at| (at, Deadline::Mark));
        let tail = self.playout.tail_at().map(|at| (at, Deadline::Tail));
        let tape = self.tape.as_ref().map(|tape| (tape.due(), Deadline::Tape));
        [timer, mark, tail, tape].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The time that [`handle_timeout`](Call::handle_timeout) told last.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The facts of the call.
    pub fn info(&self) -> &CallInfo {
        &self.info
    }

    /// What its carrier can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Why it is over, once it is.
    pub fn end_reason(&self) -> Option<EndReason> {
        self.end_reason
    }

    /// What it counted.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// What happened in it.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The call is over. The first reason wins; further ones are ignored.
    ///
    /// Queued behind the audio that was already heard: open commands finish with `LINK_LOST` when the link was lost
    /// and `ENDED` otherwise, pending marks come as not played, then [`Event::Ended`]. Timers stop, and what was not
    /// sent is dropped. A recording ends here too, and waits to be taken.
    pub fn handle_ended(&mut self, reason: EndReason) {
        if self.state == State::Ended {
            return;
        }
        self.state = State::Ended;
        self.end_reason = Some(reason);
        for (command, ability) in self.commands.abandon() {
            if ability != Ability::Interrupt {
                let failure = if reason.lost_link() {
                    Failure::new(code::LINK_LOST, "the call's link was lost before the answer")
                } else {
                    Failure::new(code::ENDED, "the call ended before the answer")
                };
                self.finish(command, ability, Err(failure));
            }
        }
        let unused = self.playout.end();
        if let Some(tape) = &mut self.tape {
            tape.end(self.now);
        }
        self.stats.credit_dropped = self.stats.credit_dropped.saturating_add(unused);
        self.drop_marks();
        self.timers.stop();
        self.journal.write(self.now, Happening::Ended(reason));
        self.inbox.push(Event::Ended(reason));
    }

    fn report_marks(&mut self) {
        while let Some(name) = self.playout.mark_reached() {
            self.report_mark(name, true);
        }
    }

    fn drop_marks(&mut self) {
        while let Some(name) = self.playout.drop_mark() {
            self.report_mark(name, false);
        }
    }

    fn report_mark(&mut self, name: String, played: bool) {
        self.journal.write(self.now, Happening::Mark { name: name.clone(), played });
        self.inbox.push(Event::Mark { name, played });
    }

    /// Tells the handler how one of its commands went.
    fn finish(&mut self, command: CommandId, ability: Ability, result: Result<Option<String>, Failure>) {
        let name = ability.as_str();
        let failure = result.as_ref().err().map(|failure| failure.code.clone());
        self.journal.write(self.now, Happening::Outcome { command, name, failure });
        if self.is_the_hosts(command) || self.commands.is_orphan(command) {
            return;
        }
        self.inbox.push(Event::Outcome { command, name, result });
    }

    fn fire_timers(&mut self) {
        while let Some(id) = self.timers.fire(self.now) {
            self.inbox.push(Event::Timer(id));
        }
    }

    fn report_low(&mut self) {
        if self.playout.take_low() {
            self.inbox.push(Event::PlayoutLow(self.playout.ledger()));
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", &self.info.id)
            .field("state", &self.state)
            .field("playout", &self.playout.ledger())
            .field("inbox_samples", &self.inbox.audio_samples())
            .finish_non_exhaustive()
    }
}

//! One call: the caller, the voice socket and the clock in one task with one timer.
//!
//! The task owns everything of its call; planes and placers reach it through one bounded queue. Each
//! turn takes one thing that happened and then does all that is due. It ends with the call, and its
//! last act is the report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::CloseReason;
use telcoflow::frame::voice::ToClient;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::Inner;
use super::book::CallBook;
use crate::alarm::Alarm;
use crate::caller::{CalleeAnswer, Caller, Party};
use crate::faults::CallFaults;
use crate::ids::{self, Purpose};
use crate::line::Line;
use crate::report::{CallReport, ChannelSent, Milestone, Outcome, StepBegun};
use crate::schedule::{Delayed, FaultClock, earliest};
use crate::script::Script;
use crate::transcript::{Direction, Frame};
use crate::voice_plane::{Commands, Phase};
use crate::wire::{Pushed, Socket, Turn, Wire};

mod audio;
mod commands;
mod ringing;

/// What a call's task is told.
pub(crate) enum Input {
    /// Its voice socket was opened.
    Voice { socket: Box<Socket>, sample_rate_hz: u32, audio_mode: AudioMode },
    /// A voice upgrade was refused.
    VoiceRefused,
    /// It was readied, and a client placed it: the telephone rings.
    Ring,
    /// A client asked for the end of its session.
    Close,
    /// The caller hangs up.
    HangUp,
    /// The server ends the call.
    ServerHangUp,
    /// The voice socket is cut.
    CutVoice,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Voice { .. } => "Voice",
            Self::VoiceRefused => "VoiceRefused",
            Self::Ring => "Ring",
            Self::Close => "Close",
            Self::HangUp => "HangUp",
            Self::ServerHangUp => "ServerHangUp",
            Self::CutVoice => "CutVoice",
        })
    }
}

/// A call to be run.
pub(super) struct NewTask {
    pub(super) inner: Arc<Inner>,
    pub(super) session_id: String,
    pub(super) ordinal: u64,
    pub(super) caller: Caller,
    pub(super) faults: CallFaults,
    pub(super) inputs: mpsc::Receiver<Input>,
    pub(super) book: Arc<CallBook>,
    /// Whether the hub had room for it.
    pub(super) entered: bool,
    /// What happens when its telephone rings, for a call that a client placed.
    pub(super) picks_up: Option<CalleeAnswer>,
}

struct CallTask {
    inner: Arc<Inner>,
    session_id: String,
    ordinal: u64,
    caller: Caller,
    faults: CallFaults,
    inputs: mpsc::Receiver<Input>,
    book: Arc<CallBook>,
    alarm: Alarm,
    wire: Option<Wire>,
    voice_lost_at: Option<Instant>,
    /// When a slow reader reads again.
    read_at: Option<Instant>,
    peer_closed: bool,
    commands: Commands,
    script: Script,
    callee_script: Script,
    line: Line,
    sample_rate_hz: u32,
    isolated: bool,
    clock: FaultClock,
    rng: Rng,
    late: Delayed<String>,
    responses_lost: u32,
    outcome: Option<Outcome>,
    picks_up: Option<CalleeAnswer>,
    /// When what `picks_up` says happens; set by the first ring.
    picks_up_at: Option<Instant>,
    tally: Tally,
}

/// What the task counts for the report.
#[derive(Debug, Default)]
struct Tally {
    frames_sent: u64,
    bytes_sent: u64,
    sent: BTreeMap<u8, ChannelSent>,
    frames_unsent: u64,
    interrupts: u64,
    commands: Vec<(String, Option<String>)>,
    bad_frames: u64,
    voice_sockets: u32,
    voice_refusals: u32,
}

/// Runs the call to its end and sends the report.
pub(super) async fn run(new: NewTask, report: oneshot::Sender<CallReport>) {
    let entered = new.entered;
    let mut task = CallTask::new(new);
    let outcome = if entered { task.live().await } else { Outcome::Refused };
    let finished = task.finish(outcome).await;
    if report.send(finished).is_err() {
        tracing::debug!("nobody waits for the report of a call");
    }
}

impl CallTask {
    fn new(new: NewTask) -> Self {
        let NewTask { inner, session_id, ordinal, caller, faults, inputs, book, entered: _, picks_up } = new;
        let config = &inner.config;
        let rng = ids::stream(config.seed, Purpose::CallFaults, ordinal ^ (1 << 63));
        let sample_rate_hz = 16_000;
        Self {
            commands: Commands::new(config.open_points, &caller, config.command_ms),
            script: Script::new(caller.script.clone(), config.seed ^ (ordinal << 16)),
            callee_script: Script::new(caller.callee.script.clone(), !config.seed ^ (ordinal << 16)),
            line: Line::new(config.pull, sample_rate_hz, &caller),
            sample_rate_hz,
            isolated: false,
            clock: FaultClock::default(),
            rng,
            late: Delayed::default(),
            responses_lost: 0,
            outcome: None,
            picks_up,
            picks_up_at: None,
            tally: Tally::default(),
            alarm: Alarm::default(),
            wire: None,
            voice_lost_at: None,
            read_at: None,
            peer_closed: false,
            inner,
            session_id,
            ordinal,
            caller,
            faults,
            inputs,
            book,
        }
    }

    async fn live(&mut self) -> Outcome {
        let mut stop = self.inner.stop.subscribe();
        loop {
            let now = Instant::now();
            self.advance(now);
            if let Some(outcome) = self.outcome {
                return outcome;
            }
            let deadline = self.deadline(now);
            let resting = self.read_at.is_some_and(|at| now < at);
            let reads = self.wire.is_some() && !resting && !self.clock.is_stalled(now);
            let Self { inputs, wire, alarm, .. } = self;
            let turn = std::future::poll_fn(|cx| match wire {
                Some(wire) => wire.poll_turn(cx),
                None => std::task::Poll::Pending,
            });
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Outcome::ShutDown,
                () = alarm.at(deadline) => {}
                Some(input) = inputs.recv() => self.handle(input),
                turn = turn, if reads => match turn {
                    Turn::Message(message) => {
                        self.read_at = self.faults.slow_reader_ms.map(|ms| now + Duration::from_millis(ms.into()));
                        self.receive(message);
                    }
                    Turn::Gone => self.lose_voice(Direction::ToServer),
                },
            }
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Voice { socket, sample_rate_hz, audio_mode } => {
                self.open_voice(*socket, sample_rate_hz, audio_mode);
            }
            Input::VoiceRefused => self.tally.voice_refusals += 1,
            Input::Ring => self.ring(),
            Input::Close => self.end(Outcome::Closed),
            Input::HangUp => self.end(Outcome::CallerHungUp),
            Input::ServerHangUp => self.end(Outcome::ServerHungUp),
            Input::CutVoice => self.lose_voice(Direction::ToClient),
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.outcome.get_or_insert(outcome);
    }

    /// Number of the present voice socket.
    fn socket(&self) -> u32 {
        self.tally.voice_sockets.saturating_sub(1)
    }

    fn open_voice(&mut self, socket: Socket, sample_rate_hz: u32, audio_mode: AudioMode) {
        if self.wire.is_some() {
            self.lose_voice(Direction::ToClient);
        }
        let now = Instant::now();
        if self.tally.voice_sockets == 0 {
            self.sample_rate_hz = sample_rate_hz;
            self.isolated = audio_mode == AudioMode::Isolated;
            self.script.set_sample_rate(sample_rate_hz);
            self.callee_script.set_sample_rate(sample_rate_hz);
            self.line = Line::new(self.inner.config.pull, sample_rate_hz, &self.caller);
            let faults = &self.faults;
            self.clock = FaultClock::new(now, faults.cut_voice_at_ms, faults.stall, &faults.garbage);
        }
        self.tally.voice_sockets += 1;
        self.voice_lost_at = None;
        self.peer_closed = false;
        self.wire = Some(Wire::new(socket));
        self.book.voice(self.socket(), Direction::ToServer, Frame::Opened);
        self.book.reach(Milestone::VoiceOpen);
    }

    /// The voice socket is gone, by the peer (`ToServer`) or by us.
    fn lose_voice(&mut self, by: Direction) {
        if self.wire.take().is_none() {
            return;
        }
        if by == Direction::ToClient || !self.peer_closed {
            self.book.voice(self.socket(), by, Frame::Lost);
        }
        self.line.player.forget_credit();
        let now = Instant::now();
        if self.inner.config.open_points.keep_after_voice_lost_ms == 0 {
            self.end(Outcome::VoiceLost);
        }
        self.voice_lost_at = Some(now);
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        let placed = self.book.placed();
        let after = |ms: u32| placed + Duration::from_millis(ms.into());
        let ringing = self.commands.phase() == Phase::Ringing;
        let limits = [
            Some(after(self.caller.give_up_ms)),
            ringing.then(|| after(self.caller.ring_ms)),
            self.voice_lost_at.map(|at| at + self.kept_after_voice_lost()),
            self.commands.deadline(),
            self.picks_up_at,
            self.line.next_tick(),
            self.script.deadline(),
            self.callee_script.deadline(),
            self.late.deadline(),
            self.read_at.filter(|at| *at > now),
        ];
        let faults = if self.wire.is_some() { self.clock.deadline(now) } else { None };
        earliest([earliest(limits), faults])
    }

    fn kept_after_voice_lost(&self) -> Duration {
        Duration::from_millis(self.inner.config.open_points.keep_after_voice_lost_ms.into())
    }

    /// Does all that is due.
    fn advance(&mut self, now: Instant) {
        self.suffer(now);
        self.run_commands(now);
        if self.picks_up_at.take_if(|at| *at <= now).is_some() {
            self.pick_up();
        }
        while self.outcome.is_none() && self.line.take_tick(now) {
            self.tick(now);
        }
        self.run_script(now, Party::Caller, None);
        self.run_script(now, Party::Callee, None);
        self.ask();
        let placed = self.book.placed();
        let over = |ms: u32| now >= placed + Duration::from_millis(ms.into());
        if over(self.caller.give_up_ms) {
            self.end(Outcome::GaveUp);
        } else if over(self.caller.ring_ms) && self.commands.phase() == Phase::Ringing {
            self.end(Outcome::Unanswered);
        } else if self.voice_lost_at.is_some_and(|at| now >= at + self.kept_after_voice_lost()) {
            self.end(Outcome::VoiceLost);
        }
    }

    /// The faults that are due.
    fn suffer(&mut self, now: Instant) {
        if self.wire.is_none() {
            return;
        }
        while let Some(garbage) = self.clock.take_garbage(now) {
            let message = garbage.message(crate::transcript::Plane::Voice);
            match &message {
                Message::Text(text) => self.book.voice_text(self.socket(), Direction::ToClient, text),
                _ => {
                    let frame = Frame::Binary(message.len());
                    self.book.voice(self.socket(), Direction::ToClient, frame);
                }
            }
            self.push(message);
        }
        if self.clock.take_cut(now) {
            self.lose_voice(Direction::ToClient);
        }
    }

    /// Sends a text frame, if there is a socket.
    fn send(&mut self, frame: &ToClient) {
        self.send_text(frame.print());
    }

    fn send_text(&mut self, text: String) {
        if self.wire.is_some() {
            self.book.voice_text(self.socket(), Direction::ToClient, &text);
            self.push(Message::text(text));
        }
    }

    fn push(&mut self, message: Message) {
        match self.wire.as_mut().map(|wire| wire.push(message)) {
            None | Some(Pushed::Queued) => {}
            Some(Pushed::DroppedOldest) => self.tally.frames_unsent += 1,
            Some(Pushed::Full) => self.lose_voice(Direction::ToClient),
        }
    }

    /// Tells both planes, waits for the voice socket to close, and makes the report.
    async fn finish(mut self, outcome: Outcome) -> CallReport {
        let switches = self.inner.config.open_points;
        self.commands.end();
        let terminated = match outcome {
            Outcome::CallerHungUp | Outcome::CalleeHungUp | Outcome::Unanswered | Outcome::Busy => true,
            Outcome::GaveUp | Outcome::ServerHungUp | Outcome::Closed => true,
            Outcome::AgentDisconnected | Outcome::AgentClosed => switches.terminated_after_command,
            Outcome::AgentLeft | Outcome::VoiceLost | Outcome::Refused | Outcome::ShutDown => false,
        };
        if terminated {
            self.send(&ToClient::CallTerminated);
        }
        let reason = match outcome {
            Outcome::CallerHungUp | Outcome::CalleeHungUp => CloseReason::CallTerminated,
            Outcome::Unanswered | Outcome::Busy | Outcome::GaveUp => CloseReason::CallTerminated,
            Outcome::AgentDisconnected if switches.disconnect_reads_as_terminated => CloseReason::CallTerminated,
            Outcome::AgentDisconnected | Outcome::AgentClosed | Outcome::AgentLeft | Outcome::Closed => {
                CloseReason::SdkRequest
            }
            Outcome::ServerHungUp | Outcome::VoiceLost | Outcome::Refused | Outcome::ShutDown => {
                CloseReason::ForceClose
            }
        };
        self.inner.hub.lock().close_call(&self.session_id, reason);
        if let Some(wire) = self.wire.take() {
            self.book.voice(self.socket(), Direction::ToClient, Frame::Closed(None));
            wire.close().await;
        }
        self.book.reach(Milestone::Ended);
        self.report(outcome)
    }

    fn report(self, outcome: Outcome) -> CallReport {
        let Self { line, tally, book, script, callee_script, .. } = self;
        let steps = |script: &Script| {
            let begun = script.begun().iter();
            begun.map(|(at, said_sample)| StepBegun { at: *at - book.placed(), said_sample: *said_sample }).collect()
        };
        CallReport {
            caller_steps: steps(&script),
            callee_steps: steps(&callee_script),
            session_id: self.session_id,
            ordinal: self.ordinal,
            outcome,
            timeline: book.timeline(),
            sample_rate_hz: self.sample_rate_hz,
            echo: line.verified_echo(),
            said: line.said,
            heard_raw: line.heard_raw,
            heard: line.heard,
            callee_heard: line.callee_heard,
            callee_said: line.callee_said,
            caller_ear: line.caller_ear,
            callee_ear: line.callee_ear,
            unrecorded_samples: line.unrecorded_samples,
            frames_sent: tally.frames_sent,
            bytes_sent: tally.bytes_sent,
            sent: tally.sent,
            bytes_said: line.bytes_said,
            frames_unsent: tally.frames_unsent,
            ticks_skipped: line.ticks_skipped,
            pull: line.player.counts,
            interrupts: tally.interrupts,
            commands: tally.commands,
            bad_frames: tally.bad_frames,
            voice_sockets: tally.voice_sockets,
            voice_refusals: tally.voice_refusals,
            rtt_us: line.rtt_us,
            rtt_points: line.rtt_points.since(book.placed()),
            transcript: book.take_transcript(),
        }
    }
}

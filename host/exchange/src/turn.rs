//! The call's one future: in each turn the carrier reads, the guest runs, the carrier writes.
//!
//! Both share one [`SharedCall`] and one task, so a frame crosses no channel and wakes no thread. While the guest computes,
//! its epoch yields bring the next turn, and with it pulls, pongs and commands. When the guest is gone before its call,
//! the host closes the call; when the call is gone first, the guest has a grace period. One way or the other every call
//! ends once, and within the limits of [`crate::limits`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{CommandKind, EndReason, Event, Next, State};
use carriers::ByteStream;
use carriers::telcoflow::VoiceLink;
use sandbox::{Ahead, Guest, GuestEnd, NEAR_PIECES, Piece, SharedCall};
use telcoflow::frame::manager::CallIn;
use telcoflow::frame::word;
use tokio::time::Sleep;

use crate::board::Posted;
use crate::call_task::ToCall;
use crate::clock::now;
use crate::fault::{Care, Help, Helped, Reason, Relief, Voice};
use crate::handover::GiveRefused;
use crate::limits::{CLOSE_MS_MAX, GOODBYE_MS_MAX, LINGER_MS_MAX, SESSION_CLOSED_MS_MAX};
use crate::mailbox::{Mail, Mailbox};
use crate::outbound::Progress;
use crate::seat::{Ran, Seat};

/// Pieces of memory that a turn needs: the turns', the call's, the mailbox's and the guest's.
const AHEAD_PIECES: usize = 4 + NEAR_PIECES;

/// A call with an open voice socket.
pub(crate) struct Turns {
    link: VoiceLink<Box<dyn ByteStream>>,
    call: SharedCall,
    seat: Seat<SharedCall>,
    /// What is done when the guest fails. Given back with the rest when nothing is left to do.
    care: Option<Care>,
    /// The guest failed, and nothing was done about it yet.
    fault: Option<Reason>,
    /// What the call ends with when the host leaves it.
    why: EndReason,
    /// How long guests were parked, as the board knows it.
    parked: Duration,
    mailbox: Mailbox,
    posted: Posted,
    stage: Stage,
    /// Where the voice is since a later `call.in`: for the next dial, if there must be one.
    call_in: Option<CallIn>,
    /// The session manager was lost, and has not named this call since.
    manager_away: bool,
    /// Set by `session.closed`: the call ends then at the latest.
    session_over: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// What the timer was last set to, until it fires.
    armed: Option<Instant>,
    done: Done,
    began: Instant,
    /// What the next turn will need.
    ahead: Ahead<AHEAD_PIECES>,
    /// Told when a placed call is answered.
    progress: Option<Progress>,
}

/// How far the call is.
enum Stage {
    /// The guest serves it.
    Served,
    /// The guest is gone, and the host does something for the caller.
    Helped(Help),
    /// The guest is gone, the server was asked to close.
    Closing { until: Instant, reason: EndReason },
    /// The call is over, the guest may finish.
    Grace { until: Instant },
    /// Both are over, the server may close the socket.
    Linger { until: Instant },
    /// The host says goodbye.
    Goodbye { until: Instant },
}

/// What there is to say afterwards.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) guest: Option<GuestEnd>,
    pub(crate) cpu: Duration,
    pub(crate) parked: Duration,
    pub(crate) answer: Option<Duration>,
    pub(crate) care: Option<Care>,
}

/// Who serves a call, and what is done when they fail.
pub(crate) struct Handling {
    pub(crate) seat: Seat<SharedCall>,
    pub(crate) care: Care,
    /// No guest could be made.
    pub(crate) fault: Option<Reason>,
}

impl Turns {
    pub(crate) fn new(
        link: VoiceLink<Box<dyn ByteStream>>,
        call: SharedCall,
        handling: Handling,
        mailbox: Mailbox,
        posted: Posted,
        progress: Option<Progress>,
    ) -> Self {
        let Handling { seat, care, fault } = handling;
        Self {
            link,
            call,
            seat,
            care: Some(care),
            fault,
            why: EndReason::HandlerFailed,
            parked: Duration::ZERO,
            mailbox,
            posted,
            stage: Stage::Served,
            call_in: None,
            manager_away: false,
            session_over: None,
            timer: Box::pin(tokio::time::sleep_until(tokio::time::Instant::now())),
            armed: None,
            done: Done::default(),
            began: now(),
            ahead: [Piece::default(); _].into(),
            progress,
        }
    }

    /// Whether the call goes on without its voice.
    pub(crate) fn misses_voice(&self) -> bool {
        let goes_on = matches!(self.stage, Stage::Served | Stage::Helped(_));
        !self.link.is_open() && goes_on && self.call.lock().state() != State::Ended
    }

    /// The last `call.in` that came while the call talked.
    pub(crate) fn take_call_in(&mut self) -> Option<CallIn> {
        self.call_in.take()
    }

    /// Whether the session manager was lost and has not named the call since.
    pub(crate) fn manager_is_away(&self) -> bool {
        self.manager_away
    }

    /// Whether the session was closed.
    pub(crate) fn session_is_over(&self) -> bool {
        self.session_over.is_some()
    }

    /// The call has its voice again.
    pub(crate) fn take_voice(&mut self, link: VoiceLink<Box<dyn ByteStream>>) {
        self.call.span().in_scope(|| tracing::info!("the call has its voice again"));
        self.link = link;
        self.call.lock().handle_voice_back();
    }

    /// The voice will not come back.
    pub(crate) fn give_voice_up(&mut self) {
        self.call.lock().handle_ended(EndReason::VoiceLost);
    }

    /// One turn; when nothing is left to do, what there is to say, else when the next one is due though nothing arrives.
    fn turn(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<Option<Instant>, Box<Done>> {
        self.read_mail(cx, now);
        let (guest_rests, network, mut state) = {
            let mut call = self.call.lock();
            call.handle_timeout(now);
            self.link.poll_read(cx, &mut call);
            call.wake_guest(cx);
            (call.guest_rests(), call.take_network_time(), call.state())
        };
        self.seat.bill(now, network);
        let mut parked = None;
        if guest_rests && !self.seat.is_starting() {
            self.seat.rest(now);
        } else {
            parked = self.run_guest(cx, now);
            state = self.look_ahead();
        }
        self.advance(now, state)?;
        let mut call = self.call.lock();
        let was_open = self.link.is_open();
        self.link.poll_write(cx, &mut call);
        call.wake_guest(cx);
        let due_now = parked.is_none() && call.guest_is_due() || self.seat.is_fresh();
        if due_now || was_open != self.link.is_open() {
            cx.waker().wake_by_ref();
        }
        let guest = self.seat.guest().and_then(|guest| guest.due(&call));
        // A guest that is parked is not given what its waiting ends with before its time.
        let own = if parked.is_some() { call.poll_timeout().map(|(at, _)| at) } else { call.due() };
        Ok([own, self.link.poll_timeout(), guest, parked, self.stage.until(), self.session_over]
            .into_iter()
            .flatten()
            .min())
    }

    /// Notes where that lies which the next turn will need. Answers how the call stands.
    fn look_ahead(&mut self) -> State {
        let guest = self.seat.guest().map_or_else(Piece::default, Guest::piece);
        let (state, [a, b, c, d, e, f]) = {
            let call = self.call.lock();
            (call.state(), call.near_guest())
        };
        self.ahead = [Piece::of(self), self.call.piece(), self.mailbox.piece(), guest, a, b, c, d, e, f].into();
        state
    }

    /// Words from the connector's task.
    fn read_mail(&mut self, cx: &mut Context<'_>, now: Instant) {
        while let Some(mail) = self.mailbox.take(cx) {
            let word = match mail {
                Mail::Word(word) => word,
                Mail::Placed(request, step) => {
                    self.call.lock().handle_placed(request, step);
                    continue;
                }
            };
            match word {
                ToCall::SessionClosed(reason) => {
                    self.call.span().in_scope(|| tracing::debug!(?reason, "the session is closed"));
                    self.session_over.get_or_insert(now + ms(SESSION_CLOSED_MS_MAX));
                }
                ToCall::Disconnect => {
                    tracing::info!("the operator ends the call");
                    self.call.lock().leave();
                }
                ToCall::Leave => self.help_out(now),
                ToCall::Cut => {
                    self.forget_guest();
                    self.close(now, EndReason::Drained);
                }
                ToCall::CallIn(call_in) => {
                    let span = self.call.span();
                    span.in_scope(|| tracing::debug!("a later call.in for a call that talks: kept for its next dial"));
                    self.call_in = Some(call_in);
                    self.manager_away = false;
                }
                // A call that talks does not need its session manager.
                ToCall::LinkLost => self.manager_away = true,
                ToCall::Give(ask) => ask.refuse(GiveRefused::Talks),
                ToCall::TakenByOthers | ToCall::Elsewhere => {}
            }
        }
    }

    /// The guest's turn; until when it is parked, if it is.
    fn run_guest(&mut self, cx: &mut Context<'_>, now: Instant) -> Option<Instant> {
        let ran = self.seat.run(cx, now, &self.call);
        self.posted.bill(self.seat.cpu());
        let parked = self.seat.parked(now);
        if parked != self.parked {
            self.parked = parked;
            self.posted.park(parked);
        }
        match ran {
            Ran::On => {}
            Ran::Parked(until) => return Some(until),
            Ran::Ended(end) => {
                if end.is_fault() {
                    self.call.span().in_scope(|| tracing::warn!(code = end.code(), "{end}"));
                    self.fault = Some(Reason::from(&end));
                } else if let Some(care) = &self.care {
                    care.went_well();
                }
                self.done.guest = Some(end);
            }
            Ran::Failed(error) => {
                self.call.span().in_scope(|| tracing::warn!(%error, "another handler did not start"));
                self.fault = Some(Reason::from(&error));
            }
        }
        None
    }

    /// The host ends what the guest does, and that is no fault of it.
    fn forget_guest(&mut self) {
        self.seat.clear();
        self.fault = None;
    }

    /// Moves on as far as this turn allows.
    ///
    /// # Errors
    /// Nothing is left to do.
    fn advance(&mut self, now: Instant, state: State) -> Result<(), Box<Done>> {
        self.note_answer(state, now);
        if let Stage::Served = self.stage
            && state != State::Ended
            && !self.seat.is_empty()
            && self.session_over.is_none()
        {
            return Ok(());
        }
        self.leave(now)
    }

    /// The way out: once the call or its guest is over, or soon must be.
    fn leave(&mut self, now: Instant) -> Result<(), Box<Done>> {
        // Taken, since a moment that has passed would call for the next turn at once, and for ever.
        if self.session_over.take_if(|at| now >= *at).is_some() {
            self.call.lock().handle_ended(EndReason::SessionClosed);
        }
        loop {
            let over = self.call.lock().state() == State::Ended;
            self.stage = match &self.stage {
                Stage::Served | Stage::Helped(_) if over => self.grace(now),
                Stage::Served if self.seat.is_empty() => {
                    self.relieve(now);
                    continue;
                }
                Stage::Helped(_) => {
                    if self.help(now) {
                        return Ok(());
                    }
                    continue;
                }
                Stage::Closing { .. } if over => self.grace(now),
                Stage::Closing { until, reason } if now >= *until || self.close_failed() => {
                    self.call.lock().handle_ended(*reason);
                    continue;
                }
                Stage::Grace { until } if self.seat.is_empty() || now >= *until => {
                    if !self.seat.is_empty() {
                        let span = self.call.span();
                        span.in_scope(|| {
                            tracing::warn!("the handler did not return after the end of its call: dropped")
                        });
                        self.seat.clear();
                    }
                    Stage::Linger { until: now + ms(LINGER_MS_MAX) }
                }
                Stage::Linger { until } if self.link.is_open() && now >= *until => {
                    self.link.close();
                    Stage::Goodbye { until: now + ms(GOODBYE_MS_MAX) }
                }
                Stage::Linger { .. } if !self.link.is_open() => return Err(self.finish(now)),
                Stage::Goodbye { until } if !self.link.is_open() || now >= *until => {
                    return Err(self.finish(now));
                }
                _ => return Ok(()),
            }
        }
    }

    fn grace(&self, now: Instant) -> Stage {
        Stage::Grace { until: now + self.seat.guest().map_or(Duration::ZERO, Guest::grace) }
    }

    /// What there is to say, once nothing is left to do.
    fn finish(&mut self, now: Instant) -> Box<Done> {
        let (cpu, parked, care) = (self.seat.cpu(), self.seat.parked(now), self.care.take());
        Box::new(Done { cpu, parked, care, ..std::mem::take(&mut self.done) })
    }

    /// Nobody serves the call any more: the guest left it, or failed and the fault policy has its next step.
    fn relieve(&mut self, now: Instant) {
        let Some(reason) = self.fault.take() else { return self.close(now, EndReason::Closed) };
        if self.session_over.is_some() {
            return self.close(now, self.why);
        }
        let relief = self.ask(|care, id, voice| care.failed(id, reason, voice));
        self.call.lock().note_fault(reason.code, relief.as_str());
        self.act(relief, now);
    }

    /// The host stops, and the call outlived its deadline: its guest goes, and the fault policy does what is left for the
    /// caller.
    fn help_out(&mut self, now: Instant) {
        if !matches!(self.stage, Stage::Served) || self.call.lock().state() == State::Ended {
            return;
        }
        self.forget_guest();
        self.why = EndReason::Drained;
        let relief = self.ask(|care, id, voice| care.leave(id, voice));
        if matches!(relief, Relief::Prompt(_) | Relief::Connect) {
            self.posted.help();
        }
        self.act(relief, now);
    }

    /// One look at what the host does for the caller. True while it goes on.
    fn help(&mut self, now: Instant) -> bool {
        let Stage::Helped(help) = &mut self.stage else { return false };
        let helped = help.look(&mut self.call.lock(), now);
        match helped {
            Helped::Busy => return true,
            Helped::Done => self.close(now, self.why),
            Helped::Next => {
                let relief = self.ask(|care, id, voice| care.go_on(id, voice));
                self.act(relief, now);
            }
        }
        false
    }

    fn ask(&mut self, ask: impl FnOnce(&mut Care, &str, Option<Voice>) -> Relief) -> Relief {
        let (id, voice) = {
            let call = self.call.lock();
            let (state, capabilities, info) = (call.state(), call.capabilities(), call.info());
            let (outbound, sample_rate_hz) = (info.outbound, info.sample_rate_hz);
            (info.id.clone(), Voice { state, outbound, sample_rate_hz, capabilities })
        };
        let Some(care) = &mut self.care else { return Relief::Close };
        self.call.span().in_scope(|| ask(care, &id, Some(voice)))
    }

    fn act(&mut self, relief: Relief, now: Instant) {
        match relief {
            Relief::Close => return self.close(now, self.why),
            Relief::Disconnect => {
                self.call.lock().leave();
                self.stage = Stage::Closing { until: now + ms(CLOSE_MS_MAX), reason: self.why };
                return;
            }
            _ => {}
        }
        let mut call = self.call.lock();
        call.handle_handler_lost();
        match relief {
            Relief::Prompt(prompt) => self.stage = Stage::Helped(Help::say(&mut call, prompt, now)),
            Relief::Connect => self.stage = Stage::Helped(Help::connect(&mut call, now)),
            _ => {
                drop(call);
                if let Some(care) = &self.care {
                    self.posted.serve_by(care.place().plugin().version());
                    self.seat.start(care.prepare());
                    self.stage = Stage::Served;
                }
            }
        }
    }

    /// Asks the server to close the call. Without a guest nobody else takes its events, so they are taken here.
    fn close(&mut self, now: Instant, reason: EndReason) {
        if let Stage::Served | Stage::Helped(_) = self.stage {
            let closing = self.call.lock().command(CommandKind::Close);
            if let Err(refused) = closing {
                let span = self.call.span();
                span.in_scope(|| tracing::debug!(code = %refused.code, "the call is being ended already"));
            }
            self.stage = Stage::Closing { until: now + ms(CLOSE_MS_MAX), reason };
        }
    }

    fn close_failed(&self) -> bool {
        let mut call = self.call.lock();
        let mut failed = false;
        while let Next::Event(event) = call.next() {
            if let Event::Outcome { name: "close" | "disconnect", result: Err(failure), .. } = event {
                let span = self.call.span();
                span.in_scope(|| tracing::warn!(code = word(&failure.code), "the server did not close the call"));
                failed = true;
            }
        }
        failed
    }

    fn note_answer(&mut self, state: State, now: Instant) {
        if self.done.answer.is_none() && matches!(state, State::Answered | State::Connected) {
            self.done.answer = Some(now.saturating_duration_since(self.began));
            if let Some(progress) = &self.progress {
                progress.answered(&self.call.lock().info().id);
            }
        }
    }

    /// Sees to it that the next turn comes at `due`. A timer that is set already is not touched.
    fn arm(&mut self, cx: &mut Context<'_>, due: Option<Instant>, now: Instant) {
        let Some(due) = due else { return };
        if self.armed == Some(due) && now < due {
            return;
        }
        self.armed = Some(due);
        self.timer.as_mut().reset(tokio::time::Instant::from_std(due));
        if self.timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}

impl Stage {
    fn until(&self) -> Option<Instant> {
        match self {
            Self::Served => None,
            Self::Helped(help) => Some(help.until()),
            Self::Closing { until, .. } | Self::Grace { until } | Self::Linger { until } | Self::Goodbye { until } => {
                Some(*until)
            }
        }
    }
}

impl Future for Turns {
    type Output = Done;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        let this = self.get_mut();
        this.ahead.prefetch();
        let now = now();
        match this.turn(cx, now) {
            Ok(due) => {
                this.arm(cx, due, now);
                Poll::Pending
            }
            Err(done) => Poll::Ready(*done),
        }
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

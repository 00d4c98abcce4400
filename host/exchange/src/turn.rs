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
use sandbox::{Guest, GuestEnd, SharedCall};
use telcoflow::frame::manager::CallIn;
use telcoflow::frame::word;
use tokio::time::Sleep;

use crate::board::Posted;
use crate::call_task::ToCall;
use crate::clock::now;
use crate::handover::GiveRefused;
use crate::limits::{CLOSE_MS_MAX, GOODBYE_MS_MAX, LINGER_MS_MAX, SESSION_CLOSED_MS_MAX};
use crate::mailbox::{Mail, Mailbox};
use crate::outbound::Progress;

/// A call with an open voice socket.
pub(crate) struct Turns {
    link: VoiceLink<Box<dyn ByteStream>>,
    call: SharedCall,
    guest: Option<Guest>,
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
    /// Told when a placed call is answered.
    progress: Option<Progress>,
}

/// How far the call is.
enum Stage {
    /// The guest serves it.
    Served,
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
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) guest: Option<GuestEnd>,
    pub(crate) cpu: Duration,
    pub(crate) answer: Option<Duration>,
}

impl Turns {
    pub(crate) fn new(
        link: VoiceLink<Box<dyn ByteStream>>,
        call: SharedCall,
        guest: Option<Guest>,
        mailbox: Mailbox,
        posted: Posted,
        progress: Option<Progress>,
    ) -> Self {
        Self {
            link,
            call,
            guest,
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
            progress,
        }
    }

    /// Whether the call goes on without its voice.
    pub(crate) fn misses_voice(&self) -> bool {
        !self.link.is_open() && matches!(self.stage, Stage::Served) && self.call.lock().state() != State::Ended
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
    fn turn(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<Option<Instant>, Done> {
        self.read_mail(cx, now);
        let guest_rests = {
            let mut call = self.call.lock();
            call.handle_timeout(now);
            self.link.poll_read(cx, &mut call);
            call.wake_guest();
            call.guest_rests()
        };
        if !guest_rests {
            self.run_guest(cx);
        }
        self.advance(now)?;
        let mut call = self.call.lock();
        let was_open = self.link.is_open();
        self.link.poll_write(cx, &mut call);
        call.wake_guest();
        if call.guest_is_due() || was_open != self.link.is_open() {
            cx.waker().wake_by_ref();
        }
        let guest = self.guest.as_ref().and_then(|guest| guest.due(&call));
        Ok([call.due(), self.link.poll_timeout(), guest, self.stage.until(), self.session_over]
            .into_iter()
            .flatten()
            .min())
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
                ToCall::Cut => {
                    self.drop_guest();
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

    fn run_guest(&mut self, cx: &mut Context<'_>) {
        let Some(guest) = &mut self.guest else { return };
        let polled = guest.poll(cx);
        self.posted.bill(guest.cpu());
        if let Poll::Ready(end) = polled {
            self.drop_guest();
            if end.is_fault() {
                self.call.span().in_scope(|| tracing::warn!(code = end.code(), "{end}"));
            }
            self.done.guest = Some(end);
        }
    }

    fn drop_guest(&mut self) {
        if let Some(guest) = self.guest.take() {
            self.done.cpu = guest.cpu();
        }
    }

    /// Moves on as far as this turn allows.
    ///
    /// # Errors
    /// Nothing is left to do.
    fn advance(&mut self, now: Instant) -> Result<(), Done> {
        let state = self.call.lock().state();
        self.note_answer(state, now);
        if let Stage::Served = self.stage
            && state != State::Ended
            && self.guest.is_some()
            && self.session_over.is_none()
        {
            return Ok(());
        }
        self.leave(now)
    }

    /// The way out: once the call or its guest is over, or soon must be.
    fn leave(&mut self, now: Instant) -> Result<(), Done> {
        // Taken, since a moment that has passed would call for the next turn at once, and for ever.
        if self.session_over.take_if(|at| now >= *at).is_some() {
            self.call.lock().handle_ended(EndReason::SessionClosed);
        }
        loop {
            let over = self.call.lock().state() == State::Ended;
            self.stage = match &self.stage {
                Stage::Served if over => self.grace(now),
                Stage::Served if self.guest.is_none() => {
                    let fault = self.done.guest.as_ref().is_none_or(GuestEnd::is_fault);
                    self.close(now, if fault { EndReason::HandlerFailed } else { EndReason::Closed });
                    continue;
                }
                Stage::Closing { .. } if over => self.grace(now),
                Stage::Closing { until, reason } if now >= *until || self.close_failed() => {
                    self.call.lock().handle_ended(*reason);
                    continue;
                }
                Stage::Grace { until } if self.guest.is_none() || now >= *until => {
                    if self.guest.is_some() {
                        let span = self.call.span();
                        span.in_scope(|| {
                            tracing::warn!("the handler did not return after the end of its call: dropped")
                        });
                        self.drop_guest();
                    }
                    Stage::Linger { until: now + ms(LINGER_MS_MAX) }
                }
                Stage::Linger { until } if self.link.is_open() && now >= *until => {
                    self.link.close();
                    Stage::Goodbye { until: now + ms(GOODBYE_MS_MAX) }
                }
                Stage::Linger { .. } if !self.link.is_open() => return Err(std::mem::take(&mut self.done)),
                Stage::Goodbye { until } if !self.link.is_open() || now >= *until => {
                    return Err(std::mem::take(&mut self.done));
                }
                _ => return Ok(()),
            }
        }
    }

    fn grace(&self, now: Instant) -> Stage {
        Stage::Grace { until: now + self.guest.as_ref().map_or(Duration::ZERO, Guest::grace) }
    }

    /// Asks the server to close the call. Without a guest nobody else takes its events, so they are taken here.
    fn close(&mut self, now: Instant, reason: EndReason) {
        if let Stage::Served = self.stage {
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
        let now = now();
        match this.turn(cx, now) {
            Ok(due) => {
                this.arm(cx, due, now);
                Poll::Pending
            }
            Err(done) => Poll::Ready(done),
        }
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

//! Where the guest of a call or a chat sits: it is made, polled within its share, billed, and makes room for another.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use sandbox::{Guest, GuestEnd, Prepared, PreparedChat, SharedCall, SharedChat, StartError};

use crate::fault::Starting;
use crate::share::{CpuShare, NotNow};

/// What guests serve.
pub(crate) trait Service {
    /// An instance that waits for it.
    type Prepared;

    fn seat(&self, prepared: Self::Prepared) -> Guest;

    /// When the guest has been silent for too long.
    fn silent_at(&self, guest: &Guest) -> Option<Instant>;
}

impl Service for SharedCall {
    type Prepared = Prepared;

    fn seat(&self, prepared: Prepared) -> Guest {
        prepared.serve(self.clone())
    }

    fn silent_at(&self, guest: &Guest) -> Option<Instant> {
        guest.due(&self.lock())
    }
}

impl Service for SharedChat {
    type Prepared = PreparedChat;

    fn seat(&self, prepared: PreparedChat) -> Guest {
        prepared.serve(self.clone())
    }

    fn silent_at(&self, guest: &Guest) -> Option<Instant> {
        guest.due_in_chat(self)
    }
}

/// At most one guest, or one that is being made.
pub(crate) struct Seat<S: Service> {
    guest: Option<Guest>,
    starting: Option<Starting<S::Prepared>>,
    share: CpuShare,
    /// Of guests that are gone, and of making them.
    cpu: Duration,
    /// A start that nothing but its first poll brings on.
    fresh: bool,
}

/// What came of giving the guest its turn.
pub(crate) enum Ran {
    /// It goes on; or there is none.
    On,
    /// It is not polled before then.
    Parked(Instant),
    /// It is gone.
    Ended(GuestEnd),
    /// It could not be made.
    Failed(StartError),
}

impl<S: Service> Seat<S> {
    /// A place for a guest with what is left of its share, after making it took so much.
    pub(crate) fn new(share: CpuShare, cpu: Duration) -> Self {
        Self { guest: None, starting: None, share, cpu, fresh: false }
    }

    /// A guest sits down.
    pub(crate) fn take(&mut self, guest: Guest) {
        self.guest = Some(guest);
    }

    /// Lets another be made. What was there is gone.
    pub(crate) fn start(&mut self, starting: Starting<S::Prepared>) {
        self.clear();
        self.share.succeed();
        self.starting = Some(starting);
        self.fresh = true;
    }

    /// Nobody sits here any more.
    pub(crate) fn clear(&mut self) {
        self.starting = None;
        if let Some(guest) = self.guest.take() {
            self.cpu += guest.cpu();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.guest.is_none() && self.starting.is_none()
    }

    pub(crate) fn guest(&self) -> Option<&Guest> {
        self.guest.as_ref()
    }

    pub(crate) fn is_starting(&self) -> bool {
        self.starting.is_some()
    }

    /// What is left of its share.
    pub(crate) fn share(&mut self) -> &mut CpuShare {
        &mut self.share
    }

    /// Processor time that was used for it elsewhere.
    pub(crate) fn add_cpu(&mut self, cpu: Duration) {
        self.cpu += cpu;
    }

    /// What the host did for the guest, beside polling it: its share pays for that too.
    pub(crate) fn bill(&mut self, now: Instant, time: Duration) {
        if !time.is_zero() {
            self.cpu += time;
            self.share.bill_more(now, time);
        }
    }

    /// Whether the next turn is due at once, for a start.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Processor time so far, of all that sat here.
    pub(crate) fn cpu(&self) -> Duration {
        self.cpu + self.guest.as_ref().map_or(Duration::ZERO, Guest::cpu)
    }

    /// How long they were parked so far.
    pub(crate) fn parked(&self, now: Instant) -> Duration {
        self.share.parked(now)
    }

    /// The guest has nothing to do.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.share.rest(now);
    }

    /// The guest's turn, if its share allows.
    pub(crate) fn run(&mut self, cx: &mut Context<'_>, now: Instant, service: &S) -> Ran {
        self.fresh = false;
        if self.is_empty() {
            return Ran::On;
        }
        match self.share.enter(cx, now) {
            Ok(()) => {}
            Err(NotNow::Over(time)) => {
                self.clear();
                return Ran::Ended(GuestEnd::OverShare(time));
            }
            // One poll more, and one that is silent for too long is ended.
            Err(NotNow::Parked(_)) if self.is_silent(now, service) => {}
            Err(NotNow::Parked(until)) => return Ran::Parked(until),
        }
        if self.starting.is_some() {
            return self.run_start(cx, now, service);
        }
        let Some(guest) = &mut self.guest else { return Ran::On };
        let before = guest.cpu();
        let polled = guest.poll(cx);
        let used = guest.cpu().saturating_sub(before);
        self.share.bill(now, used);
        self.share.leave(now, used, || polled.is_pending() && service.silent_at(guest).is_some());
        match polled {
            Poll::Ready(end) => {
                self.clear();
                Ran::Ended(end)
            }
            Poll::Pending => {
                if self.share.is_over() && service.silent_at(guest).is_none() {
                    self.share.rest(now);
                }
                Ran::On
            }
        }
    }

    fn run_start(&mut self, cx: &mut Context<'_>, now: Instant, service: &S) -> Ran {
        let Some(starting) = &mut self.starting else { return Ran::On };
        let began = Instant::now();
        let polled = starting.as_mut().poll(cx);
        let took = began.elapsed();
        self.cpu += took;
        self.share.bill(now, took);
        self.share.leave(now, took, || polled.is_pending());
        match polled {
            Poll::Pending => Ran::On,
            Poll::Ready(started) => {
                self.starting = None;
                match started {
                    Ok(prepared) => {
                        self.guest = Some(service.seat(prepared));
                        self.fresh = true;
                        Ran::On
                    }
                    Err(error) => Ran::Failed(error),
                }
            }
        }
    }

    fn is_silent(&self, now: Instant, service: &S) -> bool {
        let silent_at = self.guest.as_ref().and_then(|guest| service.silent_at(guest));
        silent_at.is_some_and(|at| now >= at)
    }
}

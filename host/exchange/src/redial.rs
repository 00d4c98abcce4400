//! A step around the turns: when a call's voice socket breaks, it is dialled again while the call goes on without it.
//!
//! The turns go on meanwhile, with a socket that is shut: the handler runs, its timers fire, what it plays waits, and its
//! commands fail with `LINK_LOST`. The first dial is at once, with the token that there is. A server that cannot be reached
//! is tried again; one that refuses is not, unless the session manager is away too: then the call may be announced again,
//! with a new token. When the time is up, or the session is over, the call ends as one whose voice is lost. PROTOCOL.md,
//! rows O-2 and D-18.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use carriers::telcoflow::{VoiceError, VoiceLink, VoiceTarget};
use carriers::{ByteStream, Dial};
use telcoflow::backoff::Backoff;
use tokio::time::Sleep;
use tracing::{Instrument, Span};

use crate::counters::Counters;
use crate::turn::{Done, Turns};

type Voice = VoiceLink<Box<dyn ByteStream>>;

/// Where a call's voice is, and how to get there again.
pub(crate) struct Redialler {
    pub(crate) target: VoiceTarget,
    pub(crate) dialer: Arc<dyn Dial>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) seeds: fastrand::Rng,
    /// The call's: turns are given outside of it.
    pub(crate) span: Span,
    /// How long it is tried, from each loss on.
    pub(crate) time_max: Duration,
}

impl Redialler {
    /// Gives turns until the call is over, and gives them another voice whenever they lose theirs.
    pub(crate) async fn serve(mut self, mut turns: Box<Turns>) -> Done {
        let mut attempt: Option<Box<Attempt>> = None;
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(done) = Pin::new(&mut *turns).poll(cx) {
                    return Poll::Ready(done);
                }
                if !turns.misses_voice() {
                    attempt = None;
                    return Poll::Pending;
                }
                let later = turns.take_call_in().map(|call_in| self.target.follow(call_in.url, call_in.token));
                let present = attempt.get_or_insert_with(|| Box::new(self.begin()));
                if later.is_some() {
                    present.step = self.dial();
                }
                let found = ready!(present.poll(cx, &mut self, &turns));
                attempt = None;
                match found {
                    Some(voice) => turns.take_voice(voice),
                    None => turns.give_voice_up(),
                }
            }
        })
        .await
    }

    /// What a socket of this call is set up with.
    pub(crate) fn set_up(&self, voice: &mut Voice) {
        voice.count_into(self.counters.voice.clone());
        if !self.time_max.is_zero() {
            voice.let_call_outlive();
        }
    }

    fn begin(&mut self) -> Attempt {
        self.counters.voices_lost.add();
        Attempt {
            until: Box::pin(tokio::time::sleep(self.time_max)),
            backoff: Backoff::new(self.seeds.u64(..)),
            step: self.dial(),
        }
    }

    fn dial(&mut self) -> Step {
        let (target, dialer, seed) = (self.target.clone(), self.dialer.clone(), self.seeds.u64(..));
        Step::Dialling(Box::pin(async move { Voice::dial(&target, dialer, seed).await }.instrument(self.span.clone())))
    }
}

/// One loss of the voice, and what is done about it.
struct Attempt {
    until: Pin<Box<Sleep>>,
    backoff: Backoff,
    step: Step,
}

enum Step {
    Dialling(Pin<Box<dyn Future<Output = Result<Voice, VoiceError>> + Send>>),
    Pausing(Pin<Box<Sleep>>),
    /// Refused: only another `call.in` can help.
    Refused,
}

impl Attempt {
    /// Another voice, or `None` when there will be none.
    fn poll(&mut self, cx: &mut Context<'_>, redialler: &mut Redialler, turns: &Turns) -> Poll<Option<Voice>> {
        if turns.session_is_over() || self.until.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        loop {
            self.step = match &mut self.step {
                Step::Dialling(dialling) => match ready!(dialling.as_mut().poll(cx)) {
                    Ok(mut voice) => {
                        redialler.set_up(&mut voice);
                        redialler.counters.voices_regained.add();
                        return Poll::Ready(Some(voice));
                    }
                    Err(error @ VoiceError::Unreachable(_)) => {
                        let retry_in = self.backoff.next_delay();
                        redialler.span.in_scope(|| {
                            tracing::debug!(%error, retry_ms = retry_in.as_millis(), "the call's voice is not back yet");
                        });
                        Step::Pausing(Box::pin(tokio::time::sleep(retry_in)))
                    }
                    Err(error) => {
                        let span = &redialler.span;
                        span.in_scope(|| tracing::debug!(%error, "the call's voice may not be dialled again"));
                        Step::Refused
                    }
                },
                Step::Pausing(pause) => {
                    ready!(pause.as_mut().poll(cx));
                    redialler.dial()
                }
                Step::Refused if turns.manager_is_away() => return Poll::Pending,
                Step::Refused => return Poll::Ready(None),
            };
        }
    }
}

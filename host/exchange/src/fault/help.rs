//! What the host does for a call that has lost its handler: it says a prompt, or connects the caller with whom they called.
//!
//! It takes a look in each turn and never waits. Of the call's events it takes all and needs few: where the call stands it
//! asks the call itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call::{Ability, CommandKind, Event, Next, State};
use sandbox::CallGuard;

use super::Prompt;
use crate::limits::{FAULT_ANSWER_MS_MAX, FAULT_PROMPT_LATE_MS_MAX, FAULT_RING_TIME_S};

/// The mark behind a prompt.
const SAID: &str = "fault-prompt";

/// What is being done.
pub(crate) struct Help {
    doing: Doing,
    until: Instant,
}

enum Doing {
    Answering(Arc<Prompt>),
    Saying { prompt: Arc<Prompt>, next: usize },
    Connecting,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Helped {
    /// It goes on.
    Busy,
    /// It is done, and so is the host: it may leave the call.
    Done,
    /// The next step is due: this one is done, or could not be.
    Next,
}

impl Help {
    /// Says a prompt.
    pub(crate) fn say(call: &mut CallGuard<'_>, prompt: Arc<Prompt>, now: Instant) -> Self {
        if call.state().takes_audio() {
            return Self::begin(prompt, now);
        }
        // One that is under way already is waited for.
        if !call.is_under_way(Ability::Answer) {
            refused(call.command(CommandKind::Answer));
        }
        Self { doing: Doing::Answering(prompt), until: now + Duration::from_millis(FAULT_ANSWER_MS_MAX) }
    }

    /// Connects the caller.
    pub(crate) fn connect(call: &mut CallGuard<'_>, now: Instant) -> Self {
        let connected = call.state() == State::Connected || call.is_under_way(Ability::Connect);
        if !connected {
            refused(call.command(CommandKind::Connect { ring_time_s: FAULT_RING_TIME_S }));
        }
        // The command has a deadline of its own; this is for whoever does not answer at all.
        Self { doing: Doing::Connecting, until: now + Duration::from_secs(2 * u64::from(FAULT_RING_TIME_S)) }
    }

    /// When it is looked at again at the latest.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// One look.
    pub(crate) fn look(&mut self, call: &mut CallGuard<'_>, now: Instant) -> Helped {
        let mut said = false;
        while let Next::Event(event) = call.next() {
            said |= matches!(&event, Event::Mark { name, .. } if name == SAID);
        }
        if now >= self.until {
            return Helped::Next;
        }
        if let Doing::Answering(prompt) = &self.doing {
            if call.state().takes_audio() {
                *self = Self::begin(prompt.clone(), now);
            } else if !call.is_under_way(Ability::Answer) {
                return Helped::Next;
            }
        }
        match &mut self.doing {
            Doing::Answering(_) => {}
            Doing::Saying { prompt, next } => {
                if said {
                    return Helped::Next;
                }
                if *next < prompt.samples.len() {
                    *next += feed(call, &prompt.samples[*next..]);
                    if *next == prompt.samples.len() {
                        call.flush();
                        refused(call.mark(SAID));
                    }
                }
            }
            Doing::Connecting if call.state() == State::Connected => return Helped::Done,
            Doing::Connecting if !call.is_under_way(Ability::Connect) => return Helped::Next,
            Doing::Connecting => {}
        }
        Helped::Busy
    }

    fn begin(prompt: Arc<Prompt>, now: Instant) -> Self {
        let length_ms = prompt.samples.len() as u64 * 1_000 / u64::from(prompt.sample_rate_hz.max(1));
        let until = now + Duration::from_millis(length_ms + FAULT_PROMPT_LATE_MS_MAX);
        Self { doing: Doing::Saying { prompt, next: 0 }, until }
    }
}

/// Plays as much as there is room for.
fn feed(call: &mut CallGuard<'_>, samples: &[i16]) -> usize {
    let room = call.playout_room().unwrap_or(0).min(samples.len());
    if room > 0 && call.play_samples(&samples[..room]).is_ok() { room } else { 0 }
}

/// A refusal is seen in the next look: nothing is under way then.
fn refused<T>(result: Result<T, call::Failure>) {
    if let Err(refused) = result {
        tracing::debug!(code = %refused.code, "the call does not take a step of its fault policy");
    }
}

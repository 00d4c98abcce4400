//! What becomes of a call that was placed, told once and in order.

use std::fmt;
use std::sync::Arc;

use call::{ChatEnd, EndReason, Failure, Happening, code};
use parking_lot::Mutex;

use crate::admission::Permit;
use crate::record::{CallRecord, ChatRecord};

/// One step of a placed call or of a chat that was begun. [`Step::Failed`], [`Step::Ended`] or [`Step::Closed`] is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The carrier gave it a session, and it is ours.
    Claimed {
        /// Which.
        session_id: String,
    },
    /// Its handler has answered it: both can talk.
    Answered {
        /// The carrier's id of the call.
        call_id: String,
    },
    /// It never came so far: the carrier's code or ours.
    Failed(Failure),
    /// It was answered, and is over.
    Ended(EndReason),
    /// A chat that was begun is over.
    Closed(ChatEnd),
}

/// Tells the steps of one call. A clone tells of the same; when all are gone before the last step, that is told too.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Teller>);

struct Teller {
    tell: Box<dyn Fn(Step) + Send + Sync>,
    reached: Mutex<Reached>,
    /// The place that is given back when the call is over.
    held: Mutex<Option<Permit>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Ordered,
    Answered,
    Over,
}

impl Progress {
    pub(super) fn new(tell: Box<dyn Fn(Step) + Send + Sync>, held: Permit) -> Self {
        Self(Arc::new(Teller { tell, reached: Mutex::new(Reached::Ordered), held: Mutex::new(Some(held)) }))
    }

    pub(crate) fn claimed(&self, session_id: &str) {
        if *self.0.reached.lock() == Reached::Ordered {
            (self.0.tell)(Step::Claimed { session_id: session_id.to_string() });
        }
    }

    pub(crate) fn answered(&self, call_id: &str) {
        self.0.advance(Reached::Answered, || Step::Answered { call_id: call_id.to_string() });
    }

    pub(crate) fn fail(&self, code: &str, message: &str) {
        let failure = || Step::Failed(Failure::new(code.to_owned(), message));
        self.0.advance(Reached::Over, failure);
    }

    /// Its call is over. `code` is what kept it from having a voice, where something did.
    pub(crate) fn over(&self, record: &CallRecord, code: Option<&'static str>) {
        let answered = *self.0.reached.lock() == Reached::Answered;
        if answered {
            self.0.advance(Reached::Over, || Step::Ended(record.end));
        } else {
            self.fail(code.unwrap_or_else(|| unanswered(record)), "the call was not answered");
        }
    }

    /// A chat is over. One that had a handler was a chat, and closed.
    pub(crate) fn chat_over(&self, record: &ChatRecord) {
        if record.trouble.is_some() {
            return self.fail(HANDLER_FAILED, "the handler of the chat could not be started");
        }
        self.0.advance(Reached::Over, || Step::Closed(record.end));
    }

    /// Nothing more is told.
    pub(super) fn forget(&self) {
        *self.0.reached.lock() = Reached::Over;
    }
}

/// Why a call that had a voice was never answered.
fn unanswered(record: &CallRecord) -> &str {
    let refused = record.journal.iter().rev().find_map(|(_, happening)| match happening {
        Happening::Outcome { name: "answer" | "connect", failure: Some(code), .. } => Some(code.as_ref()),
        _ => None,
    });
    // These say that the call ended under the command, and not why.
    let refused = refused.filter(|code| ![code::ENDED, code::LINK_LOST].contains(code));
    refused.unwrap_or(match record.end {
        EndReason::Terminated | EndReason::SessionClosed => CALL_UNANSWERED,
        EndReason::VoiceLost | EndReason::VoiceUnreachable => code::LINK_LOST,
        EndReason::HandlerFailed => HANDLER_FAILED,
        EndReason::Closed | EndReason::Disconnected => code::ENDED,
        EndReason::Drained | EndReason::HostStopped | EndReason::HandedOver => HOST_STOPPED,
    })
}

/// They did not pick up, were busy, or hung up before the handler answered. Telcoflow's word for the like of `connect`.
pub(crate) const CALL_UNANSWERED: &str = "CALL_UNANSWERED";
/// The server closed the session before the handler answered, and does not say that they did not want the call.
pub(crate) const SESSION_CLOSED: &str = "SESSION_CLOSED";
/// The handler failed, or could not be started, before it answered.
pub(crate) const HANDLER_FAILED: &str = "HANDLER_FAILED";
/// The host stopped, or was told to leave the call.
pub(crate) const HOST_STOPPED: &str = "HOST_STOPPED";

impl Teller {
    /// Tells a step that is further than what was told, and gives the places back after the last.
    fn advance(&self, to: Reached, step: impl FnOnce() -> Step) {
        {
            let mut reached = self.reached.lock();
            if *reached >= to {
                return;
            }
            *reached = to;
        }
        if to == Reached::Over {
            *self.held.lock() = None;
        }
        (self.tell)(step());
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        let failure = || Step::Failed(Failure::new(HOST_STOPPED, "the host stopped before the call was answered"));
        let ended = || Step::Ended(EndReason::HostStopped);
        let answered = *self.reached.lock() == Reached::Answered;
        self.advance(Reached::Over, || if answered { ended() } else { failure() });
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Slots;

    /// Whatever is reported, in whatever order, from however many places.
    #[test]
    fn steps_are_told_in_order_and_the_last_one_once() {
        for seed in 0..2_000 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let told = Arc::new(Mutex::new(Vec::new()));
            let slots = Slots::new(1);
            let teller = told.clone();
            let held = slots.take().expect("a place");
            let progress = Progress::new(Box::new(move |step| teller.lock().push(step)), held);
            let mut clones = vec![progress];
            for _ in 0..rng.usize(0..8) {
                let progress = clones[rng.usize(..clones.len())].clone();
                match rng.u8(0..4) {
                    0 if told.lock().is_empty() => progress.claimed("s"),
                    1 => progress.answered("c"),
                    2 => progress.fail("CODE", "why"),
                    _ => clones.push(progress),
                }
                let over = matches!(told.lock().last(), Some(Step::Failed(_) | Step::Ended(_) | Step::Closed(_)));
                assert_eq!(slots.take().is_some(), over, "seed {seed}: the place is held to the end");
            }
            drop(clones);
            let rank = |step: &Step| match step {
                Step::Claimed { .. } => 0,
                Step::Answered { .. } => 1,
                Step::Failed(_) | Step::Ended(_) | Step::Closed(_) => 2,
            };
            let ranks: Vec<u8> = told.lock().iter().map(rank).collect();
            assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {ranks:?}");
            assert_eq!(ranks.last(), Some(&2), "seed {seed}: {ranks:?}");
            assert!(slots.take().is_some(), "seed {seed}");
        }
    }
}

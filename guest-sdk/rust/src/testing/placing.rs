//! What a handler places, and what becomes of it: by plan, since nobody is really called.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Failure, PlacedStep, RequestId, code};

/// Placed and under way, counting those whose last step was not taken.
const PLACED_MAX: usize = 16;
const PLACES_PER_S_MAX: u32 = 2;
const PLACES_BURST_MAX: u32 = 10;

/// Something that a handler placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub(crate) request: RequestId,
    /// When, since the call or chat began.
    pub at: Duration,
    /// Whom it called, or wrote to.
    pub to: String,
    /// Who was to handle it.
    pub plugin: String,
    /// Whether it is a chat.
    pub chat: bool,
}

/// What becomes of one.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// It is refused at once.
    Refused(Failure),
    /// It fails after so long.
    Fails(Duration, Failure),
    /// It is claimed, answered after so long, and ends so long after that.
    Talks(Duration, Duration),
}

/// The grant and its plans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plans {
    pub(crate) granted: bool,
    pub(crate) next: VecDeque<Plan>,
}

/// The books of one handler.
#[derive(Debug, Default)]
pub(crate) struct Placing {
    plans: Plans,
    names: RequestId,
    steps: Vec<(Duration, PlacedStep)>,
    under_way: usize,
    next_at: Duration,
    pub(crate) placed: Vec<Placed>,
}

impl Placing {
    pub(crate) fn new(plans: Plans) -> Self {
        Self { plans, ..Self::default() }
    }

    pub(crate) fn place(&mut self, now: Duration, to: &str, plugin: &str, chat: bool) -> Result<RequestId, Failure> {
        if !self.plans.granted {
            return Err(Failure::new(code::NOT_GRANTED, "this plugin has no grant for calls"));
        }
        let pause = Duration::from_secs(1) / PLACES_PER_S_MAX;
        let next_at = self.next_at.max(now);
        if self.under_way >= PLACED_MAX || next_at - now > pause * (PLACES_BURST_MAX - 1) {
            return Err(Failure::new(code::FULL, "too many are placed"));
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+*#@.:-_".contains(&byte);
        if to.is_empty() || to.len() > 64 || !to.bytes().all(fits) {
            return Err(Failure::new(code::INVALID, "that cannot be called"));
        }
        let usual = Plan::Talks(Duration::from_secs(1), Duration::from_secs(10));
        let plan = match self.plans.next.pop_front().unwrap_or(usual) {
            Plan::Refused(failure) => return Err(failure),
            plan => plan,
        };
        self.next_at = next_at + pause;
        self.under_way += 1;
        self.names += 1;
        let request = self.names;
        let mut step = |at, step: &str, value: Result<&str, Failure>| {
            let value = value.map(str::to_owned);
            self.steps.push((now + at, PlacedStep { request, step: step.to_owned(), value }));
        };
        match plan {
            Plan::Refused(_) => {}
            Plan::Fails(after, failure) => step(after, "failed", Err(failure)),
            Plan::Talks(answered, ended) => {
                step(Duration::from_millis(20).min(answered), "claimed", Ok("session-1"));
                if !chat {
                    step(answered, "answered", Ok("placed-1"));
                }
                step(answered + ended, "ended", Ok(if chat { "closed" } else { "terminated" }));
            }
        }
        let (to, plugin) = (to.to_owned(), plugin.to_owned());
        self.placed.push(Placed { request, at: now, to, plugin, chat });
        Ok(request)
    }

    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.steps.iter().map(|(at, _)| *at).min()
    }

    /// The next step that is due, in the order of their times.
    pub(crate) fn due(&mut self, now: Duration) -> Option<PlacedStep> {
        let due = self.steps.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        let (index, _) = due.min_by_key(|(index, (at, _))| (*at, *index))?;
        Some(self.steps.remove(index).1)
    }

    /// The handler took a step.
    pub(crate) fn taken(&mut self, step: &PlacedStep) {
        self.under_way -= usize::from(["ended", "failed"].contains(&step.step.as_str()));
    }
}

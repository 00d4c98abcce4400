//! The timers of a simulated call or chat.

use std::time::Duration;

use crate::{Failure, TimerId, code};

const TIMERS_MAX: usize = 256;

#[derive(Debug)]
struct Timer {
    id: TimerId,
    at: Duration,
    period: Option<Duration>,
}

/// Those that run.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    running: Vec<Timer>,
    names: TimerId,
}

impl Timers {
    /// `untaken`: events of timers that wait for the handler.
    pub(crate) fn set(&mut self, now: Duration, ms: u32, repeat: bool, untaken: usize) -> Result<TimerId, Failure> {
        if self.running.len() + untaken >= TIMERS_MAX {
            return Err(Failure::new(code::FULL, format!("{TIMERS_MAX} timers are running")));
        }
        self.names += 1;
        let delay = Duration::from_millis(if repeat { ms.max(1) } else { ms }.into());
        self.running.push(Timer { id: self.names, at: now + delay, period: repeat.then_some(delay) });
        Ok(self.names)
    }

    pub(crate) fn cancel(&mut self, id: TimerId) {
        self.running.retain(|timer| timer.id != id);
    }

    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.running.iter().map(|timer| timer.at).min()
    }

    /// Those that are due. A repeating one goes on.
    pub(crate) fn fire(&mut self, now: Duration, mut fired: impl FnMut(TimerId)) {
        self.running.retain_mut(|timer| {
            if timer.at > now {
                return true;
            }
            fired(timer.id);
            timer.period.is_some_and(|period| {
                timer.at += period;
                true
            })
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }
}

//! Who is rung by `connect`, and what they do.

use std::collections::VecDeque;
use std::time::Duration;

use super::caller::Step;

/// The other party of a connected call, with a script that begins when they are connected. Between the steps their line
/// carries silence.
#[derive(Clone, Debug, Default)]
pub struct Callee {
    pub(crate) script: VecDeque<Step>,
}

impl Callee {
    /// Picks up, and stays silent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says these samples at the pace of speech.
    pub fn says(self, samples: &[i16]) -> Self {
        self.step(Step::Say(samples.iter().copied().collect()))
    }

    /// Presses keys, 100 ms each with pauses of 100 ms, as tones in band.
    pub fn presses(self, keys: &str) -> Self {
        self.step(Step::Press(keys.to_owned()))
    }

    /// Stays silent.
    pub fn waits_ms(self, ms: u64) -> Self {
        self.step(Step::Wait(Duration::from_millis(ms)))
    }

    /// Hangs up, which ends the call.
    pub fn hangs_up(self) -> Self {
        self.step(Step::HangUp)
    }

    fn step(mut self, step: Step) -> Self {
        self.script.push_back(step);
        self
    }
}

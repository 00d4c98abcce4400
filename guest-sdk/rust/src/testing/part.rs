//! One party of a simulated call on the way through its script.

use std::collections::VecDeque;
use std::time::Duration;

use super::caller::Step;
use crate::audio::dtmf;

/// How long a key is pressed, and the pause behind it, ms.
const KEY_MS: u32 = 100;
/// The amplitude of each of a key's two tones, a part of full scale.
const KEY_AMPLITUDE: f32 = 0.2;

/// One of the two people of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Caller,
    Callee,
}

/// A script, and how far it is.
#[derive(Debug)]
pub(crate) struct Part {
    script: VecDeque<Step>,
    since: Option<Duration>,
    /// What had been heard when the step began.
    heard_before: u64,
}

/// Where the call stands, as far as a script can see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    pub(crate) now: Duration,
    /// Samples of the handler that were heard, and whether it has been silent since.
    pub(crate) heard: u64,
    pub(crate) quiet: bool,
}

impl Part {
    pub(crate) fn new(script: VecDeque<Step>) -> Self {
        Self { script, since: None, heard_before: 0 }
    }

    /// When the step under way is over by the clock alone.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        match (self.script.front(), self.since) {
            (Some(Step::Wait(time)), Some(since)) => Some(since + *time),
            _ => None,
        }
    }

    /// Goes as far as the call stands. What is to happen to the call comes back.
    pub(crate) fn follow(&mut self, sight: Sight) -> Option<Step> {
        loop {
            let since = *self.since.get_or_insert(sight.now);
            let over = match self.script.front()? {
                Step::Say(left) => left.is_empty(),
                Step::Press(_) => false,
                Step::Wait(time) => sight.now >= since + *time,
                Step::UntilQuiet => sight.heard > self.heard_before && sight.quiet,
                Step::Happens(_) | Step::HangUp => {
                    let step = self.script.pop_front();
                    self.begin(sight.heard);
                    return step;
                }
            };
            if !over {
                return None;
            }
            self.script.pop_front();
            self.begin(sight.heard);
        }
    }

    /// What is said in one frame; shorter where the script says nothing.
    pub(crate) fn speak(&mut self, count: usize, sample_rate_hz: u32, heard: u64) -> Vec<i16> {
        let mut frame = Vec::with_capacity(count);
        while frame.len() < count {
            match self.script.front_mut() {
                Some(Step::Say(left)) => {
                    let taken = left.len().min(count - frame.len());
                    frame.extend(left.drain(..taken));
                    if left.is_empty() {
                        self.script.pop_front();
                        self.begin(heard);
                    }
                }
                Some(step @ Step::Press(_)) => press(step, sample_rate_hz),
                _ => break,
            }
        }
        frame
    }

    fn begin(&mut self, heard: u64) {
        self.since = None;
        self.heard_before = heard;
    }
}

/// Makes keys that are to be pressed the sound of them, with their pauses.
fn press(step: &mut Step, sample_rate_hz: u32) {
    let Step::Press(keys) = step else { return };
    let mut samples = VecDeque::new();
    for key in keys.chars() {
        samples.extend(dtmf::key_tone(key, KEY_AMPLITUDE, sample_rate_hz, KEY_MS));
        samples.extend(dtmf::key_tone(' ', 0.0, sample_rate_hz, KEY_MS));
    }
    *step = Step::Say(samples);
}

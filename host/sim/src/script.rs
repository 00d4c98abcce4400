//! What a party does, step by step: the caller, and the callee once connected.
//!
//! Sans-IO: the call's task shows the script where the call stands and gets back what the caller does
//! next; in each tick of an open line it offers the script a frame to speak into. Steps that make
//! sound wait for the call to be answered, because until then there is no line to speak on. No step
//! waits for ever: the whole call ends at [`Caller::give_up_ms`](crate::Caller::give_up_ms).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use crate::limits::STEP_MS_MAX;

/// The amplitude of each of a key's two tones, a part of full scale.
const KEY_AMPLITUDE: f32 = 0.2;

/// One step of a party's script. Of the callee's, read "the caller" as the callee.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Waits until the agent has answered (or the callee is connected).
    WaitAnswered,
    /// Waits until the callee is connected.
    WaitConnected,
    /// Says these samples, at the call's sample rate, at real pace.
    Say(Arc<[i16]>),
    /// Says a sine tone.
    Tone {
        /// Its pitch, Hz.
        freq_hz: f64,
        /// Its peak, 0 to 1.
        amplitude: f64,
        /// How long, ms.
        ms: u32,
    },
    /// Says noise that is the same in no two places, so that a frame that is lost, doubled or out of
    /// order can be told by what is heard back.
    Marked {
        /// How long, ms.
        ms: u32,
    },
    /// Presses keys: their tones in band (DTMF, each of its two tones at a fifth of full scale), each with a pause behind.
    Keys {
        /// `0` to `9`, `*`, `#`, `A` to `D`; anything else is silence of the same length.
        keys: String,
        /// How long each is pressed, ms.
        tone_ms: u32,
        /// The pause behind each, ms.
        pause_ms: u32,
    },
    /// Says silence.
    Silence {
        /// How long, ms.
        ms: u32,
    },
    /// Lets time pass; the line stays idle (see [`Caller::idle_silence`](crate::Caller::idle_silence)).
    Wait {
        /// How long, ms.
        ms: u32,
    },
    /// Waits until this much audio came from the agent, bytes in all since the call began.
    WaitHeardBytes(u64),
    /// Waits until the agent's audio has come back for all that was said so far, as an echo does.
    WaitEcho,
    /// Waits until something louder than -50 dBFS is heard, of whomever.
    WaitHeardSound,
    /// Waits until the agent has interrupted this many times in all.
    WaitInterrupts(u64),
    /// The server reports a `call.error`; the call goes on.
    CallError {
        /// Its `error_code`.
        code: String,
        /// Its `error_message`.
        message: Option<String>,
    },
    /// The caller hangs up.
    HangUp,
    /// The server ends the call (`session.closed` says `FORCE_CLOSE`).
    ServerHangUp,
    /// The voice socket is cut without a close frame.
    CutVoice,
}

/// Noise that follows from `seed`, of about -20 dBFS, the same in no two places.
pub fn marked_samples(seed: u64, samples: usize) -> Vec<i16> {
    let mut rng = Rng::with_seed(seed);
    (0..samples).map(|_| mark(&mut rng)).collect()
}

fn mark(rng: &mut Rng) -> i16 {
    rng.i16(-5_600..=5_600)
}

/// Where the call stands, as far as a script can see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    pub(crate) now: Instant,
    pub(crate) answered: bool,
    pub(crate) connected: bool,
    pub(crate) said_bytes: u64,
    /// How much of what the party said is recorded by now, samples.
    pub(crate) recorded_samples: usize,
    pub(crate) received_bytes: u64,
    pub(crate) heard_sound: bool,
    pub(crate) interrupts: u64,
}

/// What a script wants done besides speaking.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    CallError { code: String, message: Option<String> },
    HangUp,
    ServerHangUp,
    CutVoice,
}

/// A script under way.
#[derive(Debug)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    sample_rate_hz: u32,
    seed: u64,
    /// What the step under way still has to say.
    saying: Option<Saying>,
    waiting_since: Option<Instant>,
    begun: Vec<(Instant, usize)>,
    done: usize,
}

impl Script {
    pub(crate) fn new(steps: Vec<Step>, seed: u64) -> Self {
        let steps = steps.into();
        Self { steps, sample_rate_hz: 16_000, seed, saying: None, waiting_since: None, begun: Vec::new(), done: 0 }
    }

    pub(crate) fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        self.sample_rate_hz = sample_rate_hz;
    }

    /// When the step under way is over by the clock alone.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match (self.steps.front()?, self.waiting_since?) {
            (Step::Wait { ms }, since) => Some(since + Duration::from_millis((*ms).into())),
            _ => None,
        }
    }

    /// Goes as far as the call stands. With a `frame` of the line, speaks into it: appends samples up
    /// to its capacity of `room`.
    pub(crate) fn advance(&mut self, sight: &Sight, mut frame: Option<(&mut Vec<i16>, usize)>) -> Option<Act> {
        loop {
            if let Some(saying) = &mut self.saying {
                let (frame, room) = frame.as_mut()?;
                if !saying.speak(frame, *room) {
                    return None;
                }
                self.saying = None;
                self.pop();
            }
            if self.begun.len() == self.done && !self.steps.is_empty() {
                let in_frame = frame.as_ref().map_or(0, |(frame, _)| frame.len());
                self.begun.push((sight.now, sight.recorded_samples + in_frame));
            }
            let done = match self.steps.front()? {
                Step::WaitAnswered => sight.answered,
                Step::WaitConnected => sight.connected,
                Step::WaitHeardBytes(bytes) => sight.received_bytes >= *bytes,
                // What stands in the frame is said only when it was sent.
                Step::WaitEcho => {
                    frame.as_ref().is_none_or(|(frame, _)| frame.is_empty()) && sight.received_bytes >= sight.said_bytes
                }
                Step::WaitHeardSound => sight.heard_sound,
                Step::WaitInterrupts(times) => sight.interrupts >= *times,
                Step::Wait { ms } => {
                    let since = *self.waiting_since.get_or_insert(sight.now);
                    let over = sight.now >= since + Duration::from_millis((*ms).into());
                    if over {
                        self.waiting_since = None;
                    }
                    over
                }
                Step::Say(_) | Step::Tone { .. } | Step::Keys { .. } | Step::Marked { .. } | Step::Silence { .. } => {
                    self.saying = self.saying_of_step();
                    continue;
                }
                Step::CallError { .. } | Step::HangUp | Step::ServerHangUp | Step::CutVoice => {
                    return self.pop().and_then(act);
                }
            };
            if !done {
                return None;
            }
            self.pop();
        }
    }

    /// When each step that was reached began, and where in the recording of what the party said.
    pub(crate) fn begun(&self) -> &[(Instant, usize)] {
        &self.begun
    }

    fn pop(&mut self) -> Option<Step> {
        self.done += 1;
        self.steps.pop_front()
    }

    fn saying_of_step(&self) -> Option<Saying> {
        let samples = |ms: &u32| (u64::from(self.sample_rate_hz) * u64::from(*ms.min(&STEP_MS_MAX)) / 1_000) as usize;
        let saying = match self.steps.front()? {
            Step::Say(said) => Saying { left: said.len(), sound: Sound::Samples(Arc::clone(said)) },
            Step::Tone { freq_hz, amplitude, ms } => {
                let tone = audio::tone(*freq_hz, *amplitude, self.sample_rate_hz, samples(ms));
                Saying { left: tone.len(), sound: Sound::Samples(tone.into()) }
            }
            Step::Keys { keys, tone_ms, pause_ms } => {
                let pause = samples(pause_ms);
                let sound = keys.chars().flat_map(|key| pressed(key, self.sample_rate_hz, *tone_ms, pause));
                let sound: Vec<i16> = sound.take(samples(&STEP_MS_MAX)).collect();
                Saying { left: sound.len(), sound: Sound::Samples(sound.into()) }
            }
            // The steps left are different for each step, so two marked steps differ too.
            Step::Marked { ms } => {
                Saying { left: samples(ms), sound: Sound::Noise(Rng::with_seed(self.seed ^ self.steps.len() as u64)) }
            }
            Step::Silence { ms } => Saying { left: samples(ms), sound: Sound::Silence },
            _ => return None,
        };
        Some(saying)
    }
}

/// A key's two tones (ITU-T Q.23), and the pause behind them.
fn pressed(key: char, sample_rate_hz: u32, ms: u32, pause: usize) -> Vec<i16> {
    let mut sound = audio::key_tone(key, KEY_AMPLITUDE, sample_rate_hz, ms.min(STEP_MS_MAX));
    sound.resize(sound.len() + pause, 0);
    sound
}

/// Something being said.
#[derive(Debug)]
struct Saying {
    left: usize,
    sound: Sound,
}

/// What it is. Noise is made as it is said: a hundred long calls would need much memory for it.
#[derive(Debug)]
enum Sound {
    Samples(Arc<[i16]>),
    Noise(Rng),
    Silence,
}

impl Saying {
    /// Fills the frame up to `room` samples; whether all is said.
    fn speak(&mut self, frame: &mut Vec<i16>, room: usize) -> bool {
        let taken = room.saturating_sub(frame.len()).min(self.left);
        match &mut self.sound {
            Sound::Samples(samples) => {
                let from = samples.len() - self.left;
                frame.extend_from_slice(&samples[from..from + taken]);
            }
            Sound::Noise(rng) => frame.extend((0..taken).map(|_| mark(rng))),
            Sound::Silence => frame.resize(frame.len() + taken, 0),
        }
        self.left -= taken;
        self.left == 0
    }
}

fn act(step: Step) -> Option<Act> {
    match step {
        Step::CallError { code, message } => Some(Act::CallError { code, message }),
        Step::HangUp => Some(Act::HangUp),
        Step::ServerHangUp => Some(Act::ServerHangUp),
        Step::CutVoice => Some(Act::CutVoice),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(now: Instant) -> Sight {
        Sight {
            now,
            answered: true,
            connected: false,
            said_bytes: 0,
            recorded_samples: 0,
            received_bytes: 0,
            heard_sound: false,
            interrupts: 0,
        }
    }

    #[test]
    fn sound_steps_fill_frames_without_a_gap_between_them() {
        let now = Instant::now();
        let steps = vec![Step::Say([1; 5].into()), Step::Say([2; 4].into()), Step::HangUp];
        let mut script = Script::new(steps, 1);
        let mut frame = Vec::new();
        assert_eq!(script.advance(&sight(now), None), None, "nobody speaks without a line");
        assert_eq!(script.advance(&sight(now), Some((&mut frame, 4))), None);
        assert_eq!(frame, [1, 1, 1, 1]);
        frame.clear();
        assert_eq!(script.advance(&sight(now), Some((&mut frame, 4))), None);
        assert_eq!(frame, [1, 2, 2, 2]);
        frame.clear();
        assert_eq!(script.advance(&sight(now), Some((&mut frame, 4))), Some(Act::HangUp));
        assert_eq!(frame, [2]);
    }

    #[test]
    fn keys_are_two_tones_and_a_pause() {
        let now = Instant::now();
        let keys = |keys: &str| vec![Step::Keys { keys: keys.to_owned(), tone_ms: 100, pause_ms: 50 }];
        let mut frame = Vec::new();
        assert_eq!(Script::new(keys("5x"), 1).advance(&sight(now), Some((&mut frame, 10_000))), None);
        assert_eq!(frame.len(), 2 * 2_400);
        let share = |freq_hz: f64| {
            let power = |part: fn(f64) -> f64| -> f64 {
                let turn = std::f64::consts::TAU * freq_hz / 16_000.0;
                (0..1_600).map(|index| f64::from(frame[index]) * part(turn * index as f64)).sum::<f64>().powi(2)
            };
            (power(f64::sin) + power(f64::cos)).sqrt() * 2.0 / 1_600.0 / f64::from(i16::MAX)
        };
        assert!((share(770.0) - 0.2).abs() < 0.01 && (share(1_336.0) - 0.2).abs() < 0.01, "the tones of 5");
        assert!(share(697.0) < 0.02 && share(1_477.0) < 0.02, "and no others");
        assert!(frame[1_600..].iter().all(|sample| *sample == 0), "the pauses, and what is no key");
    }

    #[test]
    fn a_wait_begins_when_it_is_reached() {
        let now = Instant::now();
        let mut script = Script::new(vec![Step::WaitAnswered, Step::Wait { ms: 30 }, Step::HangUp], 1);
        assert_eq!(script.advance(&Sight { answered: false, ..sight(now) }, None), None);
        assert_eq!(script.deadline(), None);
        assert_eq!(script.advance(&sight(now), None), None);
        assert_eq!(script.deadline(), Some(now + Duration::from_millis(30)));
        let later = now + Duration::from_millis(30);
        assert_eq!(script.advance(&sight(later), None), Some(Act::HangUp));
    }

    #[test]
    fn an_echo_is_awaited_until_all_came_back() {
        let now = Instant::now();
        let mut script = Script::new(vec![Step::WaitEcho, Step::HangUp], 1);
        let said = Sight { said_bytes: 1_000, received_bytes: 999, ..sight(now) };
        assert_eq!(script.advance(&said, None), None);
        let back = Sight { received_bytes: 1_000, ..said };
        assert_eq!(script.advance(&back, None), Some(Act::HangUp));
    }

    #[test]
    fn marked_noise_repeats_in_no_frame() {
        let samples = marked_samples(1, 16_000);
        let mut frames: Vec<&[i16]> = samples.chunks(320).collect();
        frames.sort_unstable();
        frames.dedup();
        assert_eq!(frames.len(), 50);
    }
}

//! What simulated callers say: tones that can be told apart, or a recording.

use std::sync::Arc;
use std::time::Duration;

use sim::{Caller, Step};

/// Pitches of the tones, in Hz: the callers start at different ones.
const PITCHES_HZ: [f64; 4] = [440.0, 523.25, 659.26, 783.99];
/// One tone with its pause, in milliseconds.
const TONE_MS: u32 = 700;
const PAUSE_MS: u32 = 300;
const AMPLITUDE: f64 = 0.3;
/// How long the caller still listens before it hangs up, in milliseconds.
const LISTEN_MS: u32 = 1_000;
/// What a call may last beyond what the caller has to say, its ringing included.
const SPARE: Duration = Duration::from_secs(90);

/// A caller that waits for the answer, says tones for so long, listens a moment and hangs up. Caller `number` (any) decides
/// the first tone.
pub fn tones(number: usize, seconds: u32) -> Caller {
    let mut script = vec![Step::WaitAnswered];
    for second in 0..seconds as usize {
        let freq_hz = PITCHES_HZ[(number + second) % PITCHES_HZ.len()];
        script.push(Step::Tone { freq_hz, amplitude: AMPLITUDE, ms: TONE_MS });
        script.push(Step::Silence { ms: PAUSE_MS });
    }
    hang_up_after(script, Duration::from_secs(seconds.into()))
}

/// A caller that waits for the answer, says this, listens a moment and hangs up. The samples are said at the rate of the
/// call, whatever that is.
pub fn recording(samples: Arc<[i16]>, sample_rate_hz: u32) -> Caller {
    let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(sample_rate_hz.max(1)));
    hang_up_after(vec![Step::WaitAnswered, Step::Say(samples)], length)
}

fn hang_up_after(mut script: Vec<Step>, said: Duration) -> Caller {
    script.extend([Step::Wait { ms: LISTEN_MS }, Step::HangUp]);
    // At a third of the rate that a recording was made for (8 of 24 kHz) it lasts three times as long.
    let give_up = said * 3 + SPARE;
    Caller { give_up_ms: u32::try_from(give_up.as_millis()).unwrap_or(u32::MAX), ..Caller::new(script) }
}

#[cfg(test)]
mod tests {
    use sim::Step;

    use super::{recording, tones};

    #[test]
    fn tones_last_as_long_as_they_should() {
        let caller = tones(1, 3);
        let ms: u32 = caller
            .script
            .iter()
            .map(|step| match step {
                Step::Tone { ms, .. } | Step::Silence { ms } => *ms,
                _ => 0,
            })
            .sum();
        assert_eq!(ms, 3_000);
        assert!(matches!(caller.script[1], Step::Tone { freq_hz: 523.25, .. }));
        assert_eq!(caller.script.last(), Some(&Step::HangUp));
    }

    #[test]
    fn a_long_recording_is_not_cut() {
        let caller = recording(vec![0; 8_000 * 300].into(), 8_000);
        assert!(caller.give_up_ms > 300_000, "{}", caller.give_up_ms);
    }
}

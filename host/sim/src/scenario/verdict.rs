//! Whether a call went as its scenario says.

use std::collections::BTreeSet;

use super::Scenario;
use crate::report::CallReport;
use crate::transcript::{Direction, Frame, Plane};

/// Half of what the agents of all scenarios speak with.
const TONE_AMPLITUDE_MIN: f64 = 8_000.0;

impl Scenario {
    /// Judges a call by its report.
    ///
    /// # Errors
    /// Everything that is not as it must be, one sentence each.
    pub fn verdict(&self, report: &CallReport) -> Result<(), Vec<String>> {
        let expected = &self.expected;
        let sounds = |samples: &[i16]| samples.iter().any(|&sample| sample != 0);
        let mut wrong = Vec::new();
        let mut check = |what: &str, is: &dyn std::fmt::Debug, right: bool| {
            if !right {
                wrong.push(format!("{}: {what}: {is:?}", self.name));
            }
        };
        check("the outcome", &report.outcome, report.outcome == expected.outcome);
        check("the commands", &report.commands, report.commands == self.commands());
        let (caller, callee) = (sounds(&report.heard), sounds(&report.callee_heard));
        check("whether the caller heard the agent", &caller, caller == expected.caller_hears);
        check("whether the callee heard the agent", &callee, callee == expected.callee_hears);
        for (freq_hz, heard_by) in &expected.tones {
            let hears = |ear: &[i16]| has_tone(ear, report.sample_rate_hz, *freq_hz);
            let heard = (hears(&report.caller_ear), hears(&report.callee_ear));
            check("who heard a tone of the agent", &(freq_hz, heard), heard == *heard_by);
        }
        let interrupted = report.pull.interrupted_bytes;
        check("bytes interrupted", &interrupted, (interrupted > 0) == expected.interrupts);
        let channels = heard_channels(report);
        check("the channels", &channels, channels.iter().eq(expected.channels));
        if expected.echoes {
            let equal = report.echo.map_or(0, |echo| echo.equal_bytes);
            check("bytes that came back", &equal, equal == report.bytes_said && equal > 0);
        }
        let pull = &report.pull;
        check("bytes sent unasked", &pull.overrun_bytes, pull.overrun_bytes == 0);
        check("frames with half a sample", &pull.odd_frames, pull.odd_frames == 0);
        check("frames on strange channels", &pull.stray_frames, pull.stray_frames == 0);
        check("frames that could not be read", &report.bad_frames, report.bad_frames == 0);
        check("voice sockets", &report.voice_sockets, report.voice_sockets == 1);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// Whether a tone as loud as the agent speaks is in some tenth of a second.
fn has_tone(ear: &[i16], sample_rate_hz: u32, freq_hz: f64) -> bool {
    let window = sample_rate_hz as usize / 10;
    ear.chunks_exact(window).any(|part| {
        let turn = std::f64::consts::TAU * freq_hz / f64::from(sample_rate_hz);
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (at, sample) in part.iter().enumerate() {
            sine += f64::from(*sample) * (turn * at as f64).sin();
            cosine += f64::from(*sample) * (turn * at as f64).cos();
        }
        sine.hypot(cosine) * 2.0 / window as f64 > TONE_AMPLITUDE_MIN
    })
}

fn heard_channels(report: &CallReport) -> BTreeSet<u8> {
    let sent = report.transcript.lines().iter();
    sent.filter(|line| (line.plane, line.direction) == (Plane::Voice, Direction::ToClient))
        .filter_map(|line| match line.frame {
            Frame::Audio { channel, .. } => Some(channel),
            _ => None,
        })
        .collect()
}

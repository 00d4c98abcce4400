//! Whether a call went as its scenario says.

use std::collections::BTreeSet;

use super::Scenario;
use crate::report::CallReport;
use crate::transcript::{Direction, Frame, Plane};

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

fn heard_channels(report: &CallReport) -> BTreeSet<u8> {
    let sent = report.transcript.lines().iter();
    sent.filter(|line| (line.plane, line.direction) == (Plane::Voice, Direction::ToClient))
        .filter_map(|line| match line.frame {
            Frame::Audio { channel, .. } => Some(channel),
            _ => None,
        })
        .collect()
}

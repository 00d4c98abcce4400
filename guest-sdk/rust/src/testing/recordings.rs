//! Recordings of a simulated call.

use super::host::{Host, State, ended};
use crate::recording::Side;
use crate::{Failure, code};

/// One recording.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What `start` answered.
    pub reference: String,
    /// What was recorded.
    pub side: Side,
    /// What the handler heard on channel 0, if that was recorded.
    pub heard: Vec<i16>,
    /// What it said, if that was recorded.
    pub said: Vec<i16>,
    /// The caller's leg and the callee's, if these were recorded.
    pub legs: [Vec<i16>; 2],
    /// Whether it was stopped, by the handler or with its end. That of the call stops nothing: a handler may still do so.
    pub complete: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    said_from: usize,
}

impl Host {
    fn check_granted(&self) -> Result<(), Failure> {
        if self.recording_granted {
            return Ok(());
        }
        Err(Failure::new(code::NOT_GRANTED, "this plugin has no grant for recording"))
    }

    pub(crate) fn start_recording(&mut self, side: &str) -> Result<String, Failure> {
        self.check_granted()?;
        let sides = [Side::Heard, Side::Said, Side::Both, Side::Legs];
        let side = sides.into_iter().find(|known| known.as_str() == side);
        let side = side.ok_or_else(|| Failure::new(code::INVALID, "there is no such side"))?;
        if self.report.recordings.iter().any(|recording| !recording.complete) {
            return Err(Failure::new(code::NOT_NOW, "another recording runs"));
        }
        if self.state == State::Ended {
            return Err(ended());
        }
        if side == Side::Legs && !self.isolated {
            return Err(Failure::new(code::NOT_SUPPORTED, "the legs of this call do not come apart"));
        }
        let reference = format!("recording-{}", self.report.recordings.len() + 1);
        self.report.recordings.push(Recording {
            reference: reference.clone(),
            side,
            heard: Vec::new(),
            said: Vec::new(),
            legs: [Vec::new(), Vec::new()],
            complete: false,
            deleted: false,
            said_from: self.playout.heard.len(),
        });
        Ok(reference)
    }

    /// What is heard together, and on each leg.
    pub(crate) fn record(&mut self, frame: &[i16], legs: [&[i16]; 2]) {
        let Some(recording) = self.report.recordings.iter_mut().find(|recording| !recording.complete) else { return };
        match recording.side {
            Side::Said => {}
            Side::Heard | Side::Both => recording.heard.extend_from_slice(frame),
            Side::Legs => recording.legs.iter_mut().zip(legs).for_each(|(track, leg)| track.extend_from_slice(leg)),
        }
    }

    pub(crate) fn stop_recording(&mut self) -> Result<(), Failure> {
        self.check_granted()?;
        if self.end_recording() { Ok(()) } else { Err(Failure::new(code::NOT_NOW, "nothing is recorded")) }
    }

    /// Whether there was one to end.
    pub(crate) fn end_recording(&mut self) -> bool {
        let heard = &self.playout.heard;
        let Some(recording) = self.report.recordings.iter_mut().find(|recording| !recording.complete) else {
            return false;
        };
        if matches!(recording.side, Side::Said | Side::Both) {
            recording.said.extend_from_slice(&heard[recording.said_from.min(heard.len())..]);
        }
        recording.complete = true;
        true
    }

    pub(crate) fn play_recording(&mut self, reference: &str) -> Result<(), Failure> {
        self.check_granted()?;
        let recording = self.known(reference)?;
        if !recording.complete {
            return Err(Failure::new(code::NOT_NOW, "the recording still runs"));
        }
        let recorded: Vec<i16> = match recording.side {
            Side::Said => recording.said.clone(),
            Side::Heard | Side::Both => recording.heard.clone(),
            Side::Legs => {
                let [one, other] = &recording.legs;
                one.iter().zip(other).map(|(one, other)| ((i32::from(*one) + i32::from(*other)) / 2) as i16).collect()
            }
        };
        self.play(recorded.len() * 2, recorded.into_iter()).map(drop)
    }

    pub(crate) fn delete_recording(&mut self, reference: &str) -> Result<(), Failure> {
        self.check_granted()?;
        let recording = self.known(reference)?;
        if !recording.complete {
            return Err(Failure::new(code::NOT_NOW, "the recording still runs"));
        }
        recording.deleted = true;
        Ok(())
    }

    fn known(&mut self, reference: &str) -> Result<&mut Recording, Failure> {
        let mut recordings = self.report.recordings.iter_mut();
        let known = recordings.find(|recording| recording.reference == reference && !recording.deleted);
        known.ok_or_else(|| Failure::new(code::INVALID, "this plugin has no such recording"))
    }
}

//! Who hears whom in a simulated call, and what the handler hears of it.

use super::host::{Host, State};
use super::part::Party;
use crate::{AudioFrame, Event};

/// Who hears the handler, from one sample of its audio on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeardBy {
    pub(crate) from: usize,
    pub(crate) caller: bool,
    pub(crate) callee: bool,
}

impl Host {
    /// From now on these hear the handler.
    pub(crate) fn heard_by(&mut self, caller: bool, callee: bool) {
        self.heard_by.push(HeardBy { from: self.playout.heard.len(), caller, callee });
    }

    /// A mode was taken: the subscriber is who was called, or who placed an outbound call.
    pub(crate) fn listen(&mut self, mode: &str) {
        match mode {
            "whisper" => self.heard_by(self.outbound, !self.outbound),
            "barge" => self.heard_by(true, true),
            _ => self.heard_by(false, false),
        }
    }

    /// What a party heard of what the handler said, silence elsewhere.
    pub(crate) fn ear(&self, party: Party) -> Vec<i16> {
        let mut ear = vec![0; self.playout.heard.len()];
        let ends = self.heard_by.iter().skip(1).map(|next| next.from).chain([ear.len()]);
        for (mode, end) in self.heard_by.iter().zip(ends) {
            let hears = if party == Party::Caller { mode.caller } else { mode.callee };
            if hears {
                ear[mode.from..end].copy_from_slice(&self.playout.heard[mode.from..end]);
            }
        }
        ear
    }

    /// One frame of each leg to the handler: on channel 0 together, and apart where the legs are.
    pub(crate) fn carry(&mut self, mut caller: Vec<i16>, mut callee: Vec<i16>, frame_samples: usize) {
        let says = !caller.is_empty() || !callee.is_empty();
        caller.resize(frame_samples, 0);
        callee.resize(frame_samples, 0);
        let mix: Vec<i16> = caller.iter().zip(&callee).map(|(one, other)| one.saturating_add(*other)).collect();
        let connected = self.state == State::Connected;
        let apart = self.isolated && connected;
        self.record(&mix, [if apart { &caller } else { &mix }, &callee]);
        self.report.said.extend_from_slice(&caller);
        if connected {
            self.report.callee_said.extend_from_slice(&callee);
        }
        let heard = (says || self.silent_line) && self.state != State::Ended;
        for (channel, frame) in [(0, &mix), (1, &caller), (2, &callee)] {
            if channel > 0 && !apart {
                continue;
            }
            let at = &mut self.heard_samples[channel];
            let at_sample = std::mem::replace(at, *at + frame_samples as u64);
            if heard {
                let pcm = frame.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                let channel = channel as u8;
                self.inbox.push_back(Event::Audio(AudioFrame { channel, at_sample, lost_samples: 0, pcm }));
            }
        }
    }
}

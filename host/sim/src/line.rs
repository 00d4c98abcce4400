//! The audio of one call at the pace of the clock: what the caller says leaves one frame a tick, what
//! the agent sent is played one frame a tick, and both are measured and recorded.
//!
//! Sans-IO. A late machine is caught up tick by tick up to a limit; what is beyond it is counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::config::Pull;
use crate::limits::{CATCH_UP_TICKS_MAX, ECHO_BYTES_MAX, RECORDED_SAMPLES_MAX, RTT_US_MAX, SENT_MARKS_MAX};
use crate::pull::Player;
use crate::report::EchoCheck;
use crate::rtt::RttPoints;

/// What is louder than this is a sound, dBFS.
const SOUND_DBFS: f64 = -50.0;

/// Which legs the agent hears.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Legs {
    pub(crate) connected: bool,
    pub(crate) isolated: bool,
    pub(crate) mix: bool,
}

/// The audio of one call.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) player: Player,
    frame: Duration,
    frame_samples: usize,
    next_tick: Option<Instant>,
    idle_silence: bool,
    callee: (Arc<[i16]>, usize),
    record: bool,
    played: Vec<i16>,
    pub(crate) said: Vec<i16>,
    pub(crate) heard_raw: Vec<u8>,
    pub(crate) heard: Vec<i16>,
    pub(crate) callee_heard: Vec<i16>,
    pub(crate) unrecorded_samples: u64,
    pub(crate) bytes_said: u64,
    pub(crate) ticks_skipped: u64,
    pub(crate) heard_sound: bool,
    /// For each frame said: the bytes said up to its end, and when it was sent.
    marks: VecDeque<(u64, Instant)>,
    pub(crate) rtt_us: Histogram<u64>,
    pub(crate) rtt_points: RttPoints,
    unreturned: Option<VecDeque<u8>>,
    /// Said before what is in `unreturned`, and not yet returned either.
    unverified_ahead: u64,
    pub(crate) echo: EchoCheck,
}

impl Line {
    pub(crate) fn new(pull: Pull, sample_rate_hz: u32, caller: &crate::Caller) -> Self {
        let frame_samples = pull.frame_samples(sample_rate_hz);
        Self {
            player: Player::new(pull, frame_samples * 2),
            frame: Duration::from_millis(pull.frame_ms.clamp(5, 100).into()),
            frame_samples,
            next_tick: None,
            idle_silence: caller.idle_silence,
            callee: (Arc::clone(&caller.callee.says), 0),
            record: caller.record,
            played: Vec::with_capacity(frame_samples),
            said: Vec::new(),
            heard_raw: Vec::new(),
            heard: Vec::new(),
            callee_heard: Vec::new(),
            unrecorded_samples: 0,
            bytes_said: 0,
            ticks_skipped: 0,
            heard_sound: false,
            marks: VecDeque::new(),
            rtt_us: Histogram::new_with_bounds(1, RTT_US_MAX, 2).expect("1 to a minute in two digits is a valid range"),
            rtt_points: RttPoints::default(),
            unreturned: caller.verify_echo.then(VecDeque::new),
            unverified_ahead: 0,
            echo: EchoCheck::default(),
        }
    }

    pub(crate) fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    /// The line is through; the first tick is one frame from now.
    pub(crate) fn open(&mut self, now: Instant) {
        self.next_tick.get_or_insert(now + self.frame);
    }

    /// What was played in the last tick.
    pub(crate) fn played(&self) -> &[i16] {
        &self.played
    }

    pub(crate) fn next_tick(&self) -> Option<Instant> {
        self.next_tick
    }

    /// Takes the next tick that is due.
    pub(crate) fn take_tick(&mut self, now: Instant) -> bool {
        let Some(due) = self.next_tick.filter(|due| *due <= now) else {
            return false;
        };
        let late = ((now - due).as_nanos() / self.frame.as_nanos()) as u64;
        let skipped = late.saturating_sub(CATCH_UP_TICKS_MAX);
        self.ticks_skipped += skipped;
        let ahead = u32::try_from(skipped + 1).unwrap_or(u32::MAX);
        self.next_tick = Some(due + self.frame * ahead);
        true
    }

    /// Plays one tick of the agent's audio to those who hear it.
    pub(crate) fn play(&mut self, (caller_hears, callee_hears): (bool, bool), connected: bool) {
        let mut frame = std::mem::take(&mut self.played);
        let from_agent = self.player.play(&mut frame);
        self.heard_sound |= caller_hears && !self.heard_sound && audio::level_dbfs(&frame[..from_agent]) > SOUND_DBFS;
        if self.record {
            let silence = frame.len();
            let heard = if caller_hears { Some(&frame[..]) } else { None };
            self.unrecorded_samples += keep(&mut self.heard, heard, silence);
            if connected {
                let heard = if callee_hears { Some(&frame[..]) } else { None };
                self.unrecorded_samples += keep(&mut self.callee_heard, heard, silence);
            }
        }
        self.played = frame;
    }

    /// What leaves in one tick for what the caller `said` (filled up to a frame): channel byte and PCM.
    /// An idle line without a callee sends nothing unless it carries silence.
    pub(crate) fn frames(&mut self, said: &mut Vec<i16>, legs: Legs) -> [Option<(u8, Bytes)>; 3] {
        let spoke = !said.is_empty();
        said.resize(self.frame_samples, 0);
        let callee = legs.connected.then(|| self.callee_frame());
        let callee_spoke = callee.as_ref().is_some_and(|(_, spoke)| *spoke);
        if !spoke && !callee_spoke && !self.idle_silence {
            said.clear();
            return [None, None, None];
        }
        let Some((callee, _)) = callee else {
            return [Some(audio_frame(0, said)), None, None];
        };
        let mix: Vec<i16> = said.iter().zip(&callee).map(|(a, b)| a.saturating_add(*b)).collect();
        if !legs.isolated {
            return [Some(audio_frame(0, &mix)), None, None];
        }
        [legs.mix.then(|| audio_frame(0, &mix)), Some(audio_frame(1, said)), Some(audio_frame(2, &callee))]
    }

    /// A frame of the caller was sent.
    pub(crate) fn sent(&mut self, now: Instant, said: &[i16]) {
        self.bytes_said += said.len() as u64 * 2;
        if self.record {
            self.unrecorded_samples += keep(&mut self.said, Some(said), said.len());
        }
        if self.marks.len() >= SENT_MARKS_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back((self.bytes_said, now));
        if let Some(unreturned) = &mut self.unreturned {
            unreturned.extend(said.iter().flat_map(|sample| sample.to_le_bytes()));
            let over = unreturned.len().saturating_sub(ECHO_BYTES_MAX);
            unreturned.drain(..over);
            self.unverified_ahead += over as u64;
        }
    }

    /// PCM came from the agent.
    pub(crate) fn received(&mut self, now: Instant, pcm: &[u8]) {
        self.player.receive(pcm);
        let total = self.player.counts.bytes_received;
        while let Some(&(up_to, at)) = self.marks.front()
            && up_to <= total
        {
            self.marks.pop_front();
            let rtt_us = u64::try_from((now - at).as_micros()).unwrap_or(u64::MAX);
            self.rtt_us.saturating_record(rtt_us);
            self.rtt_points.note(now, now - at);
        }
        if let Some(unreturned) = &mut self.unreturned {
            let skipped = pcm.len().min(usize::try_from(self.unverified_ahead).unwrap_or(usize::MAX));
            self.unverified_ahead -= skipped as u64;
            let compared = (pcm.len() - skipped).min(unreturned.len());
            let equal = pcm[skipped..].iter().zip(unreturned.drain(..compared)).filter(|(a, b)| **a == *b);
            let equal = equal.count() as u64;
            self.echo.equal_bytes += equal;
            self.echo.different_bytes += compared as u64 - equal;
            self.echo.unverified_bytes += (pcm.len() - compared) as u64;
        }
        if self.record {
            let room = (RECORDED_SAMPLES_MAX * 2).saturating_sub(self.heard_raw.len());
            let kept = pcm.len().min(room);
            self.heard_raw.extend_from_slice(&pcm[..kept]);
            self.unrecorded_samples += (pcm.len() - kept) as u64 / 2;
        }
    }

    pub(crate) fn verified_echo(&self) -> Option<EchoCheck> {
        self.unreturned.is_some().then_some(self.echo)
    }

    fn callee_frame(&mut self) -> (Vec<i16>, bool) {
        let (samples, at) = &mut self.callee;
        let taken = self.frame_samples.min(samples.len() - *at);
        let mut frame = samples[*at..*at + taken].to_vec();
        *at += taken;
        frame.resize(self.frame_samples, 0);
        (frame, taken > 0)
    }
}

/// Appends `samples`, or that much silence; how many did not fit.
fn keep(recording: &mut Vec<i16>, samples: Option<&[i16]>, count: usize) -> u64 {
    let kept = count.min(RECORDED_SAMPLES_MAX.saturating_sub(recording.len()));
    match samples {
        Some(samples) => recording.extend_from_slice(&samples[..kept]),
        None => recording.resize(recording.len() + kept, 0),
    }
    (count - kept) as u64
}

fn audio_frame(channel: u8, samples: &[i16]) -> (u8, Bytes) {
    let mut frame = BytesMut::with_capacity(1 + samples.len() * 2);
    frame.put_u8(channel);
    samples.iter().for_each(|sample| frame.put_i16_le(*sample));
    (channel, frame.freeze())
}

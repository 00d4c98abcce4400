//! The audio of one call at the pace of the clock: what the caller says leaves one frame a tick, what
//! the agent sent is played one frame a tick, and both are measured and recorded.
//!
//! Sans-IO. A late machine is caught up tick by tick up to a limit; what is beyond it is counted.

use std::collections::VecDeque;
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

/// Which legs the agent hears once the callee is connected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Legs {
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
    record: bool,
    played: Vec<i16>,
    pub(crate) said: Vec<i16>,
    pub(crate) heard_raw: Vec<u8>,
    pub(crate) heard: Vec<i16>,
    pub(crate) callee_heard: Vec<i16>,
    pub(crate) callee_said: Vec<i16>,
    pub(crate) caller_ear: Vec<i16>,
    pub(crate) callee_ear: Vec<i16>,
    pub(crate) unrecorded_samples: u64,
    pub(crate) bytes_said: u64,
    pub(crate) callee_bytes_said: u64,
    pub(crate) ticks_skipped: u64,
    /// Whether the caller, and whether the callee, has heard a sound of anybody.
    pub(crate) heard_sound: [bool; 2],
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
            record: caller.record,
            played: Vec::with_capacity(frame_samples),
            said: Vec::new(),
            heard_raw: Vec::new(),
            heard: Vec::new(),
            callee_heard: Vec::new(),
            callee_said: Vec::new(),
            caller_ear: Vec::new(),
            callee_ear: Vec::new(),
            unrecorded_samples: 0,
            bytes_said: 0,
            callee_bytes_said: 0,
            ticks_skipped: 0,
            heard_sound: [false; 2],
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
        self.notice(&frame[..from_agent], [caller_hears, callee_hears]);
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

    /// Each of two connected parties hears in this tick what the other says, and the agent as the mode has it.
    pub(crate) fn bridge(&mut self, said: &[i16], callee_said: &[i16], (caller_hears, callee_hears): (bool, bool)) {
        self.notice(callee_said, [true, false]);
        self.notice(said, [false, true]);
        self.callee_bytes_said += callee_said.len() as u64 * 2;
        if !self.record {
            return;
        }
        let count = self.frame_samples;
        let agent = |hears: bool| if hears { &self.played[..] } else { &[] };
        let caller_ear = mixed(callee_said, agent(caller_hears), count);
        let callee_ear = mixed(said, agent(callee_hears), count);
        let callee_said = mixed(callee_said, &[], count);
        self.unrecorded_samples += keep(&mut self.caller_ear, Some(&caller_ear), count);
        self.unrecorded_samples += keep(&mut self.callee_ear, Some(&callee_ear), count);
        self.unrecorded_samples += keep(&mut self.callee_said, Some(&callee_said), count);
    }

    fn notice(&mut self, sound: &[i16], heard_by: [bool; 2]) {
        let news = self.heard_sound.iter().zip(heard_by).any(|(heard, hears)| hears && !heard);
        if news && audio::level_dbfs(sound) > SOUND_DBFS {
            self.heard_sound.iter_mut().zip(heard_by).for_each(|(heard, hears)| *heard |= hears);
        }
    }

    /// What leaves in one tick for what the caller `said` (filled up to a frame) and the connected callee: channel byte and
    /// PCM. An idle line without a callee sends nothing unless it carries silence.
    pub(crate) fn frames(
        &mut self,
        said: &mut Vec<i16>,
        callee_said: Option<&[i16]>,
        legs: Legs,
    ) -> [Option<(u8, Bytes)>; 3] {
        let spoke = !said.is_empty() || callee_said.is_some_and(|said| !said.is_empty());
        if !spoke && !self.idle_silence {
            return [None, None, None];
        }
        said.resize(self.frame_samples, 0);
        let Some(callee_said) = callee_said else {
            return [Some(audio_frame(0, said)), None, None];
        };
        let mix = mixed(said, callee_said, self.frame_samples);
        if !legs.isolated {
            return [Some(audio_frame(0, &mix)), None, None];
        }
        let callee = mixed(callee_said, &[], self.frame_samples);
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
}

/// The sum of two sounds, `count` samples of it, silence where they are shorter.
fn mixed(one: &[i16], other: &[i16], count: usize) -> Vec<i16> {
    let mut sum = one[..one.len().min(count)].to_vec();
    sum.resize(count, 0);
    sum.iter_mut().zip(other).for_each(|(sum, other)| *sum = sum.saturating_add(*other));
    sum
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

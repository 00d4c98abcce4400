//! What waits for the handler: heard audio and control events, in the order in which they happened.
//!
//! Audio is bounded here, oldest first out. Control events are bounded where they are made (open commands, marks,
//! timers) or, when the carrier makes them, at their door here. A late handler pays with its own audio, nobody else.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::Event;
use crate::Failure;
use crate::limits::{
    INBOX_AUDIO_MS, INBOX_FRAMES_MAX, INBOX_UNKNOWN_CHANNELS_MAX, KEYS_QUEUED_MAX, NOTICES_QUEUED_MAX,
};
use crate::short_queue::{ShortQueue, give_back};

/// Places for control events that an empty inbox keeps.
const KEEP: usize = 32;

pub(crate) struct Inbox {
    /// For one channel.
    channel_samples_max: u64,
    /// Grows with each entry: audio and control wait apart and are taken in its order.
    next_order: u64,
    audio: ShortQueue<Frame>,
    audio_samples: u64,
    /// Most calls have one or two.
    channels: SmallVec<[Channel; 2]>,
    control: VecDeque<Control>,
    waiting: Waiting,
}

struct Frame {
    order: u64,
    channel: u8,
    at_sample: u64,
    pcm: Vec<u8>,
}

/// One channel that is heard.
#[derive(Debug)]
struct Channel {
    id: u8,
    /// The call is known to have it.
    known: bool,
    received: u64,
    /// Waits for the handler.
    queued: u64,
    /// Dropped since the last frame that was taken.
    lost: u64,
}

struct Control {
    order: u64,
    event: Event,
    /// How many like it were counted into it.
    repeats: u64,
}

/// How many control events of each kind wait: what their makers ask before they accept more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) outcomes: usize,
    pub(crate) marks: usize,
    pub(crate) keys: usize,
    pub(crate) playout_lows: usize,
    warnings: usize,
    call_errors: usize,
}

/// What became of a notice: a warning or a call error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Noticed {
    Queued,
    Coalesced,
    Dropped,
}

impl Inbox {
    pub(crate) fn new(sample_rate_hz: u64) -> Inbox {
        Inbox {
            channel_samples_max: sample_rate_hz * INBOX_AUDIO_MS / 1_000,
            next_order: 0,
            audio: ShortQueue::default(),
            audio_samples: 0,
            channels: SmallVec::new(),
            control: VecDeque::new(),
            waiting: Waiting::default(),
        }
    }

    /// Whether audio on this channel is taken: on 0, on those that the call is known to have, and on a few more.
    pub(crate) fn admits(&mut self, channel: u8, known: &[u8]) -> bool {
        if self.channels.iter().any(|heard| heard.id == channel) {
            return true;
        }
        let known = channel == 0 || known.contains(&channel);
        let unknown = self.channels.iter().filter(|heard| !heard.known).count();
        let admitted = known || unknown < INBOX_UNKNOWN_CHANNELS_MAX;
        if admitted {
            self.channels.push(Channel { id: channel, known, received: 0, queued: 0, lost: 0 });
        }
        admitted
    }

    /// Takes in a frame of whole samples, of a channel that was admitted. Returns how many samples were dropped for it.
    pub(crate) fn push_audio(&mut self, channel: u8, pcm: &[u8]) -> u64 {
        let samples = (pcm.len() / 2) as u64;
        let cut = samples.saturating_sub(self.channel_samples_max);
        let kept = samples - cut;
        let mut lost = cut;
        while self.channel(channel).queued + kept > self.channel_samples_max {
            lost += self.drop_oldest_of(channel);
        }
        while self.audio.len() >= INBOX_FRAMES_MAX {
            lost += self.drop_at(0);
        }
        let entry = self.channel(channel);
        entry.queued += kept;
        let at_sample = entry.received + cut;
        entry.received += samples;
        entry.lost += cut;
        self.audio_samples += kept;
        let order = self.order();
        self.audio.push_back(Frame { order, channel, at_sample, pcm: pcm[cut as usize * 2..].to_vec() });
        lost
    }

    /// Queues a control event whose maker has bounded it.
    pub(crate) fn push(&mut self, event: Event) {
        if let Some(count) = self.waiting.of(&event) {
            *count += 1;
        }
        let order = self.order();
        self.control.push_back(Control { order, event, repeats: 0 });
    }

    /// Queues a key, unless too many wait.
    pub(crate) fn push_key(&mut self, digit: String, channel: u8) -> bool {
        let room = self.waiting.keys < KEYS_QUEUED_MAX;
        if room {
            self.push(Event::Dtmf { digit, channel });
        }
        room
    }

    /// Queues a warning or a call error; one of a code that waits already is counted into that one.
    pub(crate) fn push_notice(&mut self, make: fn(Failure) -> Event, failure: Failure) -> Noticed {
        let event = make(failure);
        let same = self.control.iter_mut().find(|waiting| match (&waiting.event, &event) {
            (Event::Warning(a), Event::Warning(b)) | (Event::CallError(a), Event::CallError(b)) => a.code == b.code,
            _ => false,
        });
        if let Some(waiting) = same {
            waiting.repeats += 1;
            return Noticed::Coalesced;
        }
        if self.waiting.of(&event).is_some_and(|count| *count >= NOTICES_QUEUED_MAX) {
            return Noticed::Dropped;
        }
        self.push(event);
        Noticed::Queued
    }

    /// Takes the oldest entry.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        let audio_first = match (self.audio.front(), self.control.front()) {
            (Some(frame), Some(control)) => frame.order < control.order,
            (frame, _) => frame.is_some(),
        };
        if audio_first { self.pop_audio() } else { self.pop_control() }
    }

    /// Removes the control events that `which` names.
    pub(crate) fn remove(&mut self, which: impl Fn(&Event) -> bool) {
        let waiting = &mut self.waiting;
        self.control.retain(|control| {
            let stays = !which(&control.event);
            if !stays && let Some(count) = waiting.of(&control.event) {
                *count -= 1;
            }
            stays
        });
    }

    /// Removes what is only the handler's: heard audio, which counts as lost, and events of what it began. Keys and notices
    /// stay. Answers the samples that were lost.
    pub(crate) fn forget_handler(&mut self) -> u64 {
        let mut lost = 0;
        while !self.audio.is_empty() {
            lost += self.drop_at(0);
        }
        self.remove(|event| {
            matches!(
                event,
                Event::Outcome { .. } | Event::Mark { .. } | Event::PlayoutLow(_) | Event::Timer(_) | Event::Network(_)
            )
        });
        lost
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.audio.is_empty() && self.control.is_empty()
    }

    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Samples of audio that wait, over all channels.
    pub(crate) fn audio_samples(&self) -> u64 {
        self.audio_samples
    }

    fn pop_audio(&mut self) -> Option<Event> {
        let frame = self.audio.pop_front()?;
        self.take_out(&frame);
        let lost = std::mem::take(&mut self.channel(frame.channel).lost);
        Some(Event::Audio {
            channel: frame.channel,
            at_sample: frame.at_sample,
            lost_samples: u32::try_from(lost).unwrap_or(u32::MAX),
            pcm: frame.pcm,
        })
    }

    fn pop_control(&mut self) -> Option<Event> {
        let Control { mut event, repeats, .. } = self.control.pop_front()?;
        give_back(&mut self.control, KEEP);
        if let Some(count) = self.waiting.of(&event) {
            *count -= 1;
        }
        if repeats > 0
            && let Event::Warning(failure) | Event::CallError(failure) = &mut event
        {
            failure.message.push_str(&format!(" (and {repeats} more)"));
        }
        Some(event)
    }

    /// A scan, but only of a handler that is two seconds late.
    fn drop_oldest_of(&mut self, channel: u8) -> u64 {
        let oldest = self.audio.iter().position(|frame| frame.channel == channel);
        oldest.map_or(0, |index| self.drop_at(index))
    }

    fn drop_at(&mut self, index: usize) -> u64 {
        let Some(frame) = self.audio.remove(index) else {
            return 0;
        };
        let samples = self.take_out(&frame);
        self.channel(frame.channel).lost += samples;
        samples
    }

    /// Takes a frame's samples out of the accounts.
    fn take_out(&mut self, frame: &Frame) -> u64 {
        let samples = (frame.pcm.len() / 2) as u64;
        self.audio_samples -= samples;
        self.channel(frame.channel).queued -= samples;
        samples
    }

    fn channel(&mut self, id: u8) -> &mut Channel {
        let index = self.channels.iter().position(|channel| channel.id == id).unwrap_or_else(|| {
            self.channels.push(Channel { id, known: true, received: 0, queued: 0, lost: 0 });
            self.channels.len() - 1
        });
        &mut self.channels[index]
    }

    fn order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }
}

impl Waiting {
    fn of(&mut self, event: &Event) -> Option<&mut usize> {
        match event {
            Event::Outcome { .. } => Some(&mut self.outcomes),
            Event::Mark { .. } => Some(&mut self.marks),
            Event::Dtmf { .. } => Some(&mut self.keys),
            Event::PlayoutLow(_) => Some(&mut self.playout_lows),
            Event::Warning(_) => Some(&mut self.warnings),
            Event::CallError(_) => Some(&mut self.call_errors),
            Event::Audio { .. } | Event::Timer(_) | Event::Placed { .. } | Event::Network(_) | Event::Ended(_) => None,
        }
    }
}

//! The audio of the voice plane: frames of any channel and length, into a call whose handler takes them when it likes.

use std::collections::BTreeMap;
use std::time::Instant;

use call::limits::{INBOX_AUDIO_MS, INBOX_FRAMES_MAX, INBOX_UNKNOWN_CHANNELS_MAX};
use call::{Call, CallConfig, CallInfo, Capabilities, EndReason, Event, Next};
use telcoflow::frame::voice::parse_audio;

use super::INPUT_BYTES_MAX;
use super::bytes::Bytes;

const SAMPLE_RATE_HZ: u32 = 8_000;
/// Audio of one input, repetitions included; the rest is not looked at.
const AUDIO_BYTES_MAX: usize = 256 << 10;

/// The bytes as one frame, and as operations: a frame of the bytes that follow, the last frame again and again, the handler
/// takes events, the call ends.
pub fn voice_binary(bytes: &[u8]) {
    if bytes.len() > INPUT_BYTES_MAX {
        return;
    }
    match parse_audio(bytes) {
        None => assert!(bytes.len() < 2),
        Some((channel, pcm)) => assert_eq!((channel, pcm), (bytes[0], &bytes[1..])),
    }
    let mut world = World::new();
    let mut input = Bytes(bytes);
    let mut last: &[u8] = &[];
    while let Some(operation) = input.next() {
        match operation % 4 {
            0 => {
                let length = input.short() % 1_024;
                last = input.take(length.into());
                world.hear(last);
            }
            1 => (0..=operation / 4).for_each(|_| world.hear(last)),
            2 => world.take_some(usize::from(operation / 4) + 1),
            _ if operation == 255 => world.call.handle_ended(EndReason::Terminated),
            _ => {}
        }
    }
    world.finish();
}

#[derive(Default)]
struct Channel {
    /// Everything that was heard on it, whole samples.
    heard: Vec<u8>,
    /// How far the handler is, in samples.
    taken: u64,
}

struct World {
    call: Call,
    channels: BTreeMap<u8, Channel>,
    heard_bytes: usize,
    odd_bytes: u64,
    taken_samples: u64,
    ended: bool,
}

impl World {
    fn new() -> Self {
        let info = CallInfo { sample_rate_hz: SAMPLE_RATE_HZ, ..CallInfo::default() };
        let config = CallConfig { info, capabilities: Capabilities::NONE, playout_bytes_max: 0 };
        let call = Call::new(config, Instant::now());
        Self { call, channels: BTreeMap::new(), heard_bytes: 0, odd_bytes: 0, taken_samples: 0, ended: false }
    }

    fn hear(&mut self, frame: &[u8]) {
        let Some((channel, pcm)) = parse_audio(frame) else { return };
        if self.heard_bytes + pcm.len() > AUDIO_BYTES_MAX {
            return;
        }
        self.call.handle_audio(channel, pcm);
        if self.call.end_reason().is_none() {
            let even = pcm.len() & !1;
            self.heard_bytes += even;
            self.odd_bytes += (pcm.len() - even) as u64;
            if even > 0 {
                self.channels.entry(channel).or_default().heard.extend_from_slice(&pcm[..even]);
            }
        }
        let stats = self.call.stats();
        assert_eq!((stats.samples_in, stats.odd_bytes), ((self.heard_bytes / 2) as u64, self.odd_bytes));
    }

    fn take_some(&mut self, events: usize) {
        for _ in 0..events {
            self.take();
        }
    }

    /// The handler takes one event. True when it was audio.
    fn take(&mut self) -> bool {
        let has_event = self.call.has_event();
        let (channel, at_sample, lost_samples, pcm) = match self.call.next() {
            Next::Event(Event::Audio { channel, at_sample, lost_samples, pcm }) => {
                (channel, at_sample, lost_samples, pcm)
            }
            Next::Event(Event::Ended(EndReason::Terminated)) => {
                assert!(!std::mem::replace(&mut self.ended, true), "the end is told once");
                return false;
            }
            Next::Event(other) => panic!("nobody asked for {other:?}"),
            Next::Wait => {
                assert!(!has_event, "it said that there is one");
                return false;
            }
            Next::Over => {
                assert!(self.ended, "the end is told before");
                return false;
            }
        };
        assert!(has_event && !self.ended && !pcm.is_empty() && pcm.len() % 2 == 0);
        let heard = self.channels.get_mut(&channel).expect("a channel that was heard");
        assert_eq!(at_sample, heard.taken + u64::from(lost_samples), "what is missing is told");
        let begin = usize::try_from(at_sample * 2).expect("little audio");
        assert!(heard.heard[begin..].starts_with(&pcm), "it is what was heard there");
        heard.taken = at_sample + (pcm.len() / 2) as u64;
        self.taken_samples += (pcm.len() / 2) as u64;
        true
    }

    /// Everything that still waits is within the limits, and with it everything is accounted for.
    fn finish(mut self) {
        let before = self.taken_samples;
        self.call.handle_ended(EndReason::Terminated);
        let mut frames = 0;
        while self.take() {
            frames += 1;
        }
        self.take();
        let waited = self.taken_samples - before;
        let channels = 1 + INBOX_UNKNOWN_CHANNELS_MAX as u64;
        let waiting_max = INBOX_AUDIO_MS * u64::from(SAMPLE_RATE_HZ) / 1_000 * channels;
        assert!(self.ended && frames <= INBOX_FRAMES_MAX && waited <= waiting_max, "{frames} frames, {waited} samples");
        let stats = self.call.stats();
        assert_eq!(stats.samples_in, self.taken_samples + stats.samples_lost, "{stats:?}");
    }
}

//! What comes in, as streams: `while let Some(frame) = audio.next().await`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::hub::Hub;
use crate::audio::dtmf::Detector;
use crate::limits::{KEYS_MAX, STREAMS_MAX};
use crate::{AudioFrame, Event};

/// The audio that is heard: what [`Call::audio`](super::Call::audio) makes.
#[derive(Debug)]
pub struct Audio {
    hub: Rc<Hub>,
    name: u32,
}

impl Audio {
    pub(crate) fn open(hub: &Rc<Hub>) -> Self {
        let name = hub.board().audio.open();
        Self { hub: Rc::clone(hub), name: name.unwrap_or_else(|| too_many("audio")) }
    }

    /// The next frame; `None` after the end of the call. Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<AudioFrame> {
        poll_fn(|_| self.poll_next()).await
    }

    /// The next frame, if one waits.
    pub fn poll_next(&mut self) -> Poll<Option<AudioFrame>> {
        self.hub.board().audio.pop(self.name).map_or(Poll::Pending, Poll::Ready)
    }

    /// Frames that were dropped because this stream was not read in time.
    pub fn dropped(&self) -> u64 {
        self.hub.board().audio.dropped(self.name)
    }
}

impl Drop for Audio {
    fn drop(&mut self) {
        self.hub.board().audio.close(self.name);
    }
}

/// What else happens: what [`Call::events`](super::Call::events) makes.
#[derive(Debug)]
pub struct Events {
    hub: Rc<Hub>,
    name: u32,
}

impl Events {
    pub(crate) fn open(hub: &Rc<Hub>) -> Self {
        let name = hub.board().events.open();
        Self { hub: Rc::clone(hub), name: name.unwrap_or_else(|| too_many("events")) }
    }

    /// The next event; `None` once [`Event::Ended`] was given. Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|_| self.poll_next()).await
    }

    /// The next event, if one waits.
    pub fn poll_next(&mut self) -> Poll<Option<Event>> {
        self.hub.board().events.pop(self.name).map_or(Poll::Pending, Poll::Ready)
    }

    /// Events that were dropped because this stream was not read in time.
    pub fn dropped(&self) -> u64 {
        self.hub.board().events.dropped(self.name)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.hub.board().events.close(self.name);
    }
}

/// Keys that somebody presses: what [`Call::keys`](super::Call::keys) and [`Call::keys_on`](super::Call::keys_on) make.
///
/// Only [`Keys::next`] listens; what was heard meanwhile waits in the stream, two seconds of it.
#[derive(Debug)]
pub struct Keys {
    audio: Audio,
    events: Events,
    channel: u8,
    detector: Detector,
    pressed: VecDeque<char>,
}

impl Keys {
    pub(crate) fn open(hub: &Rc<Hub>, channel: u8) -> Self {
        Self {
            audio: Audio::open(hub),
            events: Events::open(hub),
            channel,
            detector: Detector::new(hub.info.audio.sample_rate_hz),
            pressed: VecDeque::new(),
        }
    }

    /// The next key: `0` to `9`, `*`, `#`, `A` to `D`. Never resolves after the end of the call. Dropping this future
    /// loses nothing.
    pub async fn next(&mut self) -> char {
        poll_fn(|_| self.poll_next()).await
    }

    /// The next key, if one was pressed.
    pub fn poll_next(&mut self) -> Poll<char> {
        while let Poll::Ready(Some(frame)) = self.audio.poll_next() {
            if frame.channel == self.channel {
                let pressed = &mut self.pressed;
                self.detector.hear(&frame.pcm, |key| push(pressed, key));
            }
        }
        while let Poll::Ready(Some(event)) = self.events.poll_next() {
            if let Event::Dtmf(dtmf) = event
                && (self.channel == 0 || dtmf.channel == self.channel)
                && let Some(key) = dtmf.digit.chars().next()
            {
                push(&mut self.pressed, key);
            }
        }
        self.pressed.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    /// Forgets what was pressed so far.
    pub fn forget(&mut self) {
        while self.poll_next().is_ready() {}
    }
}

fn push(pressed: &mut VecDeque<char>, key: char) {
    if pressed.len() >= KEYS_MAX {
        pressed.pop_front();
    }
    pressed.push_back(key);
}

/// The name of no stream: it is over at once.
fn too_many(what: &str) -> u32 {
    crate::warn!("{STREAMS_MAX} streams of {what} are open; one more ends at once");
    0
}

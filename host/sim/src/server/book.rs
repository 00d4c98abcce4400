//! What is written down of one call while it lives: shared by its task, the session-manager links and
//! whoever placed it.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::gauge::{Gauge, Levels};
use crate::report::{Milestone, Timeline};
use crate::transcript::{Detail, Direction, Frame, Plane, Stamp, Transcript};

/// The book of one call.
#[derive(Debug)]
pub(crate) struct CallBook {
    started: Instant,
    placed: Instant,
    transcript: Mutex<Transcript>,
    timeline: watch::Sender<Timeline>,
    levels: Arc<Levels>,
}

impl CallBook {
    pub(crate) fn new(started: Instant, detail: Detail, secrets: &[&str]) -> Self {
        let mut transcript = Transcript::new(detail);
        secrets.iter().for_each(|secret| transcript.hide(secret));
        Self {
            started,
            placed: Instant::now(),
            transcript: Mutex::new(transcript),
            timeline: watch::Sender::default(),
            levels: Arc::default(),
        }
    }

    pub(crate) fn placed(&self) -> Instant {
        self.placed
    }

    pub(crate) fn reach(&self, milestone: Milestone) {
        let at = self.placed.elapsed();
        self.timeline.send_modify(|timeline| timeline.reach(milestone, at));
    }

    pub(crate) fn timeline(&self) -> Timeline {
        *self.timeline.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Timeline> {
        self.timeline.subscribe()
    }

    pub(crate) fn gauge(&self) -> Gauge {
        Gauge::new(Arc::clone(&self.levels), self.watch())
    }

    pub(crate) fn measure(&self, said: &[i16], played: &[i16]) {
        self.levels.measure(said, played);
    }

    pub(crate) fn hide(&self, secret: &str) {
        self.transcript.lock().hide(secret);
    }

    pub(crate) fn manager_text(&self, link: u32, direction: Direction, text: &str) {
        let stamp = Stamp::now(self.started, Plane::SessionManager, link);
        self.transcript.lock().text(stamp, direction, text);
    }

    pub(crate) fn voice_text(&self, socket: u32, direction: Direction, text: &str) {
        let stamp = Stamp::now(self.started, Plane::Voice, socket);
        self.transcript.lock().text(stamp, direction, text);
    }

    pub(crate) fn voice(&self, socket: u32, direction: Direction, frame: Frame) {
        let stamp = Stamp::now(self.started, Plane::Voice, socket);
        self.transcript.lock().push(stamp, direction, frame);
    }

    pub(crate) fn audio(&self, socket: u32, direction: Direction, channel: u8, bytes: usize) {
        let stamp = Stamp::now(self.started, Plane::Voice, socket);
        self.transcript.lock().audio(stamp, direction, channel, bytes);
    }

    pub(crate) fn asked(&self, socket: u32, bytes: u64) {
        let stamp = Stamp::now(self.started, Plane::Voice, socket);
        self.transcript.lock().asked(stamp, bytes);
    }

    /// The transcript so far; what is written later is lost to it.
    pub(crate) fn take_transcript(&self) -> Transcript {
        let mut transcript = self.transcript.lock();
        std::mem::take(&mut *transcript)
    }
}

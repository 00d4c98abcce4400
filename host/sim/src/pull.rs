//! The server's side of the pull: asks for audio a little ahead, takes what comes, plays it at the
//! pace of the clock, and counts every byte that nobody asked for.
//!
//! Sans-IO: the call's task calls [`Player::play`] once a tick and sends what [`Player::ask`]
//! returns. A client that sends unasked pays with a count in the report, not with its call.

use bytes::{Buf, BytesMut};

use crate::config::Pull;
use crate::limits::PLAY_BUFFER_BYTES_MAX;

/// What the pull of one call came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullCounts {
    /// Requests sent.
    pub requests: u64,
    /// Bytes asked for.
    pub bytes_requested: u64,
    /// Audio frames received on channel 0.
    pub frames: u64,
    /// PCM bytes received on channel 0.
    pub bytes_received: u64,
    /// Bytes received that were never asked for. A correct client has 0.
    pub overrun_bytes: u64,
    /// Bytes received for credit that an interrupt had taken back (see
    /// [`Switches::interrupt_cancels_credit`](crate::Switches::interrupt_cancels_credit)).
    pub stale_bytes: u64,
    /// Frames that ended in half a sample.
    pub odd_frames: u64,
    /// Frames on channels a client must not send on, and binary frames under two bytes.
    pub stray_frames: u64,
    /// Bytes dropped because too many waited to be played.
    pub dropped_bytes: u64,
    /// Bytes thrown away unplayed by `agent.interrupt`.
    pub interrupted_bytes: u64,
    /// Ticks in which less than a frame was there to be played, after the first audio.
    pub starved_ticks: u64,
    /// The most bytes that were asked for and not yet played, at any moment.
    pub ahead_bytes_peak: u64,
}

/// Asks, buffers and plays the audio of one call.
#[derive(Debug)]
pub(crate) struct Player {
    config: Pull,
    frame_bytes: usize,
    ahead_bytes: u64,
    ask_bytes: u64,
    /// Asked for and not yet received.
    owed: u64,
    /// Taken back by an interrupt, but the client may have sent it before it knew.
    cancelled: u64,
    waiting: BytesMut,
    heard_any: bool,
    pub(crate) counts: PullCounts,
}

impl Player {
    pub(crate) fn new(config: Pull, frame_bytes: usize) -> Self {
        let frame = frame_bytes.max(2) as u64;
        let frame_ms = u64::from(config.frame_ms.clamp(5, 100));
        // Whole frames, so that a client that sends whole frames never has to hold one back.
        let bytes = |ms: u32| (u64::from(ms) / frame_ms).max(1) * frame;
        let ahead_bytes = bytes(config.ahead_ms);
        Self {
            config,
            frame_bytes,
            ahead_bytes,
            ask_bytes: bytes(config.ask_ms).min(ahead_bytes),
            owed: 0,
            cancelled: 0,
            waiting: BytesMut::new(),
            heard_any: false,
            counts: PullCounts::default(),
        }
    }

    /// What to ask for at this moment, bytes; it counts as asked.
    pub(crate) fn ask(&mut self) -> Option<u64> {
        let unplayed = if self.config.eager {
            self.owed + (self.waiting.len() as u64).saturating_sub(PLAY_BUFFER_BYTES_MAX as u64 / 2)
        } else {
            self.owed + self.waiting.len() as u64
        };
        let missing = self.ahead_bytes.saturating_sub(unplayed);
        if missing < self.ask_bytes {
            return None;
        }
        let asked = missing - missing % self.frame_bytes as u64;
        self.owed += asked;
        self.counts.requests += 1;
        self.counts.bytes_requested += asked;
        let ahead = self.owed + self.waiting.len() as u64;
        self.counts.ahead_bytes_peak = self.counts.ahead_bytes_peak.max(ahead);
        Some(asked)
    }

    /// `prefer_audio_frame_bytes` of a request.
    pub(crate) fn preferred_frame_bytes(&self) -> Option<i64> {
        self.config.names_frame_bytes.then_some(self.frame_bytes as i64)
    }

    /// Takes the PCM of one frame on channel 0.
    pub(crate) fn receive(&mut self, pcm: &[u8]) {
        let bytes = pcm.len() as u64;
        self.counts.frames += 1;
        self.counts.bytes_received += bytes;
        self.counts.odd_frames += bytes % 2;
        let owed = bytes.min(self.owed);
        self.owed -= owed;
        let stale = (bytes - owed).min(self.cancelled);
        self.cancelled -= stale;
        self.counts.stale_bytes += stale;
        self.counts.overrun_bytes += bytes - owed - stale;
        let room = PLAY_BUFFER_BYTES_MAX.saturating_sub(self.waiting.len());
        let kept = pcm.len().min(room);
        self.waiting.extend_from_slice(&pcm[..kept]);
        self.counts.dropped_bytes += (pcm.len() - kept) as u64;
    }

    /// Plays one tick: the next frame, filled up with silence where nothing is there. Returns how
    /// many of its samples came from the client.
    pub(crate) fn play(&mut self, frame: &mut Vec<i16>) -> usize {
        frame.clear();
        let bytes = self.frame_bytes.min(self.waiting.len() & !1);
        frame.extend(self.waiting[..bytes].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        self.waiting.advance(bytes);
        if self.waiting.is_empty() && self.waiting.capacity() > 4 * self.ahead_bytes as usize {
            self.waiting = BytesMut::new();
        }
        self.heard_any |= bytes > 0;
        self.counts.starved_ticks += u64::from(self.heard_any && bytes < self.frame_bytes);
        frame.resize(self.frame_bytes / 2, 0);
        bytes / 2
    }

    /// Stops what is being played.
    pub(crate) fn interrupt(&mut self, cancels_credit: bool) {
        self.counts.interrupted_bytes += self.waiting.len() as u64;
        self.waiting.clear();
        if cancels_credit {
            self.cancelled += self.owed;
            self.owed = 0;
        }
    }

    /// The socket is gone, and with it what it owed.
    pub(crate) fn forget_credit(&mut self) {
        self.owed = 0;
        self.cancelled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 640;

    fn player(config: Pull) -> Player {
        Player::new(config, FRAME)
    }

    #[test]
    fn asks_up_to_the_target_and_again_when_enough_was_played() {
        let mut player = player(Pull::default());
        assert_eq!(player.ask(), Some(9_600), "300 ms at 16 kHz");
        assert_eq!(player.ask(), None);
        player.receive(&[1; 9_600]);
        assert_eq!(player.ask(), None, "received is not played");
        let mut frame = Vec::new();
        for tick in 1..=5 {
            assert_eq!(player.play(&mut frame), FRAME / 2);
            assert_eq!(player.ask(), (tick == 5).then_some(3_200), "after tick {tick}");
        }
    }

    #[test]
    fn never_more_than_the_target_is_asked_for_and_unplayed() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let config = Pull { ahead_ms: rng.u32(1..600), ask_ms: rng.u32(1..300), ..Pull::default() };
            let mut player = player(config);
            let target = (u64::from(config.ahead_ms) / 20).max(1) * FRAME as u64;
            let (mut frame, mut owed) = (Vec::new(), 0);
            for _ in 0..500 {
                owed += player.ask().unwrap_or(0);
                let sent = rng.u64(0..=owed) & !1;
                player.receive(&vec![1; sent as usize]);
                owed -= sent;
                if rng.bool() {
                    player.play(&mut frame);
                }
                if rng.u8(..) == 0 {
                    player.interrupt(false);
                }
                let unplayed = owed + player.waiting.len() as u64;
                assert!(unplayed <= target, "seed {seed}: {unplayed} over {target}");
            }
            assert!(player.counts.ahead_bytes_peak <= target, "seed {seed}");
            assert_eq!(player.counts.overrun_bytes, 0, "seed {seed}");
        }
    }

    #[test]
    fn bytes_beyond_what_was_asked_are_counted() {
        let mut player = player(Pull::default());
        player.receive(&[0; 10]);
        assert_eq!(player.counts.overrun_bytes, 10);
        let asked = player.ask().expect("nothing was asked for yet") as usize;
        player.receive(&vec![0; asked + 1]);
        assert_eq!((player.counts.overrun_bytes, player.counts.odd_frames), (11, 1));
    }

    #[test]
    fn an_interrupt_takes_back_credit_only_when_switched_so() {
        let mut kept = player(Pull::default());
        kept.ask();
        kept.interrupt(false);
        kept.receive(&[0; 640]);
        assert_eq!((kept.counts.stale_bytes, kept.counts.overrun_bytes), (0, 0));

        let mut cancelled = player(Pull::default());
        cancelled.ask();
        cancelled.interrupt(true);
        cancelled.receive(&[0; 640]);
        assert_eq!((cancelled.counts.stale_bytes, cancelled.counts.overrun_bytes), (640, 0));
        assert_eq!(cancelled.ask(), Some(8_960), "asks anew for what is missing");
    }

    #[test]
    fn an_empty_tick_is_silence_and_starved_only_after_the_first_audio() {
        let mut player = player(Pull::default());
        let mut frame = vec![7; 3];
        assert_eq!(player.play(&mut frame), 0);
        assert_eq!(frame, vec![0; FRAME / 2]);
        assert_eq!(player.counts.starved_ticks, 0);
        player.ask();
        player.receive(&[1; 100]);
        assert_eq!(player.play(&mut frame), 50);
        assert_eq!((frame[49], frame[50], frame.len()), (0x0101, 0, FRAME / 2));
        assert_eq!(player.counts.starved_ticks, 1);
    }

    #[test]
    fn an_eager_pull_asks_again_on_arrival() {
        let mut player = player(Pull { eager: true, ..Pull::default() });
        assert_eq!(player.ask(), Some(9_600));
        player.receive(&[1; 9_600]);
        assert_eq!(player.ask(), Some(9_600));
    }
}

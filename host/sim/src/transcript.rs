//! What was said on the wire: every frame of both planes and both directions, with its time.
//!
//! Audio is kept as counts, never as content. A transcript is bounded: what does not fit is counted
//! and left out. It never holds a key or a token: each transcript knows the secrets of its call and
//! blanks them wherever a peer may have put them.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{SECRETS_MAX, TRANSCRIPT_LINES_MAX, TRANSCRIPT_TEXT_BYTES_MAX};

/// Which of the two sockets a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plane {
    /// The session manager's socket.
    SessionManager,
    /// The socket of one call.
    Voice,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the simulator.
    ToClient,
}

/// How finely a transcript is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Between two other frames, the audio of one direction and channel is one line, and so are the
    /// buffer requests: a long call fits, and a frame costs nothing.
    #[default]
    Runs,
    /// Every frame is a line.
    EveryFrame,
}

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptLine {
    /// When it was sent or received (a run: its first frame), since the simulator started.
    pub at: Duration,
    /// The socket's plane.
    pub plane: Plane,
    /// The number of the session-manager link, or of the call's voice socket, counted from 0.
    pub socket: u32,
    /// Which way it went.
    pub direction: Direction,
    /// What it was.
    pub frame: Frame,
}

/// One frame, or one run of alike frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The socket was opened.
    Opened,
    /// A text frame, as sent, without its secrets.
    Text(String),
    /// Audio.
    Audio {
        /// Its channel byte.
        channel: u8,
        /// How many frames.
        frames: u64,
        /// Their PCM, bytes.
        bytes: u64,
    },
    /// Buffer requests.
    Asked {
        /// How many requests.
        requests: u64,
        /// What they asked for, bytes.
        bytes: u64,
    },
    /// A binary frame that is no audio, by its length in bytes.
    Binary(usize),
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A close frame with its code.
    Closed(Option<u16>),
    /// The socket is gone without a close frame.
    Lost,
}

/// A bounded list of lines in the order in which the simulator saw them.
#[derive(Clone, Default)]
pub struct Transcript {
    lines: Vec<TranscriptLine>,
    left_out: u64,
    detail: Detail,
    secrets: Vec<String>,
    /// Lines before this one are closed: a run grows only behind it.
    runs_from: usize,
}

impl Transcript {
    pub(crate) fn new(detail: Detail) -> Self {
        Self { detail, ..Self::default() }
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> &[TranscriptLine] {
        &self.lines
    }

    /// How many lines did not fit.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The lines as [`normalise`](crate::normalise()) has them, for comparing two runs.
    pub fn normalised(&self) -> Vec<String> {
        crate::normalise(&self.lines)
    }

    /// From now on `secret` is blanked in every text.
    pub(crate) fn hide(&mut self, secret: &str) {
        if self.secrets.len() >= SECRETS_MAX {
            // The first is the key of the account, which is never spent.
            self.secrets.remove(1);
        }
        if !secret.is_empty() {
            self.secrets.push(secret.to_owned());
        }
    }

    pub(crate) fn text(&mut self, at: Stamp, direction: Direction, text: &str) {
        let mut kept = text.to_owned();
        for secret in &self.secrets {
            if kept.contains(secret.as_str()) {
                kept = kept.replace(secret.as_str(), "<hidden>");
            }
        }
        if kept.len() > TRANSCRIPT_TEXT_BYTES_MAX {
            let end = (0..=TRANSCRIPT_TEXT_BYTES_MAX).rev().find(|&at| kept.is_char_boundary(at));
            kept.truncate(end.unwrap_or(0));
        }
        self.push(at, direction, Frame::Text(kept));
    }

    pub(crate) fn push(&mut self, at: Stamp, direction: Direction, frame: Frame) {
        if self.lines.len() >= TRANSCRIPT_LINES_MAX {
            self.left_out += 1;
            return;
        }
        let Stamp { at, plane, socket } = at;
        self.lines.push(TranscriptLine { at, plane, socket, direction, frame });
        self.runs_from = self.lines.len();
    }

    pub(crate) fn audio(&mut self, at: Stamp, direction: Direction, channel: u8, bytes: usize) {
        let bytes = bytes as u64;
        for line in self.open_runs(at, direction) {
            if let Frame::Audio { channel: c, frames, bytes: sum } = &mut line.frame
                && *c == channel
            {
                (*frames, *sum) = (*frames + 1, *sum + bytes);
                return;
            }
        }
        self.push_run(at, direction, Frame::Audio { channel, frames: 1, bytes });
    }

    pub(crate) fn asked(&mut self, at: Stamp, bytes: u64) {
        for line in self.open_runs(at, Direction::ToClient) {
            if let Frame::Asked { requests, bytes: sum } = &mut line.frame {
                (*requests, *sum) = (*requests + 1, *sum + bytes);
                return;
            }
        }
        self.push_run(at, Direction::ToClient, Frame::Asked { requests: 1, bytes });
    }

    fn open_runs(&mut self, at: Stamp, direction: Direction) -> impl Iterator<Item = &mut TranscriptLine> {
        let from = match self.detail {
            Detail::Runs => self.runs_from,
            Detail::EveryFrame => self.lines.len(),
        };
        self.lines[from..]
            .iter_mut()
            .filter(move |line| line.direction == direction && line.socket == at.socket && line.plane == at.plane)
    }

    fn push_run(&mut self, at: Stamp, direction: Direction, frame: Frame) {
        let runs_from = self.runs_from;
        self.push(at, direction, frame);
        self.runs_from = runs_from.min(self.lines.len());
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript")
            .field("lines", &self.lines)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

/// Where and when a line was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    at: Duration,
    plane: Plane,
    socket: u32,
}

impl Stamp {
    pub(crate) fn now(started: Instant, plane: Plane, socket: u32) -> Self {
        Self { at: started.elapsed(), plane, socket }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { at: Duration::ZERO, plane: Plane::Voice, socket: 0 };

    #[test]
    fn audio_between_two_texts_is_one_line_a_direction_and_channel() {
        let mut transcript = Transcript::new(Detail::Runs);
        transcript.text(STAMP, Direction::ToServer, "{}");
        for _ in 0..3 {
            transcript.audio(STAMP, Direction::ToClient, 0, 640);
            transcript.audio(STAMP, Direction::ToClient, 1, 640);
            transcript.audio(STAMP, Direction::ToServer, 0, 320);
            transcript.asked(STAMP, 3_200);
        }
        transcript.text(STAMP, Direction::ToServer, "{}");
        transcript.audio(STAMP, Direction::ToServer, 0, 320);
        let frames: Vec<&Frame> = transcript.lines().iter().map(|line| &line.frame).collect();
        assert_eq!(
            frames,
            [
                &Frame::Text("{}".into()),
                &Frame::Audio { channel: 0, frames: 3, bytes: 1_920 },
                &Frame::Audio { channel: 1, frames: 3, bytes: 1_920 },
                &Frame::Audio { channel: 0, frames: 3, bytes: 960 },
                &Frame::Asked { requests: 3, bytes: 9_600 },
                &Frame::Text("{}".into()),
                &Frame::Audio { channel: 0, frames: 1, bytes: 320 },
            ]
        );
    }

    #[test]
    fn every_frame_is_a_line_when_asked_for() {
        let mut transcript = Transcript::new(Detail::EveryFrame);
        for _ in 0..3 {
            transcript.audio(STAMP, Direction::ToClient, 0, 640);
        }
        assert_eq!(transcript.lines().len(), 3);
    }

    #[test]
    fn secrets_are_blanked_and_lines_are_bounded() {
        let mut transcript = Transcript::new(Detail::Runs);
        transcript.hide("s3cret");
        transcript.text(STAMP, Direction::ToClient, "{\"token\":\"s3cret\"}");
        transcript.text(STAMP, Direction::ToClient, &"é".repeat(TRANSCRIPT_TEXT_BYTES_MAX));
        let Frame::Text(first) = &transcript.lines()[0].frame else { panic!("no text") };
        assert_eq!(first, "{\"token\":\"<hidden>\"}");
        let Frame::Text(second) = &transcript.lines()[1].frame else { panic!("no text") };
        assert_eq!(second.len(), TRANSCRIPT_TEXT_BYTES_MAX);
        for _ in 0..TRANSCRIPT_LINES_MAX {
            transcript.push(STAMP, Direction::ToServer, Frame::Ping);
        }
        assert_eq!((transcript.lines().len(), transcript.left_out()), (TRANSCRIPT_LINES_MAX, 2));
    }
}

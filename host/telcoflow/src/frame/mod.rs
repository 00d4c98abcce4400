//! All frames of both planes, parsed and printed in both directions.
//!
//! One set of types serves the host, which prints [`manager::ToServer`] and reads [`manager::ToClient`], and the
//! simulator, which does the reverse. What a server sends is read as leniently as the public SDK reads it, because
//! a frame that is refused here is a call that is lost; what a client sends is read strictly, because a simulator
//! that forgives hides mistakes. `PROTOCOL.md` has a row for every rule.
//!
//! A parse error names the frame type and the field, never what was in it.

mod handover;
mod json;
mod label;
pub mod manager;
pub(crate) mod redact;
pub mod rest;
pub mod voice;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use self::handover::{Handover, HandoverError};
pub use self::label::{label, word};

/// Sample rates that a setup may name, in Hz. Row `SM-2`.
pub const SAMPLE_RATES_HZ: [u32; 3] = [8000, 16000, 24000];

/// How the legs of a call reach the client. Row `SM-2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AudioMode {
    /// One mixed stream on channel 0.
    #[default]
    Mixed,
    /// Channel 0 and, beside it, single legs on channels 1, 2, ...
    Isolated,
}

impl AudioMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Isolated => "isolated",
        }
    }

    /// The channels that carry audio to the client: the call, and isolated also the caller and the callee, once these are
    /// connected (PROTOCOL.md, V-2 and O-11).
    pub fn channels(self) -> &'static [u8] {
        match self {
            Self::Mixed => &[0],
            Self::Isolated => &[0, 1, 2],
        }
    }
}

impl fmt::Display for AudioMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AudioMode {
    type Err = UnknownAudioMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "mixed" => Ok(Self::Mixed),
            "isolated" => Ok(Self::Isolated),
            _ => Err(UnknownAudioMode),
        }
    }
}

/// A text that names no audio mode.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an audio mode is `mixed` or `isolated`")]
pub struct UnknownAudioMode;

/// Why a message is no frame. The peer is to blame; the message is ignored and the link goes on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    /// Longer than [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX).
    #[error("the peer sent a message of {bytes} bytes, over the limit")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON in UTF-8.
    #[error("the peer sent a message that is not JSON")]
    NotJson,
    /// JSON, but not an object.
    #[error("the peer sent JSON that is not an object")]
    NotAnObject,
    /// An object without a `type`, or with one that is not text.
    #[error("the peer sent an object without a type")]
    NoType,
    /// A frame of a known type with a field that is missing or of another type than it must be.
    #[error("the peer sent a `{kind}` whose `{field}` is not {expected}")]
    Field {
        /// The frame type.
        kind: String,
        /// The field, by its name on the wire.
        field: &'static str,
        /// What it should have been, with its article: "a text".
        expected: &'static str,
    },
}

impl ParseError {
    /// A short stable name of the variant, for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too-long",
            Self::NotJson => "not-json",
            Self::NotAnObject => "not-an-object",
            Self::NoType => "no-type",
            Self::Field { .. } => "bad-field",
        }
    }
}

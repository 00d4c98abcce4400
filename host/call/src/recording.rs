//! What a recording is to a call, and what the host must offer for it: a store of the recordings of one plugin.
//!
//! A call never touches a file. It keeps a bounded tape ([`Call::start_tape`](crate::Call::start_tape)), its task hands
//! what the tape has to a [`RecordingSink`], and the store's own threads write it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::Failure;

/// What is recorded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// What the handler hears: channel 0 as it arrived, and where it carries nothing the legs, mixed.
    Heard,
    /// What the handler says: channel 0 as the other side hears it.
    Said,
    /// Both, as two channels: heard left, said right.
    Both,
    /// The legs of a call that are heard apart, as two channels: 1 left, 2 right. Until they come apart, 0 is left.
    Legs,
}

impl Side {
    /// The side of this name, as the contract has it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "heard" => Self::Heard,
            "said" => Self::Said,
            "both" => Self::Both,
            "legs" => Self::Legs,
            _ => return None,
        })
    }

    /// Channels of its file.
    pub const fn channels(self) -> u16 {
        match self {
            Side::Heard | Side::Said => 1,
            Side::Both | Side::Legs => 2,
        }
    }
}

/// What the PCM of a recording is: signed 16-bit little-endian, channels interleaved.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RecordingFormat {
    /// Samples of one channel in a second.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
}

/// The answer of a store that may have to wait for its disk.
pub type Stored<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;

/// The recordings of one plugin. Nothing in here blocks the caller, and every answer comes within a bounded time.
///
/// Failures carry the codes of the handler contract: `STORAGE` when the disk fails, is full or does not answer, `FULL` at a limit,
/// `INVALID` for a reference that names no recording of this plugin, `NOT_NOW` for one that is still being made.
pub trait RecordingStore: Send + Sync + fmt::Debug {
    /// Begins a recording, and answers its reference. If the answer is dropped, so is the recording.
    fn create(&self, format: RecordingFormat) -> Stored<(String, Box<dyn RecordingSink>)>;

    /// The samples of a recording, mixed down to mono. `INVALID` at another rate, `FULL` when they are more than
    /// `samples_max`.
    fn read(&self, reference: &str, sample_rate_hz: u32, samples_max: usize) -> Stored<Vec<i16>>;

    /// Removes a recording.
    fn delete(&self, reference: &str) -> Stored<()>;
}

/// Takes the audio of one recording. Dropping it ends the recording as `finish` does, but nobody learns when that is done.
pub trait RecordingSink: Send {
    /// Takes PCM. Never waits: what the disk does not take in time becomes silence, and is told as trouble.
    fn write(&mut self, pcm: Vec<u8>);

    /// What went wrong since it was asked last.
    fn trouble(&mut self) -> Option<RecordingTrouble>;

    /// Ends the recording; the file is complete with the answer. A recording that failed answers its failure.
    fn finish(self: Box<Self>) -> Stored<()>;
}

/// Something that the handler and the operator should know of a recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordingTrouble {
    /// What it is.
    pub failure: Failure,
    /// True when nothing more is recorded; what was recorded before stays.
    pub over: bool,
}

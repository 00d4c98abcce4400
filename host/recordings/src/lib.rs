//! Recordings on the host's disk: WAV files of each plugin, written off the calls' tasks.
//!
//! [`Recorder`] owns the folder `recordings` of the data directory. [`Recorder::plugin`] gives the store of one plugin of
//! one tenant, which sees no other's files: they lie at `recordings/TENANT/PLUGIN/REFERENCE.wav`, and a reference is a
//! random number that is checked before it becomes part of a path.
//!
//! A call's task hands over PCM and goes on: a few threads write it. A disk that is slow leaves silence in the recording,
//! a disk that fails ends it, and the handler is told; the call does not notice either. The header of a file is right
//! after each write, so whatever ends the process leaves a WAV file up to there.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod disk;
mod folder;
mod index;
pub mod limits;
mod line;
mod pool;
mod recorder;
mod reference;
#[cfg(test)]
mod tests;
mod wav;

pub use disk::{Disk, DiskFile, LocalDisk};
pub use recorder::{Recorder, RecorderError, RecorderLimits};

//! Plugins by content: every version that was ever put in, where it came from, which one is live and which one was before.
//!
//! [`Registry`] owns the folder `registry` of the data directory: the bytes of components lie in files that are named by
//! their SHA-256, and a small database says which plugin of which tenant has which of them as which version. What was
//! answered stays, whatever ends the process or the machine: bytes are on the disk before the database names them, and the
//! database has committed before a function returns.
//!
//! Whoever loses power pays nothing; whoever loses the disk's contents learns which versions are damaged, by name, and
//! heals them by pushing the same bytes again. All functions wait for the disk: call them from a thread that may.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod book;
mod components;
mod digest;
mod disk;
mod error;
pub mod limits;
mod registry;
pub mod source;
mod state;
#[cfg(test)]
mod tests;
mod version;

pub use digest::{Digest, DigestError};
pub use disk::{Disk, DiskFile, LocalDisk};
pub use error::RegistryError;
pub use registry::{Component, Hold, Registry, RegistryLimits};
pub use version::{Live, Milestones, Origin, PluginEntry, Provenance, Version};

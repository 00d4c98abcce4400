//! Where new versions come from, apart from those that somebody uploads: files that are watched, and OCI registries.

mod file;
mod oci;
mod settle;
#[cfg(test)]
mod tests;

pub use file::{FileSource, Seen};
pub use oci::{OciAuth, OciError, OciReference, Pulled};

//! Room for file descriptors: each call has a socket or more.
//!
//! Linux doubles a process's table of descriptors when it is full, at 64, 256, 512 and so on, and in a process with threads it
//! waits meanwhile until no processor can still be reading the old one (`expand_fdtable`, `synchronize_rcu`): ten milliseconds
//! and more, in which that thread's calls all stand still. So the table is made large at the start.

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::{DESCRIPTORS_MAX, DESCRIPTORS_READY};

/// Takes what the system allows this process, and has the table ready for [`DESCRIPTORS_READY`]. To be called before there are
/// threads. What is refused is no reason not to go on: it is told in the log.
pub fn make_room() {
    let allowed = raise_limit();
    if let Err(error) = grow_table(allowed.min(DESCRIPTORS_READY)) {
        tracing::debug!(%error, "the table of descriptors is not made larger");
    }
}

/// The soft limit goes up to the hard one. How many there may be then.
fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(DESCRIPTORS_MAX).min(DESCRIPTORS_MAX);
    let present = limit.current.unwrap_or(DESCRIPTORS_MAX);
    if wanted <= present {
        return present;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::debug!(%error, present, "the limit of descriptors stays");
            present
        }
    }
}

/// A descriptor with the highest number, for a moment: the table stays as large.
fn grow_table(descriptors: u64) -> Result<(), Errno> {
    let highest = i32::try_from(descriptors.saturating_sub(1)).unwrap_or(i32::MAX);
    fcntl_dupfd_cloexec(std::io::stderr(), highest).map(drop)
}

//! What whoever made a version live can show.

use std::time::{Duration, SystemTime};

/// How a version became live, as far as this host has seen it since its start. The registry keeps what came before.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Whose plugin.
    pub tenant: String,
    /// Its name.
    pub plugin: String,
    /// The version's number.
    pub number: u64,
    /// How logs and listings name it: the beginning of its digest.
    pub version: String,
    /// SHA-256 of its component, in hex.
    pub digest: String,
    /// How long compiling took. None: its code was there.
    pub compiled_in: Option<Duration>,
    /// When the next call got it. None: it was not live since the start.
    pub live_at: Option<SystemTime>,
}

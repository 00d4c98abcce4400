//! What the operator configured for this plugin: the table `config` of its `[[tenant.plugin]]`. It does not change
//! during a call.

pub use crate::host::config::all;

use crate::host::config;

/// The value of one key; `None` when the operator did not set it.
pub fn get(key: &str) -> Option<String> {
    config::get(key)
}

/// The value of one key, read as a number or whatever else parses from text. `None` when it is absent or does not parse.
pub fn parse<T: std::str::FromStr>(key: &str) -> Option<T> {
    get(key)?.trim().parse().ok()
}

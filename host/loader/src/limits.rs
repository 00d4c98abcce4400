//! Every bound of the loader, with its unit, and what happens when it is reached.

/// Versions that are brought in at once, each with its component in memory. Further pushes are refused with the advice to
/// try later; what files and OCI registries bring waits.
pub const PUSHES_MAX: usize = 4;
/// Guests that are made to try a version, at once. Further ones wait.
pub const TRIES_MAX: usize = 2;
/// Receipts of one plugin that are kept since the start. The oldest are forgotten.
pub const RECEIPTS_MAX: usize = 64;
/// Changed files that wait until they are brought in. Further ones are looked at later.
pub const FILES_WAITING_MAX: usize = 2;
/// Milliseconds until a component that could not be pulled is asked for again.
pub const OCI_RETRY_MS: u64 = 30_000;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("pushes_max", PUSHES_MAX as u64, "further pushes are refused for now"),
    ("tries_max", TRIES_MAX as u64, "further versions wait to be tried"),
    ("receipts_max", RECEIPTS_MAX as u64, "the oldest receipts of the plugin are forgotten"),
    ("files_waiting_max", FILES_WAITING_MAX as u64, "further changed files are looked at later"),
    ("oci_retry_ms", OCI_RETRY_MS, "a component that could not be pulled is asked for again"),
];

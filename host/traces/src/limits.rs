//! Every bound of the traces, with its unit, and what happens when it is reached.

/// Spans that wait for the collector. Traces for which there is no room are dropped, and counted.
pub const SPANS_WAITING_MAX: usize = 16_384;
/// Spans of one request to the collector. Further ones go with the next.
pub const SPANS_AT_ONCE_MAX: usize = 1_024;
/// Milliseconds that a span waits for company.
pub const EXPORT_EVERY_MS: u64 = 1_000;
/// Milliseconds for one request to the collector. Longer: its spans are dropped.
pub const EXPORT_MS_MAX: u64 = 5_000;
/// Milliseconds for what is left when the host stops. Longer: it is dropped.
pub const CLOSE_MS_MAX: u64 = 6_000;
/// Bytes of the collector's answer. More are not read.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("spans_waiting_max", SPANS_WAITING_MAX as u64, "traces for which there is no room are dropped, and counted"),
    ("spans_at_once_max", SPANS_AT_ONCE_MAX as u64, "further spans go with the next request"),
    ("export_every_ms", EXPORT_EVERY_MS, "what waits is sent"),
    ("export_ms_max", EXPORT_MS_MAX, "the request is given up and its spans are dropped"),
    ("close_ms_max", CLOSE_MS_MAX, "spans that are left when the host stops are dropped"),
    ("answer_bytes_max", ANSWER_BYTES_MAX as u64, "the rest of the collector's answer is not read"),
];

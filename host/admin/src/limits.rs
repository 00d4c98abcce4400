//! Every bound of the admin interface, with its unit, and what happens when it is reached.

/// Bytes of a request's body.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// Bytes of a request's line and headers together.
pub const HEAD_BYTES_MAX: usize = 16 << 10;
/// Headers of a request.
pub const HEADERS_MAX: usize = 64;
/// Milliseconds for a client to send the head of its next request; a connection that rests is closed after as long.
pub const HEAD_MS_MAX: u64 = 5_000;
/// Milliseconds from the head of a request to the head of its answer, the request's body included.
pub const REQUEST_MS_MAX: u64 = 20_000;
/// The same for a request that brings a version in or makes one live: it may be compiled.
pub const PUSH_MS_MAX: u64 = 180_000;
/// Milliseconds for a client to take what it asked for, counted from the last time that it took some.
pub const STALL_MS_MAX: u64 = 30_000;
/// Connections at once. Further ones wait in the system's queue.
pub const CONNECTIONS_MAX: usize = 256;
/// Requests a second in the long run, of all clients together. Health and readiness are not counted.
pub const REQUESTS_PER_S_MAX: u32 = 200;
/// Requests that may come at once after a rest.
pub const REQUESTS_BURST_MAX: u32 = 400;
/// Milliseconds for requests under way when the interface closes.
pub const CLOSE_MS_MAX: u64 = 2_000;
/// Milliseconds of rest after the system could not accept a connection.
pub const ACCEPT_PAUSE_MS: u64 = 100;
/// Calls in one answer. The answer says how many there are.
pub const CALLS_LISTED_MAX: usize = 1_000;
/// Calls that are over and still shown with their timeline. Older ones are forgotten.
pub const ENDED_CALLS_MAX: usize = 256;
/// Clients that follow `/v1/events` at once. Further ones are refused.
pub const EVENT_STREAMS_MAX: usize = 32;
/// Events that a client may be behind. It loses the older ones and is told how many.
pub const EVENTS_BEHIND_MAX: usize = 1_024;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("body_bytes_max", BODY_BYTES_MAX as u64, "the request is refused with 413"),
    ("head_bytes_max", HEAD_BYTES_MAX as u64, "the request is refused with 431"),
    ("headers_max", HEADERS_MAX as u64, "the request is refused with 431"),
    ("head_ms_max", HEAD_MS_MAX, "the connection is closed"),
    ("request_ms_max", REQUEST_MS_MAX, "the request is refused with 408"),
    ("push_ms_max", PUSH_MS_MAX, "the request is refused with 408; what it has begun may still be done"),
    ("stall_ms_max", STALL_MS_MAX, "the connection is closed"),
    ("connections_max", CONNECTIONS_MAX as u64, "further ones wait in the system's queue"),
    ("requests_per_s_max", REQUESTS_PER_S_MAX as u64, "further ones are refused with 429"),
    ("requests_burst_max", REQUESTS_BURST_MAX as u64, "further ones are refused with 429"),
    ("close_ms_max", CLOSE_MS_MAX, "what is under way is aborted"),
    ("accept_pause_ms", ACCEPT_PAUSE_MS, "the next connection is accepted"),
    ("calls_listed_max", CALLS_LISTED_MAX as u64, "later calls are left out, and counted"),
    ("event_streams_max", EVENT_STREAMS_MAX as u64, "further ones are refused with 503"),
    ("events_behind_max", EVENTS_BEHIND_MAX as u64, "the client loses the older events, and is told how many"),
    ("ended_calls_max", ENDED_CALLS_MAX as u64, "older calls are forgotten"),
];

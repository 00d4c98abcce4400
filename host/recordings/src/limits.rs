//! Every bound of the recordings, with its unit, and what happens when it is reached.

/// Seconds of one recording. Longer: it ends, and its handler gets the warning `FULL`.
pub const RECORDING_S_MAX: u64 = 3_600;
/// Bytes of one recording. More: as for [`RECORDING_S_MAX`].
pub const RECORDING_BYTES_MAX: u64 = 256 << 20;
/// Recordings of one plugin, those that are being made included. More: `start` answers `FULL`.
pub const PLUGIN_RECORDINGS_MAX: u64 = 10_000;
/// Bytes of all recordings of one plugin. More: `start` answers `FULL`, and a recording that is being made ends.
pub const PLUGIN_BYTES_MAX: u64 = 10 << 30;
/// Bytes of one recording that wait for the disk. More become silence, and the handler gets the warning `STORAGE`.
pub const QUEUE_BYTES_MAX: u64 = 512 << 10;
/// Bytes of all recordings that wait for the disk. More: as for [`QUEUE_BYTES_MAX`].
pub const HOST_QUEUE_BYTES_MAX: u64 = 64 << 20;
/// Threads that are at the disk at once. What they do not get to waits.
pub const WRITERS_MAX: usize = 4;
/// Things to do that wait for a thread. More: `start`, `play` and `delete` answer `STORAGE`.
pub const JOBS_MAX: usize = 4_096;
/// Milliseconds that a handler waits for the disk. Longer: its function answers `STORAGE`.
pub const ANSWER_MS_MAX: u64 = 5_000;
/// Milliseconds for writing what is left when the host stops. Longer: it is left to the threads, and told.
pub const CLOSE_MS_MAX: u64 = 10_000;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("recording_s_max", RECORDING_S_MAX, "the recording ends, the handler is warned with FULL"),
    ("recording_bytes_max", RECORDING_BYTES_MAX, "the recording ends, the handler is warned with FULL"),
    ("plugin_recordings_max", PLUGIN_RECORDINGS_MAX, "start answers FULL"),
    ("plugin_bytes_max", PLUGIN_BYTES_MAX, "start answers FULL, a recording that is being made ends"),
    ("queue_bytes_max", QUEUE_BYTES_MAX, "what is more becomes silence, the handler is warned with STORAGE"),
    ("host_queue_bytes_max", HOST_QUEUE_BYTES_MAX, "what is more becomes silence, the handler is warned with STORAGE"),
    ("writers_max", WRITERS_MAX as u64, "what is to be written waits"),
    ("jobs_max", JOBS_MAX as u64, "start, play and delete answer STORAGE"),
    ("answer_ms_max", ANSWER_MS_MAX, "the function answers STORAGE"),
    ("close_ms_max", CLOSE_MS_MAX, "the host stops waiting for the disk"),
];

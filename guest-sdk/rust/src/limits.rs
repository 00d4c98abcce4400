//! Every bound of the layer that awaits, with its unit, and what happens when it is reached.

/// Audio that waits in one [`Audio`](crate::aio::Audio) stream, ms over all channels. More: the oldest frame is dropped,
/// and counted in `lost_samples` of the next frame of its channel.
pub const AUDIO_QUEUE_MS_MAX: u32 = 2_000;
/// Events that wait in one [`Events`](crate::aio::Events) stream. More: the oldest is dropped and counted.
pub const EVENT_QUEUE_MAX: usize = 256;
/// Streams of one kind at once. A further one ends at once, with a warning in the log.
pub const STREAMS_MAX: usize = 16;
/// Commands whose outcome was not yet taken by their futures. More are refused with `FULL`.
pub const COMMANDS_MAX: usize = 32;
/// Utterances that play or wait for their turn. More are refused with `FULL`.
pub const UTTERANCES_MAX: usize = 32;
/// Audio that [`play_all`](crate::aio::Call::play_all) keeps queued in the host, ms. What is more waits for its turn.
pub const PLAY_AHEAD_MS: u32 = 1_000;
/// Keys that wait in one [`Keys`](crate::aio::Keys) stream. More: the oldest is dropped.
pub const KEYS_MAX: usize = 32;
/// Bytes of messages that wait in one [`Socket`](crate::aio::Socket) to be read. More: it is over, with `FULL`.
pub const SOCKET_QUEUE_BYTES_MAX: usize = 1 << 20;
/// Bytes of an answer that wait in one [`Response`](crate::aio::Response) to be read. More: it fails with `FULL`.
pub const ANSWER_QUEUE_BYTES_MAX: usize = 4 << 20;

/// All of them: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("audio_queue_ms_max", AUDIO_QUEUE_MS_MAX as u64, "the oldest frame is dropped and counted"),
    ("event_queue_max", EVENT_QUEUE_MAX as u64, "the oldest event is dropped and counted"),
    ("streams_max", STREAMS_MAX as u64, "a further stream ends at once"),
    ("commands_max", COMMANDS_MAX as u64, "further commands are refused with FULL"),
    ("utterances_max", UTTERANCES_MAX as u64, "further utterances are refused with FULL"),
    ("play_ahead_ms", PLAY_AHEAD_MS as u64, "the rest of the audio waits"),
    ("socket_queue_bytes_max", SOCKET_QUEUE_BYTES_MAX as u64, "the socket is over, with FULL"),
    ("answer_queue_bytes_max", ANSWER_QUEUE_BYTES_MAX as u64, "the answer fails with FULL"),
    ("keys_max", KEYS_MAX as u64, "the oldest key is dropped"),
];

//! Every bound of this layer, with its unit, and what happens when it is reached.

/** Audio that waits in one stream, ms over all channels. More: the oldest frame is dropped and counted. */
export const AUDIO_QUEUE_MS_MAX = 2_000;
/** Events that wait in one stream. More: the oldest is dropped and counted. */
export const EVENT_QUEUE_MAX = 256;
/** Keys that wait in one stream. More: the oldest is dropped and counted. */
export const KEYS_MAX = 32;
/** Streams of one kind at once. A further one is refused with `FULL`. */
export const STREAMS_MAX = 16;
/** Utterances that play or wait for their turn. More are refused with `FULL`. */
export const UTTERANCES_MAX = 32;
/** Audio that `say` and `playAll` keep queued in the host, ms. What is more waits for its turn. */
export const PLAY_AHEAD_MS = 1_000;
/** Messages that wait in one socket to be read, bytes (a character counts as one). More: it is over, with `FULL`. */
export const SOCKET_QUEUE_BYTES_MAX = 1 << 20;
/** An answer that waits to be read, bytes. More: it fails with `FULL`. */
export const ANSWER_QUEUE_BYTES_MAX = 4 << 20;
/** Less than this is not worth a `FULL`, ms: a host that cannot take it cannot be played to. */
export const PIECE_MS_MIN = 20;

//! Every limit of one call or chat, with its unit, and what happens when it is reached.

/// Heard audio that waits for the handler, for each channel that was heard. Full: the oldest is dropped, counted, and
/// told with the next frame of its channel. A longer single frame keeps its end.
pub const INBOX_AUDIO_MS: u64 = 2_000;

/// Channels that are heard beyond those that the call is known to have ([`CallInfo::channels`](crate::CallInfo)). Full: audio
/// on a further one is dropped and counted, so that a peer with 256 channels takes no more memory than this.
pub const INBOX_UNKNOWN_CHANNELS_MAX: usize = 2;

/// Frames of heard audio that wait for the handler. Full: as for [`INBOX_AUDIO_MS`]. It bounds the memory that
/// very short frames would cost.
pub const INBOX_FRAMES_MAX: usize = 1_024;

/// Commands that are under way, counting those whose outcome the handler has not taken. Full: `FULL`.
pub const COMMANDS_OPEN_MAX: usize = 32;

/// Interrupts that were sent and not answered. Full: one more follows the next answer, and audio waits for it.
pub const INTERRUPTS_OPEN_MAX: usize = 8;

/// The longest ring of `connect` and `transfer`, in seconds. Above (and at 0): `INVALID`.
pub const RING_TIME_S_MAX: u32 = 120;

/// The longest number that `transfer` takes, in bytes. Above: `INVALID`.
pub const NUMBER_BYTES_MAX: usize = 128;

/// The most keys in one `send-digits`. Above: `INVALID`.
pub const DIGITS_MAX: usize = 128;

/// Marks that were not reported and taken yet. Full: `FULL`.
pub const MARKS_MAX: usize = 1_024;

/// The longest name of a mark, in bytes. Above: `INVALID`.
pub const MARK_NAME_BYTES_MAX: usize = 128;

/// Timers that run, counting those whose only event the handler has not taken. Full: `FULL`.
pub const TIMERS_MAX: usize = 256;

/// Keys that wait for the handler. Full: the newest is dropped and counted.
pub const KEYS_QUEUED_MAX: usize = 256;

/// The longest text of one key, in bytes. Above: cut.
pub const KEY_BYTES_MAX: usize = 16;

/// Different warnings that wait for the handler, and as many call errors. One of a code that waits already is
/// counted into it. Full: dropped and counted.
pub const NOTICES_QUEUED_MAX: usize = 16;

/// The longest code of a carrier's failure, in bytes. Above: cut.
pub const FAILURE_CODE_BYTES_MAX: usize = 64;

/// The longest message of a carrier's failure, in bytes. Above: cut.
pub const FAILURE_MESSAGE_BYTES_MAX: usize = 1_024;

/// The longest detail of a successful outcome, in bytes. Above: the detail is left out and counted, for half a JSON text
/// is of no use.
pub const OUTCOME_DETAIL_BYTES_MAX: usize = 16 * 1_024;

/// Requests for audio that were not fulfilled yet. Full: a further one is dropped and counted.
pub const CREDITS_MAX: usize = 1_024;

/// The sum of bytes they ask for. Full: what is over is dropped and counted.
pub const CREDIT_BYTES_MAX: u64 = 16 * 1_024 * 1_024;

/// The size of a frame when the carrier prefers none, in bytes (the wire page, section 3).
pub const FRAME_BYTES_DEFAULT: usize = 960;

/// The largest frame that leaves, in bytes. More goes into the next.
pub const FRAME_BYTES_MAX: usize = 64 * 1_024;

/// How long the last part of an utterance waits for more audio. Then it leaves, padded with silence.
pub const TAIL_FLUSH_MS: u64 = 40;

/// Playout memory that a call keeps while anything waits in it, in bytes. What is above is given back as the queue drains,
/// and all of it when it has drained.
pub const PLAYOUT_KEEP_BYTES: usize = 4 * 1_024;

/// Stretches of padding that the heard estimate tells apart. Full: a further one is counted into the last, so
/// that the audio between them counts as heard a little late.
pub const HEARD_RUNS_MAX: usize = 1_024;

/// What the journal of a call keeps, in entries. Full: later ones are counted; the last place is
/// for the end of the call.
pub const JOURNAL_ENTRIES_MAX: usize = 256;

/// What one tape of a recording holds of each side, in milliseconds. Full: what comes further is left out of the recording
/// and counted.
pub const TAPE_MS_MAX: u64 = 30_000;

/// How late heard audio is still put where it belongs in a recording. Later: the oldest that was not handed out is left
/// out and counted.
pub const TAPE_LATE_MS_MAX: u64 = 2_000;

/// How far heard audio may stray from its time in a recording before silence is put in or taken out: what a network
/// shifts is no gap.
pub const TAPE_SLIP_MS_MAX: u64 = 20;

/// Time between two batches that a tape hands out. It is what waits beyond [`TAPE_LATE_MS_MAX`].
pub const TAPE_BATCH_MS: u64 = 1_000;

/// Chat messages that wait for a handler. Full: the newest is dropped and counted, and the handler is told.
pub const CHAT_INBOX_MESSAGES_MAX: usize = 1_000;

/// Bytes of chat messages that wait for a handler; a single one may be longer. Full: as for [`CHAT_INBOX_MESSAGES_MAX`].
pub const CHAT_INBOX_BYTES_MAX: usize = 1 << 20;

/// The longest chat message that a handler may send, in bytes. Above: `INVALID`.
pub const MESSAGE_OUT_BYTES_MAX: usize = 64 * 1_024;

/// The longest version of a chat network's form, in bytes. Above: `INVALID`.
pub const API_VERSION_BYTES_MAX: usize = 64;

/// How long a chat message waits to leave, in milliseconds. Longer: it fails with `TIMEOUT` and is not sent.
pub const MESSAGE_WAIT_MS_MAX: u64 = 30_000;

/// Calls and chats that one handler placed and that are under way, counting those whose last step it has not taken. Full:
/// `FULL`.
pub const PLACED_MAX: usize = 16;

/// Calls and chats that one handler may place in a second, in the long run. More: `FULL`.
pub const PLACES_PER_S_MAX: u32 = 2;

/// Calls and chats that one handler may place at once after a rest. More: `FULL`.
pub const PLACES_BURST_MAX: u32 = 10;
/// Events of a handler's sockets and requests that wait for it. With so many nothing more is read.
pub const NETWORK_EVENTS_WAITING_MAX: usize = 256;
/// Bytes of them. With so many nothing more is read; one event may be more than what is left.
pub const NETWORK_BYTES_WAITING_MAX: usize = 256 << 10;

/// Every limit for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("inbox_audio_ms", INBOX_AUDIO_MS, "the oldest heard audio is dropped and counted"),
    (
        "inbox_unknown_channels_max",
        INBOX_UNKNOWN_CHANNELS_MAX as u64,
        "audio on a further unknown channel is dropped and counted",
    ),
    ("inbox_frames_max", INBOX_FRAMES_MAX as u64, "the oldest heard audio is dropped and counted"),
    ("commands_open_max", COMMANDS_OPEN_MAX as u64, "a further command answers FULL"),
    ("interrupts_open_max", INTERRUPTS_OPEN_MAX as u64, "one more follows the next answer; audio waits for it"),
    ("ring_time_s_max", RING_TIME_S_MAX as u64, "connect and transfer answer INVALID"),
    ("number_bytes_max", NUMBER_BYTES_MAX as u64, "transfer answers INVALID"),
    ("digits_max", DIGITS_MAX as u64, "send-digits answers INVALID"),
    ("marks_max", MARKS_MAX as u64, "a further mark answers FULL"),
    ("mark_name_bytes_max", MARK_NAME_BYTES_MAX as u64, "mark answers INVALID"),
    ("timers_max", TIMERS_MAX as u64, "a further timer answers FULL"),
    ("keys_queued_max", KEYS_QUEUED_MAX as u64, "the newest key is dropped and counted"),
    ("key_bytes_max", KEY_BYTES_MAX as u64, "the text of the key is cut"),
    ("notices_queued_max", NOTICES_QUEUED_MAX as u64, "a further warning or call error is dropped and counted"),
    ("failure_code_bytes_max", FAILURE_CODE_BYTES_MAX as u64, "a carrier's code is cut"),
    ("failure_message_bytes_max", FAILURE_MESSAGE_BYTES_MAX as u64, "a carrier's message is cut"),
    ("outcome_detail_bytes_max", OUTCOME_DETAIL_BYTES_MAX as u64, "the detail is left out and counted"),
    ("credits_max", CREDITS_MAX as u64, "a further request for audio is dropped and counted"),
    ("credit_bytes_max", CREDIT_BYTES_MAX, "what is asked for above it is dropped and counted"),
    ("frame_bytes_default", FRAME_BYTES_DEFAULT as u64, "a frame leaves with fewer bytes only as a tail"),
    ("frame_bytes_max", FRAME_BYTES_MAX as u64, "the rest goes into the next frame"),
    ("tail_flush_ms", TAIL_FLUSH_MS, "the held-back tail leaves, padded with silence"),
    ("playout_keep_bytes", PLAYOUT_KEEP_BYTES as u64, "more is given back as the queue drains"),
    ("journal_entries_max", JOURNAL_ENTRIES_MAX as u64, "later entries are counted, but for the end of the call"),
    ("tape_ms_max", TAPE_MS_MAX, "further audio is left out of the recording and counted"),
    ("tape_late_ms_max", TAPE_LATE_MS_MAX, "the oldest audio is left out of the recording and counted"),
    ("tape_slip_ms_max", TAPE_SLIP_MS_MAX, "silence is put in or taken out"),
    ("tape_batch_ms", TAPE_BATCH_MS, "the tape hands out what is certain"),
    ("chat_inbox_messages_max", CHAT_INBOX_MESSAGES_MAX as u64, "the newest message is dropped, counted and told"),
    ("chat_inbox_bytes_max", CHAT_INBOX_BYTES_MAX as u64, "the newest message is dropped, counted and told"),
    ("message_out_bytes_max", MESSAGE_OUT_BYTES_MAX as u64, "send answers INVALID"),
    ("api_version_bytes_max", API_VERSION_BYTES_MAX as u64, "send answers INVALID"),
    ("message_wait_ms_max", MESSAGE_WAIT_MS_MAX, "the message fails with TIMEOUT and is not sent"),
    ("placed_max", PLACED_MAX as u64, "a further call is not placed: FULL"),
    ("places_per_s_max", PLACES_PER_S_MAX as u64, "a further call is not placed: FULL"),
    ("places_burst_max", PLACES_BURST_MAX as u64, "a further call is not placed: FULL"),
    (
        "network_events_waiting_max",
        NETWORK_EVENTS_WAITING_MAX as u64,
        "the handler's sockets and requests are not read",
    ),
    ("network_bytes_waiting_max", NETWORK_BYTES_WAITING_MAX as u64, "the handler's sockets and requests are not read"),
    ("heard_runs_max", HEARD_RUNS_MAX as u64, "heard is estimated a little late"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_limit_once_with_what_happens() {
        for (index, (name, value, what)) in TABLE.iter().enumerate() {
            assert!(*value > 0, "{name} has no value");
            assert!(!what.is_empty(), "{name} says nothing");
            assert!(TABLE[..index].iter().all(|(other, ..)| other != name), "{name} twice");
            let constant = format!("\npub const {}:", name.to_uppercase());
            assert!(include_str!("limits.rs").contains(&constant), "{name} is no constant");
        }
        let constants = include_str!("limits.rs").matches("\npub const ").count() - 1;
        assert_eq!(constants, TABLE.len(), "a limit is missing from the table");
    }
}

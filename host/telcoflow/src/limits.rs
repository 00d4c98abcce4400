//! Every limit of this crate, with its unit and what happens at it. `PROTOCOL.md` names them by their rows.
//!
//! A peer that goes past one pays alone: its message, request or link is dropped and counted, never a call of another.

/// Longest message that is read, both planes, both directions.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Deepest nesting of arrays and objects in a message. It is the JSON parser's own limit.
pub const JSON_DEPTH_MAX: usize = 127;

/// Longest text of a peer (a code, a message, a reason) that an event repeats.
pub const PEER_TEXT_BYTES_MAX: usize = 512;

/// Longest body of a refused upgrade that an event repeats.
pub const REFUSAL_BODY_BYTES_MAX: usize = 4096;

/// Longest frame type that an oddity repeats; a longer or strange one is not shown.
pub const SHOWN_KIND_BYTES_MAX: usize = 40;

/// Requests that wait for their answer on one session-manager link.
pub const REQUESTS_MAX: usize = 1024;

/// Places among these that no chat message takes, so that calls can always be claimed.
pub const REQUESTS_KEPT: usize = 256;

/// Chats of a lost socket that are being claimed again at once.
pub const RECLAIMS_OPEN_MAX: usize = 64;

/// Sessions that one session-manager link holds, is claiming or is creating.
pub const SESSIONS_MAX: usize = 10_000;

/// Commands that wait for their answer on one voice link.
pub const COMMANDS_MAX: usize = 32;

/// How long a driver tries to open a socket, TLS and upgrade included, before it reports it as unreachable.
pub const DIAL_DEADLINE_S: u64 = 10;

/// How long `setup.done` may take after the upgrade.
pub const SETUP_DONE_DEADLINE_S: u64 = 10;

/// How long a request waits for its answer.
pub const REQUEST_DEADLINE_S: u64 = 30;

/// How long a claimed session may stay without `session.ready` before it earns a warning.
pub const READY_DEADLINE_S: u64 = 30;

/// Pause between two pings on the session-manager link.
pub const LINK_PING_INTERVAL_S: u64 = 30;

/// How long a pong may take on the session-manager link.
pub const LINK_PONG_DEADLINE_S: u64 = 10;

/// Pause between two pings on a voice link.
pub const VOICE_PING_INTERVAL_S: u64 = 20;

/// How long a pong may take on a voice link.
pub const VOICE_PONG_DEADLINE_S: u64 = 20;

/// How long the server has for a command; `call.connect` has its ring time.
pub const COMMAND_DEADLINE_S: u64 = 10;

/// How much longer than the server's deadline a command waits for its answer.
pub const COMMAND_GRACE_S: u64 = 5;

/// Shortest ring time of `call.connect`.
pub const RING_TIME_MIN_S: u32 = 1;

/// Longest ring time of `call.connect`.
pub const RING_TIME_MAX_S: u32 = 120;

/// First pause before the link is dialled again; each later one is half as long again.
pub const BACKOFF_MIN_MS: u64 = 500;

/// Longest pause before the link is dialled again, without jitter.
pub const BACKOFF_MAX_MS: u64 = 10_000;

/// First pause after refused credentials; each later one is twice as long.
pub const CREDENTIALS_BACKOFF_MIN_MS: u64 = 30_000;

/// Longest pause after refused credentials, without jitter.
pub const CREDENTIALS_BACKOFF_MAX_MS: u64 = 300_000;

/// How much is added to a pause at most, in percent of it, so that many hosts do not dial at once.
pub const BACKOFF_JITTER_PERCENT: u64 = 20;

/// Bytes of a call that is handed over as JSON. More are refused unread.
pub const HANDOVER_BYTES_MAX: usize = 64 << 10;

/// All of the above: name, value, and what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("message_bytes_max", MESSAGE_BYTES_MAX as u64, "a longer message is not looked at, and counted"),
    ("json_depth_max", JSON_DEPTH_MAX as u64, "a deeper message counts as not JSON"),
    ("peer_text_bytes_max", PEER_TEXT_BYTES_MAX as u64, "the rest of the text is cut off"),
    ("refusal_body_bytes_max", REFUSAL_BODY_BYTES_MAX as u64, "the rest of the body is cut off"),
    ("shown_kind_bytes_max", SHOWN_KIND_BYTES_MAX as u64, "the frame type is not shown"),
    ("requests_max", REQUESTS_MAX as u64, "a further claim or creation is refused at once"),
    ("requests_kept", REQUESTS_KEPT as u64, "a further chat message waits"),
    ("reclaims_open_max", RECLAIMS_OPEN_MAX as u64, "a further chat is claimed again after an answer"),
    ("handover_bytes_max", HANDOVER_BYTES_MAX as u64, "it is refused unread"),
    ("sessions_max", SESSIONS_MAX as u64, "a further claim or creation is refused at once"),
    ("commands_max", COMMANDS_MAX as u64, "a further command is refused at once"),
    ("dial_deadline_s", DIAL_DEADLINE_S, "the server counts as unreachable"),
    ("setup_done_deadline_s", SETUP_DONE_DEADLINE_S, "the link is closed and dialled again"),
    ("request_deadline_s", REQUEST_DEADLINE_S, "the request fails with TIMEOUT"),
    ("ready_deadline_s", READY_DEADLINE_S, "the session earns a warning"),
    ("link_ping_interval_s", LINK_PING_INTERVAL_S, "a ping is sent"),
    ("link_pong_deadline_s", LINK_PONG_DEADLINE_S, "the link is closed and dialled again"),
    ("voice_ping_interval_s", VOICE_PING_INTERVAL_S, "a ping is sent"),
    ("voice_pong_deadline_s", VOICE_PONG_DEADLINE_S, "the voice link is closed and counts as lost"),
    ("command_deadline_s", COMMAND_DEADLINE_S, "the server fails the command with TIMEOUT"),
    ("command_grace_s", COMMAND_GRACE_S, "the host fails the command with TIMEOUT"),
    ("ring_time_min_s", RING_TIME_MIN_S as u64, "a shorter ring is refused at once"),
    ("ring_time_max_s", RING_TIME_MAX_S as u64, "a longer ring is refused at once"),
    ("backoff_min_ms", BACKOFF_MIN_MS, "the first pause before the link is dialled again"),
    ("backoff_max_ms", BACKOFF_MAX_MS, "later pauses grow no further"),
    ("credentials_backoff_min_ms", CREDENTIALS_BACKOFF_MIN_MS, "the first pause after refused credentials"),
    ("credentials_backoff_max_ms", CREDENTIALS_BACKOFF_MAX_MS, "later pauses grow no further"),
    ("backoff_jitter_percent", BACKOFF_JITTER_PERCENT, "added to a pause at most"),
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
        }
        let source = include_str!("limits.rs");
        let constants = source.matches("\npub const ").count() - 1;
        assert_eq!(constants, TABLE.len(), "a limit is missing from the table");
    }
}

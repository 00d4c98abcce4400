//! Every bound of the carriers, with its unit, and what happens when it is reached.

/// Milliseconds for opening a socket: name, TCP, TLS and upgrade together. Longer: unreachable.
pub const DIAL_MS_MAX: u64 = 10_000;
/// Bytes of one message in either direction (the SDK's library has the same limit). Larger ends the socket.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes that are received from a voice socket at once. What stands whole in them is taken from there; a frame that is cut in
/// two waits for its rest, and one that is larger goes through the library.
pub const VOICE_RECEIVE_BYTES: usize = 4 << 10;
/// Bytes that the library takes at once of a voice socket's texts, which it is given one by one. It clears as much memory
/// before each.
pub const VOICE_READ_BYTES: usize = 256;
/// Bytes gathered before they are written to a voice socket without being asked to.
pub const VOICE_WRITE_BYTES: usize = 8 << 10;
/// Bytes that a voice socket which does not take them may hold back. More: the audio waits in the playout.
pub const VOICE_WRITE_BYTES_MAX: usize = 128 << 10;
/// Bytes read at once from a session manager's socket.
pub const MANAGER_READ_BYTES: usize = 16 << 10;
/// Bytes that a session manager's socket which does not take them may hold back. More ends the socket.
pub const MANAGER_WRITE_BYTES_MAX: usize = 2 << 20;
/// Messages taken from one socket in one turn. More wait for the next turn, after everybody else's.
pub const MESSAGES_PER_TURN_MAX: usize = 64;
/// Text frames that wait for a socket. The protocol core bounds what it has under way, so this is never reached by it.
pub const OUTBOX_FRAMES_MAX: usize = 1_024;
/// Characters of a refused upgrade's body that are shown. The rest is cut.
pub const REFUSAL_BODY_CHARS_MAX: usize = 300;
/// Milliseconds for a REST request: dialling, TLS, the answer and its body (PROTOCOL.md, RE-3). Longer: it fails.
pub const REST_MS_MAX: u64 = 5_000;
/// Bytes of a REST answer's body. More: the request fails.
pub const REST_BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of a REST answer's status line and headers. More: the request fails.
pub const REST_HEAD_BYTES_MAX: usize = 64 << 10;
/// Bytes of a PEM file. A longer one is refused.
pub const TLS_FILE_BYTES_MAX: u64 = 1 << 20;
/// Names of a server's certificate that are shown when none of them is the host's. Others are left out.
pub const CERTIFICATE_NAMES_SHOWN_MAX: usize = 4;
/// Characters that are shown of one of them. The rest is cut.
pub const CERTIFICATE_NAME_CHARS_MAX: usize = 64;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("dial_ms_max", DIAL_MS_MAX, "the peer counts as unreachable"),
    ("message_bytes_max", MESSAGE_BYTES_MAX as u64, "the socket is closed"),
    ("voice_receive_bytes", VOICE_RECEIVE_BYTES as u64, "received in parts"),
    ("voice_read_bytes", VOICE_READ_BYTES as u64, "read in parts"),
    ("voice_write_bytes", VOICE_WRITE_BYTES as u64, "written in parts"),
    ("voice_write_bytes_max", VOICE_WRITE_BYTES_MAX as u64, "audio waits in the playout"),
    ("manager_read_bytes", MANAGER_READ_BYTES as u64, "read in parts"),
    ("manager_write_bytes_max", MANAGER_WRITE_BYTES_MAX as u64, "the socket is closed"),
    ("messages_per_turn_max", MESSAGES_PER_TURN_MAX as u64, "the rest waits for the next turn"),
    ("outbox_frames_max", OUTBOX_FRAMES_MAX as u64, "the socket is closed"),
    ("refusal_body_chars_max", REFUSAL_BODY_CHARS_MAX as u64, "the rest is cut"),
    ("rest_ms_max", REST_MS_MAX, "the request fails"),
    ("rest_body_bytes_max", REST_BODY_BYTES_MAX as u64, "the request fails"),
    ("rest_head_bytes_max", REST_HEAD_BYTES_MAX as u64, "the request fails"),
    ("tls_file_bytes_max", TLS_FILE_BYTES_MAX, "the file is refused"),
    ("certificate_names_shown_max", CERTIFICATE_NAMES_SHOWN_MAX as u64, "other names are left out"),
    ("certificate_name_chars_max", CERTIFICATE_NAME_CHARS_MAX as u64, "the rest is cut"),
];

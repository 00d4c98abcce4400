//! Every limit of the simulator in one place: what is kept, how long is waited, and what happens when it is full.
//!
//! The simulator is a test instrument: when one of these limits is met the call or the link at hand pays, the others go
//! on, and the report of the call says what was left out.

/// Longest WebSocket message taken, bytes. A longer one ends that socket (both planes, as the real client does).
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Read and write buffer of one socket, bytes. They grow for a longer message and that socket pays the copy.
pub const SOCKET_BUFFER_BYTES: usize = 4096;
/// Unsent bytes one socket's write buffer may hold. A socket that would hold more is cut.
pub const WRITE_BUFFER_BYTES_MAX: usize = 4 << 20;
/// Size of an in-memory pipe in one direction, bytes. A writer waits while it is full.
pub const PIPE_BYTES: usize = 64 * 1024;
/// Time a TLS handshake may take, and then an upgrade, ms. Then the stream is dropped without an answer.
pub const HANDSHAKE_MS_MAX: u64 = 10_000;
/// Time the peer has to answer a close frame, ms. Then the socket is dropped.
pub const CLOSE_MS_MAX: u64 = 1_000;
/// Streams in their upgrade and session-manager links, at once (a voice socket counts with its call). A further stream is
/// dropped at once.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Session-manager links at once. A further upgrade is answered with 503.
pub const LINKS_MAX: usize = 64;
/// Upgrades whose headers are kept. The oldest are forgotten.
pub const UPGRADES_KEPT_MAX: usize = 256;
/// Calls alive at once. A further call ends at once with the outcome `Refused`.
pub const CALLS_MAX: usize = 4_096;
/// Calls that clients placed and no test has asked for. A further one is not kept, and goes on.
pub const OUTBOUND_CALLS_KEPT: usize = 4_096;
/// Bytes of a stream's first line, by which it is known what it is for. A longer one is cut off there.
pub const FIRST_LINE_BYTES_MAX: usize = 8 << 10;
/// Time a stream with REST requests may last, ms. Then it is dropped.
pub const REST_MS_MAX: u64 = 60_000;
/// REST requests that are remembered. The oldest is forgotten.
pub const REST_REQUESTS_KEPT: usize = 1_024;
/// Chats open at once. A further one is closed at once.
pub const CHATS_MAX: usize = 4_096;
/// Messages of one chat that nobody took yet, in each direction. Full: what a person writes is lost, and what a client sends is
/// answered with `OVERFLOW`.
pub const CHAT_MESSAGES_WAITING_MAX: usize = 4_096;
/// Frames waiting to be sent to one session manager. When full that link is cut.
pub const LINK_QUEUE_FRAMES: usize = 1_024;
/// Frames waiting in one socket's outbox. When full the oldest audio frame is dropped and counted; without one the
/// socket is cut.
pub const OUTBOX_FRAMES_MAX: usize = 1_024;
/// Requests of one call (socket opened, hang up, ...) waiting for its task. When full the request is dropped.
pub const CALL_INPUTS: usize = 16;
/// Commands of one call under way at once. A further one is answered with `OVERFLOW`.
pub const OPEN_COMMANDS_MAX: usize = 32;
/// Responses held back at once by a late-response fault of one link. A further one is sent at once.
pub const DELAYED_FRAMES_MAX: usize = 256;
/// Closed sessions remembered, so that `session.open` can answer `SESSION_CLOSED`. The oldest is forgotten and answers
/// `SESSION_NOT_FOUND`.
pub const CLOSED_SESSIONS_MAX: usize = 4_096;
/// Lines of one transcript. Later lines are counted and left out.
pub const TRANSCRIPT_LINES_MAX: usize = 4_096;
/// Text of one transcript line, bytes. The rest of the line is cut off.
pub const TRANSCRIPT_TEXT_BYTES_MAX: usize = 4_096;
/// Samples kept of each recording of a call (ten minutes at 24 kHz). Later samples are counted and left out.
pub const RECORDED_SAMPLES_MAX: usize = 24_000 * 600;
/// Received audio that waits to be played, bytes. More is dropped and counted (only an eager pull or a client that
/// sends unasked comes near).
pub const PLAY_BUFFER_BYTES_MAX: usize = 4 << 20;
/// Sent frames whose echo is awaited for the round-trip measurement. The oldest is forgotten and not measured.
pub const SENT_MARKS_MAX: usize = 4_096;
/// Sent bytes kept to be compared with their echo. The oldest are counted as unverified.
pub const ECHO_BYTES_MAX: usize = 1 << 20;
/// Ticks caught up in one turn after the machine was late. Ticks beyond it are skipped and counted.
pub const CATCH_UP_TICKS_MAX: u64 = 50;
/// Longest round trip that is told from a longer one, us. A longer one is recorded as this.
pub const RTT_US_MAX: u64 = 60_000_000;
/// Points of the round trip over time that one call keeps: an hour of them. Later ones are left out.
pub const RTT_POINTS_MAX: usize = 18_000;
/// Time that one of these points stands for, ms. It shows the longest round trip in it.
pub const RTT_POINT_MS: u64 = 200;
/// Commands of one call that its report lists. Later ones are answered and left out of the list.
pub const COMMANDS_LISTED_MAX: usize = 4_096;
/// Secrets one transcript knows to blank. The oldest voice token, spent long ago, is forgotten.
pub const SECRETS_MAX: usize = 64;
/// Longest tone or silence of one script step, ms. A longer one is cut to it.
pub const STEP_MS_MAX: u32 = 600_000;
/// Pause after a failed accept on a real socket, ms. The listener then tries again.
pub const ACCEPT_RETRY_MS: u64 = 50;

/// All of the above: name, value, and what happens when it is full.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("MESSAGE_BYTES_MAX", MESSAGE_BYTES_MAX as u64, "a longer message ends its socket"),
    ("SOCKET_BUFFER_BYTES", SOCKET_BUFFER_BYTES as u64, "a longer message grows the buffer of its socket"),
    ("WRITE_BUFFER_BYTES_MAX", WRITE_BUFFER_BYTES_MAX as u64, "the socket is cut"),
    ("PIPE_BYTES", PIPE_BYTES as u64, "the writer waits"),
    ("HANDSHAKE_MS_MAX", HANDSHAKE_MS_MAX, "the stream is dropped"),
    ("CLOSE_MS_MAX", CLOSE_MS_MAX, "the socket is dropped"),
    ("CONNECTIONS_MAX", CONNECTIONS_MAX as u64, "a further stream is dropped at once"),
    ("LINKS_MAX", LINKS_MAX as u64, "a further upgrade is answered with 503"),
    ("UPGRADES_KEPT_MAX", UPGRADES_KEPT_MAX as u64, "the oldest are forgotten"),
    ("CALLS_MAX", CALLS_MAX as u64, "a further call ends at once as refused"),
    ("OUTBOUND_CALLS_KEPT", OUTBOUND_CALLS_KEPT as u64, "a further one is not kept, and goes on"),
    ("FIRST_LINE_BYTES_MAX", FIRST_LINE_BYTES_MAX as u64, "a longer line is not looked at further"),
    ("REST_MS_MAX", REST_MS_MAX, "the stream is dropped"),
    ("REST_REQUESTS_KEPT", REST_REQUESTS_KEPT as u64, "the oldest is forgotten"),
    ("CHATS_MAX", CHATS_MAX as u64, "a further chat is closed at once"),
    (
        "CHAT_MESSAGES_WAITING_MAX",
        CHAT_MESSAGES_WAITING_MAX as u64,
        "a further message is lost, or answered with OVERFLOW",
    ),
    ("LINK_QUEUE_FRAMES", LINK_QUEUE_FRAMES as u64, "the link is cut"),
    (
        "OUTBOX_FRAMES_MAX",
        OUTBOX_FRAMES_MAX as u64,
        "the oldest audio frame is dropped and counted, else the socket is cut",
    ),
    ("CALL_INPUTS", CALL_INPUTS as u64, "the request is dropped"),
    ("OPEN_COMMANDS_MAX", OPEN_COMMANDS_MAX as u64, "a further command is answered with OVERFLOW"),
    ("DELAYED_FRAMES_MAX", DELAYED_FRAMES_MAX as u64, "a further response is sent at once"),
    ("CLOSED_SESSIONS_MAX", CLOSED_SESSIONS_MAX as u64, "the oldest is forgotten"),
    ("TRANSCRIPT_LINES_MAX", TRANSCRIPT_LINES_MAX as u64, "later lines are counted and left out"),
    ("TRANSCRIPT_TEXT_BYTES_MAX", TRANSCRIPT_TEXT_BYTES_MAX as u64, "the rest of the line is cut off"),
    ("RECORDED_SAMPLES_MAX", RECORDED_SAMPLES_MAX as u64, "later samples are counted and left out"),
    ("PLAY_BUFFER_BYTES_MAX", PLAY_BUFFER_BYTES_MAX as u64, "more is dropped and counted"),
    ("SENT_MARKS_MAX", SENT_MARKS_MAX as u64, "the oldest frame is not measured"),
    ("ECHO_BYTES_MAX", ECHO_BYTES_MAX as u64, "the oldest bytes are counted as unverified"),
    ("CATCH_UP_TICKS_MAX", CATCH_UP_TICKS_MAX, "further ticks are skipped and counted"),
    ("RTT_US_MAX", RTT_US_MAX, "a longer round trip is recorded as this"),
    ("RTT_POINTS_MAX", RTT_POINTS_MAX as u64, "later points are left out"),
    ("RTT_POINT_MS", RTT_POINT_MS, "a further round trip begins the next point"),
    ("COMMANDS_LISTED_MAX", COMMANDS_LISTED_MAX as u64, "later commands are answered and not listed"),
    ("SECRETS_MAX", SECRETS_MAX as u64, "the oldest voice token is forgotten"),
    ("STEP_MS_MAX", STEP_MS_MAX as u64, "a longer step is cut to it"),
    ("ACCEPT_RETRY_MS", ACCEPT_RETRY_MS, "the listener tries again"),
];

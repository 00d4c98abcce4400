//! Every bound of the network, with its unit, and what happens when it is reached.

/// WebSockets that one handler may have, until it was told that they are closed. A further one: `FULL`.
pub const SOCKETS_MAX: usize = 4;
/// Requests that one handler may have under way. A further one: `FULL`.
pub const REQUESTS_MAX: usize = 4;
/// WebSockets and requests that one handler may begin in a second, when it has begun [`BEGINS_BURST_MAX`]. More: `FULL`.
pub const BEGINS_PER_S_MAX: u32 = 4;
/// WebSockets and requests that one handler may begin at once after a rest. More: `FULL`.
pub const BEGINS_BURST_MAX: u32 = 16;
/// Connections of all handlers of one plugin. More: `FULL`.
pub const PLUGIN_CONNECTIONS_MAX: usize = 500;
/// Connections of all handlers of a host. More: `FULL`.
pub const CONNECTIONS_MAX: usize = 2_000;
/// Bytes of a URL. A longer one: `INVALID`.
pub const URL_BYTES_MAX: usize = 8 << 10;
/// Headers that a handler gives to one connection. More: `INVALID`.
pub const HEADERS_MAX: usize = 64;
/// Bytes of their names and values. More: `INVALID`.
pub const HEADERS_BYTES_MAX: usize = 16 << 10;
/// Bytes of one message that a handler sends. A longer one: `INVALID`.
pub const MESSAGE_OUT_BYTES_MAX: usize = 256 << 10;
/// Bytes of messages that wait in one socket to be sent. What would be more: `FULL`.
pub const SOCKET_OUT_BYTES_MAX: usize = 256 << 10;
/// Messages that wait in one socket to be sent. A further one: `FULL`.
pub const SOCKET_OUT_MESSAGES_MAX: usize = 1_024;
/// Bytes of one message that a socket takes in. A longer one closes the socket, with 1009.
pub const MESSAGE_IN_BYTES_MAX: usize = 256 << 10;
/// Bytes of the body of a request. A longer one: `INVALID`.
pub const REQUEST_BODY_BYTES_MAX: usize = 256 << 10;
/// Bytes of the head of an answer, and of one piece of its body. A longer head ends the request with `FULL`.
pub const ANSWER_PIECE_BYTES_MAX: usize = 64 << 10;
/// Bytes of the head of an answer to `wasi:http`, names and values. A longer one ends the request with `FULL`.
pub const STREAM_HEAD_BYTES_MAX: usize = 16 << 10;
/// Bytes of one piece of an answer to `wasi:http`. The rest comes in the next.
pub const STREAM_PIECE_BYTES_MAX: usize = 16 << 10;
/// Bytes of the whole body of an answer. A longer one ends the request with `FULL`.
pub const ANSWER_BODY_BYTES_MAX: u64 = 64 << 20;
/// Milliseconds until a connection stands: name, TCP, TLS, upgrade. Longer: `TIMEOUT`.
pub const OPEN_MS_MAX: u64 = 10_000;
/// Milliseconds for one of the addresses of a name. Longer: the next one is tried.
pub const ADDRESS_MS_MAX: u64 = 3_000;
/// Addresses of one name that are tried. Further ones are not.
pub const ADDRESSES_MAX: usize = 8;
/// Milliseconds in which a socket hears nothing, after which it is pinged.
pub const PING_MS: u64 = 20_000;
/// Milliseconds in which a socket hears nothing, not even the answer to a ping. Longer: it is closed, with `TIMEOUT`.
pub const SOCKET_IDLE_MS_MAX: u64 = 60_000;
/// Milliseconds that a socket waits for the other side's part of a close.
pub const CLOSE_MS_MAX: u64 = 2_000;
/// Milliseconds in which nothing of an answer comes. Longer: the request ends with `TIMEOUT`.
pub const ANSWER_IDLE_MS_MAX: u64 = 60_000;
/// Control frames that one socket handles in a turn. The rest waits for the next.
pub const CONTROL_FRAMES_PER_TURN_MAX: usize = 32;
/// Bytes that a socket reads at once.
pub const READ_BYTES: usize = 8 << 10;
/// Hosts of one plugin of which the log says that they lead where they must not. Further ones are not told.
pub const TOLD_HOSTS_MAX: usize = 64;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("sockets_max", SOCKETS_MAX as u64, "open answers FULL"),
    ("requests_max", REQUESTS_MAX as u64, "request answers FULL"),
    ("begins_per_s_max", BEGINS_PER_S_MAX as u64, "open and request answer FULL"),
    ("begins_burst_max", BEGINS_BURST_MAX as u64, "open and request answer FULL"),
    ("plugin_connections_max", PLUGIN_CONNECTIONS_MAX as u64, "open and request answer FULL"),
    ("connections_max", CONNECTIONS_MAX as u64, "open and request answer FULL"),
    ("url_bytes_max", URL_BYTES_MAX as u64, "the URL is refused with INVALID"),
    ("headers_max", HEADERS_MAX as u64, "the headers are refused with INVALID"),
    ("headers_bytes_max", HEADERS_BYTES_MAX as u64, "the headers are refused with INVALID"),
    ("message_out_bytes_max", MESSAGE_OUT_BYTES_MAX as u64, "the message is refused with INVALID"),
    ("socket_out_bytes_max", SOCKET_OUT_BYTES_MAX as u64, "send answers FULL, and socket-writable follows"),
    ("socket_out_messages_max", SOCKET_OUT_MESSAGES_MAX as u64, "send answers FULL, and socket-writable follows"),
    ("message_in_bytes_max", MESSAGE_IN_BYTES_MAX as u64, "the socket is closed with 1009"),
    ("request_body_bytes_max", REQUEST_BODY_BYTES_MAX as u64, "the body is refused with INVALID"),
    ("answer_piece_bytes_max", ANSWER_PIECE_BYTES_MAX as u64, "a body comes in pieces; a longer head ends the request"),
    ("stream_head_bytes_max", STREAM_HEAD_BYTES_MAX as u64, "wasi:http answers HTTP-response-header-section-size"),
    ("stream_piece_bytes_max", STREAM_PIECE_BYTES_MAX as u64, "the rest comes in the next piece"),
    ("answer_body_bytes_max", ANSWER_BODY_BYTES_MAX, "the request ends with FULL"),
    ("open_ms_max", OPEN_MS_MAX, "the connection fails with TIMEOUT"),
    ("address_ms_max", ADDRESS_MS_MAX, "the name's next address is tried"),
    ("addresses_max", ADDRESSES_MAX as u64, "further addresses of the name are not tried"),
    ("ping_ms", PING_MS, "a socket that hears nothing is pinged"),
    ("socket_idle_ms_max", SOCKET_IDLE_MS_MAX, "the socket is closed with TIMEOUT"),
    ("close_ms_max", CLOSE_MS_MAX, "the socket is closed without the other side"),
    ("answer_idle_ms_max", ANSWER_IDLE_MS_MAX, "the request ends with TIMEOUT"),
    ("control_frames_per_turn_max", CONTROL_FRAMES_PER_TURN_MAX as u64, "further ones wait for the next turn"),
    ("read_bytes", READ_BYTES as u64, "the rest is read next"),
    ("told_hosts_max", TOLD_HOSTS_MAX as u64, "the log says no more of further hosts"),
];

//! Every bound of the exchange, with its unit, and what happens when it is reached.

/// Calls of one plugin at once unless its configuration says otherwise. More are not claimed.
pub const CALLS_MAX_DEFAULT: usize = 500;
/// Messages that wait for a call's task. It gets a handful in its life; a peer's repetitions beyond that are dropped.
pub const MAILBOX_MESSAGES_MAX: usize = 8;
/// Places in that mailbox that no `call.in` takes, so that a peer which repeats it cannot crowd out the word that ends the
/// call.
pub const MAILBOX_PLACES_KEPT: usize = 4;
/// Words of call tasks that wait for their connector's task. A call's task waits when it is full.
pub const REPORTS_MAX: usize = 256;
/// Sessions that are being claimed at once by one connector. More are left to others.
pub const CLAIMS_MAX: usize = 256;
/// Milliseconds from `session.ready` to `call.in`. Longer: the call ends.
pub const CALL_IN_MS_MAX: u64 = 30_000;
/// Milliseconds for which the voice socket of a call that goes on is dialled again after it broke, unless the configuration
/// says otherwise. Longer: the call ends.
pub const VOICE_REDIAL_MS_DEFAULT: u64 = 5_000;
/// Milliseconds from `session.ready` of an outbound call to `call.in`: the longest ring, and some. Longer: the call failed.
pub const OUTBOUND_CALL_IN_MS_MAX: u64 = 130_000;
/// Outbound calls of one tenant under way at once. More are refused.
pub const OUTBOUND_CALLS_PER_TENANT_MAX: usize = 500;
/// Orders for outbound calls that wait for their connector's task. More are refused.
pub const ORDERS_MAX: usize = 64;
/// Steps that one placed call may take; whoever placed it may read them late.
pub const STEPS_MAX: usize = 4;
/// Calls of others that wait for their connector's task to take them. More are refused.
pub const TAKES_MAX: usize = 64;
/// Calls that were given away and are remembered until their sessions are closed. The oldest is forgotten: when it is announced
/// again, it is routed.
pub const GIVEN_KEPT_MAX: usize = 1_024;
/// Outbound sessions whose plugin a connector remembers for a `RESUME`. The oldest is forgotten, and routed then.
pub const PLACED_KEPT_MAX: usize = 1_024;
/// Bytes of a number or address that is called. A longer one is refused.
pub const ADDRESS_BYTES_MAX: usize = 64;
/// Milliseconds for the server to carry out a close, its own deadline and grace included. Longer: the socket is dropped.
pub const CLOSE_MS_MAX: u64 = 16_000;
/// Milliseconds for the server to close the voice socket of an ended call. Longer: the host closes it.
pub const LINGER_MS_MAX: u64 = 5_000;
/// Milliseconds for the server to answer the host's closing handshake. Longer: the socket is dropped.
pub const GOODBYE_MS_MAX: u64 = 1_000;
/// Milliseconds a call may go on after `session.closed` before the host ends it.
pub const SESSION_CLOSED_MS_MAX: u64 = 5_000;
/// Milliseconds that calls have to leave once they are told to, at the end of a drain. Longer: they are aborted.
pub const CUT_MS_MAX: u64 = 3_000;
/// Words of chats' tasks, messages among them, that wait for their connector's task. A message waits in its chat when it is full.
pub const CHAT_REPORTS_MAX: usize = 1_024;
/// Milliseconds until a message that its connector had no place for is tried again.
pub const MESSAGE_RETRY_MS: u64 = 250;
/// Milliseconds for the server to confirm that a session is closed which it said it closed. Longer: the chat is over without.
pub const CHAT_CLOSED_MS_MAX: u64 = 10_000;
/// Milliseconds that messages under way have when the host leaves a chat. Longer: they fail with `ENDED`.
pub const CHAT_LEAVE_MS_MAX: u64 = 500;
/// Seconds in which nobody writes. Longer: the chat is closed.
pub const CHAT_IDLE_S_MAX: u64 = 86_400;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("calls_max_default", CALLS_MAX_DEFAULT as u64, "further calls are not claimed (configurable)"),
    ("mailbox_messages_max", MAILBOX_MESSAGES_MAX as u64, "repetitions are dropped"),
    ("mailbox_places_kept", MAILBOX_PLACES_KEPT as u64, "repeated call.in frames are dropped"),
    ("reports_max", REPORTS_MAX as u64, "the call's task waits"),
    ("claims_max", CLAIMS_MAX as u64, "further calls are not claimed"),
    ("call_in_ms_max", CALL_IN_MS_MAX, "the call ends"),
    ("voice_redial_ms_default", VOICE_REDIAL_MS_DEFAULT, "the call ends (configurable)"),
    ("outbound_call_in_ms_max", OUTBOUND_CALL_IN_MS_MAX, "the call failed"),
    ("outbound_calls_per_tenant_max", OUTBOUND_CALLS_PER_TENANT_MAX as u64, "further calls are not placed"),
    ("orders_max", ORDERS_MAX as u64, "further calls are not placed"),
    ("steps_max", STEPS_MAX as u64, "there are never more"),
    ("takes_max", TAKES_MAX as u64, "further calls are not taken"),
    ("given_kept_max", GIVEN_KEPT_MAX as u64, "the oldest is routed when it is announced again"),
    ("placed_kept_max", PLACED_KEPT_MAX as u64, "the oldest is routed when it is announced again"),
    ("address_bytes_max", ADDRESS_BYTES_MAX as u64, "the call is not placed"),
    ("close_ms_max", CLOSE_MS_MAX, "the voice socket is dropped"),
    ("linger_ms_max", LINGER_MS_MAX, "the host closes the voice socket"),
    ("goodbye_ms_max", GOODBYE_MS_MAX, "the voice socket is dropped"),
    ("session_closed_ms_max", SESSION_CLOSED_MS_MAX, "the call ends"),
    ("chat_reports_max", CHAT_REPORTS_MAX as u64, "a message waits in its chat"),
    ("message_retry_ms", MESSAGE_RETRY_MS, "a message that found no place is tried again"),
    ("chat_closed_ms_max", CHAT_CLOSED_MS_MAX, "the chat is over without the server's confirmation"),
    ("chat_leave_ms_max", CHAT_LEAVE_MS_MAX, "messages under way fail with ENDED"),
    ("chat_idle_s_max", CHAT_IDLE_S_MAX, "a chat in which nobody writes is closed"),
    ("cut_ms_max", CUT_MS_MAX, "the call is aborted"),
];

//! Every bound of the exchange, with its unit, and what happens when it is reached.

/// Calls of one plugin at once unless its configuration says otherwise. More are not claimed.
pub const CALLS_MAX_DEFAULT: usize = 500;
/// Percent of a core that one call's guest may use unless its plugin says otherwise. More: it is parked.
pub const CPU_PERCENT_DEFAULT: u32 = 50;
/// Milliseconds in which the share of an idle guest fills: how long one that waited may use all of a core, at most.
pub const SHARE_FILL_MS: u64 = 1_000;
/// The same of a tenant's share. It is short, since what one tenant saves up others have to wait for.
pub const TENANT_SHARE_FILL_MS: u64 = 100;
/// Milliseconds for which a guest may want more than its own share without ever resting. Longer: it is ended.
pub const OVER_SHARE_MS_MAX: u64 = 5_000;
/// Microseconds of processor time that a guest collects before they are billed to its tenant.
pub const SHARE_LOT_US: u64 = 250;
/// Microseconds of a poll of a guest, cut off in the middle of its work, after which the next one needs a lane: of these
/// there is one fewer than threads. Without one it waits its turn.
pub const LONG_POLL_US: u64 = 250;
/// Milliseconds after which a guest that waits for a lane is looked at though nothing happened.
pub const LANE_LOOK_MS: u64 = 1_000;
/// Milliseconds whose set-ups, and whose placed calls, an idle tenant saves up. More at once are not claimed, or not placed.
pub const SETUPS_FILL_MS: u64 = 1_000;
/// Steps of one fault policy. A configuration with more is refused.
pub const FAULT_STEPS_MAX: usize = 8;
/// Seconds of one prompt of a fault policy. A longer one is refused.
pub const FAULT_PROMPT_S_MAX: u64 = 30;
/// Milliseconds beyond its length that a prompt has until it was heard. Longer: the next step.
pub const FAULT_PROMPT_LATE_MS_MAX: u64 = 2_000;
/// Milliseconds for the carrier to answer a ringing call for a prompt. Longer: the next step.
pub const FAULT_ANSWER_MS_MAX: u64 = 5_000;
/// Seconds that whom the caller called is rung by a fault policy. Longer: the next step.
pub const FAULT_RING_TIME_S: u32 = 30;
/// Faults within [`LOOP_S`] seconds, half of the outcomes at least, that take a version off new calls.
pub const LOOP_FAULTS: usize = 5;
/// Seconds for which an outcome speaks for or against a version.
pub const LOOP_S: u64 = 60;
/// Outcomes of one version that are remembered. The oldest is forgotten.
pub const LOOP_OUTCOMES_KEPT: usize = 64;
/// Milliseconds for which a connector that a reload changed still takes calls until the one in its place is up. Longer: it takes
/// none, and whoever rings is left to others.
pub const SUCCESSOR_MS_MAX: u64 = 10_000;
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
/// Milliseconds that fault policies have for callers at the end of a drain: a prompt, a ring, and some. Longer: they are cut.
pub const LEAVE_MS_MAX: u64 = 75_000;
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
    ("cpu_percent_default", CPU_PERCENT_DEFAULT as u64, "the guest is parked until its share refills (configurable)"),
    ("share_fill_ms", SHARE_FILL_MS, "an idle guest saves up no more of its share"),
    ("tenant_share_fill_ms", TENANT_SHARE_FILL_MS, "an idle tenant saves up no more of its share"),
    ("over_share_ms_max", OVER_SHARE_MS_MAX, "the guest is ended"),
    ("share_lot_us", SHARE_LOT_US, "processor time is billed to the tenant"),
    ("long_poll_us", LONG_POLL_US, "the guest's next poll waits for a lane"),
    ("lane_look_ms", LANE_LOOK_MS, "the guest that waits is looked at"),
    ("setups_fill_ms", SETUPS_FILL_MS, "an idle tenant saves up no more set-ups and placed calls"),
    ("fault_steps_max", FAULT_STEPS_MAX as u64, "the configuration is refused"),
    ("fault_prompt_s_max", FAULT_PROMPT_S_MAX, "the configuration is refused"),
    ("fault_prompt_late_ms_max", FAULT_PROMPT_LATE_MS_MAX, "the fault policy's next step is due"),
    ("fault_answer_ms_max", FAULT_ANSWER_MS_MAX, "the fault policy's next step is due"),
    ("fault_ring_time_s", FAULT_RING_TIME_S as u64, "the fault policy's next step is due"),
    ("loop_faults", LOOP_FAULTS as u64, "the version is taken off new calls"),
    ("loop_s", LOOP_S, "an outcome no longer speaks for or against its version"),
    ("loop_outcomes_kept", LOOP_OUTCOMES_KEPT as u64, "the oldest is forgotten"),
    ("successor_ms_max", SUCCESSOR_MS_MAX, "the changed connector takes no more calls"),
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
    ("leave_ms_max", LEAVE_MS_MAX, "calls that fault policies still do something for are cut"),
    ("cut_ms_max", CUT_MS_MAX, "the call is aborted"),
];

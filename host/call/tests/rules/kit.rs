//! Calls in the states that tests begin with, and short words for what both sides do.

use std::time::{Duration, Instant};

use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandId, CommandKind, Event, Failure, Ledger, Next};

/// Samples a second of every call here: 16 samples are a millisecond.
pub(crate) const RATE_HZ: u32 = 16_000;
pub(crate) const PLAYOUT_BYTES_MAX: usize = 64 * 1_024;

pub(crate) fn ringing() -> Call {
    ringing_with(Capabilities::of(&Ability::ALL), PLAYOUT_BYTES_MAX)
}

pub(crate) fn ringing_with(capabilities: Capabilities, playout_bytes_max: usize) -> Call {
    let info = CallInfo { id: "c1".into(), sample_rate_hz: RATE_HZ, channels: vec![0], ..CallInfo::default() };
    Call::new(CallConfig { info, capabilities, playout_bytes_max }, Instant::now())
}

/// Answered, and its legs are heard apart once it is connected.
pub(crate) fn isolated() -> Call {
    let info = CallInfo { id: "c1".into(), sample_rate_hz: RATE_HZ, channels: vec![0, 1, 2], ..CallInfo::default() };
    let capabilities = Capabilities::of(&Ability::ALL);
    let config = CallConfig { info, capabilities, playout_bytes_max: PLAYOUT_BYTES_MAX };
    succeed(Call::new(config, Instant::now()), CommandKind::Answer)
}

pub(crate) fn answered() -> Call {
    succeed(ringing(), CommandKind::Answer)
}

pub(crate) fn connected() -> Call {
    succeed(ringing(), CommandKind::Connect { ring_time_s: 60 })
}

/// The call after one command went through and its outcome was taken.
pub(crate) fn succeed(mut call: Call, kind: CommandKind) -> Call {
    let id = call.command(kind).unwrap();
    assert_eq!(call.poll_command().unwrap().id, id);
    call.handle_outcome(id, Ok(None));
    assert!(matches!(call.next(), Next::Event(Event::Outcome { .. })));
    call
}

/// Lets time pass.
pub(crate) fn pass(call: &mut Call, ms: u64) {
    call.handle_timeout(call.now() + Duration::from_millis(ms));
}

/// Everything that waits for the handler.
pub(crate) fn events(call: &mut Call) -> Vec<Event> {
    let mut taken = Vec::new();
    while let Next::Event(event) = call.next() {
        taken.push(event);
    }
    taken
}

/// Every frame that may leave.
pub(crate) fn frames(call: &mut Call) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    let mut frame = Vec::new();
    while call.poll_audio(&mut frame) {
        sent.push(std::mem::take(&mut frame));
    }
    assert!(frame.is_empty(), "nothing is appended when nothing may leave");
    sent
}

/// The sizes of every frame that may leave, in bytes.
pub(crate) fn frame_sizes(call: &mut Call) -> Vec<usize> {
    frames(call).iter().map(Vec::len).collect()
}

/// Every command that waits to be sent.
pub(crate) fn commands(call: &mut Call) -> Vec<(CommandId, CommandKind)> {
    std::iter::from_fn(|| call.poll_command()).map(|command| (command.id, command.kind)).collect()
}

/// So many milliseconds of audio.
pub(crate) fn audio(ms: usize) -> Vec<u8> {
    vec![1; ms * 32]
}

pub(crate) fn code<T: std::fmt::Debug>(refused: Result<T, Failure>) -> String {
    refused.unwrap_err().code.into_owned()
}

pub(crate) fn mark(name: &str, played: bool) -> Event {
    Event::Mark { name: name.into(), played }
}

/// Queued, sent, heard, dropped, in milliseconds.
pub(crate) fn ledger_ms(ledger: Ledger) -> [u64; 4] {
    [ledger.queued, ledger.sent, ledger.heard, ledger.dropped].map(|samples| samples / 16)
}

//! Ending a call for everyone, whatever its state.

use crate::{CommandId, Event, Failure, call, code, events};

/// Ends the call for everyone and waits until that is done, letting go of every other event: for the end of a handler.
///
/// Before `connected` a carrier may take no `disconnect` and answer `INVALID_COMMAND`; such a call is ended by `close`.
/// Connected, `close` would leave the parties to themselves, and that answer is an error.
///
/// Handlers that await have [`aio::Call::hang_up`](crate::aio::Call::hang_up).
///
/// # Errors
/// The refusal or the failure of the last command; `ENDED` when the call is over already.
pub fn hang_up() -> Result<(), Failure> {
    match finished(call::disconnect()?) {
        Err(failure) if close_ends_it(&failure) => finished(call::close()?),
        outcome => outcome,
    }
}

/// Whether `close` does what a refused `disconnect` was to do.
pub(crate) fn close_ends_it(failure: &Failure) -> bool {
    failure.is(code::INVALID_COMMAND) && call::state() != "connected"
}

fn finished(command: CommandId) -> Result<(), Failure> {
    let outcome = events().find_map(|event| match event {
        Event::Outcome(outcome) if outcome.command == command => Some(outcome.value.map(drop)),
        _ => None,
    });
    outcome.unwrap_or_else(|| Err(Failure::new(code::ENDED, "the call is over")))
}

//! What ends a command that would go on for ever: an interrupt from the terminal, or a request to terminate.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// Waits for either, and names it.
///
/// # Errors
/// The process cannot listen for signals.
pub(super) async fn stop() -> Result<&'static str, Failure> {
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok("interrupted"),
        _ = terminate.recv() => Ok("asked to terminate"),
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| {
        Failure::new(format!("cannot listen for signals: {error}"), "allow more open files (`ulimit -n`)")
    })
}

//! What ends a command that would go on for ever: an interrupt from the terminal, or a request to terminate.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// The signals that ask a command to stop, heard from the moment this is made: one that arrives between two waits is not lost.
pub(super) struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    /// Listens.
    ///
    /// # Errors
    /// The process cannot listen for signals.
    pub(super) fn listen() -> Result<Stops, Failure> {
        Ok(Stops { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the next of either, and names it.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupted",
            _ = self.terminate.recv() => "asked to terminate",
        }
    }
}

/// The signal by which a daemon is told to read its configuration anew.
pub(super) struct Hangups(Signal);

impl Hangups {
    /// Listens. From now on the signal does not end the process.
    ///
    /// # Errors
    /// The process cannot listen for signals.
    pub(super) fn listen() -> Result<Hangups, Failure> {
        Ok(Hangups(listen(SignalKind::hangup())?))
    }

    /// Waits for the next; several that come together may be one.
    pub(super) async fn next(&mut self) {
        self.0.recv().await;
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| {
        Failure::new(format!("cannot listen for signals: {error}"), "allow more open files (`ulimit -n`)")
    })
}

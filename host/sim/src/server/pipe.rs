//! In-memory streams to a simulator, for runs under a paused clock.

use std::io;

use tokio::io::DuplexStream;

use super::Simulator;
use crate::limits::PIPE_BYTES;

/// Dials a simulator through in-memory pipes.
#[derive(Clone, Debug)]
pub struct Dialer {
    simulator: Simulator,
}

impl Dialer {
    pub(super) fn new(simulator: Simulator) -> Self {
        Self { simulator }
    }

    /// A stream to the simulator, on which the upgrade comes next. `url` must begin with the
    /// simulator's public base, as a session manager's and a voice URL do.
    ///
    /// # Errors
    /// `ConnectionRefused` for every other URL: nobody listens there.
    pub fn dial(&self, url: &str) -> io::Result<DuplexStream> {
        let base = self.simulator.public_base();
        let here = url.strip_prefix(&base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !here {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        self.simulator.serve(far);
        Ok(near)
    }
}

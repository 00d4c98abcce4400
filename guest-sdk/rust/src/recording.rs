//! Recording by the host: WAV files in its data directory, named by reference. Needs the grant `recording`.

use crate::Failure;
use crate::host::recording as host;
pub use crate::host::recording::{delete, play, stop};

/// What is recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Side {
    /// What the handler hears.
    Heard,
    /// What it says.
    Said,
    /// Both as two channels: heard left, said right.
    Both,
    /// The legs of the call as two channels: channel 1 left, 2 right.
    Legs,
}

impl Side {
    /// Its name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Said => "said",
            Self::Both => "both",
            Self::Legs => "legs",
        }
    }
}

/// Starts a recording and answers its reference, which holds for every call of this plugin.
///
/// # Errors
/// As the contract says: `NOT_NOW` while another runs, `NOT_SUPPORTED` for the legs of a call that has none, `FULL`,
/// `STORAGE`, `ENDED`, `NOT_GRANTED`.
pub fn start(side: Side) -> Result<String, Failure> {
    host::start(side.as_str())
}

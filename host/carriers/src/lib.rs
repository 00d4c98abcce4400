//! The sockets that bring calls. One folder a carrier; what they share is here.
//!
//! A carrier turns bytes into turns on a [`call::Call`] and back. It owns no policy: which calls are taken, who handles
//! them and what happens when something fails is decided a floor above.

mod clock;
mod dial;
pub mod limits;
pub mod telcoflow;
mod tls;

pub use dial::{ByteStream, Dial, DialError, Dialed, Dialers, TcpDialer};
pub use tls::{IdentityFiles, TlsFailure, TlsFault, TlsFile, TlsFileError, TlsFileFault, TlsFiles, TlsSetupError};

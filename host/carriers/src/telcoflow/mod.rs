//! Telcoflow: one session-manager socket for each connector, one voice socket for each call.
//!
//! The protocol is decided in the crate `telcoflow`; here are the sockets that it is spoken over.

mod frame_log;
mod manager;
mod rest;
mod socket;
mod upgrade;
mod upgrading;
mod voice;

pub use manager::{ManagerConfig, ManagerLink};
pub use rest::{Closing, RestClient, RestError, SessionFilter};
pub use upgrade::{Credentials, Secret};
pub use voice::{VoiceError, VoiceLink, VoiceTarget};

use call::{Ability, Capabilities};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// What a handler can do to a call that came by Telcoflow.
pub const CAPABILITIES: Capabilities = Capabilities::of(&[
    Ability::Answer,
    Ability::Connect,
    Ability::Whisper,
    Ability::Barge,
    Ability::Spy,
    Ability::Disconnect,
    Ability::Close,
    Ability::Interrupt,
]);

/// The last frame on a socket that this host leaves (PROTOCOL.md, WS-8).
fn goodbye() -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() }))
}

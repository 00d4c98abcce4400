//! Frames of the session-manager plane. Rows `SM-...` of `PROTOCOL.md`.
//!
//! JSON objects with camelCase fields, in text frames; a server may also put them in binary frames.

mod content;
mod to_client;
mod to_server;
mod types;

pub use content::{Created, Session};
pub use to_client::{Response, ToClient};
pub use to_server::ToServer;
pub use types::{Activity, CallFlow, CallIn, Channel, CloseReason, InboundCall, SessionNotify, WaMsgIn, WaMsgOut};

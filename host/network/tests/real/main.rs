//! Sockets on loopback: what a handler may reach, what it is told, and what others never see.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod http;
mod kit;
mod private_ca;
mod reaching;
mod secrets;
mod sockets;
mod streams;

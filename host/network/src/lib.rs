//! The hosts that plugins may reach: WebSockets and HTTP requests of handlers, each plugin's behind its own [`Policy`].
//!
//! Three things stand between a handler and an address. The name and port are on the plugin's list. The address that the
//! name leads to is one that the list allows, and is the one that is dialled: a name is looked up once. And the
//! connection is encrypted, unless the host is a private one that the operator has named as such. Nothing is followed: a redirect is an answer
//! like any other.
//!
//! Connections belong to their handler's call. They are polled in its turns (`call::Reach`), have no task of their own, and are
//! gone with it; a request that is a stream is moved on by whoever asks for it, and is gone when they drop it. What they may keep, take and last is bounded ([`limits`]).

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod address;
mod counted;
mod dial;
mod headers;
pub mod limits;
mod plugin;
mod policy;
mod reach;
mod request;
mod socket;
mod streamed;
mod target;
mod tls;

pub use address::{AddressKind, kind};
pub use dial::{Resolve, Resolved, SystemResolver};
pub use headers::{SecretHeader, SecretHeaderError};
pub use plugin::Networks;
pub use policy::{HostRule, HostRuleError, Policy, SecretRule};
pub use tls::{PrivateCa, PrivateCaError, Trust, TrustError};

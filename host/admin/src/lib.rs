//! The admin interface: what a running host shows and lets be done over HTTP, described by its own `/openapi.json`.
//!
//! It reads through [`exchange::Handle`] and is told by [`exchange::Observer`], so that no call's task ever waits for a
//! client. Everything a client sends is bounded (see [`limits`]), every error is an RFC 9457 problem, and everything but
//! health and readiness wants the bearer token when there is one.
//!
//! Who pays on failure: the client whose request it was. Calls do not notice.

mod access;
mod answers;
mod api;
mod app;
mod extract;
pub mod limits;
mod metrics;
mod problem;
mod reload;
mod server;
mod shelves;
mod watch;

pub use access::{Access, AccessError, Token};
pub use reload::{Reload, ReloadRefused, Reloaded};
pub use server::{BindError, Server};
pub use watch::Watch;

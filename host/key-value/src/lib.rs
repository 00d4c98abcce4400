//! What plugins remember: keys and values in one database of the data directory, each plugin's apart from all others'.
//!
//! A change is on the disk when it is answered. Changes that come while the disk is busy are written together, with one
//! wait for it: a thread is borrowed from the runtime while there is something to do, and no call's task ever waits. What
//! a plugin may store and how much of it may wait is bounded ([`limits`]), so that one plugin cannot take the others' place.

mod book;
mod change;
mod clock;
pub mod limits;
mod queue;
mod store;
#[cfg(test)]
mod tests;

pub use clock::{Clock, RuntimeClock, SystemClock};
pub use store::{KeyValueLimits, KeyValues, OpenError};

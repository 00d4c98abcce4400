//! The rules of a call, one by one, as its two sides see them.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod chats;
mod commands;
mod ends;
mod inbox;
mod kit;
mod leave;
mod marks;
mod placing;
mod playout;
mod succeed;
mod table;
mod tape;
mod timers;
mod voice;

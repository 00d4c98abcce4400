//! Call handlers in Rust: an event loop, or `async`/`await` over it.
//!
//! A handler is one function that lives as long as its call. It pulls events, and everything else it does returns at
//! once: commands are accepted or refused, and finish later as [`Event::Outcome`]. With [`aio`] the same is written as
//! straight-line code that awaits.
//!
//! ```no_run
//! use switchhook_guest::{CallInfo, Event, Failure, call, events, play};
//!
//! switchhook_guest::handler!(handle);
//!
//! fn handle(_call: CallInfo) -> Result<(), Failure> {
//!     call::answer()?;
//!     for event in events() {
//!         if let Event::Audio(frame) = event {
//!             // Refused once the call is over, and when too much waits: then this frame is dropped.
//!             let _ = play(&frame.pcm);
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Build it as a `cdylib` for `wasm32-wasip2`: the output is a component. On any other target the crate compiles, so
//! that editors and `cargo check` work, but every function of the host ends the process: there is none to call. With the
//! feature `testing` a host in memory answers there, so that handlers have unit tests that run in milliseconds.
//!
//! A panic ends this call's instance only. Its text goes to standard error, which the host puts in its log.
//!
//! # Layout
//! - [`events`], [`next`], [`next_within`]: the only places where a handler waits
//! - [`aio`]: handlers that await, made by [`async_handler!`]
//! - [`chat`]: handlers of chats, made by [`chat_handler!`]
//! - [`call`], [`playout`], [`timers`], [`config`] and the log macros ([`info!`], [`warn!`], ...): work for every handler
//! - [`key_value`]: what outlives the call, with the grant `key_value`
//! - [`websocket`], [`http`]: other hosts, with a grant of the host; [`aio::Socket`] and [`aio::Request`] await them
//! - [`recording`], [`calls`]: answer `NOT_GRANTED` without a grant
//! - [`audio`]: resampling, levels, speech, keys (DTMF) and WAV files, all in the guest
//! - [`code`]: the host's own failure codes
//! - `testing` (feature): a simulated call in virtual time, on the machine that builds

pub mod aio;
#[doc(hidden)]
pub mod bindings;
pub mod chat;
pub mod code;
pub mod config;
mod events;
mod export;
mod hang_up;
mod host;
pub mod key_value;
pub mod limits;
mod log;
pub mod recording;
#[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
pub mod testing;
pub mod timers;

pub use bindings::plain::switchhook::handler::types::{
    AudioFormat, AudioFrame, CallInfo, CommandId, Dtmf, Event, Failure, Field, HttpBody, HttpEnd, HttpHead, Ledger,
    Mark, Outcome, Payload, PlacedStep, RequestId, SocketClosed, SocketId, SocketMessage, TimerId,
};
pub use events::{Events, Waited, events, next, next_within};
pub use export::settle;
/// What prompts, keys and speech need, all in the guest.
pub use guest_audio as audio;
pub use hang_up::hang_up;
pub use host::{call, calls, http, playout, websocket};
pub use log::{Level, log};
pub use playout::{play, play_samples};

/// The examples of README.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

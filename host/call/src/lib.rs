//! The carrier-neutral telephone call: inbox, playout, states, commands and timers; no IO, no clock. Beside it [`Chat`], which
//! is to a chat what [`Call`] is to a call.
//!
//! A [`Call`] stands between a carrier's socket and the handler of one call. The carrier's side hands in what
//! arrived (`handle_*`) and takes what must leave (`poll_*`); the handler's side takes events ([`Call::next`]) and
//! asks for things ([`Call::play`], [`Call::command`], ...). Nothing here waits, opens, reads or writes.
//!
//! # The contract
//! - **Time enters through [`Call::handle_timeout`] only.** Each turn begins with it. Everything between two of
//!   these calls happens at the same instant, [`Call::now`].
//! - **Two pollers of one task share one `Call`**: the carrier's IO and the handler. The lock around it, if there
//!   is one, is never contended. A turn is: `handle_timeout`, hand in what arrived, let the handler run until
//!   [`Call::next`] answers [`Next::Wait`], drain [`Call::poll_command`] *before* [`Call::poll_audio`], then wait
//!   for IO or for [`Call::poll_timeout`].
//! - **After `handle_timeout(t)` the next deadline is later than `t`**, so a driver cannot spin.
//! - **Every queue is bounded at its own door** (see [`limits`]): heard audio drops its oldest, everything else is
//!   refused before it is accepted. What was accepted is never lost: each accepted command has exactly one
//!   outcome, each mark is reported once, and each call ends exactly once.
//!
//! # An echo turn
//! ```
//! use std::time::{Duration, Instant};
//! use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, Event, Next};
//!
//! let start = Instant::now();
//! let mut call = Call::new(
//!     CallConfig {
//!         info: CallInfo { id: "c1".into(), sample_rate_hz: 16_000, channels: vec![0], ..CallInfo::default() },
//!         capabilities: Capabilities::of(&[Ability::Answer, Ability::Close]),
//!         playout_bytes_max: 1 << 20,
//!     },
//!     start,
//! );
//!
//! // The handler picks up; the carrier sends the command and hears that it worked.
//! let answer = call.command(CommandKind::Answer).unwrap();
//! assert_eq!(call.poll_command().unwrap().id, answer);
//! call.handle_outcome(answer, Ok(None));
//!
//! // 20 ms later a frame arrives, and the carrier asks for as much.
//! call.handle_timeout(start + Duration::from_millis(20));
//! call.handle_audio(0, &[7; 640]);
//! call.handle_credit(640, Some(640));
//!
//! // The handler plays back what it hears.
//! while let Next::Event(event) = call.next() {
//!     if let Event::Audio { pcm, .. } = event {
//!         call.play(&pcm).unwrap();
//!     }
//! }
//!
//! // The carrier sends it, behind the channel byte of its own framing.
//! let mut frame = vec![0];
//! assert!(call.poll_audio(&mut frame));
//! assert_eq!(frame.len(), 1 + 640);
//! assert!(!call.has_output());
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod call;
mod chat;
mod command;
mod event;
mod failure;
mod inbox;
mod info;
mod journal;
mod key_value;
pub mod limits;
mod network;
mod placing;
mod playout;
mod recording;
mod short_queue;
mod state;
mod stats;
mod streamed;
mod tape;
mod timers;

pub use call::{Call, Deadline};
pub use chat::{Chat, ChatConfig, ChatEnd, ChatEvent, ChatInfo, ChatStats, Outgoing};
pub use command::{Command, CommandId, CommandKind};
pub use event::{Event, Next};
pub use failure::{Failure, code};
pub use info::{Ability, CallConfig, CallInfo, Capabilities, last_four};
pub use journal::{Happening, Journal, JournalEntry};
pub use key_value::KeyValueStore;
pub use network::{Network, NetworkEvent, NetworkUsage, Payload, Reach};
pub use placing::{CallPlacer, Contact, Placed};
pub use playout::Ledger;
pub use recording::{RecordingFormat, RecordingSink, RecordingStore, RecordingTrouble, Side, Stored};
pub use state::{EndReason, Rule, State};
pub use stats::Stats;
pub use streamed::{Answering, Pieces, StreamAnswer, StreamRequest};

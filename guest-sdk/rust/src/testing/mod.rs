//! A simulated call for unit tests of handlers: a caller with a script, a host in memory, virtual time.
//!
//! ```
//! use switchhook_guest::testing::Caller;
//! use switchhook_guest::{CallInfo, Event, Failure, call, events, play};
//!
//! fn echo(_call: CallInfo) -> Result<(), Failure> {
//!     call::answer()?;
//!     for event in events() {
//!         // What is refused once the call is over is let go.
//!         if let Event::Audio(frame) = event { drop(play(&frame.pcm)); }
//!     }
//!     Ok(())
//! }
//!
//! let hello = [1000, -1000].repeat(800);
//! let report = Caller::new().sample_rate_hz(8_000).says(&hello).waits_ms(500).hangs_up().run_plain(echo);
//! assert_eq!(report.result, Ok(()));
//! assert_eq!(report.commands(), ["answer"]);
//! assert_eq!(report.end, "terminated");
//! assert!(report.heard.windows(hello.len()).any(|heard| heard == hello));
//! ```
//!
//! A call that is connected has a [`Callee`] too. In a call that is [`isolated`](Caller::isolated) the handler hears both
//! legs apart, and the report tells what each party heard of the handler: by its mode both, one or none of them.
//!
//! A chat has a [`Person`] who writes:
//!
//! ```
//! use switchhook_guest::chat::{self, ChatEvent};
//! use switchhook_guest::testing::Person;
//!
//! let report = Person::new().writes("hello").is_answered().leaves().run(|_chat| {
//!     for event in chat::events() {
//!         if let ChatEvent::Message(message) = event { chat::send("v1", &message.content)?; }
//!     }
//!     Ok(())
//! });
//! assert_eq!(report.read(), ["hello"]);
//! assert_eq!(report.end, "session-closed");
//! ```
//!
//! # How it differs from a host
//! - Time passes only while the handler waits for an event; a call of a minute takes milliseconds.
//! - Audio that is played is heard at once and at the pace of speech, and the ledger is exact.
//! - Codes, states and limits are those of the contract. `recording` works when it is granted, and keeps its recordings in
//!   the [`Report`]; `key_value` does, and what is remembered at the end stands there too; `calls`, when it
//!   is granted, calls nobody: what becomes of it is planned. `websocket` and `http` meet the [`Peer`]s and [`Answer`]s that
//!   the caller names, each once.
//! - A handler that spins without asking for events hangs: nothing ends it.
//!
//! It serves one call a thread at a time. Whatever is still to come is dropped with the call; [`Caller::gives_up_after_ms`]
//! ends a call that never ends by itself.

mod callee;
mod caller;
pub(crate) mod chat_host;
mod chat_report;
mod commands;
mod host;
pub(crate) mod imports;
mod legs;
pub(crate) mod memory;
mod part;
pub(crate) mod peers;
mod person;
mod placing;
mod playout;
mod recordings;
mod report;
mod talk;
mod timers;

pub use callee::Callee;
pub use caller::Caller;
pub use chat_report::{ChatReport, Sent};
pub use peers::{Answer, MetRequest, MetSocket, Peer};
pub use person::Person;
pub use placing::Placed;
pub use recordings::Recording;
pub use report::{Command, Report};
pub use talk::talk;

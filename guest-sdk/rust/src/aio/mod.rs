//! Handlers that await, in the world `call-handler`: straight-line code instead of an event loop.
//!
//! ```
//! use std::time::Duration;
//! use switchhook_guest::aio::{Call, Either, Played, select, sleep};
//! use switchhook_guest::{Failure, audio, code};
//!
//! switchhook_guest::async_handler!(reception);
//!
//! async fn reception(call: Call) -> Result<(), Failure> {
//!     call.answer().await?;
//!     let hello = audio::tone(440.0, 0.3, call.sample_rate_hz(), 300);
//!     // Whoever speaks first: a key stops the greeting, because dropping `say` silences it.
//!     let mut keys = call.keys();
//!     if let Either::First(played) = select(call.say(&hello), keys.next()).await {
//!         assert_eq!(played?, Played::Whole);
//!         sleep(Duration::from_millis(200)).await;
//!     }
//!     match call.connect(Duration::from_secs(20)).await {
//!         Ok(()) => drop(call.ended().await),
//!         Err(failure) if failure.is(code::CALL_UNANSWERED) => call.close().await?,
//!         Err(failure) => return Err(failure),
//!     }
//!     Ok(())
//! }
//!
//! // And its test, in virtual time:
//! let report = switchhook_guest::testing::Caller::new().nobody_answers().run(reception);
//! assert_eq!(report.result, Ok(()));
//! assert_eq!(report.commands(), ["answer", "connect 20", "close"]);
//! ```
//!
//! # How it runs
//! One call, one instance, one thread, one future: the executor polls the handler's future, and when it has nothing left
//! to do waits in `events.next`, the only place where this crate waits. Each event goes to whoever awaits it, and the
//! future is polled again. There is nothing to spawn: what shall happen at once is joined or raced with [`join`],
//! [`select`] and [`timeout`].
//!
//! # Dropping is cancelling
//! | dropped | means |
//! |---|---|
//! | [`Command`] | the command goes on; its outcome is kept apart and shown to [`Call::events`] |
//! | [`Say`] that speaks | silence: what is queued is cleared |
//! | [`PlayAll`], [`Heard`] | nothing more is queued, nobody waits; what is queued is still heard |
//! | [`Placed`] | the call goes on; its further steps are shown to [`Call::events`] |
//! | [`Socket`] | it is closed; what was not sent may be lost |
//! | [`Response`] | the request is given up |
//! | [`Sleep`] | its timer is stopped |
//! | [`Audio`], [`Events`], [`Keys`] | nothing is kept for it any longer |
//!
//! # When the caller hangs up
//! Streams end, commands and utterances finish with `ENDED`, [`Call::ended`] resolves. A handler that then still waits
//! for what can never come (a [`sleep`], a key) is dropped where it stands, with its destructors, and the call has ended
//! well. So does one that returns `ENDED` or `LINK_LOST`: `?` on a hang-up is no fault.
//!
//! # Bounds
//! Everything that queues has a limit in [`limits`](crate::limits), with what happens there.

mod call;
mod combine;
mod command;
mod fan;
mod http;
mod hub;
mod net;
mod placed;
mod run;
mod socket;
mod speak;
mod stream;
mod time;

pub use call::Call;
pub use combine::{Either, Either3, join, join3, select, select3};
pub use command::Command;
pub use http::{Request, Response};
pub use placed::Placed;
pub use run::run;
pub use socket::Socket;
pub use speak::{Heard, Pcm, PlayAll, Played, Say};
pub use stream::{Audio, Events, Keys};
pub use time::{Sleep, TimedOut, sleep, timeout};

//! The Telcoflow wire protocol, sans-IO: frames, the session-manager link and the voice link.
//!
//! **The contract of both links: one mutation, then drain `poll_output` until it says `Timeout`.** A mutation is an
//! input (`handle_...`) or a request (`claim`, `ready`, `command`); outputs are what to send, what to know and when to
//! come back. Nothing here opens a socket, reads a clock or rolls dice: time and seeds are arguments, so that the same
//! inputs always give the same outputs. `PROTOCOL.md` describes the wire, row by row; the drivers that own the sockets
//! are in the crate of the carriers.
//!
//! | module | for |
//! |---|---|
//! | [`frame`] | every frame of both planes, parsed and printed in both directions |
//! | [`link`] | the session-manager link: dial, setup, claims, heartbeat, back-off |
//! | [`voice`] | one call's voice link: commands, call events, requests for audio |
//! | [`backoff`] | the pauses between dials |
//! | [`codes`] | failure codes of our own |
//! | [`limits`] | every limit, with what happens at it |
//!
//! ```
//! use std::time::Instant;
//! use telcoflow::frame::AudioMode;
//! use telcoflow::link::{Event, Link, LinkConfig, Output};
//!
//! // What a driver does with the outputs; here the socket is a list of texts.
//! fn drain(link: &mut Link, sent: &mut Vec<String>, events: &mut Vec<Event>) {
//!     loop {
//!         match link.poll_output() {
//!             Output::Transmit(text) => sent.push(text),
//!             Output::Event(event) => events.push(event),
//!             Output::Dial | Output::Ping | Output::HangUp(_) => {}
//!             Output::Timeout(_) => break, // sleep until then, or until the socket has something
//!         }
//!     }
//! }
//!
//! let config = LinkConfig { sample_rate_hz: 16000, audio_mode: AudioMode::Mixed, call_flow: None };
//! let now = Instant::now();
//! let (mut sent, mut events) = (Vec::new(), Vec::new());
//!
//! let mut link = Link::new(config, 1, now);
//! drain(&mut link, &mut sent, &mut events); // Output::Dial
//! link.handle_opened(now);
//! drain(&mut link, &mut sent, &mut events);
//! assert_eq!(sent, [r#"{"type":"setup","data":{"sampleRate":16000,"audioMode":"mixed"}}"#]);
//!
//! link.handle_frame(now, br#"{"type":"setup.done","smWsId":"sm-1"}"#);
//! drain(&mut link, &mut sent, &mut events);
//! assert_eq!(events, [Event::Up { sm_ws_id: Some("sm-1".into()) }]);
//! ```

pub mod backoff;
pub mod codes;
pub mod frame;
mod heartbeat;
pub mod limits;
pub mod link;
mod oddity;
mod text;
pub mod voice;

pub use oddity::{Oddity, Tally};

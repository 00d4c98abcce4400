//! A Telcoflow server with scripted callers and seeded faults.
//!
//! The [`Simulator`] serves both planes of the wire protocol over real sockets or in-memory pipes,
//! under the runtime's clock, which may be paused. A [`Caller`] has a script, the [`Callee`] too, and the call gets a
//! [`CallReport`]: what each said and heard, what was asked for and sent, round trips, and a
//! [`Transcript`] of every frame. What the protocol leaves open is a field of [`Switches`]; what goes
//! wrong is written down in [`Faults`], and every choice follows from one seed.
//!
//! ```no_run
//! # async fn demo() -> std::io::Result<()> {
//! let simulator = sim::Simulator::new(sim::SimConfig::default());
//! simulator.listen("127.0.0.1:18080").await?;
//! // A client dials ws://127.0.0.1:18080 with the key and the connector of the configuration.
//! simulator.session_managers(1).await;
//! let report = simulator.place_call(sim::Caller::echo(3_000)).finished().await;
//! assert_eq!(report.outcome, sim::Outcome::CallerHungUp);
//! assert_eq!(report.pull.overrun_bytes, 0, "a client sends only what it was asked for");
//! simulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! - `server`: the listener, the upgrade, the links and the calls, a task each; `tls` below it.
//! - `voice_plane`, `pull`, `line`, `script`, `schedule`: what a call's task drives; no IO, no clock.
//! - `config`, `caller`, `faults`, `scenario`: what a test writes down.
//! - `report`, `transcript`, `normalise`: what it reads.
//!
//! When the simulator itself is overrun (see [`limits`]), the call or link at hand pays and its report
//! says so.

mod alarm;
mod caller;
mod config;
mod faults;
mod gauge;
mod ids;
pub mod limits;
mod line;
mod normalise;
mod outbound;
mod pull;
mod report;
mod rtt;
pub mod scenario;
mod schedule;
mod script;
mod server;
mod tls;
mod transcript;
mod voice_plane;
mod wire;

pub use caller::{Callee, CalleeAnswer, Caller, Party};
pub use config::{Pull, SimConfig, Switches};
pub use faults::{CallFaults, FaultMix, Faults, Garbage, LinkFaults, Stall};
pub use gauge::Gauge;
pub use normalise::normalise;
pub use outbound::{Outbound, Remote};
pub use pull::PullCounts;
pub use report::{CallReport, ChannelSent, EchoCheck, Milestone, Outcome, RttPoint, StepBegun, Timeline};
pub use script::{Step, marked_samples};
pub use server::{ChatAnswer, Counts, Dialer, OpenChat, PlacedCall, RestRequest, Simulator, Upgrade};
pub use tls::{Clients, TlsServer, TlsServerError};
pub use transcript::{Detail, Direction, Frame, Plane, Transcript, TranscriptLine};

//! OpenTelemetry traces of calls, for a collector that takes OTLP over HTTP.
//!
//! A trace is made of what the exchange writes down of a call, once the call is over: a live call knows nothing of it. It
//! goes into a bounded queue, and a thread of its own exports what is there. While no collector answers, or it is slower
//! than the calls, traces are dropped; calls never wait for it.

mod collector;
mod counted;
mod export;
pub mod limits;
mod picture;

pub use export::{SpanCounts, Traces, TracesConfig, TracesError};

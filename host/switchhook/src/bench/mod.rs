//! `switchhook bench`: what a host costs, measured from outside.
//!
//! Three processes. The load is a simulator on a core of its own; it places calls that speak without a pause and measures
//! what comes back. The contender, on another core, is whatever takes the calls: this host with a component, this host with
//! the same echo as native code, or any program that speaks the protocol. The third watches the contender through `/proc`
//! and has no part in either. A step is a fresh load and a fresh contender, so that nothing is inherited.

pub mod chart;
pub mod contender;
pub mod figures;
pub mod load;
pub mod native;
mod probe;
pub mod report;
pub mod step;

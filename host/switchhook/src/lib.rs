//! The switchhook binary: command line and configuration; composes everything.
//!
//! It is a library as well, so that its parts can be tested; `main.rs` is the program.
//!
//! - [`author`]: projects of handlers
//! - [`bench`]: what this host costs, measured from outside
//! - [`client`]: a client of a running host's admin interface
//! - [`cli`]: the commands, one file each
//! - [`config`]: the configuration file, from TOML to values that can be relied on
//! - [`descriptors`]: room for file descriptors
//! - [`demo`]: what a demonstration shows and leaves behind
//! - [`plugins`]: from the files of components to plugins that can be run
//! - [`running`]: from that to what the crates below run on
//! - [`reload`]: from one configuration to the next, while calls go on
//! - [`scenario`]: files that say what a caller does and what must hold
//! - [`services`]: what plugins may reach beyond their calls
//! - [`simulated`]: a host and a simulator in one process
//! - [`logs`]: where log lines go
//! - [`limits`]: what is bounded, and by how much

pub mod author;
pub mod bench;
pub mod cli;
pub mod client;
pub mod config;
pub mod demo;
pub mod descriptors;
pub mod limits;
pub mod logs;
pub mod plugins;
pub mod reload;
pub mod running;
pub mod scenario;
pub mod services;
pub mod simulated;

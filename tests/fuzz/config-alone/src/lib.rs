//! `switchhook::config` by itself: its files, and the limits that they name.
//!
//! Under the names `sandbox` and `exchange` those files find this crate.

extern crate self as exchange;
extern crate self as sandbox;

#[path = "../../../../host/switchhook/src/config/mod.rs"]
pub mod config;
#[path = "bounds.rs"]
pub mod limits;

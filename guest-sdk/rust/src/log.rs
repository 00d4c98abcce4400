//! The host's log. Each line carries the tenant, the call and the plugin's version by itself.

pub use crate::host::log::{Level, log};

/// Writes one line at `trace`; the arguments are those of [`format!`].
#[macro_export]
macro_rules! trace {
    ($($arg:tt)+) => { $crate::log($crate::Level::Trace, &::std::format!($($arg)+)) };
}

/// Writes one line at `debug`; the arguments are those of [`format!`].
#[macro_export]
macro_rules! debug {
    ($($arg:tt)+) => { $crate::log($crate::Level::Debug, &::std::format!($($arg)+)) };
}

/// Writes one line at `info`; the arguments are those of [`format!`]. Cut at 4 KiB; over 100 lines a second are dropped.
#[macro_export]
macro_rules! info {
    ($($arg:tt)+) => { $crate::log($crate::Level::Info, &::std::format!($($arg)+)) };
}

/// Writes one line at `warn`; the arguments are those of [`format!`].
#[macro_export]
macro_rules! warn {
    ($($arg:tt)+) => { $crate::log($crate::Level::Warn, &::std::format!($($arg)+)) };
}

/// Writes one line at `error`, which the host logs as its warning; the arguments are those of [`format!`].
#[macro_export]
macro_rules! error {
    ($($arg:tt)+) => { $crate::log($crate::Level::Error, &::std::format!($($arg)+)) };
}

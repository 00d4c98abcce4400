//! Results, on standard output.

use std::io::{self, ErrorKind, Write};

use serde_json::Value;

use super::Failure;

/// Prints a text and ends its line. A reader that has gone away (`| head`) is no failure.
pub(super) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Prints a value as indented JSON.
pub(super) fn json(value: &Value) -> Result<(), Failure> {
    text(&format!("{value:#}"))
}

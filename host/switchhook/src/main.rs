//! The program, as an operator meets it.
//!
//! 1. The command line is parsed. Wrong use ends here: exit code 2.
//! 2. The log starts, on standard error.
//! 3. Room is made for descriptors.
//! 4. The command runs: for `run`, that is configuration, build, addresses, calls until a signal, drain.
//! 5. Exit code: 0 done, 1 it failed (and standard error says what, where and what to do), 2 wrong use.

use std::process::ExitCode;

use clap::Parser;
use switchhook::cli::{Failure, Line};
use switchhook::{descriptors, logs};

fn main() -> ExitCode {
    let line = Line::parse();
    match start(line) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

fn start(line: Line) -> Result<ExitCode, Failure> {
    logs::start(line.log_format, line.command.log_filter())?;
    descriptors::make_room();
    line.command.run()
}

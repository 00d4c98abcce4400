//! The command line: what can be asked, one file a command.
//!
//! A command answers an exit code or a [`Failure`]; it prints its result on standard output and nothing else there.

pub mod bench;
pub mod call;
pub mod check;
pub mod compile;
pub mod demo;
mod failure;
pub mod inspect;
pub mod limits;
mod print;
pub mod run;
mod signal;
pub mod sim;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use failure::Failure;

use crate::logs::LogFormat;

/// A host for telephone-call logic: runs each call's handler as a sandboxed WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "switchhook", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 it failed, 2 wrong use. The log goes to standard error; RUST_LOG filters it."
)]
pub struct Line {
    /// How log lines look
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take calls until a signal comes
    Run(run::Args),
    /// Show everything that is wrong with a configuration, or what it says
    Check(check::Args),
    /// Make one simulated call to a plugin
    Call(call::Args),
    /// Make simulated calls through everything and show what happened
    Demo(demo::Args),
    /// Be a Telcoflow that calls
    Sim(sim::Args),
    /// Measure what this host costs
    Bench(bench::Args),
    /// The load of one step of `bench`
    #[command(hide = true)]
    BenchLoad(bench::LoadArgs),
    /// The host of one step of `bench`
    #[command(hide = true)]
    BenchHost(bench::HostArgs),
    /// Compiles standard input to standard output: what `run` starts for each component that is not compiled yet
    #[command(hide = true)]
    Compile(compile::Args),
    /// Show what a plugin is and needs
    Inspect(inspect::Args),
    /// Show every limit, and what happens when it is reached
    Limits(limits::Args),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong, where, and what to do.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Command::Run(args) => run::run(args),
            Command::Check(args) => check::run(args),
            Command::Call(args) => call::run(args),
            Command::Demo(args) => demo::run(args),
            Command::Sim(args) => sim::run(args),
            Command::Bench(args) => bench::run(args),
            Command::BenchLoad(args) => bench::run_load(args),
            Command::BenchHost(args) => bench::run_host(args),
            Command::Compile(args) => compile::run(args),
            Command::Inspect(args) => inspect::run(args),
            Command::Limits(args) => limits::run(args),
        }
    }

    /// What is logged where `RUST_LOG` says nothing: commands that draw on the terminal are quiet beside it.
    pub fn log_filter(&self) -> &'static str {
        match self {
            Command::Run(_) | Command::Sim(_) | Command::Bench(_) => "info",
            Command::Check(_)
            | Command::Call(_)
            | Command::Demo(_)
            | Command::Inspect(_)
            | Command::Limits(_)
            | Command::BenchLoad(_)
            | Command::Compile(_)
            | Command::BenchHost(_) => "warn",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Line;

    #[test]
    fn the_command_line_is_consistent() {
        Line::command().debug_assert();
    }

    #[test]
    fn wrong_use_is_exit_code_2() {
        for line in [
            &["switchhook"][..],
            &["switchhook", "fly"],
            &["switchhook", "run"],
            &["switchhook", "check", "--config"],
            &["switchhook", "call"],
            &["switchhook", "call", "echo.wasm", "--seconds", "0"],
            &["switchhook", "demo", "--calls", "many"],
            &["switchhook", "sim", "--listen", "nowhere"],
            &["switchhook", "sim", "--call-every", "-1"],
            &["switchhook", "limits", "--log-format", "xml"],
        ] {
            let error = Line::try_parse_from(line).expect_err("wrong use");
            assert_eq!(error.exit_code(), 2, "{line:?}");
        }
    }

    #[test]
    fn every_command_is_understood() {
        for line in [
            &["switchhook", "run", "--config", "a.toml"][..],
            &["switchhook", "--log-format", "json", "run", "--config", "a.toml", "--log-format", "text"],
            &["switchhook", "check", "--config", "a.toml", "--json"],
            &["switchhook", "call", "a.wasm", "--caller", "c.wav", "--record", "r.wav", "--json", "--seconds", "3"],
            &["switchhook", "call", "a.wasm", "--data-dir", "d"],
            &["switchhook", "demo", "--dir", "d", "--calls", "3", "--seconds", "5"],
            &["switchhook", "sim", "--listen", "127.0.0.1:0", "--api-key", "k", "--connector", "c"],
            &["switchhook", "sim", "--call-every", "0.5", "--calls", "2", "--caller", "c.wav", "--record", "d"],
            &["switchhook", "inspect", "a.wasm", "--json"],
            &["switchhook", "limits", "--json"],
        ] {
            Line::try_parse_from(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        }
    }
}

//! The command line: what can be asked, one file a command.
//!
//! A command answers an exit code or a [`Failure`]; it prints its result on standard output and nothing else there.

pub mod bench;
pub mod call;
pub mod calls;
pub mod chats;
pub mod check;
pub mod compile;
pub mod demo;
pub mod dev;
pub mod drain;
mod failure;
pub mod inspect;
pub mod limits;
pub mod new;
pub mod place;
pub mod plugins;
mod print;
pub mod push;
pub mod reload;
mod remote;
pub mod run;
mod signal;
pub mod sim;
pub mod tail;
pub mod test;
pub mod top;

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
    /// Begin a handler: a project that builds and whose scenario holds
    New(new::Args),
    /// Build a handler, call it, and again whenever a file is saved
    Dev(dev::Args),
    /// Make one simulated call to a plugin
    Call(call::Args),
    /// Play scenarios against a plugin, in virtual time
    Test(test::Args),
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
    /// Bring a new version of a plugin into a running host and make it live
    Push(push::Args),
    /// Make a version live that a running host keeps
    Promote(push::PromoteArgs),
    /// Make the version live that was live before
    Rollback(push::RollbackArgs),
    /// Have a running host ask a plugin's source again, and make live what it has now
    Pull(push::PullArgs),
    /// Have a running host read its configuration anew
    Reload(reload::Args),
    /// Show the plugins of a running host, and their versions
    Plugins(plugins::Args),
    /// Have a running host call a number, or begin a chat with it
    Place(place::Args),
    /// Show the calls of a running host
    Calls(calls::Args),
    /// Show the chats of a running host
    Chats(calls::Args),
    /// Follow what happens in a running host, or in one of its calls
    Tail(tail::Args),
    /// Watch a running host: its tenants and calls, live
    Top(top::Args),
    /// Let a running host take no more calls, and end
    Drain(drain::Args),
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
            Command::New(args) => new::run(args),
            Command::Dev(args) => dev::run(args),
            Command::Test(args) => test::run(args),
            Command::Demo(args) => demo::run(args),
            Command::Sim(args) => sim::run(args),
            Command::Bench(args) => bench::run(args),
            Command::BenchLoad(args) => bench::run_load(args),
            Command::BenchHost(args) => bench::run_host(args),
            Command::Compile(args) => compile::run(args),
            Command::Inspect(args) => inspect::run(args),
            Command::Push(args) => push::run(args),
            Command::Promote(args) => push::promote(args),
            Command::Rollback(args) => push::rollback(args),
            Command::Pull(args) => push::pull(args),
            Command::Reload(args) => reload::run(args),
            Command::Plugins(args) => plugins::run(args),
            Command::Place(args) => place::run(args),
            Command::Calls(args) => calls::run(args),
            Command::Chats(args) => chats::run(args),
            Command::Tail(args) => tail::run(args),
            Command::Top(args) => top::run(args),
            Command::Drain(args) => drain::run(args),
            Command::Limits(args) => limits::run(args),
        }
    }

    /// What is logged where `RUST_LOG` says nothing: commands that draw on the terminal are quiet beside it.
    pub fn log_filter(&self) -> &'static str {
        match self {
            Command::Run(_) | Command::Sim(_) | Command::Bench(_) => "info",
            Command::Check(_)
            | Command::Call(_)
            | Command::Test(_)
            | Command::New(_)
            | Command::Dev(_)
            | Command::Demo(_)
            | Command::Inspect(_)
            | Command::Push(_)
            | Command::Promote(_)
            | Command::Rollback(_)
            | Command::Pull(_)
            | Command::Reload(_)
            | Command::Plugins(_)
            | Command::Place(_)
            | Command::Calls(_)
            | Command::Chats(_)
            | Command::Tail(_)
            | Command::Top(_)
            | Command::Drain(_)
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
            &["switchhook", "test", "echo.wasm"],
            &["switchhook", "new", "a"],
            &["switchhook", "new", "a", "--lang", "cobol"],
            &["switchhook", "call", "echo.wasm", "--seconds", "0"],
            &["switchhook", "demo", "--calls", "many"],
            &["switchhook", "sim", "--listen", "nowhere"],
            &["switchhook", "sim", "--call-every", "-1"],
            &["switchhook", "limits", "--log-format", "xml"],
            &["switchhook", "push", "acme", "echo"],
            &["switchhook", "promote", "acme", "echo", "0"],
            &["switchhook", "place", "acme"],
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
            &["switchhook", "call", "a.wasm", "--scenario", "s.toml", "--record", "r.wav"],
            &["switchhook", "new", "a", "--lang", "rust", "--sdk", "x"],
            &["switchhook", "dev", "a", "--once"],
            &["switchhook", "test", "a.wasm", "a.toml", "folder", "--json", "--junit", "j.xml"],
            &["switchhook", "demo", "--dir", "d", "--calls", "3", "--seconds", "5"],
            &["switchhook", "sim", "--listen", "127.0.0.1:0", "--api-key", "k", "--connector", "c"],
            &["switchhook", "sim", "--call-every", "0.5", "--calls", "2", "--caller", "c.wav", "--record", "d"],
            &["switchhook", "inspect", "a.wasm", "--json"],
            &["switchhook", "limits", "--json"],
            &["switchhook", "push", "acme", "echo", "a.wasm", "--approve", "--json", "--admin", "http://h:1"],
            &["switchhook", "push", "acme", "echo", "a.wasm", "--no-promote", "--token-file", "t"],
            &["switchhook", "promote", "acme", "echo", "3", "--config", "c.toml"],
            &["switchhook", "rollback", "acme", "echo"],
            &["switchhook", "pull", "acme", "echo", "--approve", "--json"],
            &["switchhook", "reload", "--json", "--config", "c.toml"],
            &["switchhook", "plugins", "acme", "--json"],
            &[
                "switchhook",
                "place",
                "acme",
                "+15550142",
                "--plugin",
                "echo",
                "--connector",
                "main",
                "--wait",
                "--json",
            ],
            &["switchhook", "place", "acme", "+15550142", "--chat"],
            &["switchhook", "calls", "--tenant", "acme", "--plugin", "echo"],
            &["switchhook", "chats", "--tenant", "acme", "--json"],
            &["switchhook", "tail", "id", "--json"],
            &["switchhook", "drain", "--wait"],
        ] {
            Line::try_parse_from(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        }
    }
}

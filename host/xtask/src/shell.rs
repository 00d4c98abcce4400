//! Running other programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why a command of xtask failed, in one sentence for the person who ran it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) String);

impl Failed {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The checkout's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// One line about what is being waited for.
pub(crate) fn say(what: &str) {
    eprintln!("xtask: {what}");
}

/// A program, started in the root.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// `cargo`, without what the cargo that started xtask told it about the package `xtask`: build scripts that watch these
/// variables would run again, and their crates be rebuilt, whenever xtask and a person take turns.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program("cargo", arguments);
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|p| told.starts_with(p)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs to the end with our own input and output. Fails with `why`.
pub(crate) fn run(mut command: Command, why: &str) -> Result<(), Failed> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failed::new(why)),
        Err(error) => Err(not_started(&command, &error)),
    }
}

/// Runs in silence; what it printed on standard output, or `None` when it failed or is not there.
pub(crate) fn ask(mut command: Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The sentence for a program that is not there.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> Failed {
    Failed(format!("cannot start `{}`: {error}; install it or put it on the PATH", command.get_program().display()))
}

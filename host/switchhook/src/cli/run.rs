//! `switchhook run`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;
use crate::config;

/// Arguments of `run`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Takes calls until a signal comes, then drains.
///
/// # Errors
/// The configuration has problems, or what it asks for cannot be built.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let config = config::load(&args.config, &|name| std::env::var_os(name))?;
    let what = format!("{}: `run` cannot take calls in this build", config.file.display());
    Err(Failure::new(what, "use `check` to see what the file says"))
}

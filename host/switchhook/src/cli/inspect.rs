//! `switchhook inspect`: what a plugin is and needs.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;

/// Arguments of `inspect`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    #[arg(value_name = "PLUGIN")]
    pub plugin: PathBuf,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints it.
///
/// # Errors
/// The file cannot be read, or is not a handler.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let what = format!("{}: `inspect` is not supported by this build", args.plugin.display());
    Err(Failure::new(what, "use a later one"))
}

//! `switchhook demo`: simulated calls through everything, and what happened.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;

/// Arguments of `demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to write one stereo WAV a call: caller left, handler right
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub dir: PathBuf,
    /// How many callers ring at once
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub calls: u32,
    /// How long each caller speaks, in seconds
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
}

/// Makes the calls.
///
/// # Errors
/// Something cannot be built, read or written, or a call did not end well.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let what = format!("{} calls into {}: `demo` is not supported by this build", args.calls, args.dir.display());
    Err(Failure::new(what, "use a later one"))
}

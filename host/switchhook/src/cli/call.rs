//! `switchhook call`: one simulated call to a plugin.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;

/// Arguments of `call`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    #[arg(value_name = "PLUGIN")]
    pub plugin: PathBuf,
    /// What the caller says, instead of tones
    #[arg(long, value_name = "WAV")]
    pub caller: Option<PathBuf>,
    /// Where to write the call: caller left, handler right
    #[arg(long, value_name = "WAV")]
    pub record: Option<PathBuf>,
    /// The outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// How long the caller stays after the answer, in seconds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
}

/// Makes the call.
///
/// # Errors
/// The plugin cannot be loaded, a file cannot be read or written, or the call failed.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let what = format!("{}: `call` is not supported by this build", args.plugin.display());
    Err(Failure::new(what, "use a later one"))
}

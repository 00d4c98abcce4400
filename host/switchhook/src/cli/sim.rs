//! `switchhook sim`: a Telcoflow that calls, on its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::Failure;
use crate::config::Secret;

/// Arguments of `sim`. With the defaults it fits `examples/switchhook.toml`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:18080")]
    pub listen: SocketAddr,
    /// The API key that it takes
    #[arg(long, value_name = "KEY", default_value = "sim-api-key", value_parser = secret)]
    pub api_key: Secret,
    /// The connector that it takes
    #[arg(long, value_name = "UUID", default_value = "00000000-0000-4000-8000-000000000001")]
    pub connector: String,
    /// Time from one call to the next, in seconds; the first comes as soon as a host is there
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub call_every: Duration,
    /// Stop after so many calls; without it, calls go on until it is interrupted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub calls: Option<u32>,
    /// What callers say, instead of tones
    #[arg(long, value_name = "WAV")]
    pub caller: Option<PathBuf>,
    /// Where to write one stereo WAV a call: caller left, what it heard right
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// Listens and calls.
///
/// # Errors
/// The address is taken, or a file cannot be read or written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let what = format!("{}: `sim` is not supported by this build", args.listen);
    Err(Failure::new(what, "use a later one"))
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|every| (Duration::from_millis(10)..=Duration::from_secs(86_400)).contains(every))
        .ok_or_else(|| "use a number of seconds from 0.01 to 86400".to_owned())
}

//! `switchhook compile`: the child that compiles one component, with little memory, little time and no secrets.

use std::process::ExitCode;

use sandbox::CompileLimits;

use super::Failure;

/// Arguments of `compile`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {
    /// Address space that it may take
    #[arg(long, value_name = "N")]
    pub memory_bytes: u64,
    /// Processor time that it may take
    #[arg(long, value_name = "N")]
    pub cpu_s: u64,
    /// Time that it may take
    #[arg(long, value_name = "N")]
    pub ms: u64,
    /// Bytes that it may write
    #[arg(long, value_name = "N")]
    pub code_bytes: u64,
}

/// Compiles. What is wrong is one sentence on standard error; exit code 3 says that it is the component.
///
/// # Errors
/// None: what failed is in the exit code, as whoever started it expects.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args { memory_bytes: memory_bytes_max, cpu_s: cpu_s_max, ms: ms_max, code_bytes: code_bytes_max } = args;
    let limits = CompileLimits { memory_bytes_max, cpu_s_max, ms_max, code_bytes_max, ..CompileLimits::default() };
    Ok(ExitCode::from(sandbox::compile_here(&limits)))
}

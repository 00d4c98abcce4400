//! `switchhook reload`: a running host reads its configuration anew.

use std::process::ExitCode;

use serde_json::Value;

use super::remote::wait;
use super::{Failure, print};
use crate::client::HostArgs;

/// Arguments of `reload`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Has it read, and shows what is different.
///
/// # Errors
/// There is no such host, or it refuses the configuration. Then nothing has changed.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    let reloaded = wait(async { Ok(client.post(&["v1", "reload"], &[], &Value::Null).await?) })?;
    if args.json {
        print::json(&reloaded)?;
    } else {
        let changes: Vec<&str> =
            reloaded["changes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        print::text(if changes.is_empty() { "nothing is different".to_owned() } else { changes.join("\n") }.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}

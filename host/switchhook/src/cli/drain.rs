//! `switchhook drain`: a running host takes no more calls, and ends when the present ones have.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::remote::{number, wait};
use super::{Failure, print};
use crate::client::{ClientError, HostArgs};
use crate::limits::TAIL_LOOK_MS;

/// Arguments of `drain`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Wait until the host is gone
    #[arg(long)]
    pub wait: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Has it drained.
///
/// # Errors
/// There is no such host, or it refuses.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    wait(async {
        let drained = client.post(&["v1", "drain"], &[], &Value::Null).await?;
        if !args.json {
            print::text(&format!("draining: {} calls are still here", number(&drained, "calls")))?;
        }
        if args.wait {
            loop {
                match client.get(&["v1", "calls"], &[("limit", "0".to_owned())]).await {
                    Ok(_) => tokio::time::sleep(Duration::from_millis(TAIL_LOOK_MS)).await,
                    Err(ClientError::Unreachable(..)) => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        match (args.json, args.wait) {
            (true, waited) => print::json(&json!({"calls": drained["calls"], "gone": waited})),
            (false, true) => print::text("the host is gone"),
            (false, false) => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

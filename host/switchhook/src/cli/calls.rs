//! `switchhook calls`: the calls of a running host.

use std::process::ExitCode;

use serde_json::Value;

use super::remote::{ago, listing, number, text, wait};
use super::{Failure, print};
use crate::client::HostArgs;

/// Arguments of `calls`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Only those of this tenant
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Only those of this plugin
    #[arg(long, value_name = "PLUGIN")]
    pub plugin: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

impl Args {
    /// Which ones are asked for.
    fn query(&self) -> Vec<(&'static str, String)> {
        let wanted = [("tenant", &self.tenant), ("plugin", &self.plugin)];
        wanted.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// Prints them.
///
/// # Errors
/// There is no such host.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let header = ["call", "tenant", "plugin", "version", "stage", "state", "here for", "cpu ms", "queued samples"];
    list(args, "calls", &header, |call| {
        let cpu = call["cpu_us"].as_u64().unwrap_or(0) as f64 / 1_000.0;
        let columns = ["id", "tenant", "plugin", "version", "stage", "state"].map(|field| text(call, field).to_owned());
        let queued = number(&call["buffers"], "queued_samples");
        let more = [ago(call["since_unix_ms"].as_u64()), format!("{cpu:.1}"), queued];
        columns.into_iter().chain(more).collect()
    })
}

/// Prints what the host lists under this name.
pub(super) fn list(
    args: Args,
    name: &str,
    header: &[&str],
    row: impl Fn(&Value) -> Vec<String>,
) -> Result<ExitCode, Failure> {
    let (client, query) = (args.host.client()?, args.query());
    let answer = wait(async { Ok(client.get(&["v1", name], &query).await?) })?;
    if args.json {
        print::json(&answer)?
    } else {
        print::text(&listing(&answer, name, header, row))?
    }
    Ok(ExitCode::SUCCESS)
}

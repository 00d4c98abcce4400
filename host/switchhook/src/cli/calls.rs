//! `switchhook calls`: the calls of a running host.

use std::process::ExitCode;

use serde_json::Value;

use super::remote::{ago, number, table, text, wait};
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
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let wanted = [("tenant", &self.tenant), ("plugin", &self.plugin)];
        wanted.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// Prints them.
///
/// # Errors
/// There is no such host.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let (client, query) = (args.host.client()?, args.query());
    let calls = wait(async { Ok(client.get(&["v1", "calls"], &query).await?) })?;
    if args.json {
        print::json(&calls)?
    } else {
        print::text(&as_table(&calls))?
    }
    Ok(ExitCode::SUCCESS)
}

fn as_table(calls: &Value) -> String {
    let mut table =
        table(&["call", "tenant", "plugin", "version", "stage", "state", "here for", "cpu ms", "queued samples"]);
    let listed = calls["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    for call in listed {
        let cpu = call["cpu_us"].as_u64().unwrap_or(0) as f64 / 1_000.0;
        let columns = ["id", "tenant", "plugin", "version", "stage", "state"].map(|field| text(call, field).to_owned());
        let queued = number(&call["buffers"], "queued_samples");
        let more = [ago(call["since_unix_ms"].as_u64()), format!("{cpu:.1}"), queued];
        table.add_row(columns.into_iter().chain(more));
    }
    let total = calls["total"].as_u64().unwrap_or(0);
    let left_out = total.saturating_sub(listed.len() as u64);
    let more = if left_out > 0 { format!("\nand {left_out} more") } else { String::new() };
    if total == 0 { "no calls".to_owned() } else { format!("{}{more}", table.trim_fmt()) }
}

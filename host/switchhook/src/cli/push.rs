//! `switchhook push`, `promote` and `rollback`: which version of a plugin the next call gets.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::remote::{interfaces, number, refused, text, wait};
use super::{Failure, print};
use crate::client::{Client, HostArgs};

/// Arguments of `push`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Whose plugin
    #[arg(value_name = "TENANT")]
    pub tenant: String,
    /// Its name, as the host's configuration has it
    #[arg(value_name = "PLUGIN")]
    pub plugin: String,
    /// The component
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// It may want more than the version that is live
    #[arg(long)]
    pub approve: bool,
    /// Only bring it in: it is live when it is promoted
    #[arg(long, conflicts_with = "approve")]
    pub no_promote: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Arguments of `promote`.
#[derive(Clone, Debug, clap::Args)]
pub struct PromoteArgs {
    /// Whose plugin
    #[arg(value_name = "TENANT")]
    pub tenant: String,
    /// Its name
    #[arg(value_name = "PLUGIN")]
    pub plugin: String,
    /// The version's number, as `plugins` shows it
    #[arg(value_name = "VERSION", value_parser = clap::value_parser!(u64).range(1..))]
    pub version: u64,
    /// It may want more than the version that is live
    #[arg(long)]
    pub approve: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Arguments of `rollback`.
#[derive(Clone, Debug, clap::Args)]
pub struct RollbackArgs {
    /// Whose plugin
    #[arg(value_name = "TENANT")]
    pub tenant: String,
    /// Its name
    #[arg(value_name = "PLUGIN")]
    pub plugin: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Arguments of `pull`.
#[derive(Clone, Debug, clap::Args)]
pub struct PullArgs {
    /// Whose plugin
    #[arg(value_name = "TENANT")]
    pub tenant: String,
    /// Its name
    #[arg(value_name = "PLUGIN")]
    pub plugin: String,
    /// It may want more than the version that is live
    #[arg(long)]
    pub approve: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

const APPROVE: &str = "look at what it is for, then say `--approve`";

/// Brings a version in and makes it live.
///
/// # Errors
/// The file cannot be read, or the host refuses it. Then nothing has changed for calls.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    let shown = args.file.display();
    let wasm = std::fs::read(&args.file)
        .map_err(|error| Failure::new(format!("{shown}: {error}"), "name a component, such as plugins/echo.wasm"))?;
    wait(async move {
        let bytes = wasm.len();
        let terminal = std::io::stderr().is_terminal();
        let sent = move |sent: usize| {
            if terminal {
                let what = if sent < bytes { "sending" } else { "sent; the host checks and compiles" };
                progress(&format!("{what}: {} of {} KiB", sent.div_ceil(1_024), bytes.div_ceil(1_024)));
            }
        };
        let brought = client.put(&["v1", "tenants", &args.tenant, "plugins", &args.plugin], wasm, sent).await;
        if terminal {
            progress("");
        }
        let brought = brought?;
        if !args.json {
            print::text(&brought_text(&brought))?;
        }
        if args.no_promote {
            return if args.json { print::json(&json!({"brought": brought, "live": null})) } else { Ok(()) };
        }
        let version = brought["number"].as_u64().unwrap_or(0);
        let live = promoted(&client, &args.tenant, &args.plugin, version, args.approve).await?;
        if args.json { print::json(&json!({"brought": brought, "live": live})) } else { print::text(&live_text(&live)) }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a version live that the host keeps.
///
/// # Errors
/// The host refuses it. Then nothing has changed for calls.
pub fn promote(args: PromoteArgs) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    let live = wait(promoted(&client, &args.tenant, &args.plugin, args.version, args.approve))?;
    if args.json {
        print::json(&live)?
    } else {
        print::text(&live_text(&live))?
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks a plugin's source again and makes live what it has now.
///
/// # Errors
/// The source does not give it, or the host refuses it. Then nothing has changed for calls.
pub fn pull(args: PullArgs) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    let path = ["v1", "tenants", &args.tenant, "plugins", &args.plugin, "pull"];
    let query = [("approve", args.approve.to_string())];
    let pulled = wait(async {
        let pulled = client.post(&path, &query, &Value::Null).await;
        pulled.map_err(|error| refused(error, "widens", APPROVE))
    });
    let live = pulled?;
    if args.json {
        print::json(&live)?
    } else {
        print::text(&live_text(&live))?
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the version live that was live before.
///
/// # Errors
/// There was none, or the host refuses. Then nothing has changed for calls.
pub fn rollback(args: RollbackArgs) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    let path = ["v1", "tenants", &args.tenant, "plugins", &args.plugin, "rollback"];
    let live = wait(async { Ok(client.post(&path, &[], &Value::Null).await?) })?;
    if args.json {
        print::json(&live)?
    } else {
        print::text(&live_text(&live))?
    }
    Ok(ExitCode::SUCCESS)
}

async fn promoted(client: &Client, tenant: &str, plugin: &str, version: u64, approve: bool) -> Result<Value, Failure> {
    let path = ["v1", "tenants", tenant, "plugins", plugin, "promote"];
    let query = [("approve", approve.to_string())];
    let promoted = client.post(&path, &query, &json!({"version": version})).await;
    promoted.map_err(|error| refused(error, "widens", APPROVE))
}

fn brought_text(brought: &Value) -> String {
    let known = if brought["known"].as_bool() == Some(true) { ", known already" } else { "" };
    let compiled = match brought["compile_ms"].as_u64() {
        Some(ms) => format!("compiled in {ms} ms"),
        None => "its code was there".to_owned(),
    };
    let (number, size) = (number(brought, "number"), number(brought, "size_bytes"));
    let (version, interface) = (text(brought, "version"), text(brought, "interface"));
    let mut lines = format!("kept  version {number} ({version}), {size} bytes, {interface}, {compiled}{known}");
    let also_wants = interfaces(&brought["also_wants"]);
    if !also_wants.is_empty() {
        lines.push_str(&format!("\nthis version also wants {}", also_wants.join(", ")));
    }
    lines
}

fn live_text(live: &Value) -> String {
    format!("live  version {} ({}): the next call gets it", number(live, "number"), text(live, "version"))
}

/// Redraws the one line of progress. A terminal that takes nothing is no reason to stop.
fn progress(line: &str) {
    let mut terminal = std::io::stderr().lock();
    let _ = write!(terminal, "\r\x1b[2K{line}").and_then(|()| terminal.flush());
}

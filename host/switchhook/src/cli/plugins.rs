//! `switchhook plugins`: the plugins of a running host, with their versions.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::remote::{ago, number, table, text, wait};
use super::{Failure, print};
use crate::client::HostArgs;

/// Arguments of `plugins`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Whose; all tenants when it is left out
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Prints them.
///
/// # Errors
/// There is no such tenant, or no such host.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    let listed = wait(async {
        let tenants = match args.tenant {
            Some(tenant) => vec![tenant],
            None => {
                let tenants = client.get(&["v1", "tenants"], &[]).await?;
                let names = tenants["tenants"].as_array().into_iter().flatten().map(|tenant| text(tenant, "name"));
                names.map(str::to_owned).collect()
            }
        };
        let mut listed = Vec::new();
        for tenant in tenants {
            let plugins = client.get(&["v1", "tenants", &tenant, "plugins"], &[]).await?;
            listed.push((tenant, plugins["plugins"].as_array().cloned().unwrap_or_default()));
        }
        Ok(listed)
    })?;
    if args.json {
        let tenants = listed.iter().map(|(tenant, plugins)| json!({"tenant": tenant, "plugins": plugins}));
        print::json(&tenants.collect())?;
    } else {
        print::text(&as_table(&listed))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_table(listed: &[(String, Vec<Value>)]) -> String {
    let mut table =
        table(&["tenant", "plugin", "version", "digest", "", "calls", "came by", "compiled", "live for", "first call"]);
    for (tenant, plugins) in listed {
        for plugin in plugins {
            let versions = plugin["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
            for version in versions {
                table.add_row(row(tenant, plugin, version));
            }
            if versions.is_empty() {
                table.add_row([tenant.as_str(), text(plugin, "name"), "-", "-", "no version", "0", "-", "-", "-", "-"]);
            }
        }
    }
    table.trim_fmt()
}

fn row(tenant: &str, plugin: &Value, version: &Value) -> [String; 10] {
    let is = |role: &str| version[role].as_bool() == Some(true);
    let role = if is("live") {
        "live"
    } else if is("previous") {
        "previous"
    } else {
        ""
    };
    let compiled = version["compile_ms"].as_u64().map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let live_for = if is("live") { ago(version["live_unix_ms"].as_u64()) } else { "-".to_owned() };
    let first_call = match version["first_call_unix_ms"].as_u64() {
        Some(then) => format!("{} ago", ago(Some(then))),
        None => "-".to_owned(),
    };
    [
        tenant.to_owned(),
        text(plugin, "name").to_owned(),
        number(version, "number"),
        text(version, "version").to_owned(),
        role.to_owned(),
        number(version, "calls"),
        text(version, "origin").to_owned(),
        compiled,
        live_for,
        first_call,
    ]
}

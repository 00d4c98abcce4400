//! `switchhook check`: everything that is wrong with a configuration, or what it says.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Failure, print};
use crate::config::{self, Config, Connector, Grants, Problems, Route, Tenant};

/// Arguments of `check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// As JSON, also the problems: on standard output
    #[arg(long)]
    pub json: bool,
}

/// Reads the file as `run` does, secrets and sources included, and opens nothing else.
///
/// # Errors
/// All problems, unless they were printed as JSON; or standard output takes nothing.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    match (config::load(&args.config, &|name| std::env::var_os(name)), args.json) {
        (Ok(config), true) => print::json(&good_json(&config))?,
        (Ok(config), false) => print::text(&good_text(&config))?,
        (Err(problems), true) => {
            print::json(&problems_json(&problems))?;
            return Ok(ExitCode::FAILURE);
        }
        (Err(problems), false) => return Err(problems.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn good_text(config: &Config) -> String {
    let mut text = format!("{}: good\n", config.file.display());
    if let Some(admin) = &config.admin {
        text.push_str(&format!("admin: http://{}\n", admin.listen));
    }
    if let Some(traces) = &config.traces {
        text.push_str(&format!("traces: {}\n", traces.endpoint));
    }
    for tenant in &config.tenants {
        // Writing to a String cannot fail.
        let _ = write_tenant(&mut text, tenant);
    }
    text
}

fn write_tenant(text: &mut String, tenant: &Tenant) -> std::fmt::Result {
    writeln!(text, "tenant {}", tenant.name)?;
    for connector in &tenant.connectors {
        let Connector { name, base_url, sample_rate, audio_mode, .. } = connector;
        let shows = shows(connector).join(" and ");
        writeln!(
            text,
            "  connector {name}: {base_url}, {} Hz, {}, shows {shows}",
            sample_rate.hz(),
            audio_mode.as_str()
        )?;
    }
    for plugin in &tenant.plugins {
        let records = if plugin.grants.recording { ", may record" } else { "" };
        let calls = if plugin.grants.calls { ", may place calls" } else { "" };
        let remembers = if plugin.grants.key_value { ", may remember" } else { "" };
        let hosts = hosts(&plugin.grants);
        let reaches = if hosts.is_empty() { String::new() } else { format!(", may reach {}", hosts.join(", ")) };
        writeln!(text, "  plugin {}: {}{records}{calls}{remembers}{reaches}", plugin.name, plugin.source)?;
    }
    for route in &tenant.routes {
        writeln!(text, "  route {} -> {}", conditions(tenant, route), tenant.plugin_of(route).name)?;
    }
    Ok(())
}

/// Whom a plugin may reach.
fn hosts(grants: &Grants) -> Vec<String> {
    let private = grants.network.private_hosts.iter().map(|host| format!("{host} (private)"));
    grants.network.hosts.iter().map(ToString::to_string).chain(private).collect()
}

/// By what it shows who it is.
fn shows(connector: &Connector) -> Vec<&'static str> {
    let key = connector.credentials.key().map(|_| "key");
    let certificate = connector.credentials.certificate().map(|_| "certificate");
    key.into_iter().chain(certificate).collect()
}

fn conditions(tenant: &Tenant, route: &Route) -> String {
    let mut text = format!("to {} from {}", route.to, route.from);
    if let Some(connector) = tenant.connector_of(route) {
        text.push_str(&format!(" on {}", connector.name));
    }
    text
}

fn good_json(config: &Config) -> Value {
    let tenants: Vec<Value> = config.tenants.iter().map(tenant_json).collect();
    let admin = config.admin.as_ref().map(|admin| json!({"listen": admin.listen}));
    let traces = config.traces.as_ref().map(|traces| json!({"endpoint": traces.endpoint.as_str()}));
    let (file, data_dir) = (&config.file, &config.data_dir);
    json!({"ok": true, "file": file, "data_dir": data_dir, "admin": admin, "traces": traces, "tenants": tenants})
}

fn tenant_json(tenant: &Tenant) -> Value {
    let connectors = tenant.connectors.iter().map(|connector| {
        json!({
            "name": connector.name.as_str(),
            "base_url": connector.base_url.as_str(),
            "sample_rate_hz": connector.sample_rate.hz(),
            "audio_mode": connector.audio_mode.as_str(),
            "playout_bytes_max": connector.playout_bytes_max,
            "voice_redial_ms_max": connector.voice_redial_ms_max,
            "shows": shows(connector),
            "ca_path": connector.ca_path,
        })
    });
    let plugins = tenant.plugins.iter().map(|plugin| {
        json!({
            "name": plugin.name.as_str(),
            "source": plugin.source.to_string(),
            "grants": {
                "recording": plugin.grants.recording,
                "calls": plugin.grants.calls,
                "key_value": plugin.grants.key_value,
                "hosts": hosts(&plugin.grants),
                "secrets": plugin.grants.network.secrets.iter().map(|secret| secret.header.name()).collect::<Vec<_>>(),
            },
        })
    });
    let routes = tenant.routes.iter().map(|route| {
        json!({
            "to": route.to.to_string(),
            "from": route.from.to_string(),
            "connector": tenant.connector_of(route).map(|connector| connector.name.as_str()),
            "plugin": tenant.plugin_of(route).name.as_str(),
            "hold_s": route.hold.as_secs(),
        })
    });
    json!({
        "name": tenant.name.as_str(),
        "connectors": connectors.collect::<Vec<_>>(),
        "plugins": plugins.collect::<Vec<_>>(),
        "routes": routes.collect::<Vec<_>>(),
    })
}

fn problems_json(problems: &Problems) -> Value {
    json!({"ok": false, "file": problems.file(), "problems": problems.list(), "omitted": problems.omitted()})
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{good_json, good_text, problems_json};
    use crate::config::{Config, Problems, resolve};

    const TEXT: &str = r#"
        data_dir = "/data"
        admin = { listen = "127.0.0.1:9600", token = "hunter3" }
        [[tenant]]
        name = "acme"
        [[tenant.telcoflow]]
        name = "main"
        base_url = "ws://127.0.0.1:18080"
        api_key = "hunter2"
        connector_uuid = "c"
        [[tenant.plugin]]
        name = "echo"
        source = "/dev/null/../echo.wasm"
        [[tenant.route]]
        to = "+1555*"
        connector = "main"
        plugin = "echo"
    "#;

    fn resolved(source: &Path) -> Result<Config, Problems> {
        let text = TEXT.replace("/dev/null/../echo.wasm", &source.display().to_string());
        resolve(Path::new("t.toml"), &text, &|_| None)
    }

    #[test]
    fn a_good_file_is_summed_up_without_secrets() {
        let plugin = tempfile::NamedTempFile::new().expect("a temporary file");
        let config = resolved(plugin.path()).expect("a good file");
        let text = good_text(&config);
        let path = plugin.path().display();
        let expected = format!(
            "t.toml: good\nadmin: http://127.0.0.1:9600\ntenant acme\n  connector main: ws://127.0.0.1:18080, 16000 Hz, mixed, shows key\n  \
             plugin echo: {path}\n  route to +1555* from * on main -> echo\n"
        );
        assert_eq!(text, expected);
        let json = good_json(&config);
        assert_eq!(json["ok"], true);
        assert_eq!(json["tenants"][0]["routes"][0]["to"], "+1555*");
        assert_eq!(json["admin"]["listen"], "127.0.0.1:9600");
        assert!(!json.to_string().contains("hunter") && !format!("{config:?}").contains("hunter"));
    }

    #[test]
    fn problems_are_json_too() {
        let problems = resolved(Path::new("/no/such.wasm")).expect_err("the source is not there");
        let json = problems_json(&problems);
        assert_eq!((&json["ok"], &json["omitted"]), (&false.into(), &0.into()));
        let problem = &json["problems"][0];
        assert_eq!(problem["kind"], "unreadable");
        assert_eq!((&problem["line"], &problem["column"]), (&13.into(), &18.into()));
        assert_eq!(problem["key"], "tenant[0].plugin[0].source");
    }
}

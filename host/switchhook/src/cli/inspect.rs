//! `switchhook inspect`: what a plugin is and needs.

use std::path::PathBuf;
use std::process::ExitCode;

use sandbox::{INTERFACE, Inspection};
use serde_json::json;

use super::{Failure, print};

/// Arguments of `inspect`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    #[arg(value_name = "PLUGIN")]
    pub plugin: PathBuf,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints it.
///
/// # Errors
/// The file cannot be read, or is not a handler.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let path = args.plugin.display();
    let wasm = std::fs::read(&args.plugin)
        .map_err(|error| Failure::new(format!("{path}: {error}"), "name a component, such as plugins/echo.wasm"))?;
    let inspection = sandbox::inspect(&wasm).map_err(|error| {
        Failure::new(format!("{path}: {error}"), format!("build a component for {INTERFACE} (see wit/README.md)"))
    })?;
    if args.json {
        print::json(&as_json(&inspection))?;
    } else {
        print::text(&as_text(&path.to_string(), &inspection))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(inspection: &Inspection) -> serde_json::Value {
    let imports = inspection.imports.iter().map(|import| json!({ "name": import.name, "grant": import.grant }));
    json!({
        "interface": INTERFACE,
        "world": inspection.world.as_str(),
        "size_bytes": inspection.size_bytes,
        "languages": inspection.languages,
        "grants_wanted": inspection.grants_wanted(),
        "imports": imports.collect::<Vec<_>>(),
    })
}

fn as_text(path: &str, inspection: &Inspection) -> String {
    let list = |words: Vec<&str>, none: &str| if words.is_empty() { none.to_owned() } else { words.join(", ") };
    let languages = list(inspection.languages.iter().map(String::as_str).collect(), "not said");
    let grants = list(inspection.grants_wanted().into_iter().collect(), "none");
    let mut lines = vec![
        format!("{path}: a call handler for {INTERFACE}"),
        format!("  world      {}", inspection.world.as_str()),
        format!("  size       {} bytes", inspection.size_bytes),
        format!("  language   {languages}"),
        format!("  grants     {grants}"),
        "  imports".to_owned(),
    ];
    for import in &inspection.imports {
        let grant = import.grant.map_or(String::new(), |grant| format!("   (needs the grant `{grant}`)"));
        lines.push(format!("    {}{grant}", import.name));
    }
    lines.join("\n")
}

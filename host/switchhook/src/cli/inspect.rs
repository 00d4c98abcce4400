//! `switchhook inspect`: what a plugin is and needs.

use std::path::PathBuf;
use std::process::ExitCode;

use sandbox::{INTERFACE, Inspection};
use serde_json::json;

use super::{Failure, print};
use crate::author::traps::{Trap, traps};

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

/// What this host thinks of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// It loads, and nothing is known against it.
    Good,
    /// It loads, and there is something to look out for.
    LookOut,
    /// Its calls fail.
    Bad,
}

impl Verdict {
    fn of(traps: &[Trap], refused: Option<&str>) -> Verdict {
        match (refused, traps) {
            (Some(_), _) => Verdict::Bad,
            (None, traps) if traps.iter().any(|trap| trap.fatal) => Verdict::Bad,
            (None, []) => Verdict::Good,
            (None, _) => Verdict::LookOut,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::LookOut => "look-out",
            Verdict::Bad => "bad",
        }
    }
}

/// Prints it. Exit code 1 when its calls would fail.
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
    let traps = traps(&inspection, &wasm);
    // What it imports is judged by trying: the linker knows best.
    let refused = super::test::load_plugin(&args.plugin).err().map(|failure| failure.to_string());
    let verdict = Verdict::of(&traps, refused.as_deref());
    if args.json {
        print::json(&as_json(&inspection, &traps, refused.as_deref(), verdict))?;
    } else {
        print::text(&as_text(&path.to_string(), &inspection, &traps, refused.as_deref(), verdict))?;
    }
    Ok(if verdict == Verdict::Bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn as_json(inspection: &Inspection, traps: &[Trap], refused: Option<&str>, verdict: Verdict) -> serde_json::Value {
    let imports = inspection.imports.iter().map(|import| json!({ "name": import.name, "grant": import.grant }));
    json!({
        "interface": inspection.interface(),
        "world": inspection.world.as_str(),
        "size_bytes": inspection.size_bytes,
        "languages": inspection.languages,
        "grants_wanted": inspection.grants_wanted(),
        "imports": imports.collect::<Vec<_>>(),
        "toolchains": inspection.toolchains,
        "traps": traps.iter().map(|trap| json!({ "code": trap.code, "fatal": trap.fatal, "text": trap.text })).collect::<Vec<_>>(),
        "refused": refused,
        "verdict": verdict.as_str(),
    })
}

fn as_text(path: &str, inspection: &Inspection, traps: &[Trap], refused: Option<&str>, verdict: Verdict) -> String {
    let list = |words: Vec<&str>, none: &str| if words.is_empty() { none.to_owned() } else { words.join(", ") };
    let languages = list(inspection.languages.iter().map(String::as_str).collect(), "not said");
    let grants = list(inspection.grants_wanted().into_iter().collect(), "none");
    let mut lines = vec![
        format!("{path}: a call handler for {}", inspection.interface()),
        format!("  world      {}", inspection.world.as_str()),
        format!("  size       {} bytes", inspection.size_bytes),
        format!("  language   {languages}"),
        format!("  built by   {}", list(inspection.toolchains.iter().map(String::as_str).collect(), "not said")),
        format!("  grants     {grants}"),
        "  imports".to_owned(),
    ];
    for import in &inspection.imports {
        let grant = import.grant.map_or(String::new(), |grant| format!("   (needs the grant `{grant}`)"));
        lines.push(format!("    {}{grant}", import.name));
    }
    lines.extend(traps.iter().map(|trap| format!("  look out   {}: {}", trap.code, trap.text)));
    lines.extend(refused.map(|why| format!("  refused    {why}")));
    lines.push(format!("  verdict    {}", verdict.as_str()));
    lines.join("\n")
}

//! Components of released versions of the contract, as they were built once: every host loads them and plays their scenario.
//! tests/golden/README.md says what they are.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use registry::Digest;
use sandbox::{INTERFACE, LoadError, Plugin};
use switchhook::scenario::{self, Scenario};
use switchhook_tests::components;

/// The version whose components these are.
pub(crate) const VERSION: &str = "0.1.0";

/// What there must be: a world as a whole, or a program of the scenario.
const WORLDS: &[&str] = &["call-handler", "call-handler-async", "message-handler"];
const PROGRAMS: &[&str] = &["echo.rust", "echo.c", "echo.js", "echo.go"];
/// What is built anew, since it is large.
const BUILT: &[&str] = &["echo.python"];

pub(crate) fn trials() -> Vec<Trial> {
    let kept = |name: &str| folder().join(format!("{name}.wasm"));
    let built = |name: &str| components::root().join(format!("target/golden/{name}.wasm"));
    let mut trials = vec![
        Trial::test("golden::what_is_kept_is_what_it_was", what_is_kept_is_what_it_was),
        Trial::test("golden::the_contract_is_what_it_was", the_contract_is_what_it_was),
        Trial::test("golden::other_versions_are_refused", other_versions_are_refused),
        Trial::test("golden::later_versions_are_taken", later_versions_are_taken),
        Trial::test("golden::the_table_of_versions_is_true", the_table_of_versions_is_true),
    ];
    for name in WORLDS {
        let path = kept(name);
        trials.push(Trial::test(format!("golden::{VERSION}::{name}::loads"), move || loads(&path).map(drop)));
    }
    let programs = PROGRAMS.iter().map(|name| (name, kept(name))).chain(BUILT.iter().map(|name| (name, built(name))));
    for (name, path) in programs {
        trials.push(Trial::test(format!("golden::{VERSION}::{name}::plays"), move || plays(&path)));
    }
    trials
}

fn folder() -> PathBuf {
    components::root().join(format!("tests/golden/handler-{VERSION}"))
}

fn loads(path: &Path) -> Result<Plugin, Failed> {
    let wasm = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Plugin::load(components::sandbox(), "golden", &wasm).map_err(|error| error.to_string())?)
}

fn plays(path: &Path) -> Result<(), Failed> {
    play(&loads(path)?)
}

fn play(plugin: &Plugin) -> Result<(), Failed> {
    let scenario = Scenario::load(&folder().join("scenario.toml")).map_err(|problems| problems.to_string())?;
    for run in &scenario.runs {
        let played = scenario::play(plugin, &scenario, run).map_err(|error| error.to_string())?;
        let misses: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
        if !misses.is_empty() {
            return Err(format!("{}:\n{}\n{}", run.name, misses.join("\n"), played.timeline.join("\n")).into());
        }
    }
    Ok(())
}

/// Each file has its digest, and each digest its file.
fn what_is_kept_is_what_it_was() -> Result<(), Failed> {
    let noted = std::fs::read_to_string(folder().join("digests.txt"))?;
    let mut found: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let digest = Digest::of(&std::fs::read(&path)?);
            found.push(format!("{digest}  {}", path.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    let name = |line: &String| line.rsplit(' ').next().map(str::to_owned);
    found.sort_by_key(name);
    assert_eq!(found, noted.lines().collect::<Vec<_>>(), "a golden component is never replaced");
    assert_eq!(found.len(), WORLDS.len() + PROGRAMS.len());
    Ok(())
}

/// A released version changes in no word that is not a comment.
fn the_contract_is_what_it_was() -> Result<(), Failed> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(components::root().join(format!("wit/handler-{VERSION}")))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut contract = String::new();
    for file in &files {
        let text = std::fs::read_to_string(file)?;
        let words = text.lines().filter_map(|line| line.split("//").next()).flat_map(str::split_whitespace);
        words.for_each(|word| contract.extend([word, " "]));
    }
    let digest = Digest::of(contract.as_bytes()).to_string();
    let noted = std::fs::read_to_string(folder().join("contract.txt"))?;
    let advice =
        "is released and never changes: what is new comes in one of the ways of wit/README.md, \"Rules of growth\"";
    assert_eq!(digest, noted.trim(), "wit/handler-{VERSION} {advice}");
    Ok(())
}

/// A component says by its imports for which version it was built.
fn other_versions_are_refused() -> Result<(), Failed> {
    for other in ["0.2.0", "1.1.0", "0.0.9"] {
        match Plugin::load(components::sandbox(), "other", &of_version("call-handler", other)?) {
            Err(error @ LoadError::Inspect(_)) => {
                let told = error.to_string();
                assert!(told.contains(&format!("@{other}")) && told.contains(INTERFACE), "{told}");
            }
            Err(error) => return Err(format!("{other}: refused for another reason: {error}").into()),
            Ok(_) => return Err(format!("a component of {other} was loaded").into()),
        }
    }
    Ok(())
}

/// What is built for a later version that only adds is taken, as long as it takes nothing of what was added.
fn later_versions_are_taken() -> Result<(), Failed> {
    for world in WORLDS {
        Plugin::load(components::sandbox(), "later", &of_version(world, "0.1.1")?)
            .map_err(|error| error.to_string())?;
    }
    play(
        &Plugin::load(components::sandbox(), "later", &of_version("echo.rust", "0.1.9")?)
            .map_err(|error| error.to_string())?,
    )?;
    let newer = replaced(&of_version("call-handler", "0.1.1")?, b"notify-below", b"notify-above");
    match Plugin::load(components::sandbox(), "newer", &newer) {
        Err(error @ LoadError::Link(_)) => {
            let told = error.to_string();
            assert!(told.contains("switchhook:handler/playout@0.1.1") && told.contains("notify-above"), "{told}");
            Ok(())
        }
        Err(error) => Err(format!("refused for another reason: {error}").into()),
        Ok(_) => Err("a component that asks for what is not there was loaded".into()),
    }
}

/// A golden component as a build for another version would be.
fn of_version(name: &str, other: &str) -> Result<Vec<u8>, Failed> {
    let wasm = std::fs::read(folder().join(format!("{name}.wasm")))?;
    let other_wasm = replaced(&wasm, format!("@{VERSION}").as_bytes(), format!("@{other}").as_bytes());
    assert_ne!(wasm, other_wasm, "{name} names its version");
    Ok(other_wasm)
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len(), "lengths stand before names");
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        bytes.windows(old.len()).enumerate().filter(|(_, part)| *part == old).map(|at| at.0).collect();
    for place in places {
        bytes[place..place + new.len()].copy_from_slice(new);
    }
    bytes
}

/// The row of this version in wit/README.md names this host and the SDKs as they are.
fn the_table_of_versions_is_true() -> Result<(), Failed> {
    let root = components::root();
    let read = |path: &str| std::fs::read_to_string(root.join(path));
    let page = read("wit/README.md")?;
    let link = format!("| [{VERSION}](handler-{VERSION}) |");
    let row = page.lines().find(|line| line.starts_with(&link)).ok_or("wit/README.md has no row of this version")?;
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [_, _, host, sdks] = cells[..] else { return Err(format!("four cells are expected: {row}").into()) };
    assert_eq!(INTERFACE, format!("switchhook:handler@{VERSION}"));
    assert_eq!(host, env!("CARGO_PKG_VERSION"), "the host's version");
    let line = |text: &str, start: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(start).map(str::to_owned));
        line.map(|rest| rest.trim_matches(|c| "\", ".contains(c)).to_owned())
    };
    let js = line(&read("guest-sdk/js/package.json")?, "\"version\":").ok_or("package.json has no version")?;
    let python = line(&read("guest-sdk/python/pyproject.toml")?, "version =").ok_or("pyproject.toml has no version")?;
    let rust = env!("CARGO_PKG_VERSION");
    assert_eq!(sdks, format!("Rust {rust}, JavaScript {js}, Python {python}, C and Go of this checkout"));
    for path in ["guest-sdk/js/tools/build.js", "guest-sdk/python/switchhook_build.py"] {
        assert!(read(path)?.contains(&format!("VERSION = \"{VERSION}\"")), "{path} builds for another version");
    }
    for path in ["guest-sdk/switchhook_tools.py", "guest-sdk/rust/src/bindings.rs"] {
        assert!(read(path)?.contains(&format!("wit/handler-{VERSION}")), "{path} builds for another version");
    }
    assert!(read("guest-sdk/go/imports_wasm.go")?.contains(&format!("switchhook:handler/events@{VERSION} ")));
    Ok(())
}

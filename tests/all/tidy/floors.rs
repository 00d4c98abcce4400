//! The floors of the house: a crate knows only crates below it, and siblings do not know each other.

use libtest_mimic::Trial;

use super::{Finding, Source, proof};

/// Each crate under `host/` and its floor. `xtask` stands beside the house and knows none of it.
const FLOORS: &[(&str, u32)] = &[
    ("audio", 0),
    ("telcoflow", 0),
    ("call", 1),
    ("carriers", 2),
    ("key-value", 2),
    ("network", 2),
    ("recordings", 2),
    ("registry", 2),
    ("sandbox", 2),
    ("sim", 2),
    ("exchange", 3),
    ("loader", 4),
    ("traces", 4),
    ("admin", 5),
    ("switchhook", 6),
    ("xtask", 0),
];

/// Up to here there is no IO, no clock and no randomness: time and seeds are arguments.
pub(crate) const HIGHEST_WITHOUT_IO: u32 = 1;

/// Crates that bring IO, threads or randomness with them.
const IO: &[&str] =
    &["tokio", "mio", "socket2", "async-std", "smol", "getrandom", "rand", "rustls", "reqwest", "hyper"];

/// The floor of the crate that a path lies in.
pub(crate) fn floor_of(path: &str) -> Option<u32> {
    floor(path.strip_prefix("host/")?.split('/').next()?)
}

fn floor(name: &str) -> Option<u32> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

pub(crate) fn arrows_point_down(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, name) in manifests(sources) {
        let Some(own) = floor(name) else {
            findings.push(Finding::new(
                source,
                1,
                format!("give the crate `{name}` a floor in tests/all/tidy/floors.rs"),
            ));
            continue;
        };
        for (line, dependency) in dependencies(&source.text) {
            let dependency = dependency.strip_prefix("switchhook-").unwrap_or(dependency);
            if floor(dependency).is_some_and(|other| other >= own) {
                let what =
                    format!("`{name}` (floor {own}) may not know `{dependency}`: move what it needs to a lower floor");
                findings.push(Finding::new(source, line, what));
            }
        }
    }
    findings
}

pub(crate) fn no_io_on_the_ground(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, name) in manifests(sources) {
        if floor(name).is_none_or(|own| own > HIGHEST_WITHOUT_IO) || name == "xtask" {
            continue;
        }
        for (line, dependency) in dependencies(&source.text) {
            if IO
                .iter()
                .any(|io| dependency == *io || dependency.strip_prefix(io).is_some_and(|rest| rest.starts_with('-')))
            {
                let what =
                    format!("`{name}` does no IO, so it may not know `{dependency}`: the shell on floor 2 drives it");
                findings.push(Finding::new(source, line, what));
            }
        }
    }
    findings
}

pub(crate) fn wasmtime_in_one_place(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, name) in manifests(sources) {
        for (line, dependency) in dependencies(&source.text) {
            if dependency.starts_with("wasmtime") && name != "sandbox" {
                let what =
                    format!("`{name}` may not know `{dependency}`: only `sandbox` does, and gives what others need");
                findings.push(Finding::new(source, line, what));
            }
        }
    }
    findings
}

fn manifests(sources: &[Source]) -> impl Iterator<Item = (&Source, &str)> {
    sources.iter().filter_map(|source| {
        let name = source.path.strip_prefix("host/")?.strip_suffix("/Cargo.toml")?;
        (!name.contains('/')).then_some((source, name))
    })
}

/// The dependencies of a manifest, in any of its dependency sections, with their lines. Enough TOML for our own.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies");
            if let Some((kind, name)) = section.rsplit_once('.')
                && kind.ends_with("dependencies")
            {
                found.push((number + 1, name));
            }
        } else if inside
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once('=')
        {
            found.push((number + 1, name.trim().trim_end_matches(".workspace")));
        }
    }
    found
}

pub(crate) fn proofs() -> Vec<Trial> {
    let up =
        "[package]\nname = \"switchhook-call\"\n[dependencies]\naudio.workspace = true\ncarriers.workspace = true\n";
    let sibling = "[dev-dependencies]\nsim = { workspace = true }\n[dependencies.sandbox]\nworkspace = true\n";
    let io = "[dependencies]\ntokio-rustls.workspace = true\n[target.'cfg(unix)'.dependencies]\ntokio = { workspace = true }\n";
    let down = "[dependencies]\ncall.workspace = true\ntokio.workspace = true\n# sim = 1\n";
    vec![
        proof("an_arrow_up", arrows_point_down, "host/call/Cargo.toml", up, 1),
        proof("siblings", arrows_point_down, "host/carriers/Cargo.toml", sibling, 2),
        proof("a_crate_without_floor", arrows_point_down, "host/cellar/Cargo.toml", "", 1),
        proof("arrows_down_are_fine", arrows_point_down, "host/carriers/Cargo.toml", down, 0),
        proof("io_on_the_ground", no_io_on_the_ground, "host/telcoflow/Cargo.toml", io, 2),
        proof("io_above", no_io_on_the_ground, "host/sim/Cargo.toml", io, 0),
        proof(
            "wasmtime_elsewhere",
            wasmtime_in_one_place,
            "host/exchange/Cargo.toml",
            "[dependencies]\nwasmtime = \"1\"\n",
            1,
        ),
    ]
}

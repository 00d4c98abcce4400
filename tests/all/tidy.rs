//! Style that matters is a test: floors, lengths, bans, documents. Each failure names a file, a line and what to do.
//!
//! The checks are functions from texts to findings, and each is shown to find what it is there for.

mod bans;
mod documents;
mod floors;

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

/// Folders that are made, not written.
const MADE: &[&str] = &["target", "demo", "switchhook-data", "node_modules", "__pycache__"];

/// Everything that this module checks.
pub(crate) fn trials() -> Vec<Trial> {
    type Check = fn(&[Source]) -> Vec<Finding>;
    let checks: [(&str, Check); 9] = [
        ("floors", floors::arrows_point_down),
        ("floors_without_io", floors::no_io_on_the_ground),
        ("wasmtime_lives_in_the_sandbox", floors::wasmtime_in_one_place),
        ("length", bans::length),
        ("bans", bans::bans),
        ("titles", documents::titles),
        ("plugins_have_a_readme", documents::plugin_readmes),
        ("limits_have_a_table", documents::limit_tables),
        ("links", documents::links),
    ];
    let mut trials: Vec<Trial> = checks
        .into_iter()
        .map(|(name, check)| Trial::test(format!("tidy::{name}"), move || verdict(&check(&sources()?))))
        .collect();
    trials.extend([floors::proofs(), bans::proofs(), documents::proofs()].into_iter().flatten());
    trials
}

/// One text of the repository, by its path from the root.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Something that is not as agreed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    /// `line` counts from 1.
    pub(crate) fn new(source: &Source, line: usize, what: impl Into<String>) -> Self {
        Self { path: source.path.clone(), line, what: what.into() }
    }
}

/// A trial that gives a check one text and tells how many findings there must be.
pub(crate) fn proof(
    name: &str,
    check: fn(&[Source]) -> Vec<Finding>,
    path: &'static str,
    text: &'static str,
    expected: usize,
) -> Trial {
    Trial::test(format!("tidy::proof::{name}"), move || {
        let found = check(&[Source { path: path.to_owned(), text: text.to_owned() }]);
        if found.len() == expected {
            Ok(())
        } else {
            Err(format!("expected {expected} findings in {path}: {found:?}").into())
        }
    })
}

fn verdict(findings: &[Finding]) -> Result<(), Failed> {
    if findings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        findings.iter().map(|Finding { path, line, what }| format!("{path}:{line}: {what}")).collect();
    Err(lines.join("\n").into())
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn sources() -> Result<Vec<Source>, Failed> {
    let mut sources = Vec::new();
    walk(&root(), "", &mut sources).map_err(|error| format!("cannot read the repository: {error}"))?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    if sources.len() < 50 {
        Err("the repository seems to be elsewhere: fewer than 50 texts found".into())
    } else {
        Ok(sources)
    }
}

fn walk(folder: &Path, path: &str, sources: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !MADE.contains(&name.as_str()) {
                walk(&entry.path(), &path, sources)?;
            }
        } else if [".rs", ".md", ".toml", ".wit"].iter().any(|end| name.ends_with(end)) {
            sources.push(Source { path, text: fs::read_to_string(entry.path())? });
        }
    }
    Ok(())
}

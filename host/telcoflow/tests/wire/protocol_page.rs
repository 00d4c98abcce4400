//! `PROTOCOL.md` and the code name the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const FAMILIES: &[&str] = &["WS", "AU", "RD", "SM", "V", "AO", "HO", "RE", "O", "D"];

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("PROTOCOL.md");
    std::fs::read_to_string(path).expect("PROTOCOL.md")
}

/// The ids in a text: a family, a dash and a number, standing alone.
fn ids(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
        .filter(|word| {
            word.split_once('-').is_some_and(|(family, number)| {
                FAMILIES.contains(&family) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
        .map(str::to_owned)
        .collect()
}

/// The rows of the page's tables, by id.
fn rows(page: &str) -> BTreeMap<String, &str> {
    let mut rows = BTreeMap::new();
    for line in page.lines() {
        let Some((id, rest)) = line.strip_prefix("| ").and_then(|line| line.split_once(" | ")) else {
            continue;
        };
        if ids(id).contains(id) {
            assert_eq!(rows.insert(id.to_owned(), rest), None, "{id} is there twice");
        }
    }
    rows
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_family_counts_from_one_without_gaps() {
    let page = page();
    let rows = rows(&page);
    for family in FAMILIES {
        let numbers: BTreeSet<usize> =
            rows.keys().filter_map(|id| id.strip_prefix(family)?.strip_prefix('-')?.parse().ok()).collect();
        assert!(!numbers.is_empty(), "{family}");
        assert!(numbers.iter().copied().eq(1..=numbers.len()), "{family}: {numbers:?}");
    }
}

#[test]
fn rows_that_are_named_exist() {
    let page = page();
    let rows = rows(&page);
    let mut files = Vec::new();
    for directory in ["src", "tests"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut files);
    }
    let mut named = ids(&page);
    let on_page = named.len();
    for file in &files {
        named.extend(ids(&std::fs::read_to_string(file).expect("a source")));
    }
    for id in &named {
        assert!(rows.contains_key(id), "{id} is named but has no row");
    }
    assert!(files.len() > 20 && on_page > 90, "{} files, {on_page} rows", files.len());
}

#[test]
fn every_divergence_has_its_reason() {
    let page = page();
    for (id, rest) in rows(&page).iter().filter(|(id, _)| id.starts_with("D-")) {
        let cells: Vec<&str> = rest.trim_end_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{id}: {cells:?}");
        assert!(cells.iter().all(|cell| cell.len() > 5), "{id}: {cells:?}");
    }
}

#[test]
fn every_frame_and_command_has_a_row() {
    let page = page();
    for name in [
        "setup",
        "setup.done",
        "response",
        "session.open",
        "session.ready",
        "session.create",
        "call_flow.setup",
        "wa.msg.out",
        "session.notify",
        "call.in",
        "wa.msg.in",
        "session.closed",
        "command",
        "command_response",
        "call_event",
        "buffer_request",
    ] {
        assert!(page.contains(&format!("{{\"type\":\"{name}\"")), "{name}");
    }
    for name in [
        "call.answer",
        "call.connect",
        "agent.whisper",
        "agent.barge",
        "agent.spy",
        "agent.interrupt",
        "call.disconnect",
        "call.close",
    ] {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

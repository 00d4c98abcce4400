//! Each row of `PROTOCOL.md` has a test that shows it: the table in `tests/conformance/README.md` names them, and this
//! checks the table against the page, and its names against the tests that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use switchhook_tests::components::root;

const PAGE: &str = "host/telcoflow/PROTOCOL.md";
const README: &str = "tests/conformance/README.md";
/// The heading of the table in the README.
const HEADING: &str = "## Rows and their tests";

/// `tests` are the names of all tests of this binary.
pub(crate) fn trials(tests: BTreeSet<String>) -> Vec<Trial> {
    let proofs = PROOFS.iter().map(|(name, page, readme, complaint)| {
        Trial::test(format!("conformance::rows::proof::{name}"), move || {
            let readme = format!("{HEADING}\n\n| row | tests |\n|---|---|\n{readme}");
            prove(&complaints(page, &readme, |test| test == "calls::there"), complaint)
        })
    });
    let whole = Trial::test("conformance::rows::every_row_has_a_test", move || {
        let text = |path: &str| fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"));
        let found = complaints(&text(PAGE)?, &text(README)?, |test| exists(test, &tests));
        if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
    });
    proofs.chain([whole]).collect()
}

/// A page of one row, a table of one line, and what must be said about them.
const PROOFS: &[(&str, &str, &str, Option<&str>)] = &[
    ("a_row_with_its_test", "| WS-1 | rule |", "| WS-1 | `calls::there` |", None),
    ("a_row_without_a_line", "| WS-1 | rule |", "", Some("WS-1 has no line")),
    ("a_row_without_a_test", "| WS-1 | rule |", "| WS-1 | later |", Some("WS-1 names no test")),
    ("a_test_that_is_not_there", "| WS-1 | rule |", "| WS-1 | `calls::gone` |", Some("`calls::gone`")),
    ("a_line_without_its_row", "", "| WS-1 | `calls::there` |", Some("WS-1 is no row")),
];

fn prove(found: &[String], complaint: &Option<&str>) -> Result<(), Failed> {
    match (found, complaint) {
        ([], None) => Ok(()),
        ([only], Some(complaint)) if only.contains(complaint) => Ok(()),
        _ => Err(format!("expected {complaint:?}, found {found:?}").into()),
    }
}

/// What is wrong, each with what to do.
fn complaints(page: &str, readme: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let table = readme.split_once(HEADING).map_or("", |(_, rest)| rest);
    let table = table.split_once("\n## ").map_or(table, |(table, _)| table);
    let (rows, lines) = (rows(page), rows(table));
    let mut found = Vec::new();
    for id in rows.keys().filter(|id| !lines.contains_key(*id)) {
        found.push(format!(
            "{id} has no line in {README}: add `| {id} | {TEST_FORMS} |` to the table under `{HEADING}`, naming the \
             tests that fail when the host does not keep the row; write one where there is none"
        ));
    }
    for (id, cell) in lines {
        let tests: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        if !rows.contains_key(&id) {
            found.push(format!("{id} is no row of {PAGE}, but has a line in {README}: remove it, or correct the id"));
        } else if tests.is_empty() {
            found.push(format!("{id} names no test in {README}: name them as {TEST_FORMS}"));
        }
        for test in tests.into_iter().filter(|test| !exists(test)) {
            found.push(format!("{README}, {id}: there is no test `{test}`: name it as {TEST_FORMS}"));
        }
    }
    found
}

const TEST_FORMS: &str = "`module::name` for one of tests/all, `CRATE/PATH::name` for one under host/ (without `.rs`)";

/// The rows of the tables in a text: id, and the rest of the line.
fn rows(text: &str) -> BTreeMap<String, &str> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let is_id = |id: &str| {
        let Some((family, number)) = id.split_once('-') else { return false };
        let family_fits = !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_uppercase());
        family_fits && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    cells.filter(|(id, _)| is_id(id)).map(|(id, rest)| (id.to_owned(), rest)).collect()
}

/// Whether a test of this name is there: in this binary, or, with a path in front, in the source of a crate of the host.
fn exists(test: &str, tests: &BTreeSet<String>) -> bool {
    if !test.contains('/') {
        return tests.contains(test);
    }
    let Some((path, name)) = test.rsplit_once("::") else { return false };
    let path = root().join("host").join(Path::new(path).with_extension("rs"));
    fs::read_to_string(path).is_ok_and(|source| has_test(&source, name))
}

/// Whether a source has a function of this name right behind an attribute that makes it a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_fn = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    let attributes = |at: usize| lines[..at].iter().rev().take_while(|line| line.starts_with('#'));
    (0..lines.len()).any(|at| is_fn(lines[at]) && attributes(at).any(|line| line.contains("test")))
}

//! What must be written: titles, a README for each plugin, a table for each file of limits; and links that lead somewhere.

use libtest_mimic::Trial;

use super::{Finding, Source, proof};

pub(crate) fn titles(sources: &[Source]) -> Vec<Finding> {
    let untitled = |source: &&Source| {
        let first = source.text.lines().find(|line| !line.trim().is_empty());
        source.path.ends_with(".md") && !first.is_some_and(|line| line.starts_with("# "))
    };
    sources
        .iter()
        .filter(untitled)
        .map(|source| Finding::new(source, 1, "begin it with a title: `# What it is`"))
        .collect()
}

pub(crate) fn plugin_readmes(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let Some(folder) = source.path.strip_prefix("plugins/").and_then(|path| path.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        let readme = format!("plugins/{folder}/README.md");
        match sources.iter().find(|other| other.path == readme) {
            None => findings.push(Finding::new(source, 1, format!("write {readme}: what it does, and its call flow"))),
            Some(text) if !text.text.contains("```") => {
                findings.push(Finding::new(text, 1, "draw the call flow, in a fenced block (mermaid or text)"));
            }
            Some(_) => {}
        }
    }
    findings
}

pub(crate) fn limit_tables(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with("/src/limits.rs")) {
        let flat: String = source.text.split_whitespace().collect();
        if !flat.contains("pubconstTABLE:&[(&str,u64,&str)]") {
            let what = "add `pub const TABLE: &[(&str, u64, &str)]`: name, value, what happens when full";
            findings.push(Finding::new(source, 1, what));
        }
    }
    findings
}

/// Relative links of the documents, `[text](path)`. Anchors and addresses of the web are not followed.
pub(crate) fn links(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (number, line) in source.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            for link in line.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
                let outside = link.is_empty() || link.contains(':');
                if !outside && !super::root().join(folder).join(link).exists() {
                    findings.push(Finding::new(source, number + 1, format!("the link leads nowhere: {link}")));
                }
            }
        }
    }
    findings
}

pub(crate) fn proofs() -> Vec<Trial> {
    let links_text =
        "# A\n[gone](nowhere.md) [root](../Cargo.toml) [web](https://example.com) [here](#a)\n```\n[x](y)\n```\n";
    vec![
        proof("no_title", titles, "wit/README.md", "\nText\n# Late\n", 1),
        proof("a_title", titles, "wit/README.md", "\n# Title\n", 0),
        proof("no_readme", plugin_readmes, "plugins/echo/Cargo.toml", "[package]", 1),
        proof("no_table", limit_tables, "host/call/src/limits.rs", "pub const A_BYTES: usize = 1;", 1),
        proof("a_table", limit_tables, "host/call/src/limits.rs", "pub const TABLE: &[(&str, u64, &str)] =\n&[];", 0),
        proof("a_link_to_nowhere", links, "wit/README.md", links_text, 1),
    ]
}

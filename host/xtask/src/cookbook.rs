//! Pages show recipes as they are built: each block of code that follows a link into the cookbook is that file.

use std::fs;
use std::path::Path;

use crate::shell::{Failed, root};

const PAGES: &[&str] = &[
    "guest-sdk/COOKBOOK.md",
    "guest-sdk/c/README.md",
    "guest-sdk/go/README.md",
    "guest-sdk/js/README.md",
    "guest-sdk/python/README.md",
    "guest-sdk/rust/README.md",
];

/// Puts the files into the pages.
pub(crate) fn make() -> Result<(), Failed> {
    for page in PAGES {
        let (_, filled) = page_of(page)?;
        fs::write(root().join(page), filled).map_err(|error| Failed(format!("cannot write {page}: {error}")))?;
    }
    Ok(())
}

/// Whether the pages show the files, and all of them.
pub(crate) fn check() -> Result<(), Failed> {
    let mut all = String::new();
    for page in PAGES {
        let (text, filled) = page_of(page)?;
        if text != filled {
            return Err(Failed(format!("{page} does not show what is built: run `cargo xtask contract`")));
        }
        all.push_str(&text);
    }
    let mut recipes = Vec::new();
    programs(&root().join("guest-sdk/cookbook"), &mut recipes)?;
    match recipes.iter().find(|file| !all.contains(&format!("{file})\n```"))) {
        Some(file) => Err(Failed(format!("no page shows guest-sdk/{file}: link to it, with a block of code below"))),
        None => Ok(()),
    }
}

/// A page as it is, and with the files in it.
fn page_of(page: &str) -> Result<(String, String), Failed> {
    let text = read(Path::new(page))?;
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let filled = filled(&text, |file| read(&folder.join(file)))?;
    Ok((text, filled))
}

/// The page with the files in it.
fn filled(page: &str, file: impl Fn(&str) -> Result<String, Failed>) -> Result<String, Failed> {
    let mut shown = String::with_capacity(page.len());
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        shown.push_str(line);
        shown.push('\n');
        let Some(fence) = lines.next_if(|next| linked(line).is_some() && next.starts_with("```")) else { continue };
        let text = file(linked(line).unwrap_or_default())?;
        for _ in lines.by_ref().take_while(|line| *line != "```") {}
        shown.push_str(&format!("{fence}\n{}\n```\n", text.trim_end()));
    }
    Ok(shown)
}

/// The file of a line that is nothing but a link into the cookbook.
fn linked(line: &str) -> Option<&str> {
    let (_, target) = line.strip_prefix('[')?.strip_suffix(')')?.split_once("](")?;
    target.trim_start_matches("../").starts_with("cookbook/").then_some(target)
}

/// The programs of the recipes, by their paths from `guest-sdk`.
fn programs(folder: &Path, found: &mut Vec<String>) -> Result<(), Failed> {
    let cannot = |error: std::io::Error| Failed(format!("cannot read {}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            programs(&path, found)?;
        } else if path.file_stem().is_some_and(|stem| stem == "main") {
            let file = path.strip_prefix(root().join("guest-sdk")).unwrap_or(&path);
            found.push(file.to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(())
}

fn read(path: &Path) -> Result<String, Failed> {
    fs::read_to_string(root().join(path)).map_err(|error| Failed(format!("cannot read {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_show_what_is_built() {
        assert_eq!(check().map_err(|failed| failed.0), Ok(()));
    }

    #[test]
    fn a_block_behind_a_link_is_replaced_and_no_other() {
        let page =
            "# A\n[x](cookbook/x/main.rs)\n```rust\nold\n```\n\n```sh\nkept\n```\n[y](other.md)\n```\nkept\n```\n";
        let shown = filled(page, |file| Ok(format!("new {file}\n"))).map_err(|failed| failed.0);
        assert_eq!(shown, Ok(page.replace("old", "new cookbook/x/main.rs")));
    }
}

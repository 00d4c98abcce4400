//! The cookbook's page shows its recipes as they are built: each block of code that follows a link to a file is that file.

use std::fs;
use std::path::Path;

use crate::shell::{Failed, root};

const PAGE: &str = "guest-sdk/COOKBOOK.md";

/// Puts the files into the page.
pub(crate) fn make() -> Result<(), Failed> {
    let page = read(Path::new(PAGE))?;
    let shown = filled(&page, |file| read(&Path::new("guest-sdk").join(file)))?;
    fs::write(root().join(PAGE), shown).map_err(|error| Failed(format!("cannot write {PAGE}: {error}")))
}

/// Whether the page shows the files, and all of them.
pub(crate) fn check() -> Result<(), Failed> {
    let page = read(Path::new(PAGE))?;
    if filled(&page, |file| read(&Path::new("guest-sdk").join(file)))? != page {
        return Err(Failed(format!("{PAGE} does not show what is built: run `cargo xtask contract`")));
    }
    let mut recipes = Vec::new();
    programs(&root().join("guest-sdk/cookbook"), &mut recipes)?;
    match recipes.iter().find(|file| !page.contains(&format!("]({file})\n```"))) {
        Some(file) => Err(Failed(format!("{PAGE} does not show {file}: link to it, with a block of code below"))),
        None => Ok(()),
    }
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
    target.starts_with("cookbook/").then_some(target)
}

/// The programs of the recipes, by their paths from the page.
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
    fn the_page_shows_what_is_built() {
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

//! What was made of what: so that only what changed is built again.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::cannot;
use crate::shell::{Failed, root};

/// Folders that tools make among the sources.
const MADE: &[&str] = &["node_modules", "__pycache__", "types", "target", "build", "test"];

/// One number for the names and contents of files and of everything in folders. It protects from forgetting, not from
/// forgers.
pub(crate) fn digest(paths: impl IntoIterator<Item = PathBuf>) -> Result<String, Failed> {
    let mut files = BTreeSet::new();
    for path in paths {
        collect(&path, &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(root()).unwrap_or(&file).hash(&mut hasher);
        fs::read(&file).map_err(|e| cannot("read", &file, &e))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Failed> {
    if path.is_file() {
        files.insert(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|e| cannot("read", path, &e))? {
        let entry = entry.map_err(|e| cannot("read", path, &e))?;
        if !MADE.iter().any(|made| entry.file_name() == *made) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// Whether a component is there, and is what was made by this recipe.
pub(super) fn is_there(note: &Path, recipe: &str, component: &Path) -> bool {
    let Ok(noted) = fs::read_to_string(note) else { return false };
    component.is_file() && digest([component.to_owned()]).is_ok_and(|made| noted == format!("{recipe} {made}"))
}

/// Notes by which recipe a component was made.
pub(super) fn write(note: &Path, recipe: &str, component: &Path) -> Result<(), Failed> {
    let made = digest([component.to_owned()])?;
    let folder = note.parent().unwrap_or(note);
    fs::create_dir_all(folder).map_err(|e| cannot("create", folder, &e))?;
    fs::write(note, format!("{recipe} {made}")).map_err(|e| cannot("write", note, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_anywhere_is_noticed() {
        let folder = std::env::temp_dir().join(format!("switchhook-made-{}", std::process::id()));
        let write_file = |name: &str, text: &str| {
            fs::create_dir_all(folder.join("sources/node_modules")).expect("a folder");
            fs::write(folder.join(name), text).expect("a file");
        };
        let recipe = || digest([folder.join("sources")]).expect("readable");
        let (note, component) = (folder.join("notes/a"), folder.join("a.wasm"));
        write_file("sources/main", "one");
        write_file("a.wasm", "component");
        let first = recipe();
        assert!(!is_there(&note, &first, &component));
        write(&note, &first, &component).expect("writable");
        assert!(is_there(&note, &recipe(), &component));
        write_file("sources/node_modules/tool", "is no source");
        assert_eq!(recipe(), first);
        write_file("sources/more", "");
        assert_ne!(recipe(), first, "a file more");
        fs::remove_file(folder.join("sources/more")).expect("it is there");
        write_file("a.wasm", "another");
        assert!(!is_there(&note, &recipe(), &component), "the component was changed by somebody");
        fs::remove_file(&component).expect("it is there");
        assert!(!is_there(&note, &recipe(), &component));
        fs::remove_dir_all(&folder).expect("it is there");
    }
}

//! `cargo xtask plugins`: every guest, from source to component.
//!
//! A plugin is a folder of `plugins/`, a recipe one of the cookbook; what it is in Rust lies in the folder itself, what it is
//! in another language in a folder named as the language. A language is a file here and a line of [`LANGUAGES`].

pub(crate) mod js;
mod made;
pub(crate) mod python;
mod rust;
pub(crate) mod scripted;

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) use made::digest;
pub(crate) use rust::target_dir;

use crate::shell::{Failed, root, say};

/// How a language's sources become components.
struct Language {
    /// Its name: the folder of its sources in a plugin's folder, and the word in its components' names.
    name: &'static str,
    /// Beside the sources, what its components are made of: files and folders of this checkout.
    ingredients: &'static [&'static str],
    /// Fetches the tools, when they are not there.
    tools: fn() -> Result<(), Failed>,
    /// Makes a component of a plugin's sources.
    build: fn(sources: &Path, component: &Path) -> Result<(), Failed>,
}

/// All but Rust, whose own tool knows what is to be built again.
const LANGUAGES: &[Language] = &[js::LANGUAGE, python::LANGUAGE, scripted::C, scripted::GO];

/// Where there are sources, and where their components go.
const SHELVES: &[(&str, &str)] =
    &[("plugins", "plugins"), ("guest-sdk/cookbook", "target/cookbook"), ("tests/languages", "target/guests")];

/// What plugins of any language are made of.
const INGREDIENTS: &[&str] = &["wit", "plugins/prompts", "host/xtask/src/guests"];

/// Builds everything: `plugins/NAME.wasm` from Rust, `plugins/NAME.LANG.wasm` from the others, the cookbook to
/// `target/cookbook` alike, and the guests of the tests.
pub(crate) fn all() -> Result<(), Failed> {
    rust::build()?;
    LANGUAGES.iter().try_for_each(build)?;
    python::golden()
}

/// Builds the plugins of one language.
pub(crate) fn one(name: &str) -> Result<(), Failed> {
    if name == "rust" {
        return rust::build();
    }
    let Some(language) = LANGUAGES.iter().find(|language| language.name == name) else {
        let known: Vec<&str> = LANGUAGES.iter().map(|language| language.name).collect();
        return Err(Failed(format!("no plugin is built from `{name}`: there are rust, {}", known.join(", "))));
    };
    build(language)
}

/// What is up to date is left alone, and then no tool is needed.
fn build(language: &Language) -> Result<(), Failed> {
    let mut stale = Vec::new();
    for plugin in plugins(language.name)? {
        let component = root().join(&plugin.component);
        let ingredients = language.ingredients.iter().chain(INGREDIENTS).map(|path| root().join(path));
        let recipe = made::digest(ingredients.chain([plugin.sources.clone()]))?;
        let note = root().join("target/plugins").join(plugin.component.trim_end_matches(".wasm").replace('/', "."));
        if !made::is_there(&note, &recipe, &component) {
            stale.push((plugin, component, note, recipe));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    (language.tools)()?;
    for (plugin, component, note, recipe) in stale {
        say(&format!("building {}", plugin.component));
        fs::create_dir_all(component.parent().unwrap_or(&component)).map_err(|e| cannot("create", &component, &e))?;
        (language.build)(&plugin.sources, &component)?;
        made::write(&note, &recipe, &component)?;
    }
    Ok(())
}

struct Plugin {
    sources: PathBuf,
    /// The component's path from the root.
    component: String,
}

/// The plugins and recipes that there are in a language.
fn plugins(language: &str) -> Result<Vec<Plugin>, Failed> {
    let mut plugins = Vec::new();
    for (shelf, components) in SHELVES {
        let folder = root().join(shelf);
        for entry in fs::read_dir(&folder).map_err(|e| cannot("read", &folder, &e))? {
            let plugin = entry.map_err(|e| cannot("read", &folder, &e))?.path();
            let sources = plugin.join(language);
            if let Some(name) = plugin.file_name().filter(|_| sources.is_dir()) {
                let component = format!("{components}/{}.{language}.wasm", name.to_string_lossy());
                plugins.push(Plugin { sources, component });
            }
        }
    }
    plugins.sort_by(|a, b| a.component.cmp(&b.component));
    Ok(plugins)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_plugins_and_its_ingredients() {
        for language in LANGUAGES {
            assert!(!plugins(language.name).expect("readable").is_empty(), "{}", language.name);
            for path in language.ingredients.iter().chain(INGREDIENTS) {
                assert!(root().join(path).exists(), "{path}");
            }
        }
    }

    #[test]
    fn an_unknown_language_is_refused_by_name() {
        assert!(
            one("cobol")
                .is_err_and(|failed| failed.0.contains("cobol") && failed.0.contains("rust, js, python, c, go"))
        );
    }
}

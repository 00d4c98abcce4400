//! Guests in Rust: cargo makes components of them, and knows what is to be built again.

use std::fs;
use std::path::{Path, PathBuf};

use super::cannot;
use crate::shell::{Failed, ask, cargo, program, root, run, say};

const TARGET: &str = "wasm32-wasip2";
const COOKBOOK: &str = "switchhook-cookbook";

/// Builds `plugins/*` to `plugins/NAME.wasm`, `tests/guests/*` to `target/guests/NAME.wasm`, and the cookbook to
/// `target/cookbook/NAME.wasm`. A file is written only when its bytes changed, and whole, because hosts watch it.
pub(super) fn build() -> Result<(), Failed> {
    install_target()?;
    let built = target_dir()?.join(TARGET).join("guest");
    for (sources, components) in [("plugins", "plugins"), ("tests/guests", "target/guests")] {
        let guests = guests(&root().join(sources))?;
        let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
        say(&format!("building the guests of {sources}: {}", names.join(", ")));
        fs::create_dir_all(root().join(components)).map_err(|e| cannot("create", Path::new(components), &e))?;
        for guest in &guests {
            // One at a time: built together, they would share the union of their features.
            run(
                cargo(&["build", "--quiet", "--package", &guest.package, "--profile", "guest", "--target", TARGET]),
                &format!("the guest {sources}/{} did not build: the compiler's message is above", guest.name),
            )?;
            let component = format!("{components}/{}.wasm", guest.name);
            if copy_if_changed(&built.join(format!("{}.wasm", guest.library)), &root().join(&component))? {
                say(&format!("wrote {component}"));
            }
        }
    }
    cookbook(&built.join("examples"))
}

/// The recipes are examples of one package, which are built together: they have its features alike.
fn cookbook(built: &Path) -> Result<(), Failed> {
    say("building the cookbook");
    run(
        cargo(&["build", "--quiet", "--package", COOKBOOK, "--examples", "--profile", "guest", "--target", TARGET]),
        "a recipe of guest-sdk/cookbook did not build: the compiler's message is above",
    )?;
    let (recipes, components) = (root().join("guest-sdk/cookbook"), root().join("target/cookbook"));
    fs::create_dir_all(&components).map_err(|e| cannot("create", &components, &e))?;
    for entry in fs::read_dir(&recipes).map_err(|e| cannot("read", &recipes, &e))? {
        let recipe = entry.map_err(|e| cannot("read", &recipes, &e))?.path();
        if recipe.join("main.rs").is_file() {
            let name = recipe.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let library = built.join(format!("{}.wasm", name.replace('-', "_")));
            copy_if_changed(&library, &components.join(format!("{name}.wasm")))?;
        }
    }
    Ok(())
}

struct Guest {
    /// Its folder's name, and its component's.
    name: String,
    package: String,
    library: String,
}

fn guests(folder: &Path) -> Result<Vec<Guest>, Failed> {
    let mut guests = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| cannot("read", folder, &e))? {
        let folder = entry.map_err(|e| cannot("read", folder, &e))?.path();
        let manifest = folder.join("Cargo.toml");
        let Some(name) = folder.file_name().filter(|_| manifest.is_file()) else {
            continue;
        };
        let text = fs::read_to_string(&manifest).map_err(|e| cannot("read", &manifest, &e))?;
        let (Some(package), Some(library)) = (name_in(&text, "[package]"), name_in(&text, "[lib]")) else {
            return Err(Failed(format!("{} needs a `name` under [package] and under [lib]", manifest.display())));
        };
        guests.push(Guest { name: name.to_string_lossy().into_owned(), package, library });
    }
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(guests)
}

/// The `name` of one section of a manifest, which is enough TOML for our own.
fn name_in(manifest: &str, section: &str) -> Option<String> {
    let lines = manifest.lines().map(str::trim).skip_while(|line| *line != section).skip(1);
    let name = lines.take_while(|line| !line.starts_with('[')).find_map(|line| line.strip_prefix("name = "))?;
    Some(name.trim_matches('"').to_owned())
}

/// Automatic installation by `rust-toolchain.toml` is switched off on some machines.
fn install_target() -> Result<(), Failed> {
    let sysroot = ask(program("rustc", &["--print", "sysroot"]))
        .ok_or_else(|| Failed::new("cannot start `rustc`; install Rust from https://rustup.rs"))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    say(&format!("installing the Rust target {TARGET}"));
    run(
        program("rustup", &["target", "add", TARGET]),
        &format!("the Rust target {TARGET} is missing and `rustup target add {TARGET}` failed: see above"),
    )
}

/// Where cargo builds on this machine: usually `target`.
pub(crate) fn target_dir() -> Result<PathBuf, Failed> {
    let metadata = ask(cargo(&["metadata", "--no-deps", "--format-version", "1"]))
        .ok_or_else(|| Failed::new("`cargo metadata` failed; run it to see why"))?;
    let (_, after) = metadata
        .split_once(r#""target_directory":""#)
        .ok_or_else(|| Failed::new("`cargo metadata` names no target directory"))?;
    Ok(PathBuf::from(after.split('"').next().unwrap_or_default()))
}

/// Whether it was written.
fn copy_if_changed(from: &Path, to: &Path) -> Result<bool, Failed> {
    let bytes = fs::read(from).map_err(|e| cannot("read", from, &e))?;
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let partial = to.with_extension("wasm.partial");
    fs::write(&partial, &bytes).map_err(|e| cannot("write", &partial, &e))?;
    fs::rename(&partial, to).map_err(|e| cannot("write", to, &e))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_from_its_own_section_only() {
        let manifest = "[package]\nname = \"plugin-echo\"\n\n[lib]\nname = \"echo\"\n[dependencies]\nname = \"no\"\n";
        assert_eq!(name_in(manifest, "[package]").as_deref(), Some("plugin-echo"));
        assert_eq!(name_in(manifest, "[lib]").as_deref(), Some("echo"));
        assert_eq!(name_in("[package]\n[lib]\nname = \"echo\"\n", "[package]"), None);
    }

    #[test]
    fn every_guest_of_this_checkout_has_both_names() {
        for folder in ["plugins", "tests/guests"] {
            assert!(!guests(&root().join(folder)).expect("readable").is_empty(), "{folder} has guests");
        }
    }
}

//! A new project. Everything in it is built into this program, the SDK and the contract too, so that it is made and built
//! from an empty folder with the package registries alone.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static SDK_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/rust/src");
static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/handler-0.1.0");
const SDK_MANIFEST: &str = include_str!("../../../../guest-sdk/rust/Cargo.toml");
const SDK_README: &str = include_str!("../../../../guest-sdk/rust/README.md");
const WORKSPACE_MANIFEST: &str = include_str!("../../../../Cargo.toml");

/// A file of a project: its path in it, and its text.
pub type File = (PathBuf, Vec<u8>);

/// Where the project finds the SDK.
pub enum Sdk<'a> {
    /// In itself: the copy that is built into this program.
    Own,
    /// In a checkout: its folder `guest-sdk/rust`.
    At(&'a Path),
}

/// The files of a Rust project.
pub fn rust(name: &str, sdk: &Sdk<'_>) -> Vec<File> {
    let library = name.replace('-', "_");
    let component = format!("target/wasm32-wasip2/release/{library}.wasm");
    let path = match sdk {
        Sdk::Own => "sdk/guest-sdk/rust".to_owned(),
        Sdk::At(folder) => folder.display().to_string().escape_default().to_string(),
    };
    let fill = |text: &str| {
        let text = text.replace("COMPONENT", &component).replace("LIBRARY", &library);
        text.replace("NAME", name).replace("SDK\" }", &format!("{path}\" }}"))
    };
    let mut files: Vec<File> = [
        ("Cargo.toml", fill(include_str!("../../templates/rust/Cargo.toml.template"))),
        ("handler.toml", fill(include_str!("../../templates/rust/handler.toml.template"))),
        ("README.md", fill(include_str!("../../templates/rust/README.md.template"))),
        ("src/lib.rs", include_str!("../../templates/rust/lib.rs").to_owned()),
        ("scenarios/answers.toml", include_str!("../../templates/rust/answers.toml").to_owned()),
        (".gitignore", "/target\n/last-call.wav\n".to_owned()),
    ]
    .map(|(path, text)| (PathBuf::from(path), text.into_bytes()))
    .into();
    if let Sdk::Own = sdk {
        let root = Path::new("sdk/guest-sdk/rust");
        files.push((root.join("Cargo.toml"), sdk_manifest().into_bytes()));
        files.push((root.join("README.md"), SDK_README.as_bytes().to_vec()));
        put(&SDK_SOURCES, &root.join("src"), &mut files);
        put(&CONTRACT, Path::new("sdk/wit/handler-0.1.0"), &mut files);
    }
    files
}

fn put(dir: &Dir<'_>, to: &Path, files: &mut Vec<File>) {
    files.extend(dir.files().map(|file| (to.join(file.path()), file.contents().to_vec())));
    // Paths of what is inside start at the outermost folder.
    dir.dirs().for_each(|inside| put(inside, to, files));
}

/// The SDK's manifest without its workspace: what it inherits stands there itself.
fn sdk_manifest() -> String {
    let mut manifest = String::new();
    let mut kept = true;
    for line in SDK_MANIFEST.lines() {
        if line.starts_with('[') {
            kept = line != "[dev-dependencies]" && line != "[lints]";
        }
        if kept {
            manifest.push_str(&inherited(line).unwrap_or_else(|| line.to_owned()));
            manifest.push('\n');
        }
    }
    manifest
}

/// A line that inherits from the workspace, with what it inherits. None: it does not.
fn inherited(line: &str) -> Option<String> {
    let (name, options) = match line.strip_suffix(".workspace = true") {
        Some(name) => (name, None),
        None => {
            let (name, options) = line.split_once(" = { workspace = true, ")?;
            (name, Some(options.strip_suffix(" }")?))
        }
    };
    let given = format!("{name} = ");
    let given = WORKSPACE_MANIFEST.lines().find_map(|line| line.strip_prefix(&given))?;
    Some(match (options, given.strip_prefix("{ ").and_then(|table| table.strip_suffix(" }"))) {
        (None, _) => format!("{name} = {given}"),
        (Some(options), Some(table)) => format!("{name} = {{ {table}, {options} }}"),
        (Some(options), None) => format!("{name} = {{ version = {given}, {options} }}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdks_manifest_stands_alone() {
        let manifest = sdk_manifest();
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen = { version = "), "{manifest}");
        assert!(manifest.contains("edition = \"2024\""), "{manifest}");
    }

    #[test]
    fn a_project_has_all_that_it_builds_from() {
        let files = rust("my-handler", &Sdk::Own);
        let text = |path: &str| {
            let found = files.iter().find(|(known, _)| known == Path::new(path));
            String::from_utf8(found.unwrap_or_else(|| panic!("{path} is there")).1.clone()).expect("text")
        };
        assert!(text("Cargo.toml").contains("path = \"sdk/guest-sdk/rust\""));
        assert!(text("handler.toml").contains("release/my_handler.wasm"));
        assert!(text("sdk/guest-sdk/rust/src/aio/call.rs").contains("pub fn answer"));
        assert!(text("sdk/wit/handler-0.1.0/world.wit").contains("world call-handler"));
        assert!(text("README.md").starts_with("# my-handler"));
    }

    #[test]
    fn a_checkout_is_named_and_not_copied() {
        let files = rust("h", &Sdk::At(Path::new("/src/guest-sdk/rust")));
        assert!(files.iter().all(|(path, _)| !path.starts_with("sdk")));
        let (_, manifest) = &files[0];
        assert!(String::from_utf8_lossy(manifest).contains("path = \"/src/guest-sdk/rust\""));
    }
}

//! A new project. Everything in it is built into this program, the SDK and the contract too, so that it is made and built
//! from an empty folder with the package registries alone.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::cli::new::Lang;

static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/handler-0.1.0");
static RUST_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/rust/src");
static RUST_AUDIO: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/rust/audio/src");
static JS_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/js/src");
static JS_TOOLS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/js/tools");
static PYTHON_PACKAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/python/switchhook_guest");
static PYTHON_BINDINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/python/bindings");
static C_HEADER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/c/include");
static C_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/c/src");
static C_BINDINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/c/bindings");
static GO_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/go");
static ADAPTER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/wasi");
const SDK_MANIFEST: &str = include_str!("../../../../guest-sdk/rust/Cargo.toml");
const AUDIO_MANIFEST: &str = include_str!("../../../../guest-sdk/rust/audio/Cargo.toml");
const WORKSPACE_MANIFEST: &str = include_str!("../../../../Cargo.toml");
const SCENARIO: &str = include_str!("../../templates/answers.toml");

/// A file of a project: its path in it, and its text.
pub type File = (PathBuf, Vec<u8>);

/// Where the project finds the SDK.
pub enum Sdk<'a> {
    /// In itself: the copy that is built into this program.
    Own,
    /// In a checkout: its folder `guest-sdk/LANG`.
    At(&'a Path),
}

/// The files of a project.
pub fn project(lang: Lang, name: &str, sdk: &Sdk<'_>) -> Vec<File> {
    let folder = match sdk {
        Sdk::Own => format!("./sdk/guest-sdk/{}", lang.as_str()),
        Sdk::At(folder) => folder.display().to_string().escape_default().to_string(),
    };
    let library = name.replace('-', "_");
    let fill = |text: &str| {
        text.replace("SDK_FOLDER", &folder).replace("LIBRARY", &library).replace("NAME", name).into_bytes()
    };
    let mut files: Vec<File> = own_files(lang).iter().map(|(path, text)| (PathBuf::from(path), fill(text))).collect();
    files.push((PathBuf::from("scenarios/answers.toml"), SCENARIO.as_bytes().to_vec()));
    if let Sdk::Own = sdk {
        put(&CONTRACT, Path::new("sdk/wit/handler-0.1.0"), &mut files);
        put_sdk(lang, Path::new("sdk/guest-sdk"), &mut files);
    }
    files
}

/// What the author works on, with words to be filled in.
fn own_files(lang: Lang) -> &'static [(&'static str, &'static str)] {
    macro_rules! template {
        ($path:literal) => {
            include_str!(concat!("../../templates/", $path))
        };
    }
    match lang {
        Lang::Rust => &[
            ("Cargo.toml", template!("rust/Cargo.toml.template")),
            ("handler.toml", template!("rust/handler.toml.template")),
            ("README.md", template!("rust/README.md.template")),
            ("src/lib.rs", template!("rust/lib.rs")),
            (".gitignore", "/target\n/last-call.wav\n"),
        ],
        Lang::Js => &[
            ("package.json", template!("js/package.json.template")),
            ("handler.toml", template!("js/handler.toml.template")),
            ("README.md", template!("js/README.md.template")),
            ("main.js", template!("js/main.js")),
            (".gitignore", "node_modules\n/*.wasm\n/last-call.wav\n"),
        ],
        Lang::Python => &[
            ("handler.toml", template!("python/handler.toml.template")),
            ("README.md", template!("python/README.md.template")),
            ("main.py", template!("python/main.py")),
            (".gitignore", "__pycache__\n/*.wasm\n/last-call.wav\n"),
        ],
        Lang::C => &[
            ("handler.toml", template!("c/handler.toml.template")),
            ("README.md", template!("c/README.md.template")),
            ("main.c", template!("c/main.c")),
            (".gitignore", "/*.wasm\n/last-call.wav\n"),
        ],
        Lang::Go => &[
            ("go.mod", template!("go/go.mod.template")),
            ("handler.toml", template!("go/handler.toml.template")),
            ("README.md", template!("go/README.md.template")),
            ("main.go", template!("go/main.go")),
            ("main_test.go", template!("go/main_test.go")),
            (".gitignore", "/*.wasm\n/last-call.wav\n"),
        ],
    }
}

/// The copy of the SDK, laid out as in a checkout.
fn put_sdk(lang: Lang, sdks: &Path, files: &mut Vec<File>) {
    macro_rules! sdk_file {
        ($path:literal) => {
            (sdks.join($path), include_bytes!(concat!("../../../../guest-sdk/", $path)).to_vec())
        };
    }
    match lang {
        Lang::Rust => {
            files.push((sdks.join("rust/Cargo.toml"), alone(SDK_MANIFEST).into_bytes()));
            files.push((sdks.join("rust/audio/Cargo.toml"), alone(AUDIO_MANIFEST).into_bytes()));
            put(&RUST_AUDIO, &sdks.join("rust/audio/src"), files);
            files.push(sdk_file!("rust/README.md"));
            put(&RUST_SOURCES, &sdks.join("rust/src"), files);
        }
        Lang::Js => {
            files.extend([sdk_file!("js/package.json"), sdk_file!("js/README.md")]);
            put(&JS_SOURCES, &sdks.join("js/src"), files);
            put(&JS_TOOLS, &sdks.join("js/tools"), files);
        }
        Lang::Python => {
            files.extend([
                sdk_file!("python/requirements.txt"),
                sdk_file!("python/switchhook_build.py"),
                sdk_file!("python/README.md"),
                sdk_file!("switchhook_tools.py"),
            ]);
            put(&PYTHON_PACKAGE, &sdks.join("python/switchhook_guest"), files);
            put(&PYTHON_BINDINGS, &sdks.join("python/bindings"), files);
        }
        Lang::C => {
            files.extend([
                sdk_file!("c/requirements.txt"),
                sdk_file!("c/switchhook_build.py"),
                sdk_file!("c/README.md"),
                sdk_file!("switchhook_tools.py"),
            ]);
            put(&C_HEADER, &sdks.join("c/include"), files);
            put(&C_SOURCES, &sdks.join("c/src"), files);
            put(&C_BINDINGS, &sdks.join("c/bindings"), files);
            put(&ADAPTER, &sdks.join("wasi"), files);
        }
        Lang::Go => {
            files.push(sdk_file!("switchhook_tools.py"));
            put(&GO_SOURCES, &sdks.join("go"), files);
            put(&ADAPTER, &sdks.join("wasi"), files);
        }
    }
}

fn put(dir: &Dir<'_>, to: &Path, files: &mut Vec<File>) {
    files.extend(dir.files().map(|file| (to.join(file.path()), file.contents().to_vec())));
    // Paths of what is inside start at the outermost folder. What an interpreter left there is not ours.
    let inside = dir.dirs().filter(|inside| !inside.path().ends_with("__pycache__"));
    inside.for_each(|inside| put(inside, to, files));
}

/// A manifest of the SDK without its workspace: what it inherits stands there itself.
fn alone(inheriting: &str) -> String {
    let mut manifest = String::new();
    let mut kept = true;
    for line in inheriting.lines() {
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
        assert!(!alone(AUDIO_MANIFEST).contains("workspace"), "{}", alone(AUDIO_MANIFEST));
        let manifest = alone(SDK_MANIFEST);
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen = { version = "), "{manifest}");
        assert!(manifest.contains("edition = \"2024\""), "{manifest}");
    }

    fn text(files: &[File], path: &str) -> String {
        let found = files.iter().find(|(known, _)| known == Path::new(path));
        String::from_utf8(found.unwrap_or_else(|| panic!("{path} is there")).1.clone()).expect("text")
    }

    #[test]
    fn a_project_has_all_that_it_builds_from() {
        let files = project(Lang::Rust, "my-handler", &Sdk::Own);
        assert!(text(&files, "Cargo.toml").contains("path = \"./sdk/guest-sdk/rust\""));
        assert!(text(&files, "handler.toml").contains("release/my_handler.wasm"));
        assert!(text(&files, "sdk/guest-sdk/rust/src/aio/call.rs").contains("pub fn answer"));
        for (lang, file) in [
            (Lang::Rust, "rust/src/lib.rs"),
            (Lang::Js, "js/tools/build.js"),
            (Lang::Python, "python/bindings/wit_world/__init__.py"),
            (Lang::C, "c/bindings/call_handler.h"),
            (Lang::Go, "go/audio/audio.go"),
        ] {
            let files = project(lang, "my-handler", &Sdk::Own);
            assert!(!text(&files, &format!("sdk/guest-sdk/{file}")).is_empty());
            assert!(text(&files, "sdk/wit/handler-0.1.0/world.wit").contains("world call-handler"));
            assert!(text(&files, "README.md").starts_with("# my-handler"));
            assert!(files.iter().all(|(path, _)| !path.to_string_lossy().contains("__pycache__")));
            for (path, bytes) in files.iter().filter(|(path, _)| !path.starts_with("sdk")) {
                let text = String::from_utf8_lossy(bytes);
                assert!(!text.contains("NAME") && !text.contains("SDK_FOLDER"), "{}", path.display());
            }
        }
    }

    #[test]
    fn a_checkout_is_named_and_not_copied() {
        let files = project(Lang::Rust, "h", &Sdk::At(Path::new("/src/guest-sdk/rust")));
        assert!(files.iter().all(|(path, _)| !path.starts_with("sdk")));
        assert!(text(&files, "Cargo.toml").contains("path = \"/src/guest-sdk/rust\""));
    }
}

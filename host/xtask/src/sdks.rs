//! The guest SDKs of other languages: their types come from the contract, and their own tests run without a host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::guests::{js, python, scripted};
use crate::shell::{Failed, program, root, run, say};
use crate::{bindings_c, cookbook};

/// What `componentize-py` makes of the contract, as far as the SDK's users see it.
const BINDINGS: &str = "guest-sdk/python/bindings";

/// Makes the types anew, and the page of the cookbook.
pub(crate) fn contract() -> Result<(), Failed> {
    cookbook::make()?;
    js::tools()?;
    run(program("node", &["guest-sdk/js/tools/contract.js"]), "the types for JavaScript could not be made: see above")?;
    python::tools()?;
    let made = python_bindings()?;
    let bindings = root().join(BINDINGS);
    if bindings.exists() {
        fs::remove_dir_all(&bindings).map_err(|error| Failed(format!("cannot remove {BINDINGS}: {error}")))?;
    }
    for (path, text) in made {
        let path = bindings.join(path);
        let folder = path.parent().unwrap_or(&bindings);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| Failed(format!("cannot write {}: {error}", path.display())))?;
    }
    bindings_c::make()
}

/// Whether the types are those of the contract and the cookbook shows what is built, and the SDKs' and plugins' own tests.
pub(crate) fn check() -> Result<(), Failed> {
    cookbook::check()?;
    js::tools()?;
    python::tools()?;
    say("checking the types and running the tests of the JavaScript SDK and its plugins");
    run(program("node", &["guest-sdk/js/tools/contract.js", "--check"]), "run `cargo xtask contract`: see above")?;
    run(
        program("node", &["node_modules/typescript/bin/tsc", "--project", "guest-sdk/js/tsconfig.json"]),
        "types of guest-sdk/js do not fit: the compiler's messages are above",
    )?;
    let mut tests = program("node", &["--import", "switchhook-guest/register", "--test", "--test-reporter", "dot"]);
    tests.args(tests_of("guest-sdk/js/test", ".test.js")?).args(plugin_tests("js", ".test.js")?);
    run(tests, "tests of the JavaScript SDK or its plugins failed: their output is above")?;

    say("checking the types and running the tests of the Python SDK and its plugins");
    let stale = python_bindings()?
        .into_iter()
        .find(|(path, text)| fs::read_to_string(root().join(BINDINGS).join(path)).ok().as_ref() != Some(text));
    if let Some((path, _)) = stale {
        return Err(Failed(format!(
            "{BINDINGS}/{} is not what the WIT says: run `cargo xtask contract`",
            path.display()
        )));
    }
    let tests = tests_of("guest-sdk/python/tests", ".py")?.into_iter().chain(plugin_tests("python", "_test.py")?);
    for test in tests.filter(|path| !path.ends_with("__init__.py")) {
        let mut command = program(python::interpreter(), &[]);
        let folder = test.parent().unwrap_or(Path::new("."));
        let paths = [folder, &root().join("guest-sdk/python"), &root().join(BINDINGS), &root().join("plugins/prompts")];
        let joined = std::env::join_paths(paths).map_err(|error| Failed(error.to_string()))?;
        command.arg(&test).env("PYTHONPATH", joined).env("PYTHONDONTWRITEBYTECODE", "1");
        run(command, &format!("{} failed: its output is above", test.display()))?;
    }

    say("checking the bindings and running the tests of the C SDK");
    bindings_c::check()?;
    for test in tests_of("guest-sdk/c/tests", ".c")? {
        let built = root().join("target/plugins").join(test.file_stem().unwrap_or_default());
        let mut build = scripted::command("c");
        build.arg("--native").arg(&test).arg("-o").arg(&built);
        run(build, &format!("{} did not build: see above", test.display()))?;
        run(program(&built, &[]), &format!("{} failed: its output is above", test.display()))?;
    }

    say("running the tests of the Go SDK and its plugins");
    for module in ["guest-sdk/go", "guest-sdk/cookbook", "plugins"] {
        let mut tests = scripted::command("go");
        tests.args(["--test", module]);
        run(tests, &format!("tests of Go in {module} failed: their output is above"))?;
    }
    Ok(())
}

/// The bindings of the contract's world, by their paths.
fn python_bindings() -> Result<Vec<(PathBuf, String)>, Failed> {
    let folder = root().join("target/plugins/python-bindings");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failed(format!("cannot remove {}: {error}", folder.display())))?;
    }
    let mut tool = Command::new(python::interpreter().with_file_name("componentize-py"));
    tool.args(["-q", "-d", "wit/handler-0.1.0", "-w", "call-handler", "bindings"]).arg(&folder).current_dir(root());
    run(tool, "componentize-py made no bindings of wit/handler-0.1.0: its message is above")?;
    let mut found = vec![PathBuf::from("componentize_py_types.py"), PathBuf::from("wit_world/__init__.py")];
    for file in files(&folder.join("wit_world/imports"))? {
        found.push(Path::new("wit_world/imports").join(file.file_name().unwrap_or_default()));
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(folder.join(&path))
            .map_err(|error| Failed(format!("cannot read {}: {error}", path.display())))?;
        Ok((path, text))
    };
    found.into_iter().map(read).collect()
}

/// The tests that plugins have in one language.
fn plugin_tests(language: &str, ending: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut found = Vec::new();
    for plugin in files(&root().join("plugins"))? {
        let folder = plugin.join(language);
        if folder.is_dir() {
            found.extend(files(&folder)?.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)));
        }
    }
    Ok(found)
}

fn tests_of(folder: &str, ending: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut found = files(&root().join(folder))?;
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    Ok(found)
}

/// Everything in a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let cannot = |error: std::io::Error| Failed(format!("cannot read {}: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(cannot)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
    paths.sort();
    Ok(paths)
}

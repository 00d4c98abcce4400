//! Python: `componentize-py`, in the version of `guest-sdk/python/requirements.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Language, made};
use crate::shell::{Failed, ask, program, root, run, say};

pub(super) const LANGUAGE: Language = Language {
    name: "python",
    ingredients: &[
        "guest-sdk/python/switchhook_guest",
        "guest-sdk/python/switchhook_build.py",
        "guest-sdk/python/requirements.txt",
        "guest-sdk/switchhook_tools.py",
    ],
    tools,
    build,
};

const ENVIRONMENT: &str = "target/plugins/python-tools";
const REQUIREMENTS: &str = "guest-sdk/python/requirements.txt";
const GOLDEN: &str = "tests/golden/handler-0.1.0";

/// The environment's interpreter.
pub(crate) fn interpreter() -> PathBuf {
    root().join(ENVIRONMENT).join("bin/python")
}

/// A Python environment with the tools of the Python package index.
pub(crate) fn tools() -> Result<(), Failed> {
    let recipe = made::digest([root().join(REQUIREMENTS)])?;
    let note = root().join("target/plugins/python-tools.note");
    let tool = root().join(ENVIRONMENT).join("bin/componentize-py");
    if made::is_there(&note, &recipe, &tool) {
        return Ok(());
    }
    let recent = program("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
    if ask(recent).is_none() {
        let missing =
            "python3 is missing or older than 3.11, and plugins are built with it: install Python 3.11 or later";
        return Err(Failed::new(missing));
    }
    say(&format!("making a Python environment with {REQUIREMENTS} in {ENVIRONMENT}"));
    run(
        program("python3", &["-m", "venv", "--clear", ENVIRONMENT]),
        "python3 has no working `venv`: install it (on Debian and Ubuntu: apt install python3-venv)",
    )?;
    run(
        program(interpreter(), &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]),
        &format!("cannot install {REQUIREMENTS} from the Python package index: pip's message is above"),
    )?;
    made::write(&note, &recipe, &tool)
}

/// The golden component in Python, which is too large to be kept: `target/golden/echo.python.wasm`. Its source knows nothing but
/// the contract, so the tool is asked without the SDK.
pub(super) fn golden() -> Result<(), Failed> {
    let folder = root().join(GOLDEN);
    let component = root().join("target/golden/echo.python.wasm");
    let recipe = made::digest([folder.join("python"), root().join("wit/handler-0.1.0")])?;
    let note = root().join("target/plugins/golden.echo.python");
    if made::is_there(&note, &recipe, &component) {
        return Ok(());
    }
    tools()?;
    let pins = |path: PathBuf| {
        fs::read_to_string(&path).map_err(|error| Failed(format!("cannot read {}: {error}", path.display())))
    };
    if pins(root().join(REQUIREMENTS))? != pins(folder.join("python/requirements.txt"))? {
        return Err(Failed(format!(
            "{GOLDEN}/python has another tool than {REQUIREMENTS}: make it an environment of its own"
        )));
    }
    say("building target/golden/echo.python.wasm");
    let target = root().join("target/golden");
    fs::create_dir_all(&target).map_err(|error| Failed(format!("cannot create {}: {error}", target.display())))?;
    let mut tool = program(interpreter().with_file_name("componentize-py"), &["-q", "-d", "wit/handler-0.1.0"]);
    tool.args(["-w", "call-handler", "componentize", "main", "-p"])
        .arg(folder.join("python"))
        .arg("-o")
        .arg(&component);
    // The compiled modules of this machine's Python are of no use in it.
    tool.env("VIRTUAL_ENV", root().join(ENVIRONMENT));
    run(tool, "the golden component in Python did not build: the message is above")?;
    made::write(&note, &recipe, &component)
}

fn build(sources: &Path, component: &Path) -> Result<(), Failed> {
    let mut tool = program(interpreter(), &["guest-sdk/python/switchhook_build.py", "-p", "plugins/prompts"]);
    tool.arg(sources.join("main.py")).arg("-o").arg(component);
    run(tool, &format!("{} did not build: the message is above", sources.display()))
}

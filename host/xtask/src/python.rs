//! A Python environment with the real Telcoflow SDK, which judges our simulator and our host.

use std::fs;
use std::path::PathBuf;

use crate::shell::{Failed, ask, program, root, run, say};

/// What the conformance tests talk to.
const SDK: &str = "telcoflow==1.0.0";

/// The environment's interpreter; the environment is made when it is missing or incomplete.
pub(crate) fn environment() -> Result<PathBuf, Failed> {
    let folder = root().join("target/venv");
    let python = folder.join("bin/python");
    if has_sdk(&python) {
        return Ok(python);
    }
    let recent = program("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
    if ask(recent).is_none() {
        return Err(Failed::new(
            "python3 is missing or older than 3.11, which the SDK under test needs: install Python 3.11 or later",
        ));
    }
    say(&format!("making a Python environment with {SDK} in target/venv"));
    fs::create_dir_all(root().join("target"))
        .map_err(|error| Failed(format!("cannot create the folder target: {error}")))?;
    run(
        program("python3", &["-m", "venv", "--clear", "target/venv"]),
        "python3 has no working `venv`: install it (on Debian and Ubuntu: apt install python3-venv)",
    )?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK];
    run(
        program(&python, &install),
        &format!("cannot install {SDK} from the Python package index: pip's message is above"),
    )?;
    if has_sdk(&python) { Ok(python) } else { Err(Failed(format!("pip installed {SDK}, but Python does not find it"))) }
}

fn has_sdk(python: &PathBuf) -> bool {
    let (name, version) = SDK.split_once("==").unwrap_or((SDK, ""));
    let question = format!("import importlib.metadata as m; print(m.version('{name}'))");
    ask(program(python, &["-c", &question])).is_some_and(|answer| answer.trim() == version)
}

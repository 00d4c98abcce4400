//! Python environments: one with the real Telcoflow SDK, which judges our simulator and our host, one with schemathesis,
//! which judges the admin interface.

use std::fs;
use std::path::PathBuf;

use crate::shell::{Failed, ask, program, root, run, say};

/// What a test needs from the Python package index.
pub(crate) struct Environment {
    /// Where it is, below the repository's root.
    folder: &'static str,
    package: &'static str,
    version: &'static str,
}

/// What the conformance tests talk to.
pub(crate) const SDK: Environment = Environment { folder: "target/venv", package: "telcoflow", version: "1.0.0" };

/// Holds the admin interface's document against its answers.
pub(crate) const SCHEMATHESIS: Environment =
    Environment { folder: "target/schemathesis", package: "schemathesis", version: "4.32.5" };

impl Environment {
    /// The environment's interpreter; the environment is made when it is missing or incomplete.
    pub(crate) fn get(&self) -> Result<PathBuf, Failed> {
        let Self { folder, package, version } = self;
        let python = root().join(folder).join("bin/python");
        if self.is_whole(&python) {
            return Ok(python);
        }
        let recent = program("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
        if ask(recent).is_none() {
            return Err(Failed::new(
                "python3 is missing or older than 3.11, which tests need: install Python 3.11 or later",
            ));
        }
        say(&format!("making a Python environment with {package}=={version} in {folder}"));
        fs::create_dir_all(root().join("target"))
            .map_err(|error| Failed(format!("cannot create the folder target: {error}")))?;
        run(
            program("python3", &["-m", "venv", "--clear", folder]),
            "python3 has no working `venv`: install it (on Debian and Ubuntu: apt install python3-venv)",
        )?;
        let wanted = format!("{package}=={version}");
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &wanted];
        run(
            program(&python, &install),
            &format!("cannot install {wanted} from the Python package index: pip's message is above"),
        )?;
        let failed = || Failed(format!("pip installed {wanted}, but Python does not find it"));
        if self.is_whole(&python) { Ok(python) } else { Err(failed()) }
    }

    fn is_whole(&self, python: &PathBuf) -> bool {
        let question = format!("import importlib.metadata as m; print(m.version('{}'))", self.package);
        ask(program(python, &["-c", &question])).is_some_and(|answer| answer.trim() == self.version)
    }
}

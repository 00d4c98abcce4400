//! Python environments: one with the real Telcoflow SDK, which judges our simulator and our host, one with schemathesis,
//! which judges the admin interface, one with the clients of two vendors of voice models, which judge those of the tests, and one
//! with SciPy, which judges the audio kit.

use std::fs;
use std::path::PathBuf;

use crate::shell::{Failed, ask, program, root, run, say};

/// What a test needs from the Python package index.
pub(crate) struct Environment {
    /// Where it is, below the repository's root.
    folder: &'static str,
    /// Names and versions.
    packages: &'static [(&'static str, &'static str)],
}

/// What the conformance tests talk to.
pub(crate) const SDK: Environment = Environment { folder: "target/venv", packages: &[("telcoflow", "1.0.0")] };

/// Holds the admin interface's document against its answers.
pub(crate) const SCHEMATHESIS: Environment =
    Environment { folder: "target/schemathesis", packages: &[("schemathesis", "4.32.5")] };

/// What speaks with voice models as their vendors do.
pub(crate) const MODELS: Environment = Environment {
    folder: "target/models",
    packages: &[("openai", "3.57.0"), ("google-genai", "3.6.1"), ("websockets", "15.0.1")],
};

/// Computes what the audio kit computes.
pub(crate) const SCIPY: Environment = Environment { folder: "target/scipy", packages: &[("scipy", "1.17.1")] };

impl Environment {
    /// The environment's interpreter; the environment is made when it is missing or incomplete.
    pub(crate) fn get(&self) -> Result<PathBuf, Failed> {
        let Self { folder, packages } = self;
        let wanted: Vec<String> = packages.iter().map(|(package, version)| format!("{package}=={version}")).collect();
        let named = wanted.join(" ");
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
        say(&format!("making a Python environment with {named} in {folder}"));
        fs::create_dir_all(root().join("target"))
            .map_err(|error| Failed(format!("cannot create the folder target: {error}")))?;
        run(
            program("python3", &["-m", "venv", "--clear", folder]),
            "python3 has no working `venv`: install it (on Debian and Ubuntu: apt install python3-venv)",
        )?;
        let mut install = program(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.args(&wanted);
        run(install, &format!("cannot install {named} from the Python package index: pip's message is above"))?;
        let failed = || Failed(format!("pip installed {named}, but Python does not find it"));
        if self.is_whole(&python) { Ok(python) } else { Err(failed()) }
    }

    fn is_whole(&self, python: &PathBuf) -> bool {
        self.packages.iter().all(|(package, version)| {
            let question = format!("import importlib.metadata as m; print(m.version('{package}'))");
            ask(program(python, &["-c", &question])).is_some_and(|answer| answer.trim() == *version)
        })
    }
}

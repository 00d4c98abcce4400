//! Programs that a test needs and that Debian has: a browser, an OCI registry.

use std::process::Command;

use crate::shell::{Failed, ask, program, run, say};

/// A program that a test runs.
pub(crate) struct Tool {
    /// What it is called on the machines that have it, with an argument that makes it end well.
    names: &'static [(&'static str, &'static str)],
    /// Debian's package.
    package: &'static str,
    /// What it is for.
    purpose: &'static str,
}

/// Opens the demonstration's report.
pub(crate) const BROWSER: Tool = Tool {
    names: &[("chromium", "--version"), ("chromium-browser", "--version"), ("google-chrome", "--version")],
    package: "chromium",
    purpose: "a test opens the demonstration's report in it",
};

/// Holds components that are pulled.
pub(crate) const OCI_REGISTRY: Tool = Tool {
    names: &[("docker-registry", "--version")],
    package: "docker-registry",
    purpose: "a test pulls components from it",
};

impl Tool {
    /// The program's name. Debian's package is installed where that is possible.
    pub(crate) fn get(&self) -> Result<String, Failed> {
        if let Some(name) = self.present() {
            return Ok(name);
        }
        let Self { package, purpose, .. } = self;
        let missing = format!(
            "{package} is not on this machine, and {purpose}: install it (on Debian and Ubuntu: apt-get install {package})"
        );
        let root = ask(program("id", &["-u"])).is_some_and(|id| id.trim() == "0");
        if !root || ask(program("apt-get", &["--version"])).is_none() {
            return Err(Failed(missing));
        }
        say(&format!("installing {package}: {purpose}"));
        let apt = |arguments: &[&str]| -> Command {
            let mut apt = program("apt-get", arguments);
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        // Old lists may do: the installation says whether they did.
        let _ = ask(apt(&["update", "-qq"]));
        run(apt(&["install", "-y", "-qq", "--no-install-recommends", package]), &missing)?;
        self.present().ok_or(Failed(missing))
    }

    fn present(&self) -> Option<String> {
        self.names
            .iter()
            .find(|(name, argument)| ask(program(name, &[argument])).is_some())
            .map(|(name, _)| (*name).to_owned())
    }
}

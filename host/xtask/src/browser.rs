//! A browser that opens the demonstration's report in a test.

use std::process::Command;

use crate::shell::{Failed, ask, program, run, say};

/// What Chromium is called on the machines that have it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The program's name. Debian's package is installed where that is possible.
pub(crate) fn chromium() -> Result<String, Failed> {
    if let Some(name) = present() {
        return Ok(name);
    }
    let missing = "no chromium is on this machine, and a test opens the demonstration's report in it: \
                   install it (on Debian and Ubuntu: apt-get install chromium)";
    let root = ask(program("id", &["-u"])).is_some_and(|id| id.trim() == "0");
    if !root || ask(program("apt-get", &["--version"])).is_none() {
        return Err(Failed::new(missing));
    }
    say("installing chromium for the test of the report");
    let apt = |arguments: &[&str]| -> Command {
        let mut apt = program("apt-get", arguments);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    // Old lists may do: the installation says whether they did.
    let _ = ask(apt(&["update", "-qq"]));
    run(apt(&["install", "-y", "-qq", "--no-install-recommends", "chromium"]), missing)?;
    present().ok_or_else(|| Failed::new(missing))
}

fn present() -> Option<String> {
    NAMES.into_iter().find(|name| ask(program(name, &["--version"])).is_some()).map(str::to_owned)
}

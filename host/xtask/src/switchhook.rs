//! The program itself.

use std::path::PathBuf;

use crate::guests::target_dir;
use crate::shell::{Failed, cargo, run, say};

/// Builds `switchhook` and says where it is.
///
/// The whole workspace is selected though one program is built: what is selected decides which features shared
/// dependencies have, and with those of the tests wasmtime is built once for both.
pub(crate) fn build() -> Result<PathBuf, Failed> {
    say("building switchhook (about six minutes from cold on two cores, else seconds)");
    run(
        cargo(&["build", "--quiet", "--workspace", "--bin", "switchhook"]),
        "switchhook did not build: the compiler's message is above",
    )?;
    Ok(target_dir()?.join("debug/switchhook"))
}

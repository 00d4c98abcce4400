//! The bindings of the C SDK: made by wit-bindgen, which takes half a minute to build, so whether they are up to date is told by
//! what they were made of.

use std::fs;

use crate::guests::digest;
use crate::shell::{Failed, cargo, root, run};

const FOLDER: &str = "guest-sdk/c/bindings";
const NOTE: &str = "guest-sdk/c/bindings.made";
const SOURCES: &[&str] = &["wit/handler-0.1.0", "guest-sdk/c/bindgen/Cargo.lock", "guest-sdk/c/bindgen/src"];

/// Makes them anew.
pub(crate) fn make() -> Result<(), Failed> {
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| Failed(format!("cannot create {FOLDER}: {error}")))?;
    let mut bindgen = cargo(&["run", "--quiet", "--locked", "--manifest-path", "guest-sdk/c/bindgen/Cargo.toml"]);
    bindgen.args(["--target-dir", "target/plugins/bindgen", "--", "wit/handler-0.1.0", FOLDER]);
    run(bindgen, "wit-bindgen made no bindings of wit/handler-0.1.0: its message is above")?;
    fs::write(root().join(NOTE), made_of()?).map_err(|error| Failed(format!("cannot write {NOTE}: {error}")))
}

/// Whether they are what the contract says.
pub(crate) fn check() -> Result<(), Failed> {
    if fs::read_to_string(root().join(NOTE)).ok() == Some(made_of()?) {
        return Ok(());
    }
    Err(Failed(format!("{FOLDER} is not what the WIT says: run `cargo xtask contract`")))
}

/// One line of what they are made of, and one of themselves.
fn made_of() -> Result<String, Failed> {
    let sources = digest(SOURCES.iter().map(|path| root().join(path)))?;
    let bindings = digest([root().join(FOLDER)])?;
    Ok(format!("from {sources}\nmade {bindings}\n"))
}

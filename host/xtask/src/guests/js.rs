//! JavaScript: the tools are those of `guest-sdk/js`, in the versions of `package-lock.json`.

use std::path::Path;

use super::{Language, made};
use crate::shell::{Failed, ask, program, root, run, say};

pub(super) const LANGUAGE: Language = Language {
    name: "js",
    ingredients: &["guest-sdk/js/package.json", "guest-sdk/js/src", "guest-sdk/js/tools", "package-lock.json"],
    tools,
    build,
};

/// The packages of the npm registry, in `node_modules`.
pub(crate) fn tools() -> Result<(), Failed> {
    let recipe = made::digest([root().join("package-lock.json")])?;
    let note = root().join("target/plugins/node_modules");
    let list = root().join("node_modules/.package-lock.json");
    if made::is_there(&note, &recipe, &list) {
        return Ok(());
    }
    let recent = "process.exit(Number(process.versions.node.split('.')[0] < 20))";
    if ask(program("node", &["-e", recent])).is_none() {
        return Err(Failed::new(
            "node is missing or older than 20, and plugins are built with it: install Node.js 20 or later",
        ));
    }
    say("installing the packages of package-lock.json in node_modules");
    run(
        program("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]),
        "cannot install the packages of package-lock.json from the npm registry: npm's message is above",
    )?;
    made::write(&note, &recipe, &list)
}

fn build(sources: &Path, component: &Path) -> Result<(), Failed> {
    let mut tool = program("node", &["guest-sdk/js/tools/build.js"]);
    tool.arg(sources.join("main.js")).arg("-o").arg(component);
    run(tool, &format!("{} did not build: the message is above", sources.display()))
}

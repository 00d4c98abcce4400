//! C and Go: the SDK's own build command fetches its tools and makes the component, as an author's would.

use std::process::Command;

use super::Language;
use crate::shell::{Failed, program, root, run};

pub(super) const C: Language = Language {
    name: "c",
    ingredients: &[
        "guest-sdk/c/include",
        "guest-sdk/c/src",
        "guest-sdk/c/bindings",
        "guest-sdk/c/requirements.txt",
        "guest-sdk/c/switchhook_build.py",
        "guest-sdk/switchhook_tools.py",
        "guest-sdk/wasi",
    ],
    tools: || tools("c"),
    build: |sources, component| {
        let mut build = command("c");
        build.arg(sources.join("main.c")).args(["--embed", "plugins/prompts", "-o"]).arg(component);
        run(build, &format!("{} did not build: the message is above", sources.display()))
    },
};

pub(super) const GO: Language = Language {
    name: "go",
    ingredients: &[
        "guest-sdk/go",
        "guest-sdk/switchhook_tools.py",
        "guest-sdk/wasi",
        "plugins/go.mod",
        "tests/languages/go.mod",
    ],
    tools: || tools("go"),
    build: |sources, component| {
        let mut build = command("go");
        build.arg(sources).arg("-o").arg(component);
        run(build, &format!("{} did not build: the message is above", sources.display()))
    },
};

/// The build command of a language's SDK, whose tools lie among what is built.
pub(crate) fn command(language: &str) -> Command {
    let mut build = program("python3", &[&format!("guest-sdk/{language}/switchhook_build.py")]);
    build.env("SWITCHHOOK_TOOLS", root().join("target/plugins"));
    build
}

fn tools(language: &str) -> Result<(), Failed> {
    let mut fetch = command(language);
    fetch.arg("--tools");
    run(fetch, &format!("the tools for {language} cannot be had: see above"))
}

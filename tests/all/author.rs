//! The author's loop as an author meets it: the program, an empty folder, and the package registries.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use switchhook_tests::components::{self, program};

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = program().is_none();
    let trial = |name: &str, test: fn()| {
        Trial::test(format!("author::{name}"), move || {
            test();
            Ok(())
        })
        .with_ignored_flag(ignored)
    };
    vec![
        trial("a_new_handler_in_rust_builds_and_its_scenario_holds", || new_builds("rust")),
        trial("a_new_handler_in_javascript_builds_and_its_scenario_holds", || new_builds("js")),
        trial("a_new_handler_in_python_builds_and_its_scenario_holds", || new_builds("python")),
        trial("a_new_handler_in_c_builds_and_its_scenario_holds", || new_builds("c")),
        trial("a_new_handler_in_go_builds_and_its_scenario_holds", || new_builds("go")),
    ]
}

fn switchhook(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program().expect("it is built"));
    command.current_dir(folder).args(arguments).env_remove("RUST_LOG");
    // What the plugins of this repository are built with serves here too.
    command.env("SWITCHHOOK_TOOLS", components::root().join("target/plugins"));
    command
}

/// A project in a folder of its own. What it builds is kept from run to run, outside of it.
fn project(lang: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = switchhook(folder.path(), &["new", "hello", "--lang", lang]).output().expect("the program starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

fn new_builds(lang: &str) {
    let folder = project(lang);
    let output = switchhook(folder.path(), &["dev", "hello", "--once"]).output().expect("the program starts");
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{errors}");
    for what in ["1 passed, 0 failed", "the handler returned (terminated)", "last-call.wav"] {
        assert!(told.contains(what), "{what}:\n{told}{errors}");
    }
    let wav = ::audio::Wav::read_file(folder.path().join("hello/last-call.wav")).expect("the call was recorded");
    assert!(::audio::level_dbfs(&wav.samples) > -40.0);
}

//! The author's loop as an author meets it: the program, an empty folder, and the package registries.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use libtest_mimic::Trial;
use switchhook_tests::components::program;

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = program().is_none();
    let trial = |name: &str, test: fn()| {
        Trial::test(format!("author::{name}"), move || {
            test();
            Ok(())
        })
        .with_ignored_flag(ignored)
    };
    vec![trial("a_new_handler_builds_and_its_scenario_holds", new_builds), trial("dev_rebuilds_on_save", dev_rebuilds)]
}

fn switchhook(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program().expect("it is built"));
    command.current_dir(folder).args(arguments).env_remove("RUST_LOG");
    command
}

/// A project in a folder of its own. What it builds is kept from run to run, outside of it.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = switchhook(folder.path(), &["new", "hello", "--lang", "rust"]).output().expect("the program starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

fn new_builds() {
    let folder = project();
    let output = switchhook(folder.path(), &["dev", "hello", "--once"]).output().expect("the program starts");
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{errors}");
    for what in ["1 passed, 0 failed", "the handler returned (terminated)", "last-call.wav"] {
        assert!(told.contains(what), "{what}:\n{told}{errors}");
    }
    let wav = ::audio::Wav::read_file(folder.path().join("hello/last-call.wav")).expect("the call was recorded");
    assert!(::audio::level_dbfs(&wav.samples) > -40.0);
}

/// What `dev` says when the compiler refuses.
const FAILED: &str = "it did not build";

/// The program, which a failing test does not leave behind.
struct Dev(Child);

impl Drop for Dev {
    fn drop(&mut self) {
        // One that ended cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Without a terminal: a compiler's error is shown and the loop goes on, a save builds again, a signal ends it well.
fn dev_rebuilds() {
    let folder = project();
    let source = folder.path().join("hello/src/lib.rs");
    let good = std::fs::read_to_string(&source).expect("the handler");
    let dev = switchhook(folder.path(), &["dev", "hello"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut dev = Dev(dev.expect("the program starts"));
    let mut told = BufReader::new(dev.0.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut until = |what: &str| {
        let line = told.find(|line| line.contains(what) || line.contains(FAILED));
        let line = line.unwrap_or_else(|| panic!("it ended before it said {what:?}"));
        // After it nothing would come: it waits for a save.
        assert!(line.contains(what), "{line:?} came before {what:?}");
        line
    };
    let first = until("version ");
    until("save a file to build again");
    std::fs::write(&source, good.replace("440.0", "not a number")).expect("writable");
    until(FAILED);
    until("save a file to build again");
    std::fs::write(&source, good.replace("0.3, rate_hz, 500", "0.3, rate_hz, 600")).expect("writable");
    let second = until("version ");
    assert_ne!(first.split(':').next(), second.split(':').next());
    until("1 passed, 0 failed");
    until("save a file to build again");
    terminate(&dev.0);
    assert!(dev.0.wait().expect("it ends").success(), "it ends well");
    let mut errors = String::new();
    dev.0.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
    assert!(errors.contains("not a number"), "the compiler's own words: {errors}");
}

fn terminate(child: &Child) {
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
}

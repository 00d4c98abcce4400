//! The author's loop as an author meets it: the program, an empty folder, and the package registries.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use libtest_mimic::Trial;
use switchhook_tests::components::{self, program};

/// Lines that wait for the test.
const LINES_MAX: usize = 1_000;
/// No line is longer in coming: building, loading and calling.
const LINE_TIME_MAX: Duration = Duration::from_secs(180);

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
        trial("dev_rebuilds_on_save", dev_rebuilds_on_save),
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
    if lang == "go" {
        unit_tests_hold(&folder.path().join("hello"));
    }
}

/// The project's own tests, in simulated calls, by the SDK's command.
fn unit_tests_hold(project: &Path) {
    let mut tests = Command::new("python3");
    tests.current_dir(project).args(["sdk/guest-sdk/go/switchhook_build.py", "--test", "."]);
    tests.env("SWITCHHOOK_TOOLS", components::root().join("target/plugins"));
    let output = tests.output().expect("python3 starts");
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.lines().any(|line| line.starts_with("ok")), "{told}{errors}");
}

/// The next call is on what was saved last, and on what worked last when that does not build. C builds fastest.
fn dev_rebuilds_on_save() {
    let folder = project("c");
    let source = folder.path().join("hello/main.c");
    let text = std::fs::read_to_string(&source).expect("the handler");
    let mut dev = Dev::start(folder.path());
    let first = dev.hears("version ");
    dev.hears("1 passed, 0 failed");
    dev.hears("save a file");

    // Another tone than the scenario wants.
    let other = text.replace("440", "1234");
    assert_ne!(other, text, "the template says a tone of 440 Hz");
    std::fs::write(&source, &other).expect("it can be saved");
    assert_ne!(version(&dev.hears("version ")), version(&first), "what was saved is another version");
    dev.hears("0 passed, 1 failed");
    dev.hears("last-call.wav");
    dev.hears("save a file");

    std::fs::write(&source, "this is no C").expect("it can be saved");
    dev.hears("it did not build: the messages are above: the version before stays");
    dev.hears("0 passed, 1 failed");
    dev.hears("save a file");

    std::fs::write(&source, &text).expect("it can be saved");
    assert_eq!(version(&dev.hears("version ")), version(&first), "the same source makes the same version");
    dev.hears("1 passed, 0 failed");
    dev.hears("save a file");

    dev.says("\n");
    dev.hears("1 passed, 0 failed");
    dev.hears("save a file");
    dev.says("q\n");
    assert!(dev.program.wait().expect("it ends").success());
}

fn version(line: &str) -> &str {
    line.strip_prefix("version ").and_then(|rest| rest.split(':').next()).unwrap_or_else(|| panic!("a version: {line}"))
}

/// `switchhook dev`, as an author has it in a terminal.
struct Dev {
    program: Child,
    lines: Receiver<String>,
}

impl Dev {
    fn start(folder: &Path) -> Dev {
        let mut command = switchhook(folder, &["dev", "hello"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut program = command.spawn().expect("the program starts");
        let out = BufReader::new(program.stdout.take().expect("it is piped"));
        let (tell, lines) = sync_channel(LINES_MAX);
        // It ends with the program, whose output it reads.
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Dev { program, lines }
    }

    /// The next line that contains this.
    fn hears(&mut self, what: &str) -> String {
        let mut told = Vec::new();
        loop {
            match self.lines.recv_timeout(LINE_TIME_MAX) {
                Ok(line) if line.contains(what) => return line,
                Ok(line) => told.push(line),
                Err(_) => panic!("it does not say {what:?}, but:\n{}", told.join("\n")),
            }
        }
    }

    fn says(&mut self, text: &str) {
        let input = self.program.stdin.as_mut().expect("it is piped");
        input.write_all(text.as_bytes()).and_then(|()| input.flush()).expect("it listens");
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

//! The program as a shell sees it: exit codes, and what stands on which output.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const SECRET: &str = "hunter2-hunter2";

/// A folder with a file `t.toml`.
fn folder_with(config: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("echo.wasm"), b"\0asm").expect("writable");
    std::fs::write(folder.path().join("t.toml"), config).expect("writable");
    folder
}

fn switchhook(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchhook"));
    command.current_dir(folder).args(arguments).env_remove("RUST_LOG").env("ACME_KEY", SECRET);
    command.output().expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

const GOOD: &str = r#"
[[tenant]]
name = "acme"
[[tenant.telcoflow]]
name = "main"
base_url = "ws://127.0.0.1:18080"
api_key = { env = "ACME_KEY" }
connector_uuid = "c"
[[tenant.plugin]]
name = "echo"
source = "echo.wasm"
[[tenant.route]]
plugin = "echo"
"#;

#[test]
fn a_good_configuration_is_exit_code_0() {
    let folder = folder_with(GOOD);
    for arguments in [&["check", "--config", "t.toml"][..], &["check", "--config", "t.toml", "--json"]] {
        let output = switchhook(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "");
        assert!(text(&output.stdout).contains("acme"));
        assert!(!text(&output.stdout).contains(SECRET));
    }
}

#[test]
fn a_bad_configuration_is_exit_code_1_and_all_its_problems_are_told() {
    let folder = folder_with(&GOOD.replace("ACME_KEY", "NO_KEY").replace("\"main\"", "\"a b\""));
    let expected = "\
t.toml:5:8: tenant[0].telcoflow[0].name: \"a b\" is not a name: use 1 to 64 letters, digits, `_`, `-` and `.`, with a letter or digit first
t.toml:7:19: tenant[0].telcoflow[0].api_key.env: the environment variable \"NO_KEY\" is not set: set it before the start
";
    for command in ["check", "run"] {
        let output = switchhook(folder.path(), &[command, "--config", "t.toml"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!((text(&output.stdout), text(&output.stderr)), ("", expected), "{command}");
    }
}

#[test]
fn problems_as_json_stand_on_standard_output() {
    let folder = folder_with("colour = 1\n");
    let output = switchhook(folder.path(), &["check", "--config", "t.toml", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["ok"], false);
    let kinds: Vec<_> = json["problems"].as_array().expect("a list").iter().map(|problem| &problem["kind"]).collect();
    assert_eq!(kinds, ["unknown-key", "missing"]);
}

#[test]
fn wrong_use_is_exit_code_2_and_leaves_standard_output_alone() {
    let folder = folder_with("");
    for arguments in [&[][..], &["fly"], &["run"], &["limits", "--jsno"], &["check", "--config"]] {
        let output = switchhook(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(text(&output.stderr).contains("--help"), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_bad_log_filter_is_wrong_use_too() {
    let folder = folder_with("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchhook"));
    let output = command.current_dir(folder.path()).arg("limits").env("RUST_LOG", "a=b=c").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("the environment variable RUST_LOG is not a filter"));
}

#[test]
fn limits_are_listed_as_text_and_as_json() {
    let folder = folder_with("");
    let output = switchhook(folder.path(), &["limits"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("config_bytes_max"));
    let output = switchhook(folder.path(), &["limits", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(json.as_array().is_some_and(|rows| rows.len() > 10));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let folder = folder_with("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let output = switchhook(folder.path(), &["sim", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let report = text(&output.stderr);
    assert!(report.contains(&address) && report.contains("`--listen`"), "{report}");
}

#[test]
fn a_port_that_the_system_chooses_is_in_no_configuration() {
    let folder = folder_with(&format!("[admin]\nlisten = \"127.0.0.1:0\"\n{GOOD}"));
    for arguments in [&["calls"][..], &["plugins"], &["reload"]] {
        let output = switchhook(folder.path(), &[arguments, &["--config", "t.toml"]].concat());
        let report = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{report}");
        assert!(report.contains("t.toml: admin.listen: ") && report.contains("`--admin`"), "{report}");
    }
}

#[test]
fn the_compiler_says_what_it_refuses() {
    let folder = folder_with("");
    let limits = ["--memory-bytes", "1000000000", "--cpu-s", "5", "--ms", "5000", "--code-bytes", "1000000"];
    let output = switchhook(folder.path(), &[&["compile"][..], &limits].concat());
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        ("", "this is not WebAssembly: it does not begin with \\0asm")
    );
}

#[test]
fn a_recording_that_is_not_there_is_named() {
    let folder = folder_with("");
    let output = switchhook(folder.path(), &["sim", "--caller", "none.wav"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("none.wav: "), "{}", text(&output.stderr));
}

#[test]
fn a_wrong_scenario_is_exit_code_1_and_all_its_problems_are_told() {
    let folder = folder_with("");
    std::fs::write(folder.path().join("one.toml"), "[expect]\ncomands = []\n").expect("writable");
    std::fs::write(folder.path().join("two.toml"), "[caller]\ndoes = [{ kyes = \"1\" }]\n[expect]\n")
        .expect("writable");
    let output = switchhook(folder.path(), &["test", "echo.wasm", "one.toml", "two.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
one.toml:2:1: expect.comands: there is no key `comands` here: did you mean `commands`?
two.toml:2:11: caller.does[0].kyes: there is no key `kyes` here: did you mean `keys`?
";
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("", expected));
}

#[test]
fn a_new_project_overwrites_nothing() {
    let folder = folder_with("");
    let output = switchhook(folder.path(), &["new", "my-handler", "--lang", "rust"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let source = folder.path().join("my-handler/src/lib.rs");
    std::fs::write(&source, "mine").expect("writable");
    let output = switchhook(folder.path(), &["new", "my-handler", "--lang", "rust"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("my-handler: "), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&source).expect("it is there"), "mine");
}

#[test]
fn a_project_that_cannot_be_made_is_refused_with_advice() {
    let folder = folder_with("");
    for (arguments, says) in [
        (&["new", "Bad_Name", "--lang", "rust"][..], "\"Bad_Name\" is not a name"),
        (&["new", "h", "--lang", "rust", "--sdk", "none"], "`--sdk` names a checkout"),
        (&["dev", "."], "handler.toml: cannot be read"),
    ] {
        let output = switchhook(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
    assert!(!folder.path().join("h").exists());
}

//! A host that runs is ended by `kill -9` while versions are brought in, again and again: it starts, nothing that it
//! acknowledged is lost, and what was made live last is what it serves.
//!
//! Needs `plugins/echo.wasm`, which `cargo xtask plugins` builds.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const ROUNDS: u32 = 50;
const PLUGIN: &str = "/v1/tenants/acme/plugins/echo";

/// A host in a process of its own. Killed on drop.
struct Host {
    child: Child,
    address: String,
    // A pipe that nobody reads would stop it.
    _log: std::thread::JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Host {
    fn start(config: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchhook"));
        command.args(["--log-format", "json", "run", "--config"]).arg(config).env_remove("RUST_LOG");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let address = address(&mut log);
        let reading = std::thread::spawn(move || drop(std::io::copy(&mut log, &mut std::io::sink())));
        Self { child, address, _log: reading }
    }

    /// An answer; `None` when the host was gone before it was complete.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Value)> {
        ask(&self.address, method, path, body)
    }

    fn listed(&self) -> Value {
        let (status, plugins) = self.ask("GET", "/v1/tenants/acme/plugins", b"").unwrap();
        assert_eq!(status, 200, "{plugins}");
        plugins["plugins"][0].clone()
    }
}

/// Where its admin interface listens, which it says before anybody can ask.
fn address(log: &mut BufReader<ChildStderr>) -> String {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the host ended: {all}");
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        if event["message"] == "the admin interface listens" {
            return event["address"].as_str().unwrap().to_owned();
        }
        all += &line;
    }
}

fn ask(address: &str, method: &str, path: &str, body: &[u8]) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let kind = if method == "PUT" { "application/wasm" } else { "application/json" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

fn echo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/echo.wasm")
}

/// The echo, with a number in it that changes nothing but its digest.
fn variant(number: u32) -> Vec<u8> {
    let mut wasm = std::fs::read(echo()).expect("it is built: cargo xtask plugins");
    wasm.extend([0, 12]);
    wasm.extend(b"\x07version");
    wasm.extend(number.to_le_bytes());
    wasm
}

/// A folder with a configuration: a carrier that is not there, the echo, an admin interface, and a data directory.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("host.toml");
    let text = format!(
        r#"
        data_dir = "data"
        admin = {{ listen = "127.0.0.1:0" }}
        [[tenant]]
        name = "acme"
        [[tenant.telcoflow]]
        name = "main"
        base_url = "ws://127.0.0.1:9"
        api_key = "k"
        connector_uuid = "c"
        [[tenant.plugin]]
        name = "echo"
        source = {:?}
        limits = {{ calls_max = 2 }}
        [[tenant.route]]
        plugin = "echo"
        "#,
        echo().canonicalize().expect("it is built: cargo xtask plugins")
    );
    std::fs::write(&config, text).unwrap();
    (folder, config)
}

/// What was acknowledged, and what was asked for last without an answer.
#[derive(Default)]
struct Told {
    digests: BTreeMap<u64, String>,
    live: u64,
    asked: Option<u64>,
}

#[test]
fn kill_9_during_pushes_loses_nothing_that_was_acknowledged() {
    let (_folder, config) = folder();
    let mut told = Told { live: 1, ..Told::default() };
    let mut content = 0;
    for round in 0..ROUNDS {
        let host = Host::start(&config);
        let plugin = host.listed();
        check(&mut told, &plugin, round);
        let (address, pid) = (host.address.clone(), host.child.id());
        let (tell, acknowledged) = channel();
        let first = content;
        let pushing = std::thread::spawn(move || {
            let mut content = first;
            loop {
                content += 1;
                let Some((status, brought)) = ask(&address, "PUT", PLUGIN, &variant(content)) else { return content };
                assert_eq!(status, 201, "{brought}");
                let number = brought["number"].as_u64().unwrap();
                tell.send((number, brought["digest"].as_str().unwrap().to_owned(), None)).unwrap();
                tell.send((number, String::new(), Some(false))).unwrap();
                let promote = json!({"version": number}).to_string();
                let path = format!("{PLUGIN}/promote");
                let Some((status, live)) = ask(&address, "POST", &path, promote.as_bytes()) else { return content };
                assert_eq!(status, 200, "{live}");
                tell.send((number, String::new(), Some(true))).unwrap();
            }
        });
        // So many things were acknowledged, and a moment more.
        let mut acknowledgements: Vec<_> = acknowledged.iter().take(round as usize % 4).collect();
        let moment = Instant::now() + Duration::from_millis(u64::from(round) * 7 % 60);
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid.cast_signed()).unwrap(),
            rustix::process::Signal::KILL,
        )
        .unwrap();
        content = pushing.join().unwrap();
        drop(host);
        acknowledgements.extend(acknowledged.iter());
        for (number, digest, live) in acknowledgements {
            match live {
                None => drop(told.digests.insert(number, digest)),
                Some(false) => told.asked = Some(number),
                Some(true) => (told.live, told.asked) = (number, None),
            }
        }
    }
    assert!(told.digests.len() as u32 > ROUNDS / 4, "only {} versions were acknowledged", told.digests.len());
}

fn check(told: &mut Told, plugin: &Value, round: u32) {
    let versions = plugin["versions"].as_array().unwrap();
    let digest =
        |number: u64| versions.iter().find(|version| version["number"] == number).map(|version| &version["digest"]);
    // Old ones are dropped for newer ones, by their number.
    for (number, acknowledged) in told.digests.iter().rev().take(4) {
        assert_eq!(digest(*number), Some(&Value::from(acknowledged.as_str())), "round {round}: version {number}");
    }
    let live = plugin["live"].as_u64();
    let expected = [Some(told.live), told.asked];
    assert!(expected.contains(&live), "round {round}: {live:?} is live, of {expected:?}");
    if live == Some(told.live) {
        let version = versions.iter().find(|version| version["number"] == told.live);
        let receipt = version.map(|version| &version["live_unix_ms"]);
        assert!(receipt.is_some_and(Value::is_u64), "round {round}: its receipt is lost: {version:?}");
    }
    (told.live, told.asked) = (live.unwrap(), None);
}

fn switchhook(host: &Host, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchhook"));
    command.args(arguments).args(["--admin", &format!("http://{}", host.address)]);
    command.env_remove("RUST_LOG").env_remove("SWITCHHOOK_ADMIN_TOKEN").output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn an_operator_pushes_promotes_and_rolls_back() {
    let (folder, config) = folder();
    let host = Host::start(&config);
    let file = folder.path().join("new.wasm");
    std::fs::write(&file, variant(7)).unwrap();
    let file = file.to_str().unwrap();

    let pushed = switchhook(&host, &["push", "acme", "echo", file]);
    assert_eq!((pushed.status.code(), err(&pushed)), (Some(0), ""), "{}", out(&pushed));
    let lines: Vec<&str> = out(&pushed).lines().collect();
    assert!(lines[0].starts_with("kept  version 2 (") && lines[0].contains("call-handler"), "{lines:?}");
    assert!(lines[1].starts_with("live  version 2 ("), "{lines:?}");
    let listed = switchhook(&host, &["plugins"]);
    let rows: Vec<&str> = out(&listed).lines().collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[1].contains("previous") && rows[1].contains("file"), "{rows:?}");
    assert!(rows[2].contains("live") && rows[2].contains("upload"), "{rows:?}");
    let back = switchhook(&host, &["rollback", "acme", "echo", "--json"]);
    let back: Value = serde_json::from_slice(&back.stdout).unwrap();
    assert_eq!(back["number"], 1, "{back}");
    let again = switchhook(&host, &["promote", "acme", "echo", "2"]);
    assert!(out(&again).starts_with("live  version 2 ("), "{}", err(&again));
    let json = switchhook(&host, &["push", "acme", "echo", file, "--no-promote", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["brought"]["known"], &json["live"]), (&true.into(), &Value::Null), "{json}");
    let all: Value = serde_json::from_slice(&switchhook(&host, &["plugins", "acme", "--json"]).stdout).unwrap();
    assert_eq!(all[0]["plugins"][0]["live"], 2, "{all}");
    assert_eq!(out(&switchhook(&host, &["calls"])), "no calls\n");

    for (arguments, words) in [
        (&["promote", "acme", "echo", "99"][..], "has no version 99"),
        (&["rollback", "nobody", "echo"], "there is no tenant of this name"),
        (&["push", "acme", "nothing", file], "has no plugin of this name"),
        (&["push", "acme", "echo", "/dev/null"], "this is not WebAssembly"),
        (&["plugins", "nobody"], "there is no tenant of this name"),
        (&["tail", "nobody"], "no call with this id"),
    ] {
        let refused = switchhook(&host, arguments);
        assert_eq!((refused.status.code(), out(&refused)), (Some(1), ""), "{arguments:?}");
        assert!(err(&refused).contains(words), "{arguments:?}: {}", err(&refused));
    }
    let mut drained = Command::new(env!("CARGO_BIN_EXE_switchhook"));
    drained.args(["drain", "--wait", "--config"]).arg(&config).env("SWITCHHOOK_ADMIN", "http://ignored.test");
    // The configuration says port 0, which nobody can dial.
    assert_eq!(drained.output().unwrap().status.code(), Some(1));
    let drained = switchhook(&host, &["drain", "--wait"]);
    assert_eq!(out(&drained), "draining: 0 calls are still here\nthe host is gone\n", "{}", err(&drained));
    let nobody = switchhook(&host, &["calls"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(err(&nobody).contains("no host answers"), "{}", err(&nobody));
}

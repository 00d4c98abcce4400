//! The public SDK against the simulator: every scenario, one client process each.
//!
//! Runs when `SWITCHHOOK_SDK_PYTHON` names a Python that has `telcoflow==1.0.0`; without it the tests
//! are ignored, and say so.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use sim::scenario::{self, Scenario};
use sim::{CallReport, Caller, SimConfig, Simulator, Transcript};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/sdk_client.py");
/// Clients at once. Each takes a second of a core to start.
const CLIENTS_MAX: usize = 4;

/// The SDK's client, taking calls.
struct SdkClient {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl SdkClient {
    /// Starts it and waits until it is set up.
    async fn start(python: &Path, base_url: &str, config: &SimConfig, scenario: &Scenario, calls: u32) -> Self {
        let mut child = Command::new(python)
            .arg(CLIENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", python.display()));
        let job = json!({
            "base_url": base_url,
            "api_key": config.api_key,
            "connector_uuid": config.connector_uuid,
            "sample_rate_hz": scenario.sample_rate_hz,
            "audio_mode": scenario.audio_mode.as_str(),
            "scenario": scenario.name,
            "calls": calls,
            "agent": scenario.agent,
        });
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(format!("{job}\n").as_bytes()).await.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next_line().await.unwrap();
        assert_eq!(ready.as_deref(), Some("READY"), "{}", scenario.name);
        Self { child, lines }
    }

    /// What it says of its next call.
    async fn report(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap().expect("the client ended early");
        serde_json::from_str(&line).unwrap()
    }

    async fn end(mut self) {
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "the client ended with {status}");
    }
}

fn python() -> std::path::PathBuf {
    std::env::var_os("SWITCHHOOK_SDK_PYTHON")
        .expect("SWITCHHOOK_SDK_PYTHON names a Python with telcoflow==1.0.0")
        .into()
}

/// Runs one scenario; the call's report and the link's transcript.
async fn run(scenario: &Scenario) -> (CallReport, Transcript) {
    let config = scenario.sim_config(1);
    let sim = Simulator::new(config.clone());
    let address = sim.listen("127.0.0.1:0").await.unwrap();
    let mut client = SdkClient::start(&python(), &format!("ws://{address}"), &config, scenario, 1).await;
    sim.session_managers(1).await;
    let placed = sim.place_call(scenario.caller.clone());
    let (report, said) = tokio::join!(placed.finished(), client.report());
    let lines = report.transcript.normalised().join("\n");
    assert_eq!(said["ok"], true, "{}: {said}\n{lines}", scenario.name);
    if let Err(wrong) = scenario.verdict(&report) {
        panic!("{}\n{lines}", wrong.join("\n"));
    }
    client.end().await;
    sim.shutdown().await;
    (report, sim.link_transcript())
}

/// What every call of the SDK begins with, both planes.
fn check_transcript(scenario: &Scenario, report: &CallReport, link: &Transcript) {
    let rate = scenario.sample_rate_hz;
    let mode = scenario.audio_mode;
    let link = link.normalised();
    assert_eq!(link[0], "manager -> opened");
    let setup = format!(r#"manager -> {{"data":{{"audioMode":"{mode}","sampleRate":{rate}}},"type":"setup"}}"#);
    assert_eq!(link[1], setup, "{}", scenario.name);
    assert_eq!(link[2], r#"manager <- {"smWsId":"link 1","type":"setup.done"}"#);

    let lines = report.transcript.normalised();
    let kinds: Vec<String> = lines.iter().map(|line| kind_of(line)).collect();
    let manager =
        ["<- session.notify", "-> session.open", "<- response", "-> session.ready", "<- call.in", "<- session.closed"];
    let manager: Vec<String> = manager.iter().map(|kind| format!("manager {kind}")).collect();
    assert_eq!(kinds[..6], manager, "{}\n{}", scenario.name, lines.join("\n"));
    assert_eq!(kinds[6], "voice -> opened");
    let commands: Vec<&str> = lines.iter().filter(|line| line.starts_with("voice -> {")).map(String::as_str).collect();
    let expected: Vec<_> = scenario.agent.iter().filter_map(|step| step.action.command()).collect();
    assert_eq!(commands.len(), expected.len(), "{}\n{}", scenario.name, lines.join("\n"));
    for (line, name) in commands.iter().zip(expected) {
        assert!(line.contains(&format!(r#""command":"{name}""#)), "{line} is no {name}");
    }
    let whole = format!("{:?}", report.transcript);
    assert!(!whole.contains("sim-api-key") && whole.contains(r#"\"token\":\"<hidden>\""#), "{}", scenario.name);
}

/// Plane, direction and frame type of a normalised line.
fn kind_of(line: &str) -> String {
    let Some((head, json)) = line.split_once(" {") else { return line.to_owned() };
    let frame: Value = serde_json::from_str(&format!("{{{json}")).unwrap();
    format!("{head} {}", frame["type"].as_str().unwrap())
}

#[tokio::test]
#[ignore = "needs SWITCHHOOK_SDK_PYTHON; run with --include-ignored"]
async fn every_scenario_with_the_public_sdk() {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut runs = JoinSet::new();
    for scenario in scenario::all() {
        let room = Arc::clone(&room);
        runs.spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            let (report, link) = run(&scenario).await;
            check_transcript(&scenario, &report, &link);
            let (again, link_again) = run(&scenario).await;
            let lines = |report: &CallReport, link: &Transcript| [link.normalised(), report.transcript.normalised()];
            assert_eq!(lines(&report, &link), lines(&again, &link_again), "{} differs from run to run", scenario.name);
        });
    }
    while let Some(ended) = runs.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs SWITCHHOOK_SDK_PYTHON; run with --include-ignored"]
async fn a_hundred_and_twenty_calls_in_one_sdk_process() {
    const CALLS: u32 = 120;
    let scenario = Scenario::named("echo").unwrap();
    let config = scenario.sim_config(2);
    let sim = Simulator::new(config.clone());
    let address = sim.listen("127.0.0.1:0").await.unwrap();
    let mut client = SdkClient::start(&python(), &format!("ws://{address}"), &config, &scenario, CALLS).await;
    for _ in 0..CALLS / 12 {
        let placed: Vec<_> = (0..12).map(|_| sim.place_call(Caller::echo(100))).collect();
        for call in placed {
            let report = call.finished().await;
            assert_eq!(scenario.verdict(&report), Ok(()));
            let said = client.report().await;
            assert_eq!(said["ok"], true, "{said}");
        }
    }
    client.end().await;
    sim.shutdown().await;
}

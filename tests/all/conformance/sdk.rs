//! The SDK's side: `tests/conformance/sdk_client.py` in a process of its own, which is killed and reaped whatever happens.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use sim::scenario::Scenario;
use sim::{CallReport, ChannelSent, SimConfig, Simulator};
use switchhook_tests::components::root;
use switchhook_tests::logs::API_KEY;
use tokio::sync::mpsc;

use super::observed::Observed;
use super::server;
use super::upgrades::Relay;
use crate::credentials::SdkTls;

/// Lines of the client that may wait for the test: more than one process takes calls.
const LINES_MAX: usize = 256;

/// The Python with the SDK, if there is one.
pub(crate) fn python() -> Option<PathBuf> {
    std::env::var_os("SWITCHHOOK_SDK_PYTHON").map(PathBuf::from)
}

/// The SDK's client, taking calls.
pub(crate) struct SdkClient {
    child: Child,
    /// The client ends when this does, even if this process is killed.
    stdin: ChildStdin,
    lines: mpsc::Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl SdkClient {
    /// Starts it and waits until it is set up.
    pub(crate) async fn start(base_url: &str, config: &SimConfig, scenario: &Scenario, calls: usize) -> Self {
        Self::start_with(base_url, config, scenario, calls, None).await
    }

    /// The same by a certificate instead of the key.
    pub(crate) async fn start_with(
        base_url: &str,
        config: &SimConfig,
        scenario: &Scenario,
        calls: usize,
        tls: Option<&SdkTls>,
    ) -> Self {
        let job = json!({
            "base_url": base_url,
            "api_key": tls.is_none().then_some(&config.api_key),
            "connector_uuid": tls.is_none().then_some(&config.connector_uuid),
            "cert_path": tls.map(|tls| &tls.cert_path),
            "key_path": tls.map(|tls| &tls.key_path),
            "sample_rate_hz": scenario.sample_rate_hz,
            "audio_mode": scenario.audio_mode.as_str(),
            "scenario": scenario.name,
            "calls": calls,
            "agent": scenario.agent,
        });
        Self::run("sdk_client.py", &job, tls).await
    }

    /// Starts a script of `tests/conformance` with its job, and waits until it is ready.
    pub(crate) async fn run(script: &str, job: &Value, tls: Option<&SdkTls>) -> Self {
        let python = python().expect("SWITCHHOOK_SDK_PYTHON names a Python with telcoflow==1.0.0");
        let mut command = Command::new(&python);
        command.arg(root().join("tests/conformance").join(script)).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(tls) = tls {
            command.env("SSL_CERT_FILE", &tls.ca_path);
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", python.display()));
        let stdin = child.stdin.take().expect("it has a standard input");
        let stdout = BufReader::new(child.stdout.take().expect("it has a standard output"));
        let (told, lines) = mpsc::channel(LINES_MAX);
        let reader = std::thread::spawn(move || {
            let lines = stdout.lines().map_while(Result::ok);
            // Ends with the client's output, or when the test wants no more of it.
            lines.map(|line| told.blocking_send(line)).take_while(Result::is_ok).for_each(drop);
        });
        let mut client = Self { child, stdin, lines, reader: Some(reader) };
        writeln!(client.stdin, "{job}").expect("the client reads its job");
        assert_eq!(client.lines.recv().await.as_deref(), Some("READY"), "{script}");
        client
    }

    /// What it says of its next call.
    pub(crate) async fn report(&mut self) -> Value {
        let line = self.lines.recv().await.expect("the client ended early");
        serde_json::from_str(&line).expect("the client speaks JSON")
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn end(mut self) {
        assert_eq!(self.lines.recv().await, None, "the client says more than was asked for");
        let status = self.child.wait().expect("the client can be waited for");
        assert!(status.success(), "the client ended with {status}");
    }
}

impl Drop for SdkClient {
    fn drop(&mut self) {
        // Refused when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.lines.close();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// One call that the SDK takes.
pub(crate) async fn call(scenario: &Scenario) -> Observed {
    let config = server(scenario);
    let sim = Simulator::new(config.clone());
    let address = sim.listen("127.0.0.1:0").await.expect("a free port");
    let relay = Relay::start(address).await;
    sim.set_public_base(&relay.base_url());
    let mut client = SdkClient::start(&relay.base_url(), &config, scenario, 1).await;
    sim.session_managers(1).await;
    let placed = sim.place_call(scenario.caller.clone());
    let (report, said) = tokio::join!(placed.finished(), client.report());
    let lines = report.transcript.normalised().join("\n");
    assert_eq!(said["ok"], true, "{}: {said}\n{lines}", scenario.name);
    assert_eq!(scenario.verdict(&report), Ok(()), "the SDK\n{lines}");
    client.end().await;
    relay.quiet().await;
    sim.shutdown().await;
    assert_opening(scenario, &sim.link_transcript().normalised(), &report);
    let steps = said["steps"].as_array().expect("a list").iter();
    let text = |value: &Value, otherwise: &str| value.as_str().unwrap_or(otherwise).to_owned();
    let steps = steps.map(|step| (text(&step["do"], ""), text(&step["code"], "OK"))).collect();
    let heard = said["heard"].as_object().expect("a table").iter();
    let number = |channel: &str| channel.parse().expect("a channel's number");
    let sent = |heard: &Value| ChannelSent {
        bytes: heard["bytes"].as_u64().expect("a count"),
        crc32: heard["crc32"].as_u64().and_then(|crc32| u32::try_from(crc32).ok()).expect("a checksum"),
    };
    let heard = heard.map(|(channel, heard)| (number(channel), sent(heard))).collect();
    Observed::new(&sim, &relay, &report, steps, heard)
}

/// What every call of the SDK begins with, so that two empty transcripts are not alike.
fn assert_opening(scenario: &Scenario, link: &[String], report: &CallReport) {
    let (mode, rate) = (scenario.audio_mode, scenario.sample_rate_hz);
    let setup = format!(r#"manager -> {{"data":{{"audioMode":"{mode}","sampleRate":{rate}}},"type":"setup"}}"#);
    let done = r#"manager <- {"smWsId":"link 1","type":"setup.done"}"#;
    assert_eq!(link, ["manager -> opened", &setup, done, "manager -> closed with 1000"]);
    let lines = report.transcript.normalised();
    let kinds: Vec<String> = lines.iter().map(|line| kind_of(line)).collect();
    let opening = [
        "manager <- session.notify",
        "manager -> session.open",
        "manager <- response",
        "manager -> session.ready",
        "manager <- call.in",
        "manager <- session.closed",
        "voice -> opened",
        "voice -> command",
    ];
    assert_eq!(kinds[..opening.len()], opening, "{}\n{}", scenario.name, lines.join("\n"));
    assert!(lines[4].contains(r#""token":"<hidden>""#), "{}", lines[4]);
    let whole = format!("{:?}", report.transcript);
    assert!(
        !whole.contains(API_KEY) && !whole.contains("voice-token-"),
        "{}: a secret in the transcript",
        scenario.name
    );
}

/// Plane, direction and frame type of a normalised line.
fn kind_of(line: &str) -> String {
    let Some((head, json)) = line.split_once(" {") else { return line.to_owned() };
    let frame: Value = serde_json::from_str(&format!("{{{json}")).expect("a frame");
    format!("{head} {}", frame["type"].as_str().expect("a type"))
}

//! ai-bridge with whole voice models on real sockets: a greeting that is interrupted, a tool, a goodbye. The models are
//! `tests/models/model.py`; the vendors' own clients have the same conversation with them, so that these are what they seem.
//!
//! They run in a Python that `SWITCHHOOK_MODELS_PYTHON` names; `cargo xtask test` makes one. Without it these tests are ignored.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use libtest_mimic::Trial;
use network::{HostRule, Policy, SecretHeader, SecretRule};
use serde_json::Value;
use sim::{Caller, Outcome, Step};
use switchhook_tests::certificates::{Authority, Folder, Valid};
use switchhook_tests::components::root;
use switchhook_tests::logs::API_KEY;
use switchhook_tests::run::real;
use switchhook_tests::world::{World, WorldConfig, pairs};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The builds of ai-bridge: from Rust, and from the languages that have one.
const BUILDS: &[&str] = &["ai-bridge", "ai-bridge.js", "ai-bridge.python"];

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = python().is_none();
    let mut trials = vec![real("models::the_vendors_clients_accept_them", |_| judged())];
    let built = |build: &&&str| root().join(format!("plugins/{build}.wasm")).exists();
    for build in BUILDS.iter().filter(built) {
        for (dialect, rate_hz) in [("openai", 16_000), ("openai", 24_000), ("gemini", 8_000), ("gemini", 24_000)] {
            let name = format!("models::{build}_talks_with_{dialect}_at_{rate_hz}_hz");
            trials.push(real(name, move |_| talks(build, dialect, rate_hz)));
        }
    }
    trials.into_iter().map(|trial| trial.with_ignored_flag(ignored)).collect()
}

fn python() -> Option<std::ffi::OsString> {
    std::env::var_os("SWITCHHOOK_MODELS_PYTHON")
}

/// A certificate for this machine's name, its key, and the CA that signed it, in files.
struct Certified {
    ca_pem: String,
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
    _folder: Folder,
}

fn certified() -> Certified {
    let (authority, folder) = (Authority::new("models"), Folder::default());
    let ca = folder.put("ca.pem", &authority.pem());
    let (cert, key) = folder.put_pair("model", &authority.issue("localhost", &["localhost"], Valid::Now));
    Certified { ca_pem: authority.pem(), ca, cert, key, _folder: folder }
}

async fn judged() {
    let files = certified();
    let mut judge = Command::new(python().expect("it is there"));
    judge.arg(models().join("judge.py")).arg(&files.cert).arg(&files.key);
    judge.env("SSL_CERT_FILE", &files.ca).env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
    let judgement = judge.output().await.expect("it starts");
    let (told, errors) = (String::from_utf8_lossy(&judgement.stdout), String::from_utf8_lossy(&judgement.stderr));
    assert!(judgement.status.success(), "{told}{errors}");
    assert!(told.contains("openai accepts it") && told.contains("gemini accepts it"), "{told}");
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// A model that has one conversation.
struct Model {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Model {
    async fn begin(dialect: &str, files: &Certified) -> Self {
        let mut model = Command::new(python().expect("it is there"));
        model.arg(models().join("model.py")).arg(dialect).arg(&files.cert).arg(&files.key).arg(API_KEY);
        model.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = model.spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let port = lines.next_line().await.expect("a line").expect("its port").parse().expect("a port");
        Self { process, lines, port }
    }

    /// What it saw, once the conversation is over.
    async fn seen(mut self) -> Value {
        let line = self.lines.next_line().await.expect("a line").expect("it fails: its message is above");
        self.process.wait().await.expect("it ends");
        serde_json::from_str(&line).expect("JSON")
    }
}

async fn talks(build: &str, dialect: &str, rate_hz: u32) {
    let files = certified();
    let model = Model::begin(dialect, &files).await;
    let host: HostRule = format!("localhost:{}", model.port).parse().expect("a host");
    let (header, prefix) = if dialect == "openai" { ("authorization", "Bearer ") } else { ("x-goog-api-key", "") };
    let header = SecretHeader::new(header, prefix, API_KEY).expect("a header");
    let policy = Policy {
        private_hosts: vec![host.clone()],
        secrets: vec![SecretRule { header, hosts: vec![host] }],
        ..Policy::default()
    };
    let url = format!("wss://localhost:{}/v1/realtime", model.port);
    let settings = [("dialect", dialect), ("url", &url), ("greeting", "Good day"), ("instructions", "Be brief.")];
    let config = WorldConfig {
        plugin: build.into(),
        config: pairs(&settings),
        sample_rate_hz: rate_hz,
        network: Some(policy),
        network_cas: vec![files.ca_pem.clone()],
        ..WorldConfig::default()
    };
    let mut world = World::real(config).await;
    let words = audio::tone(330.0, 0.3, rate_hz, rate_hz as usize);
    let script = vec![
        Step::WaitAnswered,
        Step::WaitHeardSound,
        Step::Silence { ms: 1_500 },
        Step::Say(Arc::from(words)),
        Step::Silence { ms: 1_000 },
        Step::Wait { ms: 30_000 },
    ];
    let report = world.sim.place_call(Caller::new(script)).finished().await;
    let record = world.record().await;
    world.close().await;
    let seen = model.seen().await;

    assert_eq!(report.outcome, Outcome::AgentClosed, "{record:?}");
    let commands: Vec<&str> = report.commands.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(commands, ["call.answer", "agent.interrupt", "call.close"]);
    let results = seen["results"].as_array().expect("a list");
    assert_eq!((results.len(), &seen["closed"]), (1, &Value::from(1_000)), "{seen}");
    let places = |hz: f64, ms: usize| {
        let wanted = audio::tone(hz, 0.27, rate_hz, rate_hz as usize * ms / 1_000);
        audio::find_all(&wanted, &report.heard, 0.9)
    };
    assert!(!places(440.0, 500).is_empty(), "the greeting");
    assert!(places(880.0, 100).is_empty(), "late audio of what was interrupted");
    let goodbye = places(660.0, 600);
    let [goodbye, ..] = &goodbye[..] else { panic!("the goodbye, to its end") };
    if dialect == "openai" {
        // What the model is told was heard is what was heard.
        let cut = seen["cut_ms"].as_array().expect("a list");
        let [cut] = &cut[..] else { panic!("one cut: {seen}") };
        let cut_ms = cut[1].as_u64().expect("a number");
        let greeting = &report.heard[..goodbye.samples];
        let loud = greeting.iter().filter(|sample| sample.unsigned_abs() > 1_000).count();
        // A sine of this level is below the threshold for a fourteenth of its time.
        let heard_ms = loud as u64 * 1_000 / u64::from(rate_hz) * 14 / 13;
        assert!(cut_ms.abs_diff(heard_ms) < 250, "told {cut_ms} ms, heard {heard_ms} ms: {seen}");
        assert!(cut_ms >= 1_400 && cut[0] == "item_r1", "{seen}");
    } else {
        assert_eq!(seen["rates_hz"][0], rate_hz, "nothing is resampled on the way in: {seen}");
    }
}

//! A host that is told to stop: what signals and the admin interface do to a real process and its calls.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use sim::{Caller, Milestone, Outcome, SimConfig, Simulator, Step};
use tempfile::TempDir;

/// No step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, running beside a simulator.
struct Host {
    process: Child,
    log: Receiver<String>,
    admin: String,
    _folder: TempDir,
}

impl Host {
    async fn start(sim: &Simulator, drain_s: u32, plugin: &str) -> Host {
        let address = sim.listen("127.0.0.1:0").await.expect("a free port");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/echo.wasm");
        assert!(component.exists(), "plugins/echo.wasm is not built: run `cargo xtask plugins`");
        audio::write_mono(folder.path().join("sorry.wav"), 16_000, &prompt()).expect("a file");
        let SimConfig { api_key, connector_uuid, .. } = SimConfig::default();
        let config = format!(
            "[admin]\nlisten = \"127.0.0.1:0\"\n[[tenant]]\nname = \"acme\"\n[[tenant.telcoflow]]\nname = \"main\"\n\
             base_url = \"ws://{address}\"\napi_key = \"{api_key}\"\nconnector_uuid = \"{connector_uuid}\"\n\
             [[tenant.plugin]]\nname = \"echo\"\nsource = \"{}\"\n{plugin}\n[[tenant.route]]\nplugin = \"echo\"\n",
            component.display()
        );
        std::fs::write(folder.path().join("t.toml"), config).expect("writable");
        let mut process = Command::new(env!("CARGO_BIN_EXE_switchhook"))
            .current_dir(folder.path())
            .args(["run", "--config", "t.toml", "--drain-s", &drain_s.to_string()])
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let stderr = process.stderr.take().expect("it is piped");
        let (lines, log) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
        });
        let mut host = Host { process, log, admin: String::new(), _folder: folder };
        let line = host.line("the admin interface listens");
        let address = line.split("address=").nth(1).expect("an address");
        host.admin = address.split_whitespace().next().expect("an address").to_string();
        sim.session_managers(1).await;
        host
    }

    /// The next line with this text.
    fn line(&self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line with `{text}`"));
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// The status of a request to the admin interface.
    fn ask(&self, method: &str, path: &str) -> String {
        let mut socket = TcpStream::connect(&self.admin).expect("the admin interface listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            self.admin
        );
        socket.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("it answers");
        answer.split_whitespace().nth(1).expect("a status").to_string()
    }

    fn exit_code(mut self) -> Option<i32> {
        self.process.wait().expect("it ends").code()
    }
}

fn prompt() -> Vec<i16> {
    sim::marked_samples(3, 8_000)
}

fn simulator() -> Simulator {
    Simulator::new(SimConfig::default())
}

fn in_time<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(4 * PATIENCE, test).await.expect("the test hangs") })
}

/// Whoever says it: no new calls, `readyz` turns at once, the present call goes on to its own end.
fn calls_finish(stop: impl FnOnce(&Host)) {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 20, "").await;
        let mut call = sim.place_call(Caller::echo(2_500));
        assert!(call.reached(Milestone::Answered).await);
        assert_eq!(host.ask("GET", "/readyz"), "200");
        stop(&host);
        host.line("taking no more calls");
        assert_eq!(host.ask("GET", "/readyz"), "503", "while a call is still here");
        assert_eq!(host.ask("GET", "/healthz"), "200");
        let late = sim.place_call(Caller { ring_ms: 300, ..Caller::echo(100) }).finished().await;
        assert_eq!(late.outcome, Outcome::Unanswered);
        let report = call.finished().await;
        assert_eq!((report.outcome, report.frames_unsent), (Outcome::CallerHungUp, 0));
        assert_eq!(report.echo.map(|echo| echo.equal_bytes), Some(report.bytes_said), "all of it came back");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn a_signal_lets_calls_finish() {
    calls_finish(|host| host.signal("TERM"));
}

#[test]
fn an_operator_lets_calls_finish() {
    calls_finish(|host| assert!(host.ask("POST", "/v1/drain").starts_with('2')));
}

#[test]
fn at_the_deadline_callers_hear_what_the_policy_says() {
    in_time(async {
        let sim = simulator();
        let fault = "fault = [\"retry\", { prompt = \"sorry.wav\" }, \"disconnect\"]";
        let host = Host::start(&sim, 1, fault).await;
        let mut call = sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }]));
        assert!(call.reached(Milestone::Answered).await);
        host.signal("TERM");
        let report = call.finished().await;
        let prompt = prompt();
        assert!(report.heard.windows(prompt.len()).any(|heard| heard == prompt), "the prompt is heard");
        assert!(matches!(report.outcome, Outcome::AgentClosed | Outcome::AgentDisconnected), "{:?}", report.outcome);
        assert_eq!(host.exit_code(), Some(1), "the call did not end by itself");
        sim.shutdown().await;
    });
}

#[test]
fn a_second_signal_cuts() {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 3_600, "fault = [{ prompt = \"sorry.wav\" }]").await;
        let mut call = sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }]));
        assert!(call.reached(Milestone::Answered).await);
        host.signal("TERM");
        host.line("taking no more calls");
        host.signal("INT");
        let report = call.finished().await;
        assert!(report.heard.iter().all(|sample| *sample == 0), "there is no time for words");
        assert_eq!(report.outcome, Outcome::AgentClosed);
        assert_eq!(host.exit_code(), Some(1));
        sim.shutdown().await;
    });
}

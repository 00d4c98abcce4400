//! The program, running as a process beside a simulator.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use sim::{SimConfig, Simulator};
use tempfile::TempDir;

/// No step of a test takes longer.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program, running beside a simulator.
pub struct Host {
    process: Child,
    log: Receiver<String>,
    admin: String,
    folder: TempDir,
}

/// A test that fails leaves no process behind.
impl Drop for Host {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Host {
    /// With this plugin, of which `plugin` is what else its table says.
    pub async fn start(sim: &Simulator, drain_s: u32, plugin: &str) -> Host {
        let host = Host::run(Host::folder(sim, plugin).await, drain_s);
        sim.session_managers(1).await;
        host
    }

    /// A folder with that configuration.
    pub async fn folder(sim: &Simulator, plugin: &str) -> TempDir {
        let address = sim.listen("127.0.0.1:0").await.expect("a free port");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        assert!(plugins.join("echo.wasm").exists(), "plugins/echo.wasm is not built: run `cargo xtask plugins`");
        audio::write_mono(folder.path().join("sorry.wav"), 16_000, &prompt()).expect("a file");
        let SimConfig { api_key, connector_uuid, .. } = SimConfig::default();
        let config = format!(
            "[admin]\nlisten = \"127.0.0.1:0\"\n[[tenant]]\nname = \"acme\"\n[[tenant.telcoflow]]\nname = \"main\"\n\
             base_url = \"ws://{address}\"\napi_key = \"{api_key}\"\nconnector_uuid = \"{connector_uuid}\"\n\
             [[tenant.plugin]]\nname = \"echo\"\nsource = \"{}\"\n{plugin}\n\
             [[tenant.plugin]]\nname = \"chatty\"\nsource = \"{}\"\nconfig = {{ otherwise = \"Sorry?\" }}\n\
             [[tenant.route]]\nplugin = \"echo\"\n",
            plugins.join("echo.wasm").display(),
            plugins.join("wa-autoreply.wasm").display()
        );
        std::fs::write(folder.path().join("t.toml"), config).expect("writable");
        folder
    }

    /// With the configuration `t.toml` of this folder, which has an admin interface.
    pub fn run(folder: TempDir, drain_s: u32) -> Host {
        Host::run_so(folder, drain_s, |command| command.env_remove("RUST_LOG"))
    }

    /// The same, and the command is changed first.
    pub fn run_so(folder: TempDir, drain_s: u32, so: impl FnOnce(&mut Command) -> &mut Command) -> Host {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchhook"));
        let mut process = so(command.current_dir(folder.path()).args([
            "run",
            "--config",
            "t.toml",
            "--drain-s",
            &drain_s.to_string(),
        ]))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
        let stderr = process.stderr.take().expect("it is piped");
        let (lines, log) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
        });
        let mut host = Host { process, log, admin: String::new(), folder };
        let line = host.line("the admin interface listens");
        // As text, and as JSON.
        let address = line.split("address=").nth(1).or_else(|| line.split("\"address\":\"").nth(1));
        let address = address.expect("an address").split([' ', '"']).next();
        host.admin = address.expect("an address").trim().to_string();
        host
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// All lines that are left, until it is gone.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.log.recv_timeout(PATIENCE) {
            lines.push(line);
        }
        lines
    }

    /// The next line with this text.
    pub fn line(&self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line with `{text}`"));
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// What the kernel tells of it: a file of `/proc/PID`.
    pub fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("it runs")
    }

    /// The status of a request to the admin interface.
    pub fn ask(&self, method: &str, path: &str) -> String {
        self.answer(method, path).split_whitespace().nth(1).expect("a status").to_string()
    }

    /// All of the answer to it.
    pub fn answer(&self, method: &str, path: &str) -> String {
        self.answer_with(method, path, "")
    }

    /// The same with more headers, each with its end.
    pub fn answer_with(&self, method: &str, path: &str, headers: &str) -> String {
        let mut socket = TcpStream::connect(&self.admin).expect("the admin interface listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n",
            self.admin
        );
        socket.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// What it tells from now on.
    pub fn follow(&self) -> Events {
        let mut socket = TcpStream::connect(&self.admin).expect("the admin interface listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time");
        let request = format!("GET /v1/events HTTP/1.1\r\nhost: {}\r\n\r\n", self.admin);
        socket.write_all(request.as_bytes()).expect("it reads");
        let mut lines = BufReader::new(socket).lines();
        // After the head it is told.
        while !lines.next().expect("a head").expect("a line").is_empty() {}
        Events(lines)
    }

    /// A command that speaks to it.
    pub async fn command(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchhook"));
        command.args(args).args(["--admin", &format!("http://{}", self.admin)]).env_remove("RUST_LOG");
        let ran = tokio::task::spawn_blocking(move || command.output());
        ran.await.expect("it is awaited").expect("the program starts")
    }

    /// Waits until it is gone.
    pub fn exit_code(mut self) -> Option<i32> {
        self.process.wait().expect("it ends").code()
    }
}

/// The events of a host.
pub struct Events(std::io::Lines<BufReader<TcpStream>>);

impl Events {
    /// The data of the next one of this name.
    pub fn next(&mut self, name: &str) -> serde_json::Value {
        let wanted = format!("event: {name}");
        let mut found = false;
        loop {
            let line = self.0.next().expect("it goes on").expect("an event in time");
            match line.strip_prefix("data: ") {
                Some(data) if found => return serde_json::from_str(data).expect("JSON"),
                _ => found = found || line == wanted,
            }
        }
    }
}

/// What the fault policies of tests say: `sorry.wav`.
pub fn prompt() -> Vec<i16> {
    sim::marked_samples(3, 8_000)
}

/// Runs a test that must not hang.
pub fn in_time<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(4 * PATIENCE, test).await.expect("the test hangs") })
}

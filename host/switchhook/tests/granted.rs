//! What a configuration grants and has traced, in a real process: the other hosts, the numbers of it, and the traces.
//!
//! Needs `target/guests/hostile.wasm`, which `cargo xtask plugins` builds.

mod host;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use host::{Host, in_time};
use sim::{Caller, SimConfig, Simulator, Step};

/// Answers each request on a connection of its own, and tells its head in lower case.
fn server(answer: &'static str) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Some(head) = stream.ok().and_then(|stream| served(stream, answer)) else { continue };
            if tell.send(head).is_err() {
                break;
            }
        }
    });
    (port, told)
}

fn served(mut stream: TcpStream, answer: &str) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    stream.write_all(answer.as_bytes()).ok()?;
    Some(head)
}

fn text(sim: std::net::SocketAddr, model: u16, collector: u16, more: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests/hostile.wasm");
    let SimConfig { api_key, connector_uuid, .. } = SimConfig::default();
    let steps = format!(
        "post:http://127.0.0.1:{model}/ask next next next get:https://localhost:{model}/ next \
         get:http://169.254.169.254/latest/meta-data/"
    );
    format!(
        "data_dir = \"data\"\nadmin = {{ listen = \"127.0.0.1:0\" }}\n[traces]\nendpoint = \"http://127.0.0.1:{collector}\"\n\
         headers = {{ x-collector = {{ env = \"COLLECTOR_KEY\" }} }}\n[[tenant]]\nname = \"acme\"\n\
         secrets = {{ MODEL_KEY = {{ env = \"MODEL_KEY\" }} }}\n[[tenant.telcoflow]]\nname = \"main\"\n\
         base_url = \"ws://{sim}\"\napi_key = {api_key:?}\nconnector_uuid = {connector_uuid:?}\n[[tenant.plugin]]\n\
         name = \"reach\"\nsource = {source:?}\nconfig = {{ mode = \"reach\", steps = \"{steps}\" }}\n\
         grants = {{ private_hosts = [\"127.0.0.1:{model}\"], hosts = [\"localhost:{model}\"], recording = true, \
         secrets = [{{ name = \"MODEL_KEY\", header = \"x-model\", hosts = [\"localhost:{model}\"] }}]{more} }}\n\
         [[tenant.route]]\nplugin = \"reach\"\n"
    )
}

/// A metric's value.
fn value(metrics: &str, name: &str, labels: &str) -> Option<u64> {
    let line = metrics.lines().find(|line| line.starts_with(&format!("switchhook_{name}{labels} ")))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn what_is_granted_is_had_and_counted_and_traced() {
    in_time(async {
        let (model, asked) = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nx: y\r\n\r\nyes");
        let (collector, traced) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let sim = Simulator::new(SimConfig::default());
        let address = sim.listen("127.0.0.1:0").await.expect("a free port");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |folder: &Path, more: &str| {
            std::fs::write(folder.join("t.toml"), text(address, model, collector, more)).expect("writable");
        };
        write(folder.path(), ", key_value = true, calls = true");
        let host = Host::run_so(folder, 20, |command| {
            command.env_remove("RUST_LOG").env("COLLECTOR_KEY", "collectors-own").env("MODEL_KEY", "hunter2")
        });
        sim.session_managers(1).await;
        let script = vec![Step::WaitAnswered, Step::Wait { ms: 20_000 }, Step::HangUp];
        let call = sim.place_call(Caller { record: false, ..Caller::new(script) });
        for said in [
            "post OK",
            "next head 200 of 2",
            "next body 3",
            "next end OK",
            "get OK",
            "next end NOT_GRANTED",
            "get NOT_GRANTED",
            "done",
        ] {
            host.line(&format!("reach {said}"));
        }
        call.hang_up();
        call.finished().await;
        let head = asked.recv().expect("it was asked");
        assert!(head.starts_with("post /ask http/1.1\r\n") && !head.contains("hunter2"), "{head}");
        let head = traced.recv().expect("a trace came");
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("x-collector: collectors-own\r\n"), "{head}");
        let counted = |metrics: &str| {
            let of = "{tenant=\"acme\",plugin=\"reach\"}";
            let refused = |reason: &str| format!("{{tenant=\"acme\",plugin=\"reach\",reason=\"{reason}\"}}");
            assert_eq!(value(metrics, "network_open", of), Some(0), "{metrics}");
            assert_eq!(value(metrics, "network_connections_total", of), Some(1), "{metrics}");
            assert_eq!(value(metrics, "network_received_bytes_total", of), Some(47), "{metrics}");
            assert!(value(metrics, "network_sent_bytes_total", of) > Some(60), "{metrics}");
            assert_eq!(value(metrics, "network_refusals_total", &refused("not-granted")), Some(2), "{metrics}");
            assert_eq!(value(metrics, "network_refusals_total", &refused("full")), Some(0), "{metrics}");
        };
        counted(&host.answer("GET", "/metrics"));
        while value(&host.answer("GET", "/metrics"), "trace_spans_exported_total", "") < Some(8) {
            tokio::task::yield_now().await;
        }
        assert_eq!(value(&host.answer("GET", "/metrics"), "trace_spans_dropped_total", ""), Some(0));
        // Other grants: what was counted stays counted.
        write(&host.path(""), ", key_value = true");
        host.signal("HUP");
        host.line("tenant acme: plugin reach changed");
        host.line("the configuration was read anew");
        counted(&host.answer("GET", "/metrics"));
        host.signal("TERM");
        let lines = host.lines();
        assert!(!lines.iter().any(|line| line.contains("hunter2") || line.contains("collectors-own")), "{lines:?}");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

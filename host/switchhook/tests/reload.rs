//! A host that reads its configuration anew: a real process, its sockets and its calls.
//!
//! Needs `plugins/echo.wasm`, which `cargo xtask plugins` builds.

mod host;

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use host::{Host, in_time};
use serde_json::Value;
use sim::{CallReport, Caller, Milestone, Outcome, PlacedCall, SimConfig, Simulator};

/// A tenant of a configuration, each part of which a test may write otherwise.
#[derive(Clone)]
struct Tenant {
    name: &'static str,
    sim: SocketAddr,
    connector: String,
    plugins: Vec<String>,
    /// The called number, and the plugin.
    routes: Vec<(&'static str, &'static str)>,
}

impl Tenant {
    fn new(name: &'static str, sim: SocketAddr) -> Self {
        let (connector, plugins) = (String::new(), vec![plugin("echo", "")]);
        Self { name, sim, connector, plugins, routes: vec![("*", "echo")] }
    }

    fn write(&self, text: &mut String) {
        let Self { name, sim, connector, plugins, routes } = self;
        let SimConfig { api_key, connector_uuid, .. } = SimConfig::default();
        let key = if connector.contains("api_key") { String::new() } else { format!("api_key = \"{api_key}\"") };
        let written = write!(
            text,
            "[[tenant]]\nname = \"{name}\"\n[[tenant.telcoflow]]\nname = \"main\"\nbase_url = \"ws://{sim}\"\n{key}\n\
             connector_uuid = \"{connector_uuid}\"\n{connector}\n{}",
            plugins.concat()
        );
        written.expect("it is a text");
        for (to, plugin) in routes {
            let to = if *to == "*" { String::new() } else { format!("to = \"{to}\"\n") };
            *text += &format!("[[tenant.route]]\n{to}plugin = \"{plugin}\"\n");
        }
    }
}

fn plugin(name: &str, more: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/echo.wasm");
    format!("[[tenant.plugin]]\nname = \"{name}\"\nsource = {source:?}\n{more}\n")
}

/// With a data directory, and an admin interface on a port of the system's choosing.
fn text(tenants: &[&Tenant]) -> String {
    let mut text = "data_dir = \"data\"\nadmin = { listen = \"127.0.0.1:0\" }\n".to_owned();
    tenants.iter().for_each(|tenant| tenant.write(&mut text));
    text
}

fn start(tenants: &[&Tenant]) -> Host {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("t.toml"), text(tenants)).expect("writable");
    Host::run(folder, 20)
}

async fn simulator() -> (Simulator, SocketAddr) {
    let sim = Simulator::new(SimConfig::default());
    let address = sim.listen("127.0.0.1:0").await.expect("a free port");
    (sim, address)
}

/// Another file takes the place of the configuration, at once.
fn put(host: &Host, text: &str) {
    std::fs::write(host.path("t.new"), text).expect("writable");
    std::fs::rename(host.path("t.new"), host.path("t.toml")).expect("writable");
}

async fn reload(host: &Host) -> Output {
    host.command(&["reload"]).await
}

fn out(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).expect("a text")
}

fn err(output: &Output) -> &str {
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &[][..]));
    std::str::from_utf8(&output.stderr).expect("a text")
}

async fn talking(sim: &Simulator, ms: u32) -> PlacedCall {
    let mut call = sim.place_call(Caller { record: false, ..Caller::echo(ms) });
    assert!(call.reached(Milestone::Answered).await);
    call
}

fn assert_whole(report: &CallReport) {
    assert_eq!((report.outcome, report.frames_unsent), (Outcome::CallerHungUp, 0));
    assert_eq!(report.echo.as_ref().map(|echo| echo.equal_bytes), Some(report.bytes_said), "all of it came back");
}

/// The plugins of the calls that are here.
async fn serving(host: &Host) -> Vec<String> {
    let calls = host.command(&["calls", "--json"]).await;
    let calls: Value = serde_json::from_slice(&calls.stdout).expect("JSON");
    let calls = calls.as_array().cloned().unwrap_or_else(|| calls["calls"].as_array().expect("a list").clone());
    let mut plugins: Vec<_> = calls.iter().map(|call| call["plugin"].as_str().expect("a name").to_owned()).collect();
    plugins.sort_unstable();
    plugins
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_route_changes_for_the_next_call_and_no_link_notices() {
    in_time(async {
        let (sim, address) = simulator().await;
        let mut tenant = Tenant::new("acme", address);
        let host = start(&[&tenant]);
        sim.session_managers(1).await;
        let first = talking(&sim, 4_000).await;
        tenant.plugins.push(plugin("second", "limits = { calls_max = 3 }"));
        tenant.routes.insert(0, ("+1555*", "second"));
        std::fs::write(host.path("t.toml"), text(&[&tenant])).expect("writable");
        host.signal("HUP");
        host.line("the configuration was read anew");
        let second = talking(&sim, 400).await;
        assert_eq!(serving(&host).await, ["echo", "second"]);
        assert_whole(&second.finished().await);
        tenant.routes.remove(0);
        tenant.plugins.pop();
        put(&host, &text(&[&tenant]));
        assert_eq!(out(&reload(&host).await).lines().next(), Some("tenant acme: plugin second gone"));
        assert_eq!(out(&reload(&host).await), "nothing is different\n");
        let third = talking(&sim, 400).await;
        assert_eq!(serving(&host).await, ["echo", "echo"]);
        assert_whole(&third.finished().await);
        assert_whole(&first.finished().await);
        assert_eq!(sim.counts().links, 1, "one link, from the first to the last");
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn a_tenant_comes_and_goes_with_its_last_call() {
    in_time(async {
        let ((sim, one), (others, two)) = (simulator().await, simulator().await);
        let (acme, guest) = (Tenant::new("acme", one), Tenant::new("guest", two));
        let host = start(&[&acme]);
        sim.session_managers(1).await;
        put(&host, &text(&[&acme, &guest]));
        assert_eq!(out(&reload(&host).await), "tenant guest: added\n");
        others.session_managers(1).await;
        let (kept, going) = (talking(&sim, 3_000).await, talking(&others, 3_000).await);
        put(&host, &text(&[&acme]));
        assert_eq!(out(&reload(&host).await), "tenant guest: gone\n");
        assert_eq!(host.ask("GET", "/v1/tenants/guest/plugins"), "404");
        let late = others.place_call(Caller { ring_ms: 300, ..Caller::echo(100) }).finished().await;
        assert_eq!(late.outcome, Outcome::Unanswered, "nobody takes calls for it");
        assert_eq!(
            (serving(&host).await.len(), others.session_managers_up()),
            (2, 1),
            "its call and its link are here"
        );
        assert_whole(&going.finished().await);
        until(|| others.session_managers_up() == 0).await;
        assert_whole(&kept.finished().await);
        assert_eq!((sim.counts().links, others.counts().links), (1, 1));
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
        others.shutdown().await;
    });
}

#[test]
fn a_changed_connector_gives_way_to_another_and_keeps_its_calls() {
    in_time(async {
        let (sim, address) = simulator().await;
        let mut tenant = Tenant::new("acme", address);
        let host = start(&[&tenant]);
        sim.session_managers(1).await;
        let call = talking(&sim, 2_500).await;
        tenant.connector = "playout_bytes_max = 65536".to_owned();
        put(&host, &text(&[&tenant]));
        assert_eq!(out(&reload(&host).await), "tenant acme: connector main changed\n");
        sim.session_managers(2).await;
        assert_whole(&talking(&sim, 200).await.finished().await);
        assert_whole(&call.finished().await);
        until(|| sim.session_managers_up() == 1).await;
        assert_whole(&talking(&sim, 200).await.finished().await);
        assert_eq!(sim.counts().links, 2);
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_nothing_changes() {
    in_time(async {
        let (sim, address) = simulator().await;
        let tenant = Tenant::new("acme", address);
        let host = start(&[&tenant]);
        sim.session_managers(1).await;
        let call = talking(&sim, 3_000).await;
        let good = text(&[&tenant]);
        std::fs::write(host.path("bad.wasm"), b"\0asm\x0d\0\x01\0nothing").expect("writable");
        let mut new = tenant.clone();
        new.plugins.push("[[tenant.plugin]]\nname = \"bad\"\nsource = \"bad.wasm\"\n".to_owned());
        new.plugins.push(plugin("fine", ""));
        new.routes.insert(0, ("*", "fine"));
        let mut small = tenant.clone();
        small.plugins = vec![plugin("echo", "limits = { memory_bytes_max = 65536 }")];
        for (wanted, words) in [
            (format!("{good}to = \"+1*\"\nplugin = \"ecko\"\n"), "t.toml:"),
            (
                good.replace("name = \"main\"", "name = \"main\"\nsample_rate_hz = 44100"),
                "t.toml:7:18: tenant[0].telcoflow[0].sample_rate_hz: 44100 Hz",
            ),
            (good.replace("name = \"main\"", "name = \"main\"\nspeed = 1"), "t.toml:7:1: tenant[0].telcoflow[0].speed"),
            (good.replace("api_key = \"", "api_key = { file = \"none\" }\n#"), "`none` cannot be read"),
            (good.replace("\"data\"", "\"other\""), "t.toml: data_dir: cannot change while the host runs"),
            (good.replace(":0\"", ":1\""), "admin.listen: cannot change while the host runs"),
            (text(&[&new]), "tenant acme: plugin bad: source: "),
            (text(&[&small]), "tenant acme: plugin echo: no guest of what is live can be made so: "),
        ] {
            put(&host, &wanted);
            let refused = reload(&host).await;
            assert!(err(&refused).contains(words), "{words}: {}", err(&refused));
            host.line("the configuration is refused: nothing has changed");
        }
        assert_eq!(host.ask("POST", "/v1/reload"), "422");
        let metrics = host.answer("GET", "/metrics");
        assert!(metrics.contains("switchhook_config_reloads_total{result=\"refused\"}"), "{metrics}");
        assert_whole(&talking(&sim, 100).await.finished().await);
        assert_eq!(host.ask("GET", "/readyz"), "200");
        put(&host, &good);
        assert_eq!(out(&reload(&host).await), "nothing is different\n");
        assert_whole(&call.finished().await);
        assert_eq!(sim.counts().links, 1);
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn files_are_read_when_they_have_come_to_rest() {
    in_time(async {
        let (sim, address) = simulator().await;
        let mut tenant = Tenant::new("acme", address);
        tenant.connector = "api_key = { file = \"key\" }".to_owned();
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("t.toml"), text(&[&tenant])).expect("writable");
        std::fs::write(folder.path().join("key"), "yesterdays").expect("writable");
        let host = Host::run(folder, 20);
        until(|| sim.counts().refusals > 0).await;
        // A secret is replaced in its place: the connector is another one.
        std::fs::write(host.path("key"), SimConfig::default().api_key).expect("writable");
        host.line("tenant acme: connector main changed");
        sim.session_managers(1).await;
        // Somebody writes for longer than a moment: what is there so far says nothing.
        tenant.routes.insert(0, ("+1*", "second"));
        tenant.plugins.push(plugin("second", ""));
        let wanted = text(&[&tenant]);
        let half = wanted.len() - 20;
        std::fs::write(host.path("t.toml"), &wanted[..half]).expect("writable");
        host.line("the configuration is refused: nothing has changed");
        assert_whole(&talking(&sim, 100).await.finished().await);
        std::fs::write(host.path("t.toml"), &wanted).expect("writable");
        host.line("tenant acme: plugin second added");
        host.line("the configuration was read anew");
        // One that is renamed into its place.
        tenant.plugins[1] = plugin("second", "config = { a = \"b\" }");
        put(&host, &text(&[&tenant]));
        host.line("tenant acme: plugin second changed");
        assert_eq!(sim.counts().links, 1);
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn fifty_reloads_during_a_hundred_calls_lose_no_frame() {
    const CALLS: usize = 100;
    in_time(async {
        let ((sim, one), (others, two)) = (simulator().await, simulator().await);
        let (acme, guest) = (Tenant::new("acme", one), Tenant::new("guest", two));
        let host = start(&[&acme]);
        sim.session_managers(1).await;
        let mut calls = Vec::new();
        for _ in 0..CALLS {
            calls.push(talking(&sim, 10_000).await);
        }
        for round in 0..50 {
            let mut changed = acme.clone();
            changed.plugins = vec![plugin(
                "echo",
                &format!("config = {{ round = \"{round}\" }}\nlimits = {{ calls_max = {} }}", 200 + round),
            )];
            changed.plugins.push(plugin("second", ""));
            changed.routes.insert(0, if round % 2 == 0 { ("+1555*", "second") } else { ("+2*", "second") });
            let tenants: &[&Tenant] = if round % 5 == 0 { &[&changed, &guest] } else { &[&changed] };
            put(&host, &text(tenants));
            assert!(out(&reload(&host).await).contains("plugin echo changed"));
        }
        assert_eq!(serving(&host).await.len(), CALLS, "all of them while it was read fifty times");
        for call in calls {
            assert_whole(&call.finished().await);
        }
        assert_eq!(sim.counts().links, 1);
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
        others.shutdown().await;
    });
}

/// What is told of reloads to those who follow the host's events.
#[test]
fn reloads_are_told_to_those_who_follow() {
    in_time(async {
        let (sim, address) = simulator().await;
        let mut tenant = Tenant::new("acme", address);
        let host = start(&[&tenant]);
        sim.session_managers(1).await;
        let mut events = host.follow();
        let good = text(&[&tenant]);
        put(&host, &good.replace("name = \"main\"", "name = \"main\"\nspeed = 1"));
        assert!(!reload(&host).await.status.success());
        let refused = events.next("config.refused");
        let problem = refused["problems"][0].as_str().expect("a text");
        assert!(problem.contains("t.toml:7:1: tenant[0].telcoflow[0].speed"), "{problem}");
        tenant.plugins.push(plugin("second", ""));
        put(&host, &text(&[&tenant]));
        out(&reload(&host).await);
        assert_eq!(events.next("config.reloaded")["changes"], serde_json::json!(["tenant acme: plugin second added"]));
        // Nothing is different, and nothing is told; the next news is of the next change.
        out(&reload(&host).await);
        put(&host, &good);
        out(&reload(&host).await);
        assert_eq!(events.next("config.reloaded")["changes"], serde_json::json!(["tenant acme: plugin second gone"]));
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

/// The token of the admin interface stands in a file, which is written anew.
#[test]
fn the_admin_token_changes_while_the_host_runs() {
    in_time(async {
        let (sim, address) = simulator().await;
        let tenant = Tenant::new("acme", address);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let with_token = text(&[&tenant]).replace(":0\" }", ":0\", token = { file = \"token\" } }");
        std::fs::write(folder.path().join("t.toml"), with_token).expect("writable");
        std::fs::write(folder.path().join("token"), "yesterdays").expect("writable");
        let host = Host::run(folder, 20);
        sim.session_managers(1).await;
        let calls = |token: &str| host.answer_with("GET", "/v1/calls", &format!("authorization: Bearer {token}\r\n"));
        let status = |answer: String| answer.split_whitespace().nth(1).expect("a status").to_owned();
        assert_eq!((status(calls("yesterdays")), status(calls("todays"))), ("200".into(), "401".into()));
        std::fs::write(host.path("token"), "todays").expect("writable");
        host.line("admin.token changed: it holds from the next request on");
        assert_eq!((status(calls("yesterdays")), status(calls("todays"))), ("401".into(), "200".into()));
        host.signal("TERM");
        assert!(!host.lines().iter().any(|line| line.contains("todays")), "no token in the log");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

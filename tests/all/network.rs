//! Handlers that reach other hosts, as components in whole calls: what they get, and what they never get.

use std::sync::Arc;
use std::time::Duration;

use carriers::TcpDialer;
use exchange::{Exchange, Pattern};
use futures_util::{SinkExt, StreamExt};
use key_value::KeyValueLimits;
use libtest_mimic::Trial;
use network::{Policy, SecretHeader, SecretRule};
use sim::{Caller, SimConfig, Simulator, Step};
use switchhook::plugins::Plugins;
use switchhook::services::Services;
use switchhook::{config, running};
use switchhook_tests::clock;
use switchhook_tests::components::{root, sandbox};
use switchhook_tests::logs::{API_KEY, TestLog};
use switchhook_tests::run::real;
use switchhook_tests::world::{CONNECTOR, Neighbour, World, WorldConfig, pairs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::calls::assert_whole_echo;

pub(crate) const FIRST: &str = "+15551000";
const OTHER_TENANT: &str = "+15550666";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("network::a_handler_talks_over_a_socket", |log| async move { socket(&log).await }),
        real("network::a_chats_handler_does_too", |log| async move { chat(&log).await }),
        real("network::a_handler_that_awaits_reaches_and_remembers", |log| async move { awaiting(&log).await }),
        real("network::what_a_configuration_grants_is_had", |log| async move { configured(&log).await }),
        real("network::a_handler_asks_over_http", |log| async move { http(&log).await }),
        real("network::a_listed_name_that_leads_inside_is_refused", |log| async move { inside(&log).await }),
        real("network::others_reach_no_socket_and_no_secret_of_a_plugin", |log| async move { walls(&log).await }),
        real("network::a_secrets_header_is_not_a_handlers", |log| async move { header(&log).await }),
        real("network::sockets_close_with_their_call", |_| closes_with_the_call()),
        real("network::floods_are_refused_and_echoes_beside_them_whole", |log| async move { floods(&log).await }),
    ]
}

pub(crate) fn steps(mode: &str, steps: &str) -> Vec<(String, String)> {
    pairs(&[("mode", mode), ("steps", steps)])
}

/// One plugin that may reach so much.
pub(crate) fn reaching(policy: Policy, config: Vec<(String, String)>) -> WorldConfig {
    WorldConfig {
        plugin: "hostile".into(),
        config,
        network: Some(policy),
        answers: Pattern::Prefix("+15551".into()),
        ..WorldConfig::default()
    }
}

pub(crate) fn private(port: u16) -> Policy {
    Policy { private_hosts: vec![format!("127.0.0.1:{port}").parse().expect("a host")], ..Policy::default() }
}

fn said(log: &TestLog) -> Vec<String> {
    said_by(log, "reach ")
}

/// What a handler logs behind such a word.
pub(crate) fn said_by(log: &TestLog, word: &str) -> Vec<String> {
    let lines = log.lines_with(word);
    lines.iter().filter_map(|line| Some(line.split_once(word)?.1.to_owned())).collect()
}

pub(crate) fn caller(to: &str, ms: u32) -> Caller {
    let script = vec![Step::WaitAnswered, Step::Wait { ms }, Step::HangUp];
    Caller { to: to.into(), record: false, ..Caller::new(script) }
}

/// A call that lasts until its handler has done all its steps.
async fn until_done(world: &mut World, log: &TestLog, calls: usize) {
    let call = world.sim.place_call(caller(FIRST, 20_000));
    clock::until(|| said(log).iter().filter(|line| *line == "done").count() == calls).await;
    call.hang_up();
    call.finished().await;
    world.record().await;
}

pub(crate) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    (listener, port)
}

/// Echoes what comes on each socket, in upper case, and tells how many came.
fn shouting(listener: TcpListener) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = accept_async(tcp).await.expect("an upgrade");
                while let Some(Ok(message)) = socket.next().await {
                    if let Message::Text(text) = message {
                        let answer = Message::text(text.to_uppercase());
                        // The handler may be gone.
                        drop(socket.send(answer).await);
                    }
                }
            });
        }
    })
}

async fn socket(log: &TestLog) {
    let (listener, port) = listen().await;
    let server = shouting(listener);
    let list = format!(
        "send:early open:ws://127.0.0.1:{port}/ send:early next send:hello send:world next next close:4000 next send:late"
    );
    let mut world = World::real(reaching(private(port), steps("reach", &list))).await;
    until_done(&mut world, log, 1).await;
    world.close().await;
    server.abort();
    let expected = [
        "send NOT_NOW",
        "open OK",
        "send NOT_NOW",
        "next open 1",
        "send OK",
        "send OK",
        "next HELLO",
        "next WORLD",
        "close OK",
        "next closed 4000 bye",
        "send NOT_NOW",
        "done",
    ];
    assert_eq!(said(log), expected);
}

async fn chat(log: &TestLog) {
    let (listener, port) = listen().await;
    let server = shouting(listener);
    let list = format!("open:ws://127.0.0.1:{port}/ next send:hello next");
    let config = WorldConfig { answers: Pattern::Any, ..reaching(private(port), steps("chat-reach", &list)) };
    let world = World::real(config).await;
    let mut chat = world.sim.open_chat("+15550104477", "+15550100");
    chat.say("hello");
    clock::until(|| said(log).last().is_some_and(|line| line == "done")).await;
    chat.close(telcoflow::frame::manager::CloseReason::ForceClose);
    chat.closed().await;
    world.close().await;
    server.abort();
    assert_eq!(said(log), ["open OK", "next open 1", "send OK", "next HELLO", "done"]);
}

/// In the engine that is woken through wakers of its own.
async fn awaiting(log: &TestLog) {
    let (listener, port) = listen().await;
    let server = shouting(listener);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("ws://127.0.0.1:{port}/");
    let config = WorldConfig {
        plugin: "async-echo".into(),
        data_dir: Some(folder.path().to_owned()),
        remembers: Some(KeyValueLimits::default()),
        ..reaching(private(port), pairs(&[("remember", "true"), ("reach", &url)]))
    };
    let mut world = World::real(config).await;
    let report = world.sim.place_call(Caller { to: FIRST.into(), ..Caller::echo(1_000) }).finished().await;
    assert_whole_echo(&report);
    world.record().await;
    world.close().await;
    server.abort();
    assert_eq!(log.lines_with("async-echo remembers kept").len(), 1);
    assert_eq!(log.lines_with("async-echo heard HELLO").len(), 1);
}

/// From the text of a file to a call, as `switchhook run` does it.
async fn configured(log: &TestLog) {
    let (listener, port) = listen().await;
    let server = shouting(listener);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sim =
        Simulator::new(SimConfig { api_key: API_KEY.into(), connector_uuid: CONNECTOR.into(), ..SimConfig::default() });
    let address = sim.listen("127.0.0.1:0").await.expect("a free port");
    let plugin = |name: &str, grants: &str, steps: &str| {
        let source = root().join("target/guests/hostile.wasm");
        format!(
            "[[tenant.plugin]]\nname = \"{name}\"\nsource = {source:?}\nlimits = {{ calls_max = 2 }}\n\
             config = {{ mode = \"{}\", steps = \"{steps}\" }}\n{grants}\n",
            name.trim_end_matches('-')
        )
    };
    let reach = format!("open:ws://127.0.0.1:{port}/ next send:hello next open:wss://127.0.0.1:1/");
    let grants = format!(
        "grants = {{ private_hosts = [\"127.0.0.1:{port}\"], hosts = [\"api.example.com\"], \
         secrets = [{{ name = \"KEY\", header = \"x-key\", hosts = [\"api.example.com\"] }}] }}"
    );
    let text = format!(
        "data_dir = {:?}\n[[tenant]]\nname = \"acme\"\nsecrets = {{ KEY = {API_KEY:?} }}\n\
         [[tenant.telcoflow]]\nname = \"main\"\nbase_url = \"ws://{address}\"\napi_key = {API_KEY:?}\n\
         connector_uuid = {CONNECTOR:?}\n{}{}{}\
         [[tenant.route]]\nto = \"{FIRST}\"\nplugin = \"reach\"\n\
         [[tenant.route]]\nto = \"{OTHER_TENANT}\"\nplugin = \"remember\"\n\
         [[tenant.route]]\nplugin = \"remember-\"\n",
        folder.path(),
        plugin("reach", &grants, &reach),
        plugin("remember", "grants = { key_value = true }", "set:k=v,get:k"),
        plugin("remember-", "", "set:k=v"),
    );
    let config = config::resolve(&folder.path().join("t.toml"), &text, &|_| None).expect("a good file");
    let sandbox = sandbox().clone();
    let services = Services::open(&config).expect("what is granted");
    let (plugins, unusable) = Plugins::load(&config, &sandbox, None, &services).await;
    assert!(unusable.is_empty(), "{unusable:?}");
    let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
    let exchange = running::exchange_config(&config, plugins, &services, dialer, Arc::new(())).expect("good names");
    let mut exchange = Exchange::start(exchange);
    sim.session_managers(1).await;
    let done = || log.lines_with("reach done").len() + log.lines_with("remember done").len();
    for (to, calls) in [(FIRST, 1), (OTHER_TENANT, 2), ("+15559999", 3)] {
        let call = sim.place_call(caller(to, 20_000));
        clock::until(|| done() == calls).await;
        call.hang_up();
        call.finished().await;
    }
    exchange.drain(Duration::from_secs(30)).await;
    services.close().await;
    sim.shutdown().await;
    server.abort();
    assert_eq!(said(log), ["open OK", "next open 1", "send OK", "next HELLO", "open NOT_GRANTED", "done"]);
    assert_eq!(log.lines_with("remember get v").len(), 1);
    assert_eq!(log.lines_with("remember set NOT_GRANTED").len(), 1, "another plugin of the tenant has no such grant");
}

async fn http(log: &TestLog) {
    let (listener, port) = listen().await;
    let server = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a request");
        let mut asked = Vec::new();
        while !asked.ends_with(b"hello") {
            asked.push(tcp.read_u8().await.expect("the request"));
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nx: y\r\n\r\nyes";
        tcp.write_all(answer).await.expect("it is read");
        String::from_utf8_lossy(&asked).to_lowercase()
    });
    let list = format!("header:x-mine=1 post:http://127.0.0.1:{port}/ask next next next get:http://127.0.0.1:1/");
    let mut world = World::real(reaching(private(port), steps("reach", &list))).await;
    until_done(&mut world, log, 1).await;
    let usage = world.exchange.handle().tenants()[0].plugins[0].network.expect("it may reach");
    assert_eq!((usage.open, usage.connections, usage.not_granted, usage.full), (0, 1, 1, 0), "{usage:?}");
    assert_eq!(usage.received_bytes, 47, "{usage:?}");
    assert!(usage.sent_bytes > 60, "{usage:?}");
    world.close().await;
    let asked = server.await.expect("it answered");
    assert!(asked.starts_with("post /ask http/1.1\r\n") && asked.contains("x-mine: 1\r\n"), "{asked}");
    assert_eq!(said(log), ["post OK", "next head 200 of 2", "next body 3", "next end OK", "get NOT_GRANTED", "done"]);
}

/// `localhost` is on the list of public hosts, and leads to this machine.
async fn inside(log: &TestLog) {
    let (listener, port) = listen().await;
    let policy = Policy { hosts: vec![format!("localhost:{port}").parse().expect("a host")], ..Policy::default() };
    let list = format!(
        "open:wss://localhost:{port}/ next get:https://localhost:{port}/ next open:ws://localhost:{port}/ \
         open:wss://127.0.0.1:{port}/ get:http://169.254.169.254/latest/meta-data/"
    );
    let mut world = World::real(reaching(policy, steps("reach", &list))).await;
    until_done(&mut world, log, 1).await;
    world.close().await;
    let said = said(log);
    assert_eq!(said[0], "open OK");
    assert!(said[1].starts_with("next closed 1006 NOT_GRANTED: "), "{said:?}");
    assert_eq!(said[2..5], ["get OK", "next end NOT_GRANTED", "open INVALID"]);
    assert_eq!(said[5..], ["open NOT_GRANTED", "get NOT_GRANTED", "done"]);
    let told = log.lines_with("a host that is granted leads to private addresses");
    assert!(matches!(&told[..], [line] if line.contains("localhost")), "the operator is told once: {told:?}");
    assert!(tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_err(), "nobody came");
}

/// A plugin of another tenant has no grant: not of the host, and not of what the first has open.
async fn walls(log: &TestLog) {
    let (listener, port) = listen().await;
    let server = shouting(listener);
    let thief =
        format!("open:ws://127.0.0.1:{port}/ get:http://127.0.0.1:{port}/ send:stolen close:1000 flood-send:10");
    let thief = [("mode", "reach"), ("steps", &*thief)];
    let list = format!("open:ws://127.0.0.1:{port}/ next send:mine next");
    let config = WorldConfig {
        neighbours: vec![Neighbour::with("thief", OTHER_TENANT, "hostile", &thief)],
        ..reaching(private(port), steps("reach", &list))
    };
    let mut world = World::real(config).await;
    let first = world.sim.place_call(caller(FIRST, 20_000));
    clock::until(|| said(log).last().is_some_and(|line| line == "done")).await;
    let second = world.sim.place_call(caller(OTHER_TENANT, 20_000));
    clock::until(|| said(log).iter().filter(|line| *line == "done").count() == 2).await;
    for call in [first, second] {
        call.hang_up();
        call.finished().await;
        world.record().await;
    }
    world.close().await;
    server.abort();
    let refused = ["open NOT_GRANTED", "get NOT_GRANTED", "send NOT_GRANTED", "close OK"];
    let thief = [&refused[..], &["flood-send NOT_GRANTED=1000", "flood-send OK", "done"]].concat();
    assert_eq!(said(log), [&["open OK", "next open 1", "send OK", "next MINE", "done"][..], &thief].concat());
}

async fn header(log: &TestLog) {
    let (listener, port) = listen().await;
    let host: network::HostRule = format!("127.0.0.1:{port}").parse().expect("a host");
    let secret = SecretHeader::new("x-model-key", "", API_KEY).expect("a header");
    let policy = Policy { secrets: vec![SecretRule { header: secret, hosts: vec![host] }], ..private(port) };
    let list = format!(
        "header:X-Model-Key=mine open:wss://127.0.0.1:{port}/ header:x-model-key=mine get:https://127.0.0.1:{port}/ \
         open:ws://127.0.0.1:{port}/ get:http://127.0.0.1:{port}/ open:wss://127.0.0.1:{port}/ next"
    );
    let mut world = World::real(reaching(policy, steps("reach", &list))).await;
    let refused = tokio::spawn(async move { drop(listener.accept().await) });
    until_done(&mut world, log, 1).await;
    world.close().await;
    refused.await.expect("it came");
    let said = said(log);
    assert_eq!(said[..4], ["open INVALID", "get INVALID", "open INVALID", "get INVALID"], "{said:?}");
    assert_eq!(said[4], "open OK");
    assert!(said[5].starts_with("next closed 1006 TLS: "), "{said:?}");
}

async fn closes_with_the_call() {
    let (listener, port) = listen().await;
    let list = format!("open:ws://127.0.0.1:{port}/ next next");
    let mut world = World::real(reaching(private(port), steps("reach", &list))).await;
    let call = world.sim.place_call(caller(FIRST, 20_000));
    let (tcp, _) = listener.accept().await.expect("it comes");
    let mut socket = accept_async(tcp).await.expect("an upgrade");
    socket.send(Message::text("hello")).await.expect("it is read");
    call.hang_up();
    while let Some(Ok(_)) = socket.next().await {}
    call.finished().await;
    world.record().await;
    world.close().await;
}

/// Ten calls that begin and send whatever they can, and twenty echoes of another tenant.
async fn floods(log: &TestLog) {
    let (listener, port) = listen().await;
    // It takes the upgrade and never reads.
    let server = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((tcp, _)) = listener.accept().await {
            held.push(accept_async(tcp).await);
        }
    });
    let url = format!("ws://127.0.0.1:{port}/");
    let list = format!("open:{url} next flood-send:100000 flood-open:{url} flood-get:http://127.0.0.1:{port}/");
    let config =
        WorldConfig { neighbours: vec![Neighbour::echoes()], ..reaching(private(port), steps("reach", &list)) };
    let mut world = World::real(config).await;
    let echoes = world.call_beside(20, 3_000);
    let hogs: Vec<_> = (0..10).map(|_| world.sim.place_call(caller(FIRST, 3_000))).collect();
    for call in echoes {
        assert_whole_echo(&call.finished().await);
    }
    for call in hogs {
        call.finished().await;
    }
    for _ in 0..30 {
        let record = world.record().await;
        let lost = record.stats.as_ref().map(|stats| stats.samples_lost);
        assert!(record.tenant == "acme" || lost == Some(0), "{lost:?}");
    }
    world.close().await;
    server.abort();
    let said = said(log);
    let lines = |start: &str| said.iter().filter(|line| line.starts_with(start)).cloned().collect::<Vec<_>>();
    // A few find room while the guest runs: what leaves into the kernel's buffers, what ends by itself.
    let refused = |line: &String| line.split_once("FULL=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    for flood in ["flood-open FULL", "flood-send FULL", "flood-get FULL"] {
        let lines = lines(flood);
        assert!(lines.len() == 10 && lines.iter().filter_map(refused).all(|full: u32| full > 800), "{lines:?}");
    }
}

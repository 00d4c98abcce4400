//! Components that ask other hosts by `wasi:http`: the same grant, the same walls and the same budgets as by `http`, and a second
//! place to wait that holds nobody else back.

mod kit;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::sandbox::{GuestEnd, GuestLimits};
use exchange::{Drained, FaultStep, Quota};
use libtest_mimic::Trial;
use network::{HostRule, Policy, Resolve, Resolved, SecretHeader, SecretRule};
use switchhook_tests::certificates::Authority;
use switchhook_tests::clock;
use switchhook_tests::logs::{API_KEY, TestLog};
use switchhook_tests::run::real;
use switchhook_tests::world::{Neighbour, World, WorldConfig};
use tokio::io::AsyncReadExt;

use self::kit::{Server, asking, said};
use crate::calls::assert_whole_echo;
use crate::network::{FIRST, caller, listen, private};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("wasi_http::a_component_asks_and_is_answered", |log| async move { asks("wasi-http", &log).await }),
        real("wasi_http::one_of_the_async_world_does_too", |log| async move { asks("async-echo", &log).await }),
        real("wasi_http::a_chats_handler_does_too", |log| async move { chat(&log).await }),
        real("wasi_http::without_the_grant_it_is_denied", |log| async move { denied(&log).await }),
        real("wasi_http::a_listed_name_that_leads_inside_is_refused", |log| async move { inside(&log).await }),
        real("wasi_http::a_secret_is_put_in_over_tls_alone", |log| async move { secret(&log).await }),
        real("wasi_http::bodies_methods_and_times_have_limits", |log| async move { limits(&log).await }),
        real("wasi_http::requests_have_a_number", |log| async move { number(&log).await }),
        real("wasi_http::who_waits_there_is_silent_and_holds_nobody_back", |log| async move {
            waits("wasi-http", &log).await;
        }),
        real("wasi_http::nor_does_one_of_the_async_world", |log| async move { waits("async-echo", &log).await }),
        real("wasi_http::who_waits_there_goes_with_the_call", |log| async move { hung_up(&log).await }),
        real("wasi_http::who_waits_there_goes_with_the_host", |_| drained()),
        real("wasi_http::what_is_kept_in_the_host_is_bounded", |log| async move { hoards(&log).await }),
    ]
}

/// A call that lasts until its handler has done all its steps.
async fn until_done(world: &mut World, log: &TestLog) {
    let before = done(log);
    let call = world.sim.place_call(caller(FIRST, 20_000));
    clock::until(|| done(log) > before).await;
    call.hang_up();
    call.finished().await;
    world.record().await;
}

fn done(log: &TestLog) -> usize {
    said(log).iter().filter(|line| *line == "done").count()
}

async fn asks(plugin: &str, log: &TestLog) {
    let server = Server::plain("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nx: y\r\n\r\nyes").await;
    let url = server.url();
    let list =
        format!("header:x-mine=1 body:10000 post:{url}/ask?a=b header:content-length=9 body:9 post:{url} get:{url}/");
    let mut world = World::real(WorldConfig { plugin: plugin.into(), ..asking(private(server.port), &list) }).await;
    until_done(&mut world, log).await;
    let usage = world.exchange.handle().tenants()[0].plugins[0].network.expect("it may reach");
    assert_eq!((usage.open, usage.connections, usage.not_granted, usage.full), (0, 3, 0, 0), "{usage:?}");
    assert_eq!(usage.received_bytes, 3 * 47, "{usage:?}");
    assert!(usage.sent_bytes > 10_000, "{usage:?}");
    world.close().await;
    let asked = server.asked();
    let host = format!("host: 127.0.0.1:{}\r\n", server.port);
    let [first, sized, get] = &asked[..] else { panic!("{asked:?}") };
    assert!(first.head.starts_with("post /ask?a=b http/1.1\r\n") && first.head.contains(&host), "{}", first.head);
    assert!(first.head.contains("x-mine: 1\r\n") && first.head.contains("user-agent: switchhook/"), "{}", first.head);
    assert_eq!(first.body, vec![b'b'; 10_000]);
    assert!(sized.head.contains("content-length: 9\r\n") && !sized.head.contains("chunked"), "{}", sized.head);
    assert_eq!(sized.body, vec![b'b'; 9]);
    assert!(get.head.starts_with("get / http/1.1\r\n") && !get.head.contains("chunked"), "{}", get.head);
    assert_eq!(said(log), ["post 200 x=y 3 yes", "post 200 x=y 3 yes", "get 200 x=y 3 yes", "done"]);
}

async fn chat(log: &TestLog) {
    let server = Server::plain("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok").await;
    let list = format!("get:{}/", server.url());
    let config = WorldConfig { answers: exchange::Pattern::Any, ..asking(private(server.port), &list) };
    let world = World::real(config).await;
    let mut chat = world.sim.open_chat("+15550104477", "+15550100");
    chat.say("hello");
    clock::until(|| said(log).last().is_some_and(|line| line == "done")).await;
    chat.close(telcoflow::frame::manager::CloseReason::ForceClose);
    chat.closed().await;
    world.close().await;
    assert_eq!(said(log), ["get 201 x= 2 ok", "done"]);
}

/// A plugin without a grant, and one with a grant of another host; nobody comes.
async fn denied(log: &TestLog) {
    let (listener, port) = listen().await;
    let list = format!("get:http://127.0.0.1:{port}/ get:https://api.example.com/");
    let config = WorldConfig { network: None, ..asking(Policy::default(), &list) };
    let mut world = World::real(config).await;
    until_done(&mut world, log).await;
    world.close().await;
    let mut world = World::real(asking(private(1), &list)).await;
    until_done(&mut world, log).await;
    let usage = world.exchange.handle().tenants()[0].plugins[0].network.expect("it may reach");
    assert_eq!((usage.connections, usage.not_granted), (0, 2), "{usage:?}");
    world.close().await;
    let refused = ["get HttpRequestDenied", "get HttpRequestDenied", "done"];
    assert_eq!(said(log), [refused, refused].concat());
    assert!(tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_err(), "nobody came");
}

/// Names as a test wants them.
#[derive(Debug)]
struct Names(HashMap<&'static str, &'static str>);

impl Resolve for Names {
    fn resolve(&self, name: &str) -> Resolved {
        let found = self.0.get(name).map(|address| vec![address.parse::<IpAddr>().expect("an address")]);
        Box::pin(async move { found.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    }
}

async fn inside(log: &TestLog) {
    let (listener, port) = listen().await;
    let leads = [
        ("here.example.com", "127.0.0.1"),
        ("cloud.example.com", "169.254.169.254"),
        ("lan.example.com", "10.1.2.3"),
        ("home.example.com", "192.168.1.1"),
        ("six.example.com", "::ffff:127.0.0.1"),
    ];
    let rule = |name: &str| format!("{name}:{port}").parse::<HostRule>().expect("a host");
    let mut hosts: Vec<_> = leads.iter().map(|(name, _)| rule(name)).collect();
    hosts.push(rule("127.0.0.1"));
    // A private host may be private, and is no cloud's metadata for that.
    let policy = Policy { hosts, private_hosts: vec![rule("meta.internal")], ..Policy::default() };
    let mut names = HashMap::from(leads);
    names.insert("meta.internal", "169.254.169.254");
    let mut list: Vec<_> = leads.iter().map(|(name, _)| format!("get:https://{name}:{port}/")).collect();
    list.push(format!("get:https://127.0.0.1:{port}/ get:http://meta.internal:{port}/ get:http://169.254.169.254/"));
    list.push(format!("get:http://here.example.com:{port}/"));
    let config = WorldConfig { resolver: Arc::new(Names(names)), ..asking(policy, &list.join(" ")) };
    let mut world = World::real(config).await;
    until_done(&mut world, log).await;
    world.close().await;
    let said = said(log);
    assert!(said[..7].iter().all(|line| line == "get DestinationIpProhibited"), "{said:?}");
    assert_eq!(said[7], "get HttpRequestDenied");
    assert!(said[8].starts_with("get INVALID: a host in the Internet is reached by https:"), "{said:?}");
    let told = log.lines_with("a host that is granted leads to private addresses");
    assert_eq!(told.len(), 7, "the operator is told, once for each: {told:?}");
    assert!(tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_err(), "nobody came");
}

async fn secret(log: &TestLog) {
    let authority = Authority::new("models");
    let server = Server::tls(&authority, "HTTP/1.1 204 No Content\r\n\r\n").await;
    let port = server.port;
    let host: HostRule = format!("localhost:{port}").parse().expect("a host");
    let header = SecretHeader::new("authorization", "Bearer ", API_KEY).expect("a header");
    let policy = Policy {
        private_hosts: vec![host.clone(), format!("127.0.0.1:{port}").parse().expect("a host")],
        secrets: vec![SecretRule { header, hosts: vec![host] }],
        ..Policy::default()
    };
    let list = format!(
        "get:https://localhost:{port}/ header:Authorization=mine get:https://localhost:{port}/ \
         get:http://localhost:{port}/ get:https://127.0.0.1:{port}/"
    );
    let config = WorldConfig { network_cas: vec![authority.pem()], ..asking(policy, &list) };
    let mut world = World::real(config).await;
    until_done(&mut world, log).await;
    world.close().await;
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].head.contains(&format!("authorization: bearer {}\r\n", API_KEY.to_lowercase())));
    let said = said(log);
    assert_eq!(said[0], "get 204 x= 0");
    assert!(said[1].starts_with("get INVALID: the header authorization is a secret of this host"), "{said:?}");
    assert!(said[2].starts_with("get INVALID: a host that gets a secret is reached by https:"), "{said:?}");
    assert_eq!(said[3], "get TlsCertificateError", "its certificate has no such name");
}

async fn limits(log: &TestLog) {
    let server = Server::plain("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes").await;
    let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(17 << 10));
    let (long, short) =
        (Server::plain(&head).await, Server::plain("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno").await);
    let silent = Server::silent().await;
    let policy = Policy {
        private_hosts: [&server, &long, &short, &silent]
            .iter()
            .flat_map(|server| private(server.port).private_hosts)
            .collect(),
        ..Policy::default()
    };
    let url = server.url();
    let list = format!(
        "body:262144 post:{url}/ body:262145 post:{url}/ header:content-length=262145 body:1 post:{url}/ \
         body:5 unfinished post:{url}/ trace:{url}/ get:{}/ get:{}/ within:200 get:{}/ header:host=evil get:{url}/",
        long.url(),
        short.url(),
        silent.url(),
    );
    let mut world = World::real(asking(policy, &list)).await;
    until_done(&mut world, log).await;
    world.close().await;
    let said = said(log);
    let too_long = "post INVALID: the body has 262145 bytes or more; 262144 are allowed";
    assert_eq!(said[0], "post 200 x= 3 yes");
    assert!(said[1].starts_with(too_long) || said[1] == "post ConnectionTerminated", "{said:?}");
    assert_eq!(said[2], too_long);
    assert_eq!(said[3], "post INVALID: the body was not finished");
    assert_eq!(said[4], "trace INVALID: TRACE is not for handlers");
    assert_eq!(
        said[5..8],
        ["get HttpResponseHeaderSectionSize(None)", "get a stream failed", "get HttpResponseTimeout"]
    );
    assert!(said[8].contains("Forbidden"), "{said:?}");
}

/// Four are under way, and a fifth is refused; what is given up makes room.
async fn number(log: &TestLog) {
    let (silent, server) = (Server::silent().await, Server::plain("HTTP/1.1 204 No Content\r\n\r\n").await);
    let hosts = [private(silent.port).private_hosts, private(server.port).private_hosts].concat();
    let policy = Policy { private_hosts: hosts, ..Policy::default() };
    let begin = format!("begin:{}/ ", silent.url());
    let list = format!("{}get:{url}/ drop next next get:{url}/", begin.repeat(5), url = server.url());
    let mut world = World::real(asking(policy, &list)).await;
    until_done(&mut world, log).await;
    let usage = world.exchange.handle().tenants()[0].plugins[0].network.expect("it may reach");
    assert_eq!((usage.open, usage.full), (0, 2), "{usage:?}");
    world.close().await;
    // The fifth begins too, and its answer is the refusal.
    let mut expected = vec!["begin OK"; 5];
    expected.push("get ConnectionLimitReached");
    expected.extend(["next event", "next event", "get 204 x= 0", "done"]);
    assert_eq!(said(log), expected);
}

/// It waits for a server that says nothing: it is ended for its silence, and echoes beside it are whole.
async fn waits(plugin: &str, log: &TestLog) {
    let silent = Server::silent().await;
    let config = WorldConfig {
        limits: GuestLimits { silent_ms_max: 1_500, ..GuestLimits::default() },
        faults: vec![FaultStep::Disconnect],
        neighbours: vec![Neighbour::echoes()],
        plugin: plugin.into(),
        ..asking(private(silent.port), &format!("get:{}/", silent.url()))
    };
    let mut world = World::real(config).await;
    let echoes = world.call_beside(10, 3_000);
    let waiting: Vec<_> = (0..10).map(|_| world.sim.place_call(caller(FIRST, 20_000))).collect();
    for call in echoes {
        assert_whole_echo(&call.finished().await);
    }
    for call in waiting {
        call.finished().await;
    }
    for _ in 0..20 {
        let record = world.record().await;
        let lost = record.stats.as_ref().map(|stats| stats.samples_lost);
        if record.tenant == "beside" {
            assert_eq!(lost, Some(0));
            continue;
        }
        let silent = matches!(record.guest, Some(GuestEnd::Silent(time)) if time >= Duration::from_millis(1_500));
        assert!(silent && record.cpu < Duration::from_millis(500), "{:?} {:?}", record.guest, record.cpu);
        assert_eq!(record.faults.len(), 1, "{:?}", record.faults);
    }
    world.close().await;
    assert!(said(log).is_empty(), "nobody was answered");
}

async fn hung_up(log: &TestLog) {
    let (listener, port) = listen().await;
    let limits = GuestLimits { grace_ms_max: 200, ..GuestLimits::default() };
    let config = WorldConfig { limits, ..asking(private(port), &format!("get:http://127.0.0.1:{port}/")) };
    let mut world = World::real(config).await;
    let call = world.sim.place_call(caller(FIRST, 20_000));
    let (mut tcp, _) = listener.accept().await.expect("it comes");
    call.hang_up();
    call.finished().await;
    assert_eq!(world.record().await.guest, None, "it was dropped");
    // The connection went with it.
    while tcp.read(&mut [0; 1_024]).await.is_ok_and(|bytes| bytes > 0) {}
    clock::until(|| world.exchange.handle().tenants()[0].plugins[0].network.expect("it may reach").open == 0).await;
    world.close().await;
    assert_eq!(log.lines_with("the handler did not return after the end of its call").len(), 1);
}

async fn drained() {
    let (listener, port) = listen().await;
    let mut world = World::real(asking(private(port), &format!("get:http://127.0.0.1:{port}/"))).await;
    let call = world.sim.place_call(caller(FIRST, 60_000));
    let (mut tcp, _) = listener.accept().await.expect("it comes");
    assert_eq!(world.exchange.drain(Duration::from_millis(200)).await, Drained::Cut(1));
    while tcp.read(&mut [0; 1_024]).await.is_ok_and(|bytes| bytes > 0) {}
    call.finished().await;
    world.sim.shutdown().await;
}

/// Texts of half a mebibyte are not taken, headers are kept until they are too many, and a tenant without room for any of it
/// loses its guest at once.
async fn hoards(log: &TestLog) {
    let mut world = World::real(asking(Policy::default(), "long hoard")).await;
    world.sim.place_call(caller(FIRST, 20_000)).finished().await;
    let ended = world.record().await.guest.expect("it ran");
    assert_eq!(ended.code(), "TRAPPED", "{ended}");
    world.close().await;
    let small = Quota { memory_bytes_max: Some(6 << 20), ..Quota::default() };
    let mut world = World::real(WorldConfig { quota: small, ..asking(Policy::default(), "long") }).await;
    world.sim.place_call(caller(FIRST, 20_000)).finished().await;
    let ended = world.record().await.guest.expect("it ran");
    assert_eq!(ended.code(), "MEMORY_LIMIT", "{ended}");
    assert!(ended.to_string().contains("wasi:http"), "{ended}");
    world.close().await;
    assert_eq!(said(log), ["long taken:"]);
}

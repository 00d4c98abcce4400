//! Traces of calls, at a collector of the test's: one trace a call, and nothing in it that is nobody's business.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use admin::Watch;
use exchange::{Observer, Observers};
use libtest_mimic::Trial;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use sim::{Caller, Step};
use switchhook_tests::logs::{API_KEY, TestLog};
use switchhook_tests::run::real;
use switchhook_tests::world::{World, WorldConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use traces::{Traces, TracesConfig};
use tracing::Level;
use url::Url;

use crate::admin::client::Admin;
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("traces::a_call_is_one_trace_with_its_fields", |_| one_call()),
        real("traces::a_handler_that_fails_is_marked", |_| failure()),
        real("traces::an_absent_collector_is_said_once_and_costs_no_call", |log| async move { absent(&log).await }),
        real("traces::a_collector_that_hangs_fills_the_queue_and_holds_nobody_back", |_| hangs()),
        real("traces::what_a_configuration_says_is_sent_there", |_| configured()),
    ]
}

/// Requests that came: their heads and bodies.
type Requests = mpsc::Receiver<(String, Vec<u8>)>;

/// Takes whatever is sent, on each connection one request after the other.
async fn collector() -> (Url, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let (tell, told) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                while let Some(request) = read(&mut tcp).await {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    // The client, or the test, may be gone.
                    drop((tcp.write_all(answer).await, tell.send(request).await));
                }
            });
        }
    });
    (Url::parse(&url).expect("an address"), told)
}

async fn read(tcp: &mut tokio::net::TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    tcp.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn config(endpoint: Url) -> TracesConfig {
    TracesConfig { endpoint, headers: vec![("x-key".into(), API_KEY.into())] }
}

/// All spans of so many requests' worth, until one named `call` has come so often.
async fn spans(requests: &mut Requests, calls: usize) -> (Vec<Span>, Vec<KeyValue>, String) {
    let (mut spans, mut resource, mut heads) = (Vec::<Span>::new(), Vec::new(), String::new());
    while spans.iter().filter(|span| span.name == "call").count() < calls {
        let next = tokio::time::timeout(Duration::from_secs(30), requests.recv()).await;
        let (head, body) = next.expect("a request in time").expect("the collector lives");
        assert!(!String::from_utf8_lossy(&body).contains(API_KEY), "the key is the header's alone");
        assert!(!String::from_utf8_lossy(&body).contains("5550"), "no number, and no part of one");
        heads.push_str(&head);
        let request = ExportTraceServiceRequest::decode(&body[..]).expect("OTLP");
        for of_resource in request.resource_spans {
            resource = of_resource.resource.expect("a resource").attributes;
            spans.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    (spans, resource, heads)
}

fn texts(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some((attribute.key.clone(), text.clone())),
        _ => None,
    };
    attributes.iter().filter_map(text).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    let names = || spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "one `{name}` among {:?}", names());
    found[0]
}

async fn one_call() {
    let (endpoint, mut requests) = collector().await;
    let traces = Arc::new(Traces::open(&config(endpoint)).expect("an exporter"));
    let observer = traces.clone();
    let mut world = World::real(WorldConfig { observer, ..WorldConfig::default() }).await;
    let report = world.sim.place_call(Caller::echo(500)).finished().await;
    assert_whole_echo(&report);
    let record = world.record().await;
    world.close().await;
    let (spans, resource, head) = spans(&mut requests, 1).await;
    traces.close().await;

    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("x-key: {API_KEY}\r\n")) && head.contains("application/x-protobuf"), "{head}");
    assert_eq!(texts(&resource)["service.name"], "switchhook");
    let call = named(&spans, "call");
    assert!(spans.iter().all(|span| span.trace_id == call.trace_id), "one trace");
    assert!(call.parent_span_id.is_empty());
    let facts = texts(&call.attributes);
    for (key, value) in [
        ("tenant", "acme"),
        ("connector", "main"),
        ("session", &*record.session_id),
        ("call", &*record.id),
        ("plugin", "first"),
        ("version", &*record.version),
        ("handler", "RETURNED"),
    ] {
        assert_eq!(facts.get(key).map(String::as_str), Some(value), "{key}");
    }
    let set_up = named(&spans, "set-up");
    for (name, parent) in [
        ("set-up", call),
        ("claim", set_up),
        ("guest.start", set_up),
        ("call.in", set_up),
        ("voice", set_up),
        ("answer", set_up),
        ("guest", call),
        ("command answer", call),
    ] {
        let span = named(&spans, name);
        assert_eq!(span.parent_span_id, parent.span_id, "{name}");
        let within = parent.start_time_unix_nano <= span.start_time_unix_nano
            && span.start_time_unix_nano <= span.end_time_unix_nano
            && span.end_time_unix_nano <= parent.end_time_unix_nano;
        assert!(within, "{name} lies in its parent");
    }
    let took = call.end_time_unix_nano - call.start_time_unix_nano;
    assert!(took >= 500_000_000, "it lasted {took} ns");
    assert!(call.events.iter().any(|event| event.name == "ended"));
}

async fn failure() {
    let (endpoint, mut requests) = collector().await;
    let traces = Arc::new(Traces::open(&config(endpoint)).expect("an exporter"));
    let config = WorldConfig::with("hostile", &[("mode", "trap"), ("when", "answered")]);
    let mut world = World::real(WorldConfig { observer: traces.clone(), ..config }).await;
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 5_000 }];
    world.sim.place_call(Caller::new(script)).finished().await;
    world.record().await;
    world.close().await;
    let (spans, ..) = spans(&mut requests, 1).await;
    traces.close().await;
    for name in ["call", "guest"] {
        let status = named(&spans, name).status.as_ref().expect("a status");
        assert_eq!((status.code(), status.message.as_str()), (StatusCode::Error, "TRAPPED"), "{name}");
    }
}

async fn absent(log: &TestLog) {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("it listens");
    let endpoint = Url::parse(&format!("http://{gone}")).expect("an address");
    let traces = Arc::new(Traces::open(&config(endpoint)).expect("an exporter"));
    let mut world = World::real(WorldConfig { observer: traces.clone(), ..WorldConfig::default() }).await;
    for _ in 0..2 {
        let calls: Vec<_> = (0..10).map(|_| world.sim.place_call(Caller::echo(300))).collect();
        for call in calls {
            assert_whole_echo(&call.finished().await);
            world.record().await;
        }
        log.until(Level::WARN, "no collector takes the traces", 1).await;
    }
    world.close().await;
    traces.close().await;
    let told = log.lines_with("no collector takes the traces");
    assert!(matches!(&told[..], [line] if line.contains(&gone.to_string())), "once: {told:?}");
}

/// It takes connections and never answers. More is dropped than waits, that is counted, and calls are whole.
async fn hangs() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it listens"));
    let (traces, watch) = (
        Arc::new(Traces::open(&config(Url::parse(&endpoint).expect("an address"))).expect("an exporter")),
        Arc::new(Watch::default()),
    );
    watch.show_traces(traces.clone());
    let observer = Arc::new(Observers(vec![watch.clone(), traces.clone()]));
    let mut world = World::real(WorldConfig { observer, ..WorldConfig::default() }).await;
    let admin = Admin::start(&world, watch, None, None).await;
    world.sim.place_call(Caller::echo(100)).finished().await;
    let record = world.record().await;
    let (held, _) = listener.accept().await.expect("spans come");
    let full = traces::limits::SPANS_WAITING_MAX;
    for _ in 0..full {
        traces.call_ended(&record);
    }
    let spans = traces.spans();
    assert!(spans.exported == 0 && spans.dropped > full as u64, "{spans:?}");
    let calls: Vec<_> = (0..10).map(|_| world.sim.place_call(Caller::echo(300))).collect();
    for call in calls {
        assert_whole_echo(&call.finished().await);
        world.record().await;
    }
    let metrics = admin.get("/metrics").await.body;
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        line.unwrap_or_else(|| panic!("no {name} in {metrics}"))
    };
    assert!(value("switchhook_trace_spans_dropped_total") > full as u64);
    assert_eq!(value("switchhook_trace_spans_exported_total"), 0);
    world.close().await;
    admin.close().await;
    // It ends, though nobody has answered.
    traces.close().await;
    drop(held);
}

/// From the text of a file, as `switchhook run` does it.
async fn configured() {
    let (endpoint, mut requests) = collector().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("echo.wasm"), switchhook_tests::components::bytes("echo")).expect("a file");
    let text = format!(
        "[traces]\nendpoint = \"{endpoint}\"\nheaders = {{ x-key = {API_KEY:?} }}\n[[tenant]]\nname = \"acme\"\n\
         [[tenant.telcoflow]]\nname = \"main\"\napi_key = \"k\"\nconnector_uuid = \"c\"\n\
         [[tenant.plugin]]\nname = \"echo\"\nsource = \"echo.wasm\"\n[[tenant.route]]\nplugin = \"echo\"\n"
    );
    let config = switchhook::config::resolve(&folder.path().join("t.toml"), &text, &|_| None).expect("a good file");
    assert!(!format!("{config:?}").contains(API_KEY));
    let traces = switchhook::running::traces_for(&config).expect("an exporter").expect("it is configured");
    let mut world = World::real(WorldConfig { observer: traces.clone(), ..WorldConfig::default() }).await;
    world.sim.place_call(Caller::echo(200)).finished().await;
    world.record().await;
    world.close().await;
    // What waits is sent at the end.
    traces.close().await;
    let (_, _, head) = spans(&mut requests, 1).await;
    assert!(head.contains(&format!("x-key: {API_KEY}\r\n")), "{head}");
}

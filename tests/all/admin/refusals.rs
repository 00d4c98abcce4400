//! What the admin interface refuses, and in which words.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use switchhook_tests::logs::ADMIN_TOKEN;
use switchhook_tests::run::real;
use switchhook_tests::world::WorldConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::Desk;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("admin::nobody_gets_in_without_the_token", |_| tokens()),
        real("admin::without_a_token_only_this_machine_gets_in", |_| local()),
        real("admin::every_error_is_a_problem", |_| problems()),
        real("admin::a_slow_client_loses_its_connection_and_nobody_else_waits", |_| slow_loris()),
        real("admin::too_many_requests_are_turned_away", |_| flood()),
    ]
}

const CLOSED: [(&str, &str); 9] = [
    ("GET", "/openapi.json"),
    ("GET", "/v1/tenants"),
    ("GET", "/v1/tenants/acme/plugins"),
    ("GET", "/v1/calls"),
    ("GET", "/v1/chats"),
    ("GET", "/v1/calls/x"),
    ("POST", "/v1/calls/x/disconnect"),
    ("POST", "/v1/drain"),
    ("GET", "/v1/events"),
];

async fn tokens() {
    let desk = Desk::new(WorldConfig::default()).await;
    for (method, path) in CLOSED {
        for headers in
            ["", "authorization: Bearer mistaken\r\n", "authorization: Basic YTpi\r\n", "authorization: \r\n"]
        {
            let reply = desk.admin.raw(method, path, headers, "").await;
            reply.assert_problem(401, "unauthorized");
            assert_eq!(reply.headers["www-authenticate"], "Bearer");
            assert!(!reply.body.contains("mistaken"), "the answer repeats the token");
        }
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(desk.admin.raw("GET", path, "", "").await.status, 200, "{path} wants no token");
    }
    assert!(desk.world.exchange.handle().is_open(), "a drain without the token");
    desk.close().await;
}

async fn local() {
    let desk = Desk::with_token(WorldConfig::default(), None).await;
    assert_eq!(desk.admin.raw("GET", "/v1/calls", "", "").await.status, 200);
    desk.admin.raw("POST", "/v1/drain", "origin: https://evil.example\r\n", "").await.assert_problem(403, "forbidden");
    let mut stream = desk.admin.connect().await;
    stream.write_all(b"GET /v1/calls HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    desk.close().await;
}

async fn problems() {
    let desk = Desk::new(WorldConfig::default()).await;
    desk.admin.get("/nowhere").await.assert_problem(404, "not-found");
    desk.admin.get("/v1/calls/nobody").await.assert_problem(404, "not-found");
    desk.admin.get("/v1/calls/%ff").await.assert_problem(400, "bad-request");
    desk.admin.get("/v1/calls?limit=many").await.assert_problem(400, "bad-request");
    desk.admin.get("/v1/calls?limit=1001").await.assert_problem(400, "bad-request");
    desk.admin.get("/v1/chats?limit=1001").await.assert_problem(400, "bad-request");
    let method = desk.admin.request("DELETE", "/v1/calls", "").await;
    method.assert_problem(405, "method-not-allowed");
    assert_eq!(method.headers["allow"], "GET,HEAD");
    let token = format!("authorization: Bearer {ADMIN_TOKEN}\r\n");
    let long = format!("{token}x-long: {}\r\n", "a".repeat(admin::limits::HEAD_BYTES_MAX));
    assert_eq!(desk.admin.raw("GET", "/v1/calls", &long, "").await.status, 431);
    let many: String = (0..=admin::limits::HEADERS_MAX).map(|n| format!("x-{n}: y\r\n")).collect();
    assert_eq!(desk.admin.raw("GET", "/v1/calls", &(token + &many), "").await.status, 431);
    desk.close().await;
}

/// Heads that never end take connections, and lose them; what others ask is answered meanwhile.
async fn slow_loris() {
    let desk = Desk::new(WorldConfig::default()).await;
    let began = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..admin::limits::CONNECTIONS_MAX - 1 {
        let mut stream = desk.admin.connect().await;
        stream.write_all(b"GET /v1/calls HTTP/1.1\r\nhost: x\r\nx-slow: ").await.expect("sent");
        slow.push(stream);
    }
    assert_eq!(desk.admin.get("/healthz").await.status, 200);
    for mut stream in slow {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    }
    let limit = Duration::from_millis(admin::limits::HEAD_MS_MAX);
    assert!(began.elapsed() >= limit && began.elapsed() < limit * 2, "{:?}", began.elapsed());
    desk.close().await;
}

async fn flood() {
    let desk = Desk::new(WorldConfig::default()).await;
    let mut stream = desk.admin.connect().await;
    let request = format!("GET /v1/calls/x HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN_TOKEN}\r\n\r\n");
    let mut statuses = Vec::new();
    let mut answer = vec![0; 4_096];
    for _ in 0..admin::limits::REQUESTS_BURST_MAX * 2 {
        stream.write_all(request.as_bytes()).await.expect("sent");
        let bytes = stream.read(&mut answer).await.expect("an answer");
        statuses.push(String::from_utf8_lossy(&answer[9..12.min(bytes)]).into_owned());
    }
    assert!(statuses[..100].iter().all(|status| status == "404"), "{statuses:?}");
    assert!(statuses.iter().any(|status| status == "429"), "nobody was turned away");
    assert_eq!(desk.admin.get("/healthz").await.status, 200, "health is not counted");
    drop(stream);
    desk.close().await;
}

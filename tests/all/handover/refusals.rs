//! What is not given and what is not taken, and in which words.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use sim::{Caller, Milestone};
use switchhook_tests::run::real;
use switchhook_tests::world::WorldConfig;

use super::{give, held, holding, patient};
use crate::admin::client::{Desk, Reply};
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("handover::what_is_not_held_is_not_given", |_| not_given()),
        real("handover::what_is_no_call_is_not_taken", |_| not_taken()),
        real("handover::a_call_that_another_has_is_not_taken", |_| not_free()),
        real("handover::nobody_gives_or_takes_without_the_token", |_| tokens()),
    ]
}

async fn not_given() {
    let mut desk = Desk::new(WorldConfig { hold: Duration::from_secs(1), ..WorldConfig::default() }).await;
    desk.admin.post("/v1/calls/nobody/give").await.assert_problem(404, "not-found");
    let mut call = desk.world.sim.place_call(patient());
    let path = format!("/v1/calls/{}", call.session_id());
    held(&desk, call.session_id()).await;
    desk.admin.post(&format!("{path}/give?tenant=other")).await.assert_problem(404, "not-found");
    desk.admin.get(&format!("{path}/give")).await.assert_problem(405, "method-not-allowed");
    // The second is over.
    assert!(call.reached(Milestone::VoiceOpen).await);
    desk.admin.until(&path, |reply| reply.status == 200 && reply.json()["call"]["stage"] == "talking").await;
    let late = desk.admin.post(&format!("{path}/give")).await;
    late.assert_problem(409, "conflict");
    assert!(late.body.contains("has its voice here"), "{}", late.body);
    super::assert_served(&call.finished().await);
    desk.world.record().await;
    desk.admin.post(&format!("{path}/give")).await.assert_problem(404, "not-found");
    desk.close().await;

    let mut desk = Desk::new(holding()).await;
    let call = desk.world.sim.place_call(patient());
    give(&desk, call.session_id()).await;
    let again = desk.admin.post(&format!("/v1/calls/{}/give", call.session_id())).await;
    again.assert_problem(409, "conflict");
    assert!(again.body.contains("given already"), "{}", again.body);
    let other = desk.admin.post(&format!("/v1/calls/{}/give?tenant=other", call.session_id())).await;
    other.assert_problem(404, "not-found");
    call.hang_up();
    call.finished().await;
    desk.world.record().await;
    desk.close().await;
}

fn call() -> Value {
    json!({
        "channel": "TELCO", "id": "c", "caller": "+4912345678", "callee": "+4987654321",
        "session_url": "ws://127.0.0.1:1/v1/agent/voice/nowhere", "session_token": "voice-token-made-up",
    })
}

async fn not_taken() {
    let desk = Desk::new(WorldConfig::default()).await;
    let path = "/v1/tenants/acme/take";
    let with = |field: &str, value: Value| {
        let mut call = call();
        call[field] = value;
        call.to_string()
    };
    let long = "1".repeat(513);
    let url = desk.world.sim.public_base() + "/v1/agent/voice/nowhere";
    let cases = [
        (path, "{".to_owned(), 422, "unusable", "not JSON"),
        (path, "[]".to_owned(), 422, "unusable", "object"),
        (path, with("channel", "WA".into()), 422, "unusable", "channel"),
        (path, with("id", 7.into()), 422, "unusable", "`id`"),
        (path, with("id", "".into()), 422, "unusable", "`id`"),
        (path, with("caller", long.into()), 422, "unusable", "`caller`"),
        (path, with("session_token", Value::Null), 422, "unusable", "`session_token`"),
        (path, with("session_url", "no url".into()), 422, "unusable", "URL"),
        (path, with("session_url", "https://127.0.0.1/".into()), 422, "unusable", "ws"),
        (path, with("session_url", url.into()), 410, "gone", "404"),
        (path, call().to_string(), 502, "call-refused", "unreachable"),
        ("/v1/tenants/nobody/take", call().to_string(), 404, "not-found", "tenant"),
        ("/v1/tenants/acme/take?plugin=none", call().to_string(), 422, "unusable", "plugin"),
        ("/v1/tenants/acme/take?connector=none", call().to_string(), 422, "unusable", "connector"),
        (path, "x".repeat(65 << 10), 413, "too-large", ""),
    ];
    for (path, body, status, word, says) in cases {
        let reply = desk.admin.request("POST", path, &body).await;
        reply.assert_problem(status, word);
        assert!(reply.body.contains(says), "{says}: {reply:?}");
        assert_says_no_secret(&reply);
    }
    let headers = desk.admin.bearer() + "content-length: 2\r\n";
    desk.admin.raw("POST", path, &headers, "{}").await.assert_problem(415, "media-type");
    // None of them left anything behind.
    assert_eq!(desk.world.exchange.handle().tenants()[0].plugins[0].calls, 0);
    assert_whole_echo(&desk.world.sim.place_call(Caller::echo(100)).finished().await);
    desk.admin.post("/v1/drain").await;
    desk.admin.request("POST", path, &call().to_string()).await.assert_problem(503, "unavailable");
    desk.close().await;
}

fn assert_says_no_secret(reply: &Reply) {
    assert!(!reply.body.contains("made-up") && !reply.body.contains("12345678"), "{reply:?}");
}

/// One that talks, one whose token another has used, one for which there is no place, and one that came by another connector.
async fn not_free() {
    let more = vec![("second".to_owned(), switchhook_tests::logs::API_KEY.to_owned())];
    let mut desk = Desk::new(WorldConfig { calls_max: 1, more_connectors: more, ..holding() }).await;
    let path = "/v1/tenants/acme/take";
    let call = desk.world.sim.place_call(patient());
    let json = give(&desk, call.session_id()).await;
    desk.world.record().await;
    let came_by = desk.world.exchange.connectors();
    let came_by = came_by.iter().find(|connector| connector.counts.claims == 1).expect("one has claimed it");
    let other = if came_by.name == "main" { "second" } else { "main" };
    let reply = desk.admin.request("POST", &format!("{path}?connector={other}"), &json).await;
    reply.assert_problem(409, "conflict");
    assert_eq!(desk.admin.request("POST", path, &json).await.status, 201);
    let reply = desk.admin.request("POST", path, &json).await;
    reply.assert_problem(503, "unavailable");
    assert!(reply.body.contains("all the calls that it may have"), "{reply:?}");
    super::assert_served(&call.finished().await);
    desk.world.record().await;
    desk.close().await;

    let mut desk = Desk::new(holding()).await;
    let call = desk.world.sim.place_call(patient());
    let json = give(&desk, call.session_id()).await;
    desk.world.record().await;
    assert_eq!(desk.admin.request("POST", path, &json).await.status, 201);
    let reply = desk.admin.request("POST", path, &json).await;
    reply.assert_problem(409, "conflict");
    let renamed = json.replace(r#""id":""#, r#""id":"another-"#);
    let reply = desk.admin.request("POST", path, &renamed).await;
    reply.assert_problem(502, "call-refused");
    assert!(reply.body.contains("401"), "{reply:?}");
    super::assert_served(&call.finished().await);
    desk.close().await;
}

async fn tokens() {
    let desk = Desk::new(holding()).await;
    let call = desk.world.sim.place_call(patient());
    held(&desk, call.session_id()).await;
    for path in [format!("/v1/calls/{}/give", call.session_id()), "/v1/tenants/acme/take".to_owned()] {
        for headers in ["", "authorization: Bearer mistaken\r\n"] {
            desk.admin.raw("POST", &path, headers, "").await.assert_problem(401, "unauthorized");
        }
    }
    let document = desk.admin.get("/openapi.json").await.json();
    for path in ["/v1/calls/{id}/give", "/v1/tenants/{tenant}/take"] {
        let post = &document["paths"][path]["post"];
        assert!(post["security"].is_array() && post["responses"]["409"].is_object(), "{path}: {post}");
    }
    let schema = &document["components"]["schemas"]["HandedOver"]["properties"];
    assert!(schema["session_token"].is_object() && schema["caller"].is_object(), "{schema}");
    call.hang_up();
    call.finished().await;
    desk.close().await;
}

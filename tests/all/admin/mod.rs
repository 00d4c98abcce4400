//! The admin interface over real sockets: what it shows, what it does, and what it refuses.

pub(crate) mod client;
mod document;
mod refusals;

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;
use sim::{
    CallFaults, CalleeAnswer, Caller, Faults, Garbage, LinkFaults, Milestone, Outbound, Outcome, Remote, SimConfig,
    Step,
};
use switchhook_tests::run::real;
use switchhook_tests::world::WorldConfig;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use client::{Admin, Desk};

use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    let own = vec![
        real("admin::health_and_readiness_turn_with_the_drain", |_| readiness()),
        real("admin::a_call_is_shown_while_it_lives_and_after", |_| one_call()),
        real("admin::an_operator_ends_a_call", |_| disconnect()),
        real("admin::tenants_and_plugins_are_listed", |_| tenants()),
        real("admin::events_come_as_they_happen", |_| events()),
        real("admin::an_operator_places_a_call", |_| place()),
        real("admin::an_operator_begins_a_chat", |_| begin_chat()),
        real("admin::what_a_server_sends_wrong_is_in_the_metrics", |_| oddities()),
    ];
    own.into_iter().chain(refusals::trials()).chain(document::trials()).collect()
}

/// A caller who stays until told to go.
pub(crate) fn patient() -> Caller {
    Caller::new(vec![Step::WaitAnswered, Step::Silence { ms: 60_000 }])
}

/// Who is called speaks and hears the echo; what cannot be called is refused, and says why.
async fn place() {
    const TO: &str = "+15550142";
    let base = WorldConfig::default();
    let remote = Remote { picks_up: CalleeAnswer::After { ms: 10 }, ..Remote::new(Caller::echo(400)) };
    let sim = SimConfig { outbound: vec![(TO.into(), Outbound::rings(remote))], ..base.sim.clone() };
    let mut desk = Desk::new(WorldConfig { sim, ..base }).await;
    let order = format!(r#"{{"to":"{TO}","plugin":"first"}}"#);
    let placed = desk.admin.request("POST", "/v1/tenants/acme/calls", &order).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let session = placed.json()["session_id"].as_str().expect("a session").to_owned();
    assert_whole_echo(&desk.world.sim.outbound_call().await.finished().await);
    let record = desk.world.record().await;
    assert_eq!((&record.session_id, record.plugin.as_str()), (&session, "first"));

    let refusals = [
        ("/v1/tenants/nobody/calls", order.as_str(), 404, "not-found"),
        ("/v1/tenants/acme/calls", r#"{"to":"+1555","plugin":"nothing"}"#, 422, "unusable"),
        ("/v1/tenants/acme/calls", r#"{"to":"two words","plugin":"first"}"#, 422, "unusable"),
        ("/v1/tenants/acme/calls", r#"{"to":"+1555","who":"me"}"#, 422, "unusable"),
        ("/v1/tenants/acme/calls", r#"{"to":"#, 400, "bad-request"),
    ];
    for (path, body, status, word) in refusals {
        desk.admin.request("POST", path, body).await.assert_problem(status, word);
    }
    let text = desk.admin.raw("POST", "/v1/tenants/acme/calls", &desk.admin.bearer(), "to=1").await;
    text.assert_problem(415, "media-type");
    // An echo handles no chats.
    desk.admin.request("POST", "/v1/tenants/acme/chats", &order).await.assert_problem(422, "unusable");
    desk.admin.post("/v1/drain").await;
    desk.admin.request("POST", "/v1/tenants/acme/calls", &order).await.assert_problem(503, "unavailable");
    desk.close().await;
}

async fn begin_chat() {
    let desk = Desk::new(WorldConfig::with("wa-autoreply", &[("otherwise", "Sorry?")])).await;
    let begun = desk.admin.request("POST", "/v1/tenants/acme/chats", r#"{"to":"+15550142"}"#).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let mut chat = desk.world.sim.outbound_chat().await;
    assert_eq!(begun.json()["session_id"], chat.session_id());
    chat.say("hello");
    assert_eq!(chat.heard().await.expect("a reply").data["text"], "Sorry?");
    let listed = desk.admin.get("/v1/chats?tenant=acme&plugin=first").await.json();
    let first = &listed["chats"][0];
    assert_eq!((&listed["total"], &first["session_id"]), (&1.into(), &chat.session_id().into()), "{listed}");
    assert_eq!((&first["outbound"], &first["connector"]), (&true.into(), &"main".into()), "{listed}");
    assert_eq!((&first["messages_in"], &first["messages_out"]), (&1.into(), &1.into()), "{listed}");
    assert_eq!(desk.admin.get("/v1/chats?tenant=other").await.json()["total"], 0);
    let again = desk.admin.request("POST", "/v1/tenants/acme/chats", r#"{"to":"+15550142"}"#).await;
    again.assert_problem(502, "call-refused");
    assert!(
        again.json()["detail"].as_str().is_some_and(|detail| detail.contains("SESSION_ALREADY_EXISTS")),
        "{again:?}"
    );
    chat.say("bye");
    chat.closed().await;
    desk.admin.until("/v1/chats", |reply| reply.json()["total"] == 0).await;
}

/// By socket and kind, each time counted.
async fn oddities() {
    let base = WorldConfig::default();
    let link =
        LinkFaults { garbage: vec![(0, Garbage::UnknownType), (0, Garbage::UnknownType)], ..LinkFaults::default() };
    let sim = SimConfig { faults: Faults { links: vec![link], ..Faults::default() }, ..base.sim.clone() };
    let mut desk = Desk::new(WorldConfig { sim, ..base }).await;
    let garbage = [(0, Garbage::NotJson), (0, Garbage::NotJson), (0, Garbage::OneByteBinary)].to_vec();
    let faults = Some(CallFaults { garbage, ..CallFaults::default() });
    assert_whole_echo(&desk.world.sim.place_call(Caller { faults, ..Caller::echo(200) }).finished().await);
    desk.world.record().await;
    let text = desk.admin.get("/metrics").await.body;
    for (socket, kind, count) in [("manager", "unknown-type", 2), ("voice", "not-json", 2), ("voice", "no-audio", 1)] {
        let labels = format!(r#"tenant="acme",connector="main",socket="{socket}",kind="{kind}""#);
        assert!(text.contains(&format!("oddities_total{{{labels}}} {count}\n")), "{socket} {kind}: {text}");
    }
    assert!(!text.contains("weather"), "nothing of what was sent");
    desk.close().await;
}

async fn readiness() {
    let desk = Desk::new(WorldConfig::default()).await;
    let call = desk.world.sim.place_call(patient());
    let id = call.session_id().to_owned();
    desk.admin.until(&format!("/v1/calls/{id}"), |reply| reply.status == 200).await;
    assert_eq!(desk.admin.get("/healthz").await.json()["status"], "ok");
    let drained = desk.admin.post("/v1/drain").await;
    assert_eq!((drained.status, &drained.json()["calls"]), (202, &Value::from(1)));
    let ready = desk.admin.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["draining"]), (503, &Value::Bool(true)));
    assert_eq!(desk.admin.get("/healthz").await.status, 200, "it lives");
    desk.world.exchange.handle().drain_requested().await;
    let left = desk.world.sim.place_call(Caller { ring_ms: 300, ..patient() }).finished().await;
    assert_eq!(left.timeline.at(Milestone::Claimed), None, "a call was taken during the drain");
    call.hang_up();
    call.finished().await;
    desk.close().await;
}

async fn one_call() {
    let mut desk = Desk::new(WorldConfig::default()).await;
    let call = desk.world.sim.place_call(patient());
    let session = call.session_id().to_owned();
    let path = format!("/v1/calls/{session}");
    let answered = |reply: &client::Reply| reply.status == 200 && reply.json()["call"]["state"] == "answered";
    let live = desk.admin.until(&path, answered).await.json();
    assert_eq!(live["end"], Value::Null);
    let id = live["call"]["id"].as_str().expect("an id").to_owned();
    assert_ne!(id, session, "the carrier has told the call's id");
    let expected = [("tenant", "acme"), ("plugin", "first"), ("stage", "talking"), ("session_id", &session)];
    for (field, value) in expected {
        assert_eq!(live["call"][field], value, "{live}");
    }
    let what: Vec<_> = live["timeline"].as_array().expect("a list").iter().map(|entry| &entry["what"]).collect();
    assert_eq!(what, ["accepted", "outcome"]);
    let list = desk.admin.get("/v1/calls").await.json();
    assert_eq!((&list["total"], &list["calls"][0]["id"]), (&Value::from(1), &Value::from(id.as_str())));
    assert!(list["calls"][0]["audio"]["frames_in"].as_u64().is_some());
    assert_eq!(desk.admin.get("/v1/calls?tenant=other").await.json()["total"], 0);
    assert_eq!(desk.admin.get("/v1/calls?plugin=first&limit=0").await.json()["calls"], Value::Array(Vec::new()));

    call.hang_up();
    call.finished().await;
    desk.world.record().await;
    let over = desk.admin.get(&format!("/v1/calls/{id}")).await.json();
    assert_eq!((&over["call"]["stage"], &over["end"]["reason"]), (&"over".into(), &"terminated".into()), "{over}");
    assert_eq!(over["end"]["handler"], "RETURNED");
    assert!(over["end"]["setup"]["answer_us"].as_u64().is_some());
    let last = over["timeline"].as_array().and_then(|entries| entries.last()).expect("entries").clone();
    assert_eq!((&last["what"], &last["name"]), (&"ended".into(), &"terminated".into()));
    assert_eq!(desk.admin.get("/v1/calls").await.json()["total"], 0);
    desk.close().await;
}

async fn disconnect() {
    let mut desk = Desk::new(WorldConfig::default()).await;
    let call = desk.world.sim.place_call(patient());
    let path = format!("/v1/calls/{}", call.session_id());
    desk.admin.until(&path, |reply| reply.status == 200 && reply.json()["call"]["state"] == "answered").await;
    let accepted = desk.admin.post(&format!("{path}/disconnect")).await;
    assert_eq!((accepted.status, accepted.body.as_str()), (202, ""));
    let report = call.finished().await;
    assert_eq!(report.outcome, Outcome::AgentDisconnected);
    let record = desk.world.record().await;
    assert_eq!(record.guest, Some(sandbox::GuestEnd::Returned), "the handler read the end and returned");
    let timeline = desk.admin.get(&path).await.json();
    let names: Vec<_> = timeline["timeline"].as_array().expect("a list").iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["answer", "answer", "disconnect", "disconnect", "disconnected"]);
    desk.admin.post(&format!("{path}/disconnect")).await.assert_problem(404, "not-found");
    desk.close().await;
}

async fn tenants() {
    let desk = Desk::new(WorldConfig::default()).await;
    let tenants = desk.admin.get("/v1/tenants").await.json();
    let tenant = &tenants["tenants"][0];
    assert_eq!(
        (&tenant["name"], &tenant["plugins"][0], &tenant["routes"]),
        (&"acme".into(), &"first".into(), &1.into())
    );
    assert_eq!(tenant["connectors"][0], serde_json::json!({"name": "main", "up": true}));
    let plugins = desk.admin.get("/v1/tenants/acme/plugins").await.json();
    let plugin = &plugins["plugins"][0];
    assert_eq!((&plugin["name"], &plugin["calls"], &plugin["calls_max"]), (&"first".into(), &0.into(), &500.into()));
    assert!(plugin["version"].as_str().is_some_and(|version| !version.is_empty()));
    desk.admin.get("/v1/tenants/nobody/plugins").await.assert_problem(404, "not-found");
    desk.close().await;
}

/// Follows the events of an interface.
pub(crate) async fn follow(admin: &Admin) -> impl AsyncFnMut() -> (String, Value) + use<> {
    let mut stream = admin.connect().await;
    let token = switchhook_tests::logs::ADMIN_TOKEN;
    let head = format!("GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("a request");
    let mut lines = BufReader::new(stream).lines();
    while !lines.next_line().await.expect("an answer").expect("a head").is_empty() {}
    async move || {
        let mut name = String::new();
        loop {
            let line = lines.next_line().await.expect("events").expect("more of them");
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).expect("JSON"));
            }
        }
    }
}

async fn events() {
    let desk = Desk::new(WorldConfig::default()).await;
    let mut next = follow(&desk.admin).await;
    let call = desk.world.sim.place_call(Caller::echo(100));
    let session = call.session_id().to_owned();
    call.finished().await;
    for expected in ["call.claimed", "call.begins", "call.ended"] {
        let (mut name, mut data) = next().await;
        // The plugin's version has its first call too.
        while name.starts_with("version.") {
            (name, data) = next().await;
        }
        assert_eq!((name.as_str(), &data["session_id"]), (expected, &Value::from(session.as_str())), "{data}");
    }
    let began = std::time::Instant::now();
    desk.close().await;
    assert!(began.elapsed() < Duration::from_secs(2), "who follows does not hold up the end");
}

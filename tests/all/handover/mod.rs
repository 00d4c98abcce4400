//! Calls that move: between two hosts, and between a host and the public SDK, over real sockets and the admin interface.

mod moved;
mod refusals;
mod sdk;

use std::sync::Arc;
use std::time::Duration;

use ::call::EndReason;
use admin::Watch;
use exchange::Stage;
use libtest_mimic::Trial;
use sim::{Caller, Milestone, Outcome, Step};
use switchhook_tests::clock;
use switchhook_tests::logs::{ADMIN_TOKEN, TestLog};
use switchhook_tests::run::real;
use switchhook_tests::world::{World, WorldConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing::Level;

use crate::admin::client::{Admin, Desk};
use crate::admin::follow;
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    let own = vec![
        real("handover::a_call_moves_from_one_host_to_another", |log| async move { two_hosts(&log).await }),
        real("handover::a_lost_answer_is_given_again", |_| lost_answer()),
        real("handover::a_call_is_given_and_taken_back", |_| taken_back()),
    ];
    own.into_iter().chain(moved::trials()).chain(refusals::trials()).chain(sdk::trials()).collect()
}

/// A host whose calls wait for others.
pub(crate) fn holding() -> WorldConfig {
    WorldConfig { hold: Duration::from_secs(60), ..WorldConfig::default() }
}

/// Another host of the same server with its own admin interface.
async fn desk_beside(first: &Desk, config: WorldConfig) -> Desk {
    let watch = Arc::new(Watch::default());
    let world = first.world.beside(WorldConfig { observer: watch.clone(), ..config });
    let admin = Admin::start(&world, watch, Some(ADMIN_TOKEN), None).await;
    Desk { world, admin }
}

/// Waits until a call can be given.
async fn held(desk: &Desk, session: &str) {
    desk.admin
        .until(&format!("/v1/calls/{session}"), |reply| reply.status == 200 && reply.json()["call"]["stage"] == "held")
        .await;
}

/// Gives a call; its JSON.
async fn give(desk: &Desk, id: &str) -> String {
    held(desk, id).await;
    let given = desk.admin.post(&format!("/v1/calls/{id}/give")).await;
    assert_eq!((given.status, given.headers["content-type"].as_str()), (200, "application/json"), "{}", given.status);
    assert_eq!(given.headers["cache-control"], "no-store");
    given.body
}

/// The second host takes only what it is given: it is there when the call is claimed already.
async fn two_hosts(log: &TestLog) {
    let mut giver = Desk::new(holding()).await;
    let mut news = follow(&giver.admin).await;
    let mut call = giver.world.sim.place_call(Caller::echo(400));
    let session = call.session_id().to_owned();
    held(&giver, &session).await;
    let mut taker = desk_beside(&giver, WorldConfig::default()).await;
    let id = giver.admin.get(&format!("/v1/calls/{session}")).await.json()["call"]["id"].clone();
    let json = give(&giver, id.as_str().expect("an id")).await;
    assert_eq!(call.timeline().at(Milestone::VoiceOpen), None, "nobody dialled it");

    let taken = taker.admin.request("POST", "/v1/tenants/acme/take", &json).await;
    assert_eq!((taken.status, &taken.json()["id"]), (201, &id));
    assert!(call.reached(Milestone::VoiceOpen).await);
    let live = taker.admin.get(&format!("/v1/calls/{}", id.as_str().expect("an id"))).await.json();
    assert_eq!((&live["call"]["session_id"], &live["call"]["stage"]), (&serde_json::Value::Null, &"talking".into()));
    let report = call.finished().await;
    assert_whole_echo(&report);
    assert_eq!((report.voice_sockets, report.voice_refusals), (1, 0));

    let given = giver.world.record().await;
    assert_eq!((given.end, given.session_id, &given.guest), (EndReason::HandedOver, session.clone(), &None));
    let taken = taker.world.record().await;
    assert_eq!((taken.end, taken.session_id.as_str(), taken.resumed), (EndReason::Terminated, "", false));
    assert_eq!((&taken.id, taken.plugin.as_str()), (&given.id, "first"));
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "call.ended") {
        let (name, _) = news().await;
        if name.starts_with("call.") {
            told.push(name);
        }
    }
    assert_eq!(told, ["call.claimed", "call.held", "call.ended"]);
    let metrics = taker.admin.get("/metrics").await.body;
    assert!(metrics.contains("calls_taken_total{tenant=\"acme\",plugin=\"first\"} 1"), "{metrics}");
    // The end of the session is told to who claimed it, and is nothing odd there.
    assert_eq!(log.lines_at(Level::WARN, ""), Vec::<String>::new());
    for secret in ["session_token", "voice-token-"] {
        assert_eq!(log.lines_with(secret), Vec::<String>::new());
    }
    taker.world.leave().await;
    taker.admin.close().await;
    giver.close().await;
}

/// Nobody else wants it: the host that gave it handles it.
async fn taken_back() {
    let mut desk = Desk::new(holding()).await;
    let call = desk.world.sim.place_call(Caller::echo(200));
    let json = give(&desk, call.session_id()).await;
    assert_eq!(desk.world.record().await.end, EndReason::HandedOver);
    let taken = desk.admin.request("POST", "/v1/tenants/acme/take?plugin=first&connector=main", &json).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert_whole_echo(&call.finished().await);
    assert_eq!(desk.world.record().await.end, EndReason::Terminated);
    desk.close().await;
}

/// Sends a request through a line that breaks when the answer is on its way: the host has said it, and nothing arrives.
async fn answer_lost(desk: &Desk, path: &str) {
    let line = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut asking = TcpStream::connect(line.local_addr().expect("an address")).await.expect("the line listens");
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{}content-length: 0\r\n\r\n", desk.admin.bearer());
    asking.write_all(head.as_bytes()).await.expect("a request");
    let (mut near, _) = line.accept().await.expect("it was dialled");
    let mut far = desk.admin.connect().await;
    let mut request = vec![0; head.len()];
    near.read_exact(&mut request).await.expect("the request");
    far.write_all(&request).await.expect("the host listens");
    let mut answer = [0];
    far.read_exact(&mut answer).await.expect("the first byte of the answer");
    drop((near, far));
    let arrived = asking.read_to_end(&mut Vec::new()).await;
    assert!(matches!(arrived, Ok(0) | Err(_)), "{arrived:?}");
}

/// Whoever asked never gets the answer. The call waits for its taker, and its file is given once more.
async fn lost_answer() {
    let mut desk = Desk::new(holding()).await;
    let call = desk.world.sim.place_call(Caller::echo(200));
    let session = call.session_id().to_owned();
    held(&desk, &session).await;
    let path = format!("/v1/calls/{session}/give");
    let again = format!("{path}?again=true");
    desk.admin.post(&again).await.assert_problem(404, "not-found");
    answer_lost(&desk, &path).await;
    assert_eq!(desk.world.record().await.end, EndReason::HandedOver);

    let refused = desk.admin.post(&path).await;
    refused.assert_problem(409, "conflict");
    assert!(refused.body.contains("again=true"), "{refused:?}");
    desk.admin.post(&format!("{again}&tenant=other")).await.assert_problem(404, "not-found");
    let (first, second) = (desk.admin.post(&again).await, desk.admin.post(&again).await);
    assert_eq!((first.status, first.headers["cache-control"].as_str()), (200, "no-store"));
    assert_eq!(first.body, second.body, "as often as it is asked for");
    let taken = desk.admin.request("POST", "/v1/tenants/acme/take", &first.body).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert_whole_echo(&call.finished().await);
    assert_eq!(desk.world.record().await.end, EndReason::Terminated);
    clock::until(|| desk.world.exchange.handle().given(&session, None).is_err()).await;
    desk.admin.post(&again).await.assert_problem(404, "not-found");
    desk.close().await;
}

/// A caller who stays until told to go.
fn patient() -> Caller {
    Caller {
        ring_ms: 600_000,
        ..Caller::new(vec![Step::WaitAnswered, Step::Marked { ms: 400 }, Step::Wait { ms: 200 }, Step::HangUp])
    }
}

/// Waits for the stage of the only call.
async fn until_stage(world: &World, stage: Stage) {
    switchhook_tests::clock::until(|| world.exchange.calls().iter().any(|call| call.stage == stage)).await;
}

/// What a caller ends with who was handled.
fn assert_served(report: &sim::CallReport) {
    assert_eq!(report.outcome, Outcome::CallerHungUp);
    assert!(report.pull.bytes_received > report.bytes_said / 2, "{:?}", report.pull);
}

//! Calls that a client places, and sessions over REST, seen byte by byte.
#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::time::Duration;

use sim::{Caller, Milestone, Outbound, Outcome, Remote, SimConfig, Simulator, Step, Switches};
use support::{Manager, VoiceClient};
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CallIn, CloseReason, Created, Response, ToClient, ToServer};
use telcoflow::frame::rest::{Refused, SessionClosed, SessionInfo};
use telcoflow::frame::voice::CommandName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TO: &str = "+15550123";

async fn create(manager: &mut Manager, to: &str) -> Response {
    let req_id = "create".to_owned();
    manager
        .send(ToServer::SessionCreate { req_id: req_id.clone(), channel: "TELCO".into(), remote_address: to.into() })
        .await;
    loop {
        if let ToClient::Response(response) = manager.next().await.unwrap()
            && response.req_id == req_id
        {
            return response;
        }
    }
}

async fn created(manager: &mut Manager) -> Created {
    Created::from_content(create(manager, TO).await.content).unwrap()
}

/// A session of ours, claimed and readied.
async fn placed(manager: &mut Manager) -> String {
    let Created { session_id, created: true } = created(manager).await else { panic!("not created") };
    assert!(manager.claim(&session_id).await.ok);
    manager.send(ToServer::SessionReady { session_id: session_id.clone() }).await;
    session_id
}

async fn closed(manager: &mut Manager) -> CloseReason {
    loop {
        match manager.next().await.unwrap() {
            ToClient::SessionClosed { reason, .. } => return reason,
            ToClient::CallIn(_) => panic!("a call.in for a call that nobody picked up"),
            _ => {}
        }
    }
}

async fn call_in(manager: &mut Manager) -> CallIn {
    loop {
        if let ToClient::CallIn(call_in) = manager.next().await.unwrap() {
            return call_in;
        }
    }
}

fn with(plan: Outbound) -> SimConfig {
    SimConfig { outbound: vec![(TO.into(), plan)], ..SimConfig::default() }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_created_claimed_readied_and_talks() {
    let party = Caller { idle_silence: false, ..Caller::new(vec![Step::WaitAnswered, Step::HangUp]) };
    let config = with(Outbound::rings(Remote::new(party)));
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let mut other = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let session_id = placed(&mut manager).await;
    let began = tokio::time::Instant::now();
    let call_in = call_in(&mut manager).await;
    assert_eq!(began.elapsed(), Duration::from_millis(500), "it comes when the telephone is picked up");
    assert_eq!((call_in.from.as_str(), call_in.to.as_str()), (Caller::default().to.as_str(), TO));
    let mut call = sim.outbound_call().await;
    assert_eq!(call.session_id(), session_id);
    let mut voice = VoiceClient::open(&sim, &call_in).await;
    assert_eq!(voice.run(CommandName::Answer).await, Ok(()));
    assert!(call.reached(Milestone::Answered).await);
    assert_eq!(closed(&mut manager).await, CloseReason::CallTerminated);
    assert_eq!(call.finished().await.outcome, Outcome::CallerHungUp);
    // Nobody else was told of it.
    sim.place_call(Caller::default());
    assert_ne!(other.notified().await.0, session_id);
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_party_that_does_not_pick_up_closes_the_session() {
    for (remote, after_ms, outcome) in
        [(Remote::busy(), 100, Outcome::Busy), (Remote::never_answers(3_000), 3_000, Outcome::Unanswered)]
    {
        let config = with(Outbound::rings(remote));
        let sim = Simulator::new(config.clone());
        let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
        let began = tokio::time::Instant::now();
        placed(&mut manager).await;
        assert_eq!(closed(&mut manager).await, CloseReason::CallTerminated);
        assert_eq!(began.elapsed(), Duration::from_millis(after_ms));
        assert_eq!(sim.outbound_call().await.finished().await.outcome, outcome);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_call_in_first_the_answer_waits_for_the_party() {
    for (remote, code) in [(Remote::default(), None), (Remote::busy(), Some("BUSY"))] {
        let open_points = Switches { call_in_before_pick_up: true, ..Switches::default() };
        let config = SimConfig { open_points, ..with(Outbound::rings(remote)) };
        let sim = Simulator::new(config.clone());
        let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
        placed(&mut manager).await;
        let began = tokio::time::Instant::now();
        let call_in = call_in(&mut manager).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        let mut voice = VoiceClient::open(&sim, &call_in).await;
        assert_eq!(voice.run(CommandName::Answer).await.err().as_deref(), code);
        let took = Duration::from_millis(if code.is_some() { 100 } else { 500 });
        assert_eq!(began.elapsed(), took);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn creations_are_refused_left_unanswered_or_exist() {
    let plans = vec![
        (TO.to_owned(), Outbound::refused("QUOTA_EXCEEDED")),
        ("+15550124".to_owned(), Outbound::NoAnswer),
        ("+15550125".to_owned(), Outbound::rings(Remote::default())),
    ];
    let config = SimConfig { outbound: plans, ..SimConfig::default() };
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    assert_eq!(create(&mut manager, TO).await.error_code.as_deref(), Some("QUOTA_EXCEEDED"));
    let silent = tokio::time::timeout(Duration::from_secs(20), create(&mut manager, "+15550124")).await;
    assert!(silent.is_err());
    let first = Created::from_content(create(&mut manager, "+15550125").await.content).unwrap();
    let again = Created::from_content(create(&mut manager, "+15550125").await.content).unwrap();
    assert_eq!((first.created, again), (true, Created { created: false, ..first.clone() }));
    assert_eq!((sim.counts().creations, sim.counts().claims), (4, 0));
    sim.shutdown().await;
}

/// One request over REST: the status and the body.
async fn rest(sim: &Simulator, request: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut stream = sim.dialer().dial(&sim.public_base()).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{request} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: 0\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_closed_over_rest() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let account = [
        ("x-api-key", config.api_key.as_str()),
        ("x-connector-uuid", config.connector_uuid.as_str()),
        ("x-sdk-version", "1.0.0"),
    ];
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let ours = placed(&mut manager).await;
    let theirs = sim.place_call(Caller::default());
    let list = async |query: &str| {
        let (status, body) = rest(&sim, &format!("GET /public/v1/sessions{query}"), &account).await;
        assert_eq!(status, 200, "{body}");
        SessionInfo::parse_list(body.as_bytes()).unwrap()
    };
    assert_eq!(list("").await.len(), 2);
    assert!(list("?channel=WA").await.is_empty() && list("?state=CLOSED").await.is_empty());
    let found = list("?channel=TELCO&remoteAddress=%2B15550123&state=OPEN").await;
    let [info] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((info.id.as_str(), info.initiator.as_str(), info.remote_address.as_str()), (ours.as_str(), "SDK", TO));
    assert!(list("").await.iter().any(|info| info.id == theirs.session_id() && info.initiator == "CONNECTOR"));

    let (status, body) = rest(&sim, &format!("POST /public/v1/sessions/{ours}/close"), &account).await;
    assert_eq!((status, SessionClosed::parse(body.as_bytes()).reason.as_str()), (200, "SDK_REQUEST"));
    assert_eq!(closed(&mut manager).await, CloseReason::SdkRequest);
    assert_eq!(sim.outbound_call().await.finished().await.outcome, Outcome::Closed);
    let (status, body) = rest(&sim, &format!("POST /public/v1/sessions/{ours}/close"), &account).await;
    assert_eq!((status, Refused::parse(body.as_bytes()).code.as_str()), (404, "SESSION_NOT_FOUND"));

    let (status, body) = rest(&sim, "GET /public/v1/sessions", &account[1..]).await;
    assert_eq!((status, Refused::parse(body.as_bytes()).code.as_str()), (401, "UNAUTHORIZED"));
    for nothing in ["GET /public/v1/sessionsx", "DELETE /public/v1/sessions", "POST /public/v1/sessions/a/b/c"] {
        assert_eq!(rest(&sim, nothing, &account).await.0, 404, "{nothing}");
    }
    let requests = sim.rest_requests();
    let filtered = requests.iter().find(|request| request.query.contains("remoteAddress")).unwrap();
    assert_eq!((filtered.method.as_str(), filtered.path.as_str()), ("GET", "/public/v1/sessions"));
    assert!(!format!("{requests:?}").contains(&config.api_key));
    sim.shutdown().await;
}

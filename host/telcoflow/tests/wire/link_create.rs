//! Sessions that this side starts: created, and then claimed like any other.

use serde_json::{Value, json};
use telcoflow::frame::manager::{Channel, CloseReason, Response, ToClient, ToServer};
use telcoflow::limits::{PEER_TEXT_BYTES_MAX, REQUESTS_MAX, SESSIONS_MAX};
use telcoflow::link::{CreateFailure, Deadline, Event, RequestRefused};

use crate::driver::{LinkDriver, Told, refusal};

const TO: &str = "+15550123";

/// Asks for a session; the id of the request.
fn create(driver: &mut LinkDriver, key: u64, channel: &Channel) -> String {
    driver.link.create(driver.now, key, channel, TO).expect("a creation is taken");
    match driver.drain().frames().as_slice() {
        [ToServer::SessionCreate { req_id, channel: asked, remote_address }] => {
            assert_eq!((asked.as_str(), remote_address.as_str()), (channel.as_str(), TO));
            req_id.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn granted(req_id: &str, content: Option<Value>) -> ToClient {
    ToClient::Response(Response::granted(req_id, content))
}

fn failed(key: u64, failure: CreateFailure) -> Event {
    Event::CreateFailed { key, failure }
}

#[test]
fn an_outbound_call_from_creation_to_close() {
    let mut driver = LinkDriver::up();
    let req_id = create(&mut driver, 7, &Channel::Telco);
    let told = driver.frame(&granted(&req_id, Some(json!({"sessionId": "s1", "created": true}))));
    assert_eq!(told.event(), &Event::Created { key: 7, session_id: "s1".into() });
    assert_eq!(driver.link.ready("s1"), Err(RequestRefused::NotClaimed), "a session is not claimed by its creation");
    driver.claimed("s1");
    driver.link.ready("s1").expect("claimed");
    assert_eq!(driver.drain().sent, [r#"{"type":"session.ready","sessionId":"s1"}"#]);
    let closed = ToClient::SessionClosed { session_id: "s1".into(), reason: CloseReason::CallTerminated };
    assert!(matches!(driver.frame(&closed).event(), Event::SessionClosed { .. }));
}

#[test]
fn a_missing_flag_reads_as_created_and_others_by_truth() {
    let mut driver = LinkDriver::up();
    let exists = |id: &str| failed(1, CreateFailure::AlreadyExists { session_id: id.into() });
    let created = |id: &str| Event::Created { key: 1, session_id: id.into() };
    for (content, expected) in [
        (json!({"sessionId": "a"}), created("a")),
        (json!({"sessionId": "b", "created": 1}), created("b")),
        (json!({"sessionId": "c", "created": false}), exists("c")),
        (json!({"sessionId": "d", "created": null}), exists("d")),
        (json!({"sessionId": "e", "created": 0, "more": []}), exists("e")),
    ] {
        let req_id = create(&mut driver, 1, &Channel::Wa);
        assert_eq!(driver.frame(&granted(&req_id, Some(content))).event(), &expected);
    }
}

#[test]
fn a_refused_creation_keeps_the_code_of_the_server() {
    let mut driver = LinkDriver::up();
    for (code, expected) in [
        ("QUOTA_EXCEEDED", CreateFailure::QuotaExceeded),
        ("CHANNEL_NOT_CONFIGURED", CreateFailure::ChannelNotConfigured),
        ("OUTBOUND_OVERFLOW", CreateFailure::OutboundOverflow),
        ("FORBIDDEN", CreateFailure::Other("FORBIDDEN".into())),
        ("A_NEW_ONE", CreateFailure::Other("A_NEW_ONE".into())),
        ("", CreateFailure::Other("UNKNOWN".into())),
    ] {
        let req_id = create(&mut driver, 3, &Channel::Telco);
        let told = driver.frame(&refusal(&req_id, code, None));
        assert_eq!(told.event(), &failed(3, expected.clone()));
        assert_eq!(expected.code(), if code.is_empty() { "UNKNOWN" } else { code });
    }
}

#[test]
fn a_grant_without_a_session_fails_the_creation() {
    let mut driver = LinkDriver::up();
    let long = "x".repeat(PEER_TEXT_BYTES_MAX + 1);
    let contents = [
        None,
        Some(json!({})),
        Some(json!({"sessionId": ""})),
        Some(json!({"sessionId": 5})),
        Some(json!({"sessionId": long})),
        Some(json!([])),
    ];
    let all = contents.len() as u64;
    for content in contents {
        let req_id = create(&mut driver, 9, &Channel::Telco);
        let told = driver.frame(&granted(&req_id, content));
        assert_eq!(told.events.last(), Some(&failed(9, CreateFailure::Other("BAD_RESPONSE".into()))));
    }
    assert_eq!(driver.link.oddities().collect::<Vec<_>>(), [("creation-with-bad-content", all)]);
}

#[test]
fn a_creation_is_answered_once_whatever_comes_later() {
    let mut driver = LinkDriver::up();
    driver.wait(std::time::Duration::from_secs(1));
    let req_id = create(&mut driver, 1, &Channel::Telco);
    driver.until(Deadline::Ping);
    driver.pong();
    let told = driver.until(Deadline::Request);
    assert_eq!(told.event(), &failed(1, CreateFailure::Other("TIMEOUT".into())));
    for _ in 0..2 {
        let told = driver.frame(&granted(&req_id, Some(json!({"sessionId": "s1"}))));
        assert!(told.events.iter().all(|event| matches!(event, Event::Oddity(_))), "{told:?}");
    }
    assert_eq!(driver.link.oddities().collect::<Vec<_>>(), [("answer-to-nothing", 2)]);
}

#[test]
fn a_lost_socket_fails_what_was_being_created() {
    let mut driver = LinkDriver::up();
    create(&mut driver, 1, &Channel::Telco);
    create(&mut driver, 2, &Channel::Telco);
    let lost = |key| failed(key, CreateFailure::Other("LINK_LOST".into()));
    let told = driver.lost();
    assert_eq!(told.events[..2], [lost(1), lost(2)]);
    assert!(matches!(told.events[2..], [Event::Down { .. }]));
    let refused = driver.link.create(driver.now, 3, &Channel::Telco, TO);
    assert_eq!(refused, Err(RequestRefused::LinkDown));
    assert_eq!(driver.drain(), Told::default());
}

#[test]
fn creations_are_bounded_with_claims_and_sessions() {
    let mut driver = LinkDriver::up();
    for key in 0..REQUESTS_MAX as u64 {
        create(&mut driver, key, &Channel::Telco);
    }
    let refused = driver.link.create(driver.now, 0, &Channel::Telco, TO);
    assert_eq!(refused, Err(RequestRefused::TooManyRequests));

    let mut driver = LinkDriver::up();
    for n in 0..SESSIONS_MAX - 2 {
        driver.claimed(&format!("s{n}"));
    }
    create(&mut driver, 1, &Channel::Telco);
    driver.claim("last");
    let more = driver.link.create(driver.now, 2, &Channel::Telco, TO);
    assert_eq!(more, Err(RequestRefused::TooManySessions));
    assert_eq!(driver.link.claim(driver.now, "more"), Err(RequestRefused::TooManySessions));
}

//! Chat messages out, and chats after the loss of their socket.

use std::time::Duration;

use serde_json::{Value, json};
use telcoflow::frame::manager::{CloseReason, Response, ToClient, ToServer};
use telcoflow::limits::{MESSAGE_BYTES_MAX, RECLAIMS_OPEN_MAX, REQUESTS_KEPT, REQUESTS_MAX};
use telcoflow::link::{Deadline, Event, RequestRefused, SendFailure};

use crate::driver::{LinkDriver, Told, granted_chat, refusal};

/// A link that is up, with these chats, ready.
fn chatting(ids: &[&str]) -> LinkDriver {
    let mut driver = LinkDriver::up();
    for id in ids {
        chat(&mut driver, id);
        driver.link.ready(id).expect("claimed");
        driver.drain();
    }
    driver
}

fn chat(driver: &mut LinkDriver, session_id: &str) {
    let req_id = driver.claim(session_id);
    let told = driver.frame(&granted_chat(&req_id, session_id));
    assert!(matches!(told.event(), Event::Claimed(session) if session.id == session_id));
}

/// Sends a text; the id of the request.
fn send(driver: &mut LinkDriver, key: u32, session_id: &str) -> String {
    driver.link.send(driver.now, key, session_id, "v1".into(), json!({"n": key})).expect("taken");
    match driver.drain().frames().as_slice() {
        [ToServer::WaMsgOut { req_id, data }] => {
            assert_eq!((data.session_id.as_str(), data.api_version.as_str()), (session_id, "v1"));
            assert_eq!((data.client_msg_id.len(), &data.data["n"]), (36, &json!(key)));
            req_id.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn sent(session_id: &str, key: u32, result: Result<Option<Value>, SendFailure>) -> Event {
    Event::Sent { session_id: session_id.into(), key, result }
}

fn unsent(session_id: &str, key: u32, code: &str) -> Event {
    sent(session_id, key, Err(SendFailure { code: code.into(), content: None }))
}

fn over(session_id: &str) -> Event {
    Event::SessionClosed { session_id: session_id.into(), reason: CloseReason::ForceClose }
}

/// The next socket, set up; what is sent on it.
fn next_socket(driver: &mut LinkDriver) -> Told {
    driver.until(Deadline::Redial);
    driver.opened();
    driver.frame(&ToClient::SetupDone { sm_ws_id: None })
}

/// The sessions that are asked for, and the ids of the requests.
fn opens(told: &Told) -> Vec<(String, String)> {
    let open = |frame| match frame {
        ToServer::SessionOpen { req_id, session_id } => (session_id, req_id),
        other => panic!("{other:?}"),
    };
    told.frames().into_iter().map(open).collect()
}

#[test]
fn a_message_has_one_result() {
    let mut driver = chatting(&["w"]);
    let first = send(&mut driver, 7, "w");
    let second = send(&mut driver, 8, "w");
    let detail = json!({"id": "wamid.1"});
    let told = driver.frame(&ToClient::Response(Response::granted(&second, Some(detail.clone()))));
    assert_eq!(told.event(), &sent("w", 8, Ok(Some(detail))));
    let told = driver.frame(&ToClient::Response(Response::granted(&first, None)));
    assert_eq!(told.event(), &sent("w", 7, Ok(None)));
}

#[test]
fn every_code_of_the_server_is_kept_with_its_contents() {
    let mut driver = chatting(&["w"]);
    let codes = [
        "INVALID_PAYLOAD",
        "SESSION_NOT_FOUND",
        "SESSION_NOT_OPEN",
        "INVALID_CHANNEL",
        "OVERFLOW",
        "INTERNAL_ERROR",
        "REMOTE_ERROR",
        "OUTBOUND_OVERFLOW",
        "SOMETHING_NEWER",
    ];
    for (key, code) in (0..).zip(codes) {
        let req_id = send(&mut driver, key, "w");
        let content = json!({"detail": [key]});
        let told = driver.frame(&refusal(&req_id, code, Some(content.clone())));
        assert_eq!(told.event(), &sent("w", key, Err(SendFailure { code: code.into(), content: Some(content) })));
    }
    let req_id = send(&mut driver, 99, "w");
    assert_eq!(driver.frame(&refusal(&req_id, "", None)).event(), &unsent("w", 99, "UNKNOWN"));
}

#[test]
fn a_message_without_an_answer_times_out() {
    let mut driver = chatting(&["w"]);
    driver.wait(Duration::from_secs(1));
    send(&mut driver, 1, "w");
    driver.until(Deadline::Ping);
    driver.pong();
    assert_eq!(driver.until(Deadline::Request).event(), &unsent("w", 1, "TIMEOUT"));
}

#[test]
fn a_message_is_refused_where_it_cannot_go() {
    let mut driver = chatting(&["w"]);
    let try_send = |driver: &mut LinkDriver, id: &str, data| driver.link.send(driver.now, 1, id, "v1".into(), data);
    assert_eq!(try_send(&mut driver, "other", json!({})), Err(RequestRefused::NotClaimed));
    let long = json!({"text": "x".repeat(MESSAGE_BYTES_MAX)});
    assert_eq!(try_send(&mut driver, "w", long), Err(RequestRefused::TooLong));
    driver.lost();
    assert_eq!(try_send(&mut driver, "w", json!({})), Err(RequestRefused::LinkDown));
    next_socket(&mut driver);
    assert_eq!(try_send(&mut driver, "w", json!({})), Err(RequestRefused::NotClaimed), "not claimed again yet");
}

#[test]
fn a_flood_of_messages_leaves_places_to_claims() {
    let mut driver = chatting(&["w"]);
    let places = (REQUESTS_MAX - REQUESTS_KEPT) as u32;
    (0..places).for_each(|key| drop(send(&mut driver, key, "w")));
    let refused = driver.link.send(driver.now, places, "w", "v1".into(), json!({}));
    assert_eq!(refused, Err(RequestRefused::TooManyRequests));
    assert_eq!(driver.drain(), Told::default());
    driver.claimed("call");
}

#[test]
fn a_lost_socket_answers_messages_and_keeps_chats() {
    let mut driver = chatting(&["w2", "w1"]);
    driver.claimed("call");
    send(&mut driver, 5, "w1");
    let told = driver.lost();
    assert!(
        matches!(told.events.as_slice(), [first, second, Event::Down { .. }]
            if *first == unsent("w1", 5, "LINK_LOST") && *second == over("call")),
        "{told:?}"
    );
    assert_eq!(driver.link.claim(driver.now, "w1"), Err(RequestRefused::LinkDown));
    let asked = opens(&next_socket(&mut driver));
    assert_eq!(asked.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["w2", "w1"], "as they were claimed");
    assert_eq!(driver.link.claim(driver.now, "w1"), Err(RequestRefused::AlreadyClaimed));
    for (id, req_id) in &asked {
        let told = driver.frame(&granted_chat(req_id, id));
        assert_eq!(told.event(), &Event::Reclaimed { session_id: id.clone() });
        assert_eq!(told.frames(), [ToServer::SessionReady { session_id: id.clone() }]);
        driver.link.ready(id).expect("claimed");
        assert_eq!(driver.drain(), Told::default(), "ready once for each claim");
    }
    send(&mut driver, 6, "w1");
}

#[test]
fn a_chat_that_is_not_granted_again_is_over() {
    for code in ["SESSION_BUSY", "SESSION_CLOSED", "SESSION_NOT_FOUND", "INTERNAL_ERROR", ""] {
        let mut driver = chatting(&["w"]);
        driver.lost();
        let asked = opens(&next_socket(&mut driver));
        let told = driver.frame(&refusal(&asked[0].1, code, Some(json!({"boundSmWsId": "another"}))));
        assert_eq!((told.event(), told.sent.len()), (&over("w"), 0), "{code}");
        chat(&mut driver, "w");
    }
    let mut driver = chatting(&["w"]);
    driver.lost();
    next_socket(&mut driver);
    // The first ping is due at the same moment.
    assert_eq!(driver.until(Deadline::Ping).event(), &over("w"), "no answer in time");
}

#[test]
fn what_is_granted_again_need_not_be_told() {
    let mut driver = chatting(&["w"]);
    driver.lost();
    let asked = opens(&next_socket(&mut driver));
    let told = driver.frame(&ToClient::Response(Response::granted(&asked[0].1, None)));
    assert_eq!(told.event(), &Event::Reclaimed { session_id: "w".into() });
}

#[test]
fn a_chat_is_claimed_again_on_the_third_socket_too() {
    let mut driver = chatting(&["w"]);
    driver.lost();
    let asked = opens(&next_socket(&mut driver));
    let told = driver.lost();
    assert!(matches!(told.event(), Event::Down { .. }), "{told:?}");
    let again = opens(&next_socket(&mut driver));
    let told = driver.frame(&granted_chat(&asked[0].1, "w"));
    assert!(matches!(told.event(), Event::Oddity(oddity) if oddity.kind == "answer-to-nothing"));
    assert_eq!(driver.frame(&granted_chat(&again[0].1, "w")).event(), &Event::Reclaimed { session_id: "w".into() });
}

#[test]
fn a_chat_that_was_not_ready_stays_so_until_it_is() {
    let mut driver = LinkDriver::up();
    chat(&mut driver, "early");
    chat(&mut driver, "late");
    driver.lost();
    driver.link.ready("early").expect("it is still held");
    assert_eq!(driver.drain(), Told::default());
    let asked = opens(&next_socket(&mut driver));
    let told = driver.frame(&granted_chat(&asked[0].1, "early"));
    assert_eq!(told.frames(), [ToServer::SessionReady { session_id: "early".into() }]);
    let told = driver.frame(&granted_chat(&asked[1].1, "late"));
    assert_eq!(told.frames(), []);
    driver.link.ready("late").expect("claimed");
    assert_eq!(driver.drain().frames(), [ToServer::SessionReady { session_id: "late".into() }]);
}

#[test]
fn a_chat_that_is_being_claimed_again_hears_and_closes() {
    let mut driver = chatting(&["w"]);
    driver.lost();
    let asked = opens(&next_socket(&mut driver));
    let told = driver.bytes(br#"{"type":"wa.msg.in","sessionId":"w","sender":"a","content":{}}"#);
    assert!(matches!(told.event(), Event::WaMsgIn(_)), "nothing that comes is lost");
    let closed = ToClient::SessionClosed { session_id: "w".into(), reason: CloseReason::SdkRequest };
    let told = driver.frame(&closed);
    assert_eq!(told.event(), &Event::SessionClosed { session_id: "w".into(), reason: CloseReason::SdkRequest });
    assert_eq!(driver.frame(&granted_chat(&asked[0].1, "w")), Told::default(), "one end");
}

#[test]
fn chats_are_claimed_again_a_few_at_a_time() {
    let ids: Vec<String> = (0..RECLAIMS_OPEN_MAX + 3).map(|n| format!("w{n}")).collect();
    let mut driver = chatting(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    driver.lost();
    let mut asked = opens(&next_socket(&mut driver));
    assert_eq!(asked.len(), RECLAIMS_OPEN_MAX);
    let mut at = 0;
    while at < asked.len() {
        let (id, req_id) = &asked[at];
        let told = driver.frame(&granted_chat(req_id, id));
        assert_eq!(told.event(), &Event::Reclaimed { session_id: ids[at].clone() });
        for frame in told.frames() {
            if let ToServer::SessionOpen { req_id, session_id } = frame {
                asked.push((session_id, req_id));
            }
        }
        at += 1;
    }
    assert_eq!(asked.iter().map(|(id, _)| id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
}

#[test]
fn a_forgotten_chat_is_gone() {
    let mut driver = chatting(&["now", "later"]);
    driver.link.forget("now");
    driver.lost();
    driver.link.forget("later");
    assert_eq!(next_socket(&mut driver).sent, Vec::<String>::new());
}

#[test]
fn the_end_of_the_link_is_the_end_of_its_chats() {
    let mut driver = chatting(&["w1", "w2"]);
    driver.lost();
    driver.link.shut_down();
    assert_eq!(driver.drain().events, [over("w1"), over("w2")]);
    let mut driver = chatting(&["w1"]);
    driver.link.shut_down();
    assert_eq!(driver.drain().events, [over("w1")]);
}

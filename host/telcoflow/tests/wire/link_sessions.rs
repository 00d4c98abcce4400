//! Claims, readiness, calls and the end of sessions.

use std::time::Duration;

use serde_json::json;
use telcoflow::frame::manager::{CloseReason, Response, ToClient, ToServer};
use telcoflow::limits::{REQUESTS_MAX, SESSIONS_MAX};
use telcoflow::link::{ClaimFailure, Deadline, Event, RequestRefused};

use crate::driver::{LinkDriver, Told, granted, notify, refusal, session};

fn failed(session_id: &str, code: &str, bound: Option<&str>) -> Event {
    let failure = match code {
        "SESSION_BUSY" => ClaimFailure::Busy { bound_sm_ws_id: bound.map(Into::into) },
        "SESSION_CLOSED" => ClaimFailure::Closed,
        "SESSION_NOT_FOUND" => ClaimFailure::NotFound,
        _ => ClaimFailure::Other(code.into()),
    };
    assert_eq!(failure.code(), code);
    Event::ClaimFailed { session_id: session_id.into(), failure }
}

fn call_in(session_id: &str) -> ToClient {
    let frame = json!({"type": "call.in", "sessionId": session_id, "callId": "c1", "url": "ws://h/v", "token": "t"});
    ToClient::parse(frame.to_string().as_bytes()).expect("a frame")
}

fn closed(session_id: &str, reason: CloseReason) -> ToClient {
    ToClient::SessionClosed { session_id: session_id.into(), reason }
}

fn oddity(told: &Told) -> &'static str {
    match told.event() {
        Event::Oddity(oddity) => oddity.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_inbound_call_from_notice_to_close() {
    let mut driver = LinkDriver::up();
    let told = driver.frame(&notify("s1"));
    assert!(matches!(told.event(), Event::Notified(notice) if notice.session_id == "s1"));
    driver.claimed("s1");
    driver.link.ready("s1").expect("claimed");
    assert_eq!(driver.drain().sent, [r#"{"type":"session.ready","sessionId":"s1"}"#]);
    let told = driver.frame(&call_in("s1"));
    assert!(matches!(told.event(), Event::CallIn(call) if call.call_id == "c1" && call.token == "t"));
    let told = driver.frame(&closed("s1", CloseReason::CallTerminated));
    assert_eq!(told.event(), &Event::SessionClosed { session_id: "s1".into(), reason: CloseReason::CallTerminated });
}

#[test]
fn a_refused_claim_keeps_the_code_of_the_server() {
    let mut driver = LinkDriver::up();
    let busy = json!({"boundSmWsId": "sm-9"});
    for (code, content, expected) in [
        ("SESSION_BUSY", Some(busy), failed("s1", "SESSION_BUSY", Some("sm-9"))),
        ("SESSION_BUSY", None, failed("s1", "SESSION_BUSY", None)),
        ("SESSION_CLOSED", None, failed("s1", "SESSION_CLOSED", None)),
        ("SESSION_NOT_FOUND", None, failed("s1", "SESSION_NOT_FOUND", None)),
        ("A_NEW_ONE", Some(json!("text")), failed("s1", "A_NEW_ONE", None)),
        ("", None, failed("s1", "UNKNOWN", None)),
    ] {
        let req_id = driver.claim("s1");
        let told = driver.frame(&refusal(&req_id, code, content));
        assert_eq!(told.event(), &expected);
    }
}

#[test]
fn a_claim_without_answer_times_out_after_thirty_seconds() {
    let mut driver = LinkDriver::up();
    driver.wait(Duration::from_secs(1));
    let req_id = driver.claim("s1");
    driver.until(Deadline::Ping);
    driver.pong();
    assert_eq!(driver.due_in_s(), 1.0);
    assert_eq!(driver.until(Deadline::Request).event(), &failed("s1", "TIMEOUT", None));
    let told = driver.frame(&granted(&req_id, "s1"));
    assert_eq!(oddity(&told), "answer-to-nothing");
    assert_eq!(driver.link.ready("s1"), Err(RequestRefused::NotClaimed));
    driver.claimed("s1");
}

#[test]
fn a_grant_that_makes_no_sense_fails_the_claim() {
    let mut driver = LinkDriver::up();
    let contents = [
        None,
        Some(json!({"session": {"id": "s1"}})),
        Some(json!({"session": {"id": 5, "channel": "TELCO"}})),
        Some(json!({"session": {"id": "another", "channel": "TELCO"}})),
        Some(json!([])),
    ];
    for content in contents {
        let req_id = driver.claim("s1");
        let told = driver.frame(&ToClient::Response(Response::granted(req_id, content)));
        assert_eq!(told.events.last(), Some(&failed("s1", "BAD_RESPONSE", None)));
    }
    assert_eq!(driver.link.oddities().collect::<Vec<_>>(), [("claim-with-bad-content", 5)]);
}

#[test]
fn a_grant_may_lack_all_but_id_and_channel() {
    let mut driver = LinkDriver::up();
    let req_id = driver.claim("s1");
    let content = json!({"session": {"id": "s1", "channel": "FAX", "openedAt": "soon", "localAddress": null}});
    let told = driver.frame(&ToClient::Response(Response::granted(req_id, Some(content))));
    let Event::Claimed(session) = told.event() else {
        panic!("{told:?}");
    };
    assert_eq!((session.channel.as_str(), session.opened_at), ("FAX", 0));
    assert_eq!((session.local_address.as_str(), session.remote_address.as_str()), ("", ""));
}

#[test]
fn a_session_is_claimed_once_at_a_time() {
    let mut driver = LinkDriver::up();
    let req_id = driver.claim("s1");
    let again = driver.link.claim(driver.now, "s1");
    assert_eq!(again, Err(RequestRefused::AlreadyClaimed));
    driver.frame(&granted(&req_id, "s1"));
    let again = driver.link.claim(driver.now, "s1");
    assert_eq!(again, Err(RequestRefused::AlreadyClaimed));
    assert_eq!(driver.drain(), Told::default());
    driver.frame(&closed("s1", CloseReason::ForceClose));
    driver.claimed("s1");
}

#[test]
fn ready_is_sent_once_for_each_claim() {
    let mut driver = LinkDriver::up();
    assert_eq!(driver.link.ready("s1"), Err(RequestRefused::NotClaimed));
    for _ in 0..2 {
        driver.claimed("s1");
        for expected in [1, 0, 0] {
            driver.link.ready("s1").expect("claimed");
            assert_eq!(driver.drain().sent.len(), expected);
        }
        driver.frame(&closed("s1", CloseReason::SdkRequest));
        assert_eq!(driver.link.ready("s1"), Err(RequestRefused::NotClaimed));
    }
}

#[test]
fn a_session_that_is_not_readied_earns_one_warning() {
    let mut driver = LinkDriver::up();
    driver.wait(Duration::from_secs(2));
    driver.claimed("s1");
    driver.claimed("s2");
    driver.link.ready("s2").expect("claimed");
    driver.drain();
    driver.until(Deadline::Ping);
    driver.pong();
    assert_eq!(driver.due_in_s(), 2.0);
    let told = driver.until(Deadline::Ready);
    assert_eq!(told.event(), &Event::NotReadied { session_id: "s1".into() });
    assert_eq!(driver.deadline.map(|(_, deadline)| deadline), Some(Deadline::Ping));
    driver.link.ready("s1").expect("still claimed");
    assert_eq!(driver.drain().sent.len(), 1);
}

#[test]
fn frames_for_sessions_that_are_not_held_are_oddities() {
    let mut driver = LinkDriver::up();
    driver.claimed("s1");
    driver.frame(&closed("s1", CloseReason::ForceClose));
    assert_eq!(oddity(&driver.frame(&call_in("s1"))), "call-in-of-no-session");
    let again = driver.frame(&closed("s1", CloseReason::ForceClose));
    assert_eq!(oddity(&again), "closed-of-no-session");
    let message = br#"{"type":"wa.msg.in","sessionId":"s1"}"#;
    assert_eq!(oddity(&driver.bytes(message)), "message-of-no-session");
    assert_eq!(oddity(&driver.bytes(br#"{"type":"session.notify"}"#)), "notify-without-session");
}

#[test]
fn a_second_call_in_and_chat_messages_pass() {
    let mut driver = LinkDriver::up();
    driver.claimed("s1");
    for _ in 0..2 {
        assert!(matches!(driver.frame(&call_in("s1")).event(), Event::CallIn(_)));
    }
    let told = driver.bytes(br#"{"type":"wa.msg.in","sessionId":"s1","sender":"a","content":{"b":1}}"#);
    assert!(matches!(told.event(), Event::WaMsgIn(message) if message.content["b"] == 1));
}

#[test]
fn answers_find_their_requests_in_any_order() {
    let mut driver = LinkDriver::up();
    let ids: Vec<String> = (0..9).map(|n| format!("s{n}")).collect();
    let requests: Vec<String> = ids.iter().map(|id| driver.claim(id)).collect();
    for at in [4, 0, 8, 2, 6, 1, 7, 3, 5] {
        let told = driver.frame(&granted(&requests[at], &ids[at]));
        assert_eq!(told.event(), &Event::Claimed(session(&ids[at])));
        let told = driver.frame(&granted(&requests[at], &ids[at]));
        assert!(told.events.iter().all(|event| matches!(event, Event::Oddity(_))));
    }
    assert_eq!(driver.link.oddities().collect::<Vec<_>>(), [("answer-to-nothing", 9)]);
}

#[test]
fn requests_are_bounded() {
    let mut driver = LinkDriver::up();
    let first = driver.claim("s0");
    for n in 1..REQUESTS_MAX {
        driver.claim(&format!("s{n}"));
    }
    let more = driver.link.claim(driver.now, "more");
    assert_eq!(more, Err(RequestRefused::TooManyRequests));
    assert_eq!(driver.drain(), Told::default());
    driver.frame(&refusal(&first, "SESSION_BUSY", None));
    driver.claim("more");
}

#[test]
fn sessions_are_bounded() {
    let mut driver = LinkDriver::up();
    for n in 0..SESSIONS_MAX - 1 {
        driver.claimed(&format!("s{n}"));
    }
    driver.claim("last");
    let more = driver.link.claim(driver.now, "more");
    assert_eq!(more, Err(RequestRefused::TooManySessions));
    driver.frame(&closed("s0", CloseReason::ForceClose));
    driver.claim("more");
}

#[test]
fn request_ids_are_fresh_uuids() {
    let mut driver = LinkDriver::up();
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..500 {
        let req_id = driver.claim(&format!("s{n}"));
        assert_eq!((req_id.len(), req_id.as_bytes()[14]), (36, b'4'));
        assert!(seen.insert(req_id));
    }
}

#[test]
fn nothing_can_be_asked_of_a_link_that_is_down() {
    let mut driver = LinkDriver::new(None);
    assert_eq!(driver.link.claim(driver.now, "s1"), Err(RequestRefused::LinkDown));
    assert_eq!(driver.link.ready("s1"), Err(RequestRefused::LinkDown));
    driver.opened();
    assert_eq!(driver.link.claim(driver.now, "s1"), Err(RequestRefused::LinkDown));
    assert_eq!(driver.drain(), Told::default());
    driver.lost();
    assert_eq!(driver.link.claim(driver.now, "s1"), Err(RequestRefused::LinkDown));
    let sent = driver.until(Deadline::Redial).frames();
    assert_eq!(sent, Vec::<ToServer>::new());
}

#[test]
fn an_announcement_of_a_new_kind_is_passed_on_and_counted() {
    let mut driver = LinkDriver::up();
    let frame = |activity: &str, channel: &str| {
        json!({"type": "session.notify", "sessionId": "s1", "channel": channel, "activity": activity}).to_string()
    };
    for (activity, channel, oddities) in [("RESUME", "WA", 0), ("NEW_VIDEO", "TELCO", 1), ("RESUME", "FAX", 1)] {
        let told = driver.bytes(frame(activity, channel).as_bytes());
        let odd = told.events.iter().filter(|event| matches!(event, Event::Oddity(_))).count();
        assert_eq!((odd, told.events.len()), (oddities, oddities + 1), "{activity}, {channel}");
    }
    let counts: Vec<_> = driver.link.oddities().collect();
    assert_eq!(counts, [("unknown-activity", 1), ("unknown-channel", 1)]);
}

//! From the dial to a link that is up, and what keeps it from getting there.

use std::time::Duration;

use telcoflow::frame::manager::{CallFlow, Response, ToClient, ToServer};
use telcoflow::link::{Deadline, Event, Refusal};

use crate::driver::{FLOW, LinkDriver, Told, notify, refusal};

fn done() -> ToClient {
    ToClient::SetupDone { sm_ws_id: Some("sm-1".into()) }
}

/// The one call flow that was sent.
fn asked(told: &Told) -> (String, CallFlow) {
    match told.frames().as_slice() {
        [ToServer::CallFlowSetup { req_id, call_flow }] => (req_id.clone(), *call_flow),
        other => panic!("{other:?}"),
    }
}

fn refused_in_s(told: &Told) -> f64 {
    match told.event() {
        Event::Refused { retry_in, .. } => retry_in.as_secs_f64(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn setup_goes_out_at_the_upgrade_and_setup_done_makes_it_up() {
    let mut driver = LinkDriver::new(None);
    let told = driver.opened();
    assert_eq!(told.sent, [r#"{"type":"setup","data":{"sampleRate":16000,"audioMode":"mixed"}}"#]);
    assert!(!driver.link.is_up());
    let told = driver.frame(&done());
    assert_eq!(told.event(), &Event::Up { sm_ws_id: Some("sm-1".into()) });
    assert!(told.sent.is_empty());
    assert!(driver.link.is_up());
}

#[test]
fn setup_done_may_come_in_binary_and_without_an_id() {
    let mut driver = LinkDriver::new(None);
    driver.opened();
    let told = driver.bytes(b" {\"smWsId\": 7, \"type\": \"setup.done\"}\n");
    assert_eq!(told.event(), &Event::Up { sm_ws_id: None });
}

#[test]
fn setup_done_that_never_comes_hangs_up_after_ten_seconds_and_redials() {
    let mut driver = LinkDriver::new(None);
    driver.opened();
    assert_eq!(driver.due_in_s(), 10.0);
    driver.wait(Duration::from_millis(9_999));
    driver.link.handle_timeout(driver.now);
    assert_eq!(driver.drain(), Told::default());
    let told = driver.until(Deadline::SetupDone);
    assert_eq!(told.hang_ups.len(), 1);
    assert!(matches!(told.event(), Event::Down { .. }), "{told:?}");
    assert_eq!(driver.until(Deadline::Redial).dials, 1);
}

#[test]
fn the_back_off_grows_until_setup_done_and_not_only_until_the_upgrade() {
    let mut driver = LinkDriver::new(None);
    for attempt in 0..12 {
        driver.opened();
        driver.until(Deadline::SetupDone);
        let nominal_s = (0.5 * 1.5_f64.powi(attempt)).min(10.0);
        let due_s = driver.due_in_s();
        assert!((nominal_s..nominal_s * 1.2 + 1e-6).contains(&due_s), "{attempt}: {due_s}");
        driver.until(Deadline::Redial);
    }
    driver.opened();
    driver.frame(&done());
    driver.lost();
    assert!((0.5..0.6001).contains(&driver.due_in_s()));
}

#[test]
fn the_call_flow_is_set_again_after_each_setup() {
    let mut driver = LinkDriver::new(Some(FLOW));
    for _ in 0..3 {
        driver.opened();
        let told = driver.frame(&done());
        let (req_id, call_flow) = asked(&told);
        assert_eq!(call_flow, FLOW);
        let told = driver.frame(&ToClient::Response(Response::granted(req_id, None)));
        assert_eq!(told.event(), &Event::CallFlowSet(Ok(())));
        driver.lost();
        driver.until(Deadline::Redial);
    }
}

#[test]
fn a_call_flow_fails_by_code_by_time_and_with_its_socket() {
    let mut driver = LinkDriver::new(Some(FLOW));
    let failed = |code: &str| Event::CallFlowSet(Err(code.into()));

    driver.opened();
    let told = driver.frame(&done());
    let (req_id, _) = asked(&told);
    let told = driver.frame(&refusal(&req_id, "FORBIDDEN", None));
    assert_eq!(told.event(), &failed("FORBIDDEN"));

    driver.lost();
    driver.until(Deadline::Redial);
    driver.opened();
    driver.frame(&done());
    // At 30 s a ping is due as well.
    let told = driver.until(Deadline::Ping);
    assert_eq!((told.event(), told.pings), (&failed("TIMEOUT"), 1));

    driver.lost();
    driver.until(Deadline::Redial);
    driver.opened();
    driver.frame(&done());
    assert_eq!(driver.lost().events[0], failed("LINK_LOST"));
}

#[test]
fn refused_credentials_are_told_once_and_back_off_for_minutes() {
    let mut driver = LinkDriver::new(None);
    assert!((30.0..36.001).contains(&refused_in_s(&driver.status(401))));
    for nominal_s in [60.0, 120.0, 240.0, 300.0, 300.0] {
        driver.until(Deadline::Redial);
        assert_eq!(driver.status(401), Told::default(), "told before");
        assert!((nominal_s..nominal_s * 1.2 + 1e-3).contains(&driver.due_in_s()));
    }
    driver.until(Deadline::Redial);
    assert!(refused_in_s(&driver.status(403)) >= 300.0, "another refusal is told");
    driver.until(Deadline::Redial);
    assert!(refused_in_s(&driver.status(503)) < 1.0, "the usual back-off is its own");
    driver.until(Deadline::Redial);
    assert!(refused_in_s(&driver.status(403)) >= 300.0, "and told again after a change");
    driver.until(Deadline::Redial);
    driver.opened();
    driver.frame(&done());
    driver.lost();
    driver.until(Deadline::Redial);
    assert!((30.0..36.001).contains(&refused_in_s(&driver.status(403))), "all is forgotten");
}

#[test]
fn a_refused_certificate_is_a_refused_credential() {
    let mut driver = LinkDriver::new(None);
    let refusal = |why: &str| Refusal::Certificate(why.into());
    let told = driver.refused(refusal("unknown issuer"));
    assert!(matches!(told.event(), Event::Refused { refusal: given, .. } if *given == refusal("unknown issuer")));
    assert!((30.0..36.001).contains(&driver.due_in_s()));
    driver.until(Deadline::Redial);
    assert_eq!(driver.refused(refusal("in other words")), Told::default(), "told before");
    assert!((60.0..72.001).contains(&driver.due_in_s()));
    driver.until(Deadline::Redial);
    assert!(refused_in_s(&driver.status(401)) >= 120.0, "another refusal is told");
    driver.until(Deadline::Redial);
    assert!(refused_in_s(&driver.refused(Refusal::Tls("expired".into()))) < 1.0, "a server may mend that itself");
}

#[test]
fn a_refusal_comes_with_its_body_cut_to_size() {
    let mut driver = LinkDriver::new(None);
    let refusal = Refusal::Status { status: 426, body: "please upgrade to 2.0".into() };
    let told = driver.refused(refusal.clone());
    assert!(matches!(told.event(), Event::Refused { refusal: given, .. } if *given == refusal));
    assert_eq!(refusal.to_string(), "the server answered with status 426: please upgrade to 2.0");

    driver.until(Deadline::Redial);
    let told = driver.refused(Refusal::Status { status: 500, body: "ü".repeat(100_000) });
    let Event::Refused { refusal: Refusal::Status { body, .. }, .. } = told.event() else {
        panic!("{told:?}");
    };
    assert_eq!(body.len(), 4096);
}

#[test]
fn every_failed_dial_is_told_and_retried() {
    let mut driver = LinkDriver::new(None);
    for refusal in [
        Refusal::Unreachable("connection refused".into()),
        Refusal::Tls("unknown issuer".into()),
        Refusal::Status { status: 502, body: String::new() },
    ] {
        let told = driver.refused(refusal.clone());
        assert!(matches!(told.event(), Event::Refused { refusal: given, .. } if *given == refusal));
        assert_eq!(driver.until(Deadline::Redial).dials, 1);
    }
    let told = driver.lost();
    assert!(matches!(told.event(), Event::Refused { refusal: Refusal::Unreachable(_), .. }));
}

#[test]
fn frames_before_setup_done_are_oddities() {
    let mut driver = LinkDriver::new(None);
    driver.opened();
    let told = driver.frame(&notify("s1"));
    assert!(matches!(told.event(), Event::Oddity(oddity) if oddity.kind == "frame-before-setup-done"));
    assert!(!driver.link.is_up());
    driver.frame(&done());
    let told = driver.frame(&done());
    assert!(matches!(told.event(), Event::Oddity(oddity) if oddity.kind == "second-setup-done"));
    assert!(driver.link.is_up());
}

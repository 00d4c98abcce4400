//! The heartbeat, lost sockets, hostile frames and the end of a link.

use std::time::Duration;

use telcoflow::frame::manager::{CloseReason, ToClient};
use telcoflow::link::{ClaimFailure, Deadline, Event, Output};

use crate::driver::{LinkDriver, Told, granted, notify};

#[test]
fn a_ping_every_thirty_seconds_while_pongs_come() {
    let mut driver = LinkDriver::up();
    for _ in 0..5 {
        assert_eq!(driver.due_in_s(), 30.0);
        assert_eq!(driver.until(Deadline::Ping), Told { pings: 1, ..Told::default() });
        assert_eq!(driver.due_in_s(), 10.0);
        assert_eq!(driver.pong(), Told::default());
    }
}

#[test]
fn the_first_ping_counts_from_the_upgrade() {
    let mut driver = LinkDriver::new(None);
    driver.opened();
    driver.wait(Duration::from_secs(9));
    driver.frame(&ToClient::SetupDone { sm_ws_id: None });
    assert_eq!(driver.due_in_s(), 21.0);
}

#[test]
fn a_pong_that_does_not_come_hangs_up() {
    let mut driver = LinkDriver::up();
    driver.claimed("s1");
    driver.link.ready("s1").expect("claimed");
    driver.until(Deadline::Ping);
    let told = driver.until(Deadline::Pong);
    assert_eq!(told.hang_ups, ["no pong"]);
    let [Event::SessionClosed { .. }, Event::Down { retry_in, .. }] = told.events.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(driver.due_in_s(), retry_in.as_secs_f64());
    assert_eq!(driver.lost(), Told::default(), "the socket was given up before");
    assert_eq!(driver.pong(), Told::default());
    assert_eq!(driver.frame(&notify("s1")), Told::default());
    assert_eq!(driver.until(Deadline::Redial).dials, 1);
}

#[test]
fn a_lost_socket_answers_what_was_open_and_then_says_so() {
    let mut driver = LinkDriver::up();
    driver.claimed("held");
    let req_id = driver.claim("open");
    let told = driver.lost();
    assert!(told.hang_ups.is_empty(), "it is gone already");
    let [first, second, Event::Down { why, .. }] = told.events.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (first, why.as_str()),
        (
            &Event::ClaimFailed { session_id: "open".into(), failure: ClaimFailure::Other("LINK_LOST".into()) },
            "reset by peer"
        )
    );
    assert_eq!(second, &Event::SessionClosed { session_id: "held".into(), reason: CloseReason::ForceClose });

    driver.until(Deadline::Redial);
    driver.opened();
    driver.frame(&ToClient::SetupDone { sm_ws_id: None });
    let told = driver.frame(&granted(&req_id, "open"));
    assert!(matches!(told.event(), Event::Oddity(oddity) if oddity.kind == "answer-to-nothing"));
    // Both are announced again by the server, and can be claimed again.
    driver.claimed("held");
    driver.claimed("open");
}

#[test]
fn what_cannot_be_read_is_told_once_and_counted() {
    let mut driver = LinkDriver::up();
    let long = vec![b' '; (1 << 20) + 1];
    let deep = "[".repeat(100_000);
    let frames: [(&[u8], &str); 8] = [
        (b"no json", "not-json"),
        (b"\xff\xfe", "not-json"),
        (deep.as_bytes(), "not-json"),
        (b"[]", "not-an-object"),
        (b"{}", "no-type"),
        (br#"{"type":"session.notify","sessionId":7}"#, "bad-field"),
        (&long, "too-long"),
        (br#"{"type":"brand.new"}"#, "unknown-type"),
    ];
    let mut told = Vec::new();
    for _ in 0..3 {
        for (bytes, _) in &frames {
            told.extend(driver.bytes(bytes).events);
        }
    }
    let kinds: Vec<&str> = told
        .iter()
        .map(|event| match event {
            Event::Oddity(oddity) => oddity.kind,
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["not-json", "not-an-object", "no-type", "bad-field", "too-long", "unknown-type"];
    assert_eq!(kinds, expected);
    let mut counts: Vec<_> = driver.link.oddities().collect();
    counts.sort_by_key(|(kind, _)| expected.iter().position(|known| known == kind));
    assert_eq!(counts[0], ("not-json", 9));
    assert!(counts[1..].iter().all(|(_, count)| *count == 3), "{counts:?}");
    assert!(driver.link.is_up(), "the link goes on");
}

#[test]
fn a_message_of_exactly_one_mebibyte_is_read() {
    let mut driver = LinkDriver::up();
    let mut bytes = notify("s1").print().into_bytes();
    bytes.resize(1 << 20, b' ');
    assert!(matches!(driver.bytes(&bytes).event(), Event::Notified(_)));
}

#[test]
fn shutting_down_answers_hangs_up_once_and_is_silent() {
    let mut driver = LinkDriver::up();
    driver.claimed("held");
    driver.claim("open");
    driver.link.shut_down();
    let mut outputs = Vec::new();
    loop {
        match driver.link.poll_output() {
            Output::Timeout(None) => break,
            output => outputs.push(output),
        }
        assert!(outputs.len() < 10);
    }
    assert!(matches!(
        outputs.as_slice(),
        [Output::Event(Event::ClaimFailed { .. }), Output::Event(Event::SessionClosed { .. }), Output::HangUp(_)]
    ));
    driver.link.shut_down();
    assert_eq!(driver.opened(), Told::default());
    assert_eq!(driver.frame(&notify("s1")), Told::default());
    assert_eq!(driver.lost(), Told::default());
    driver.wait(Duration::from_secs(3600));
    driver.link.handle_timeout(driver.now);
    assert_eq!(driver.drain(), Told::default());
    assert_eq!(driver.deadline, None);
}

#[test]
fn shutting_down_hangs_up_in_every_state() {
    let mut pausing = LinkDriver::new(None);
    pausing.lost();
    let mut setting_up = LinkDriver::new(None);
    setting_up.opened();
    for mut driver in [LinkDriver::new(None), pausing, setting_up, LinkDriver::up()] {
        driver.link.shut_down();
        let told = driver.drain();
        assert_eq!((told.hang_ups.len(), told.events.len()), (1, 0));
        assert_eq!(driver.deadline, None);
    }
}

#[test]
fn a_clock_that_runs_backwards_does_no_harm() {
    let mut driver = LinkDriver::up();
    driver.wait(Duration::from_secs(20));
    driver.claim("s1");
    driver.now -= Duration::from_secs(15);
    driver.claim("s2");
    driver.until(Deadline::Ping);
    driver.pong();
    let told = driver.until(Deadline::Request);
    assert_eq!(told.events.len(), 2, "both waited from the same moment");

    let latest = driver.now;
    driver.now -= Duration::from_secs(15);
    driver.lost();
    let (at, _) = driver.deadline.expect("a pause");
    assert!(at > latest, "the pause counts from the latest moment");
}

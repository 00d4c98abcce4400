//! The session manager's socket: refused, silent, talking nonsense, or serving somebody else first.

use std::sync::Arc;

use ::call::EndReason;
use carriers::TcpDialer;
use libtest_mimic::Trial;
use sim::{CallReport, Caller, Garbage, LinkFaults, Milestone, SimConfig, Simulator, Stall};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{PipeDialer, World, WorldConfig};
use tokio::time::Instant;
use tracing::Level;

use super::{assert_goes_on, assert_warned, counts, with_links};
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("refusals::a_bad_key_leaves_other_connectors_alone", |log| async move { bad_key_beside(&log).await }),
        simulated("refusals::a_bad_key_is_said_once", |log| async move { bad_key(&log).await }),
        real("refusals::a_refused_upgrade_shows_its_body", |log| async move { upgrade_required(&log).await }),
        simulated("refusals::a_body_is_cut_and_cleaned", |log| async move { long_body(&log).await }),
        real("refusals::a_server_that_is_not_there_yet", |log| async move { not_there_yet(&log).await }),
        simulated("refusals::setup_done_never_comes", |log| async move { no_setup_done(&log).await }),
        simulated("refusals::setup_done_may_come_late", |log| async move { late_setup_done(&log).await }),
        simulated("refusals::nonsense_from_the_session_manager", |log| async move { nonsense(&log).await }),
        real("refusals::a_message_over_a_mebibyte_ends_the_link", |log| async move { too_long(&log).await }),
        simulated("refusals::a_silent_session_manager", |log| async move { silent(&log).await }),
        simulated("refusals::json_in_binary_is_read", |_| json_in_binary()),
        simulated("refusals::a_call_announced_twice_is_claimed_once", |_| announced_twice()),
        simulated("refusals::a_claim_that_is_not_answered", |log| async move { unanswered_claim(&log).await }),
        simulated("refusals::of_two_hosts_one_answers_each_call", |log| async move { two_hosts(&log).await }),
    ]
}

async fn bad_key_beside(log: &TestLog) {
    let wrong = ("wrong".to_string(), "wrong-key-never-in-a-log".to_string());
    let mut world = World::real(WorldConfig { more_connectors: vec![wrong], ..WorldConfig::default() }).await;
    let said = log.until(Level::ERROR, "check api_key and connector_uuid", 1).await;
    assert!(said[0].contains("connector=\"wrong\"") && said[0].contains("the API key or the connector"), "{said:?}");
    assert_goes_on(&mut world).await;
    assert_eq!(log.expect_errors("check api_key and connector_uuid"), 1);
    world.close().await;
}

/// Only a person can mend it, so it is tried rarely and said once.
async fn bad_key(log: &TestLog) {
    let config = WorldConfig { api_key: "wrong-key-never-in-a-log".into(), ..WorldConfig::default() };
    let sim = Simulator::new(config.sim.clone());
    let mut world = World::start_unready(config, sim.clone(), Arc::new(PipeDialer(sim)), "ws://pipe.test");
    let call = world.sim.place_call(Caller { ring_ms: 3_600_000, give_up_ms: 3_600_000, ..Caller::echo(100) });
    assert_eq!(call.finished().await.timeline.at(Milestone::Announced), None);
    assert!(world.try_record().is_none());
    let refusals = world.sim.counts().refusals;
    assert!((10..20).contains(&refusals), "{refusals} dials in an hour");
    let [connector] = &world.exchange.connectors()[..] else { panic!("one connector") };
    assert!(connector.credentials_refused && !connector.up, "{connector:?}");
    assert_eq!(log.expect_errors("check api_key and connector_uuid"), 1);
    assert_warned(log, 0, "");
    world.close().await;
}

async fn upgrade_required(log: &TestLog) {
    let refuse = Some((426, "this SDK version is no longer served: upgrade the SDK".to_string()));
    let mut world = World::real(with_links(vec![LinkFaults { refuse, ..LinkFaults::default() }])).await;
    let said = log.lines_at(Level::ERROR, "the session manager refuses the SDK version");
    assert!(said.len() == 1 && said[0].contains("upgrade the SDK"), "{said:?}");
    assert_eq!(log.expect_errors("the session manager refuses the SDK version"), 1);
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn long_body(log: &TestLog) {
    let refuse = Some((503, format!("\u{1b}[31mbusy\r\n{}", "x".repeat(10_000))));
    let mut world = World::simulated(with_links(vec![LinkFaults { refuse, ..LinkFaults::default() }])).await;
    let said = log.lines_at(Level::WARN, "the session manager refuses");
    assert!(said.len() == 1 && said[0].contains("[31mbusyxxx") && said[0].len() < 700, "{said:?}");
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn not_there_yet(log: &TestLog) {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
    let config = WorldConfig::default();
    let sim = Simulator::new(config.sim.clone());
    let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
    let mut world = World::start_unready(config, sim, dialer, &format!("ws://{address}"));
    let said = log.until(Level::WARN, "the session manager is unreachable", 1).await;
    assert!(said[0].contains(&address.to_string()) && said[0].contains("refused"), "{said:?}");
    world.sim.listen(&address.to_string()).await.expect("the port is still free");
    world.sim.session_managers(1).await;
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn no_setup_done(log: &TestLog) {
    let began = Instant::now();
    let silent = LinkFaults { drop_setup_done: true, ..LinkFaults::default() };
    let mut world = World::simulated(with_links(vec![silent])).await;
    let up_after = began.elapsed();
    assert!((10..12).contains(&up_after.as_secs()), "hung up after 10 s and dialled again: up after {up_after:?}");
    assert_warned(log, 1, "setup.done did not come");
    assert_eq!(world.sim.counts().links, 2);
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn late_setup_done(log: &TestLog) {
    let slow = LinkFaults { setup_done_after_ms: 9_900, ..LinkFaults::default() };
    let mut world = World::simulated(with_links(vec![slow])).await;
    assert_goes_on(&mut world).await;
    assert_warned(log, 0, "");
    assert_eq!(world.sim.counts().links, 1);
    world.close().await;
}

async fn nonsense(log: &TestLog) {
    let frames = Garbage::HARMLESS.iter().chain(&[Garbage::OddBinary]).copied();
    let mut garbage: Vec<(u32, Garbage)> = frames.flat_map(|frame| [(500, frame), (1_000, frame)]).collect();
    // The last is new, so that its line tells when all has arrived.
    garbage.sort_by_key(|(at_ms, frame)| (*at_ms, *frame == Garbage::UnknownType));
    let mut world = World::simulated(with_links(vec![LinkFaults { garbage, ..LinkFaults::default() }])).await;
    let mut call = world.sim.place_call(Caller::echo(3_000));
    assert!(call.reached(Milestone::Answered).await);
    assert_whole_echo(&call.finished().await);
    assert_eq!(world.record().await.end, EndReason::Terminated);
    let said = log.lines_at(Level::WARN, "odd frame from the session manager");
    for kind in ["not-json", "not-an-object", "no-type", "bad-field", "unknown-type", "answer-to-nothing"] {
        let told = said.iter().filter(|line| line.contains(&format!("kind=\"{kind}\""))).count();
        assert_eq!(told, 1, "`{kind}` is told once: {said:#?}");
    }
    assert_eq!(said.len(), 6, "{said:#?}");
    assert_eq!(world.sim.counts().links, 1, "the link stays");
    let counts = counts(&world);
    // Binary messages are read as JSON here: three of them are none.
    let counted = [2, 2, 2, 2, 8, 2];
    let kinds = ["answer-to-nothing", "bad-field", "no-type", "not-an-object", "not-json", "unknown-type"];
    assert_eq!(counts.oddities_manager, std::array::from_fn::<_, 6, _>(|index| (kinds[index], counted[index])));
    assert_eq!((counts.set_ups, counts.losses, counts.refusals), (1, 0, 0));
    assert_eq!((counts.announced, counts.resumed, counts.claims, counts.claims_failed), (1, 0, 1, 0));
    assert_goes_on(&mut world).await;
    world.close().await;
}

/// Calls that talk do not notice.
async fn too_long(log: &TestLog) {
    let garbage = vec![(300, Garbage::TooLong)];
    let mut world = World::real(with_links(vec![LinkFaults { garbage, ..LinkFaults::default() }])).await;
    let mut call = world.sim.place_call(Caller::echo(1_500));
    assert!(call.reached(Milestone::Answered).await);
    let said = log.until(Level::WARN, "the session manager is lost", 1).await;
    assert!(said[0].contains("too long"), "{said:?}");
    assert_whole_echo(&call.finished().await);
    assert_eq!(world.record().await.end, EndReason::Terminated);
    world.sim.session_managers(1).await;
    assert_goes_on(&mut world).await;
    assert_eq!(world.sim.counts().links, 2);
    world.close().await;
}

async fn silent(log: &TestLog) {
    let stall = Some(Stall { at_ms: 1_000, for_ms: 600_000 });
    let mut world = World::simulated(with_links(vec![LinkFaults { stall, ..LinkFaults::default() }])).await;
    let began = Instant::now();
    let said = log.until(Level::WARN, "the session manager is lost", 1).await;
    assert!(said[0].contains("the pong did not come"), "{said:?}");
    assert_eq!(began.elapsed().as_secs(), 40, "a ping after 30 s, a pong due in 10 s");
    // The stalled link still stands for the server; the second comes beside it.
    world.sim.session_managers(2).await;
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn json_in_binary() {
    let links = vec![LinkFaults { json_in_binary: true, ..LinkFaults::default() }];
    let mut world = World::simulated(with_links(links)).await;
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn announced_twice() {
    let links = vec![LinkFaults { duplicate_notify: true, ..LinkFaults::default() }];
    let mut world = World::simulated(with_links(links)).await;
    for calls in 1..=3 {
        assert_goes_on(&mut world).await;
        assert_eq!(world.sim.counts().claims, calls);
    }
    world.close().await;
}

/// Without an answer for 30 s the claim is dropped and its place free; announced anew, the call is taken.
async fn unanswered_claim(log: &TestLog) {
    let deaf = LinkFaults { response_ms: Some((35_000, 35_000)), ..LinkFaults::default() };
    let mut world = World::simulated(WorldConfig { calls_max: 1, ..with_links(vec![deaf]) }).await;
    let call = world.sim.place_call(Caller { ring_ms: 90_000, ..Caller::echo(500) });
    log.until(Level::WARN, "odd frame from the session manager", 1).await;
    assert_warned(log, 1, "kind=\"answer-to-nothing\"");
    assert_eq!(log.lines_at(Level::DEBUG, "the session is not ours").len(), 1);
    world.sim.cut_session_managers();
    assert_whole_echo(&call.finished().await);
    assert_eq!(world.record().await.end, EndReason::Terminated);
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn two_hosts(log: &TestLog) {
    let config = |seed| {
        let config = WorldConfig::default();
        WorldConfig { sim: SimConfig { seed, ..config.sim }, ..config }
    };
    let mut first = World::simulated(config(1)).await;
    let dialer = Arc::new(PipeDialer(first.sim.clone()));
    let mut second = World::start_unready(config(2), first.sim.clone(), dialer, "ws://pipe.test");
    first.sim.session_managers(2).await;
    let calls: Vec<_> = (0..50).map(|_| first.sim.place_call(Caller::echo(200))).collect();
    let mut sessions = Vec::new();
    for call in calls {
        let report: CallReport = call.finished().await;
        assert_whole_echo(&report);
        assert_eq!(report.commands, [("call.answer".to_string(), None)]);
        sessions.push(report.session_id);
    }
    let counts = first.sim.counts();
    assert_eq!((counts.claims, counts.claims_busy), (50, 50), "each host asked for each call");
    let mut recorded = Vec::new();
    for _ in 0..50 {
        let record = tokio::select! {
            record = first.record() => record,
            record = second.record() => record,
        };
        assert_eq!(record.end, EndReason::Terminated);
        recorded.push(record.session_id);
    }
    sessions.sort();
    recorded.sort();
    assert_eq!(sessions, recorded);
    assert_warned(log, 0, "");
    second.close().await;
    first.close().await;
}

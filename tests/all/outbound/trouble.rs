//! What goes wrong while a call is placed: the server forgets, repeats itself, restarts or changes its mind.

use std::sync::Arc;
use std::time::Duration;

use ::call::EndReason;
use carriers::telcoflow::{Closing, Credentials, ManagerConfig, RestClient, RestError, Secret, SessionFilter};
use exchange::{OutboundCall, Step};
use libtest_mimic::Trial;
use sim::{CalleeAnswer, Caller, Faults, LinkFaults, Outbound, Remote, SimConfig, Switches};
use switchhook_tests::clock;
use switchhook_tests::logs::API_KEY;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{CONNECTOR, PipeDialer, World, WorldConfig};
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{Channel, CloseReason};
use telcoflow::link::LinkConfig;
use url::Url;

use super::{TO, call, failed, place, steps, up, world};
use crate::calls::assert_whole_echo;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        simulated("outbound::a_server_that_does_not_answer_is_given_up", |_| unanswered()),
        simulated("outbound::a_server_that_repeats_itself_changes_nothing", |_| repeated()),
        simulated("outbound::a_session_that_closes_while_it_rings_fails_the_call", |_| closes()),
        simulated("outbound::a_server_that_restarts_fails_what_was_being_placed", |_| restarts()),
        simulated("outbound::a_call_that_lives_on_is_taken_up_by_its_own_plugin", |log| async move {
            resumes(&log).await;
        }),
        simulated("outbound::open_sessions_are_listed_and_closed_over_rest", |_| over_rest()),
    ]
}

async fn unanswered() {
    let world = world(Outbound::NoAnswer, Switches::default()).await;
    let began = tokio::time::Instant::now();
    let refused = world.exchange.place(&call()).await.expect_err("nobody answers");
    assert_eq!(refused.code(), "TIMEOUT");
    assert_eq!(began.elapsed().as_secs(), 30);
    world.close().await;
}

async fn repeated() {
    let base = WorldConfig::default();
    let link = LinkFaults { duplicate_responses: true, response_ms: Some((0, 500)), ..LinkFaults::default() };
    let sim = SimConfig {
        outbound: vec![(TO.into(), Outbound::rings(Remote::new(Caller::echo(500))))],
        faults: Faults { links: vec![link], ..Faults::default() },
        ..base.sim.clone()
    };
    let mut world = up(World::simulated(WorldConfig { sim, ..base }).await).await;
    let placed = place(&world).await;
    let remote = world.sim.outbound_call().await;
    let (steps, report) = tokio::join!(steps(placed), remote.finished());
    assert_whole_echo(&report);
    assert_eq!(steps.len(), 2, "{steps:?}");
    world.record().await;
    world.close().await;
}

async fn closes() {
    let ringing = Remote { picks_up: CalleeAnswer::After { ms: 60_000 }, ..Remote::default() };
    let mut world = world(Outbound::rings(ringing), Switches::default()).await;
    let placed = place(&world).await;
    world.sim.outbound_call().await.server_hang_up();
    assert_eq!(failed(&steps(placed).await), "SESSION_CLOSED");
    assert_eq!(world.record().await.end, EndReason::SessionClosed);
    world.close().await;
}

async fn restarts() {
    // While the session is created.
    let creating = world(Outbound::NoAnswer, Switches::default()).await;
    let wanted = call();
    let (refused, ()) = tokio::join!(creating.exchange.place(&wanted), async {
        clock::pass(Duration::from_secs(1)).await;
        creating.sim.cut_session_managers();
    });
    assert_eq!(refused.expect_err("the link is lost").code(), "LINK_LOST");
    creating.close().await;

    // While it rings.
    let mut ringing = world(Outbound::rings(Remote::never_answers(5_000)), Switches::default()).await;
    let placed = place(&ringing).await;
    clock::pass(Duration::from_secs(1)).await;
    ringing.sim.cut_session_managers();
    assert_eq!(failed(&steps(placed).await), "LINK_LOST");
    ringing.record().await;
    // It was announced again, was taken, and rang on until the end.
    assert_eq!(ringing.record().await.end, EndReason::SessionClosed);
    ringing.close().await;

    // While it talks: the call does not notice.
    let mut talking = world(Outbound::rings(Remote::new(Caller::echo(3_000))), Switches::default()).await;
    let mut placed = place(&talking).await;
    assert!(matches!(placed.next().await, Some(Step::Answered { .. })));
    talking.sim.cut_session_managers();
    assert_whole_echo(&talking.sim.outbound_call().await.finished().await);
    assert_eq!(steps(placed).await, [Step::Ended(EndReason::Terminated)]);
    talking.record().await;
    talking.close().await;
}

/// The link is lost while it rings, they pick up later, and the session is announced again: its own plugin takes it, not the
/// one of the routes.
async fn resumes(log: &switchhook_tests::logs::TestLog) {
    let base = WorldConfig::default();
    let remote = Remote { picks_up: CalleeAnswer::After { ms: 10_000 }, ..Remote::new(Caller::echo(500)) };
    let sim = SimConfig { outbound: vec![(TO.into(), Outbound::rings(remote))], ..base.sim.clone() };
    let others = vec![(exchange::Pattern::Any, "hostile".to_string(), Vec::new())];
    let mut world = up(World::simulated(WorldConfig { sim, others, ..base }).await).await;
    let first = OutboundCall { plugin: Some("first".into()), ..call() };
    let placed = world.exchange.place(&first).await.expect("the call is placed");
    clock::pass(Duration::from_secs(1)).await;
    world.sim.cut_session_managers();
    assert_eq!(failed(&steps(placed).await), "LINK_LOST");
    assert_eq!(world.record().await.plugin, "first");
    assert_whole_echo(&world.sim.outbound_call().await.finished().await);
    let record = world.record().await;
    assert_eq!((record.plugin.as_str(), record.end), ("first", EndReason::Terminated));
    assert!(log.lines_with("ERROR").is_empty());
    world.close().await;
}

/// A call that was placed and a chat that somebody began, as the account shows them, and to their ends.
async fn over_rest() {
    let mut world = world(Outbound::rings(Remote::new(Caller::echo(60_000))), Switches::default()).await;
    let mut placed = place(&world).await;
    assert!(matches!(placed.next().await, Some(Step::Answered { .. })));
    let mut chat = world.sim.open_chat("+15550104477", "+15550100");
    let account = |api_key: &str| {
        let manager = ManagerConfig {
            base_url: Url::parse("ws://pipe.test/").expect("a base URL"),
            credentials: Some(Credentials { api_key: Secret::new(api_key), connector_uuid: CONNECTOR.into() }),
            sdk_version: "1.0.0".into(),
            link: LinkConfig { sample_rate_hz: 16_000, audio_mode: AudioMode::Mixed, call_flow: None },
        };
        RestClient::new(manager, Arc::new(PipeDialer(world.sim.clone())))
    };
    let rest = account(API_KEY);
    let listed = async |filter: SessionFilter| {
        let sessions = rest.sessions(&filter).await.expect("a list");
        assert!(sessions.iter().all(|session| session.state == "OPEN" && session.opened_at_s.is_some()));
        sessions.into_iter().map(|session| (session.id, session.initiator)).collect::<Vec<_>>()
    };
    let of_call = (placed.session_id().to_owned(), "SDK".to_owned());
    let of_chat = (chat.session_id().to_owned(), "CONNECTOR".to_owned());
    assert_eq!(listed(SessionFilter::default()).await, [of_call.clone(), of_chat.clone()]);
    let calls = SessionFilter { channel: Some(Channel::Telco), ..SessionFilter::default() };
    assert_eq!(listed(calls).await, std::slice::from_ref(&of_call));
    let with_them = SessionFilter { remote_address: Some("+15550104477".into()), ..SessionFilter::default() };
    assert_eq!(listed(with_them).await, std::slice::from_ref(&of_chat));
    let refused = account("another-key").sessions(&SessionFilter::default()).await;
    let Err(RestError::Refused { status: 401, code, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(code, "UNAUTHORIZED");

    for (session, _) in [&of_call, &of_chat] {
        let closed = rest.close(session).await.expect("it is open");
        assert!(matches!(closed, Closing::Closed(closed) if closed.reason == "SDK_REQUEST"));
    }
    assert_eq!(chat.closed().await, CloseReason::SdkRequest);
    assert_eq!(steps(placed).await, [Step::Ended(EndReason::Terminated)]);
    world.record().await;
    world.sim.outbound_call().await.finished().await;
    assert_eq!(listed(SessionFilter::default()).await, []);
    assert_eq!(rest.close(&of_call.0).await.expect("no error"), Closing::Gone);
    world.close().await;
}

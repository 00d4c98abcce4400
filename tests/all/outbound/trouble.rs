//! What goes wrong while a call is placed: the server forgets, repeats itself, restarts or changes its mind.

use std::time::Duration;

use ::call::EndReason;
use exchange::{OutboundCall, Step};
use libtest_mimic::Trial;
use sim::{CalleeAnswer, Caller, Faults, LinkFaults, Outbound, Remote, SimConfig, Switches};
use switchhook_tests::clock;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

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

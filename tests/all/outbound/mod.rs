//! Calls that the host places: a whole host, a simulator whose telephones ring, and every way in which it can fail.

mod trouble;

use std::time::Duration;

use ::call::EndReason;
use exchange::{OutboundCall, PlaceRefused, PlacedCall, Quota, Step};
use libtest_mimic::Trial;
use sim::{Caller, Outbound, Outcome, Remote, SimConfig, Switches};
use switchhook_tests::clock;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

use crate::calls::assert_whole_echo;

/// The number that is called.
pub(crate) const TO: &str = "+15550123";

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        simulated("outbound::a_call_is_placed_talks_and_ends", |_| talks()),
        simulated("outbound::what_cannot_be_placed_is_refused_at_once", |_| refused()),
        simulated("outbound::what_the_carrier_refuses_keeps_its_code", |_| refused_by_the_carrier()),
        simulated("outbound::a_party_that_does_not_pick_up_fails_the_call", |_| not_picked_up()),
        simulated("outbound::placed_calls_take_the_places_of_their_plugin", |_| places()),
        simulated("outbound::a_tenant_places_so_many_a_second", |_| rate()),
        simulated("outbound::a_drain_refuses_new_ones_and_lets_the_others_end", |_| drain()),
    ];
    trials.extend(trouble::trials());
    trials
}

/// A host with an echo, and what happens when it calls.
pub(crate) async fn world(plan: Outbound, switches: Switches) -> World {
    let base = WorldConfig::default();
    let sim = SimConfig { outbound: vec![(TO.into(), plan)], open_points: switches, ..base.sim.clone() };
    up(World::simulated(WorldConfig { sim, ..base }).await).await
}

/// A host whose link is up on its own side too.
pub(crate) async fn up(world: World) -> World {
    clock::until(|| world.exchange.connectors().iter().any(|connector| connector.up)).await;
    world
}

pub(crate) fn call() -> OutboundCall {
    OutboundCall { tenant: "acme".into(), to: TO.into(), ..OutboundCall::default() }
}

pub(crate) async fn place(world: &World) -> PlacedCall {
    world.exchange.place(&call()).await.expect("the call is placed")
}

/// What becomes of it, to the end.
pub(crate) async fn steps(mut call: PlacedCall) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(step) = call.next().await {
        steps.push(step);
    }
    steps
}

/// The code of the only step.
pub(crate) fn failed(steps: &[Step]) -> &str {
    match steps {
        [Step::Failed(failure)] => &failure.code,
        other => panic!("{other:?}"),
    }
}

async fn talks() {
    for call_in_before_pick_up in [false, true] {
        let switches = Switches { call_in_before_pick_up, ..Switches::default() };
        let mut world = world(Outbound::rings(Remote::new(Caller::echo(1_000))), switches).await;
        let placed = place(&world).await;
        let remote = world.sim.outbound_call().await;
        assert_eq!(remote.session_id(), placed.session_id());
        let (steps, report) = tokio::join!(steps(placed), remote.finished());
        assert_whole_echo(&report);
        assert_eq!(report.outcome, Outcome::CallerHungUp);
        let record = world.record().await;
        assert_eq!(record.end, EndReason::Terminated);
        assert_eq!(steps, [Step::Answered { call_id: record.id }, Step::Ended(EndReason::Terminated)]);
        let lines = report.transcript.normalised().join("\n");
        assert!(lines.contains(r#""from":"+15550199""#) && lines.contains(&format!(r#""to":"{TO}""#)), "{lines}");
        world.close().await;
    }
}

async fn refused() {
    let world = world(Outbound::rings(Remote::default()), Switches::default()).await;
    let created = world.sim.counts().creations;
    let named = |name: &str| Some(name.to_string());
    let cases = [
        (OutboundCall { tenant: "other".into(), ..call() }, PlaceRefused::UnknownTenant, "INVALID"),
        (OutboundCall { connector: named("none"), ..call() }, PlaceRefused::UnknownConnector, "INVALID"),
        (OutboundCall { plugin: named("none"), ..call() }, PlaceRefused::UnknownPlugin, "INVALID"),
        (OutboundCall { to: String::new(), ..call() }, PlaceRefused::BadAddress, "INVALID"),
        (OutboundCall { to: "+1 555\r\n".into(), ..call() }, PlaceRefused::BadAddress, "INVALID"),
        (OutboundCall { to: "1".repeat(65), ..call() }, PlaceRefused::BadAddress, "INVALID"),
    ];
    for (call, expected, code) in cases {
        let refused = world.exchange.place(&call).await.expect_err("it cannot be placed");
        assert_eq!((&refused, refused.code()), (&expected, code));
    }
    assert_eq!(world.sim.counts().creations, created, "nothing was asked of the carrier");
    world.sim.cut_session_managers();
    clock::pass(Duration::from_millis(10)).await;
    let refused = world.exchange.place(&call()).await.expect_err("the link is down");
    assert_eq!((&refused, refused.code()), (&PlaceRefused::LinkDown, "LINK_LOST"));
    world.close().await;
}

async fn refused_by_the_carrier() {
    for code in ["QUOTA_EXCEEDED", "CHANNEL_NOT_CONFIGURED", "OUTBOUND_OVERFLOW", "A_NEW_ONE"] {
        let world = world(Outbound::refused(code), Switches::default()).await;
        let refused = world.exchange.place(&call()).await.expect_err("the carrier refuses");
        assert_eq!(refused.code(), code);
        world.close().await;
    }
    let mut world = world(Outbound::rings(Remote::default()), Switches::default()).await;
    let first = place(&world).await;
    let refused = world.exchange.place(&call()).await.expect_err("they are on the telephone");
    assert_eq!(refused.code(), "SESSION_ALREADY_EXISTS");
    world.sim.outbound_call().await.hang_up();
    steps(first).await;
    world.record().await;
    world.close().await;
}

async fn not_picked_up() {
    for call_in_before_pick_up in [false, true] {
        for (remote, code) in [(Remote::busy(), "BUSY"), (Remote::never_answers(5_000), "CALL_UNANSWERED")] {
            let switches = Switches { call_in_before_pick_up, ..Switches::default() };
            let mut world = world(Outbound::rings(remote), switches).await;
            let steps = steps(place(&world).await).await;
            // Where the session is just closed, nobody learns why.
            let expected = if call_in_before_pick_up { code } else { "CALL_UNANSWERED" };
            assert_eq!(failed(&steps), expected);
            world.record().await;
            world.close().await;
        }
    }
}

async fn places() {
    let base = WorldConfig::default();
    let numbers = ["+15550123", "+15550124"];
    let outbound = numbers.map(|to| (to.to_string(), Outbound::rings(Remote::default()))).to_vec();
    let sim = SimConfig { outbound, ..base.sim.clone() };
    let mut world = up(World::simulated(WorldConfig { sim, calls_max: 1, ..base }).await).await;
    let first = place(&world).await;
    let second = OutboundCall { to: numbers[1].into(), ..call() };
    let refused = world.exchange.place(&second).await.expect_err("the plugin has one place");
    assert_eq!((&refused, refused.code()), (&PlaceRefused::NoPlace, "FULL"));
    world.sim.outbound_call().await.hang_up();
    steps(first).await;
    world.record().await;
    let again = world.exchange.place(&second).await.expect("the place was given back");
    world.sim.outbound_call().await.hang_up();
    steps(again).await;
    world.record().await;
    world.close().await;
}

/// By the operator; what its handlers place counts with it, since both give their orders the same way.
async fn rate() {
    let base = WorldConfig::default();
    let sim = SimConfig { outbound: vec![(TO.into(), Outbound::refused("QUOTA_EXCEEDED"))], ..base.sim.clone() };
    let quota = Quota { places_per_s_max: Some(3), ..Quota::default() };
    let mut world = up(World::simulated(WorldConfig { sim, quota, ..base }).await).await;
    let placed = async || world.exchange.place(&call()).await.expect_err("the carrier refuses, or the host");
    let mut refused = Vec::new();
    for _ in 0..10 {
        refused.push(placed().await);
    }
    let fast = refused.iter().filter(|refused| **refused == PlaceRefused::TooFast).count();
    assert!((6..=7).contains(&fast), "a second's worth at once: {refused:?}");
    assert_eq!((refused[0].code(), refused[9].code()), ("QUOTA_EXCEEDED", "FULL"));
    clock::pass(Duration::from_millis(400)).await;
    assert_eq!(placed().await.code(), "QUOTA_EXCEEDED", "a third of a second for one");
    assert_eq!(placed().await, PlaceRefused::TooFast);
    // Those that come are not placed.
    assert_whole_echo(&world.sim.place_call(Caller::echo(200)).finished().await);
    world.record().await;
    world.close().await;

    // Nor are those that are placed set-ups of those that come.
    let base = WorldConfig::default();
    let sim = SimConfig { outbound: vec![(TO.into(), Outbound::refused("QUOTA_EXCEEDED"))], ..base.sim.clone() };
    let quota = Quota { setups_per_s_max: Some(1), ..Quota::default() };
    let mut world = up(World::simulated(WorldConfig { sim, quota, ..base }).await).await;
    for _ in 0..10 {
        let refused = world.exchange.place(&call()).await.expect_err("the carrier refuses");
        assert_eq!(refused.code(), "QUOTA_EXCEEDED");
    }
    assert_whole_echo(&world.sim.place_call(Caller::echo(200)).finished().await);
    world.record().await;
    world.close().await;
}

async fn drain() {
    let mut world = world(Outbound::rings(Remote::new(Caller::echo(3_000))), Switches::default()).await;
    let placer = world.exchange.placer();
    let mut placed = place(&world).await;
    assert!(matches!(placed.next().await, Some(Step::Answered { .. })));
    let remote = world.sim.outbound_call().await;
    let (drained, report) = tokio::join!(world.exchange.drain(Duration::from_secs(10)), async {
        let refused = placer.place(&OutboundCall { to: "+15550124".into(), ..call() }).await;
        assert_eq!(refused.expect_err("no more"), PlaceRefused::Draining);
        remote.finished().await
    });
    assert_eq!(drained, exchange::Drained::Clean);
    assert_whole_echo(&report);
    assert_eq!(steps(placed).await, [Step::Ended(EndReason::Terminated)]);
    world.sim.shutdown().await;
}

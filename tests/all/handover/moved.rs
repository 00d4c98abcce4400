//! What else happens to a call that is held or was given, under the virtual clock.

use std::time::Duration;

use ::call::EndReason;
use exchange::{CallRefused, Drained, GiveRefused, Stage, TakeRefused, Taking};
use libtest_mimic::Trial;
use sim::{Milestone, Outcome, SimConfig, Switches};
use switchhook_tests::by_hand::{Hand, Line};
use switchhook_tests::clock;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use telcoflow::frame::Handover;
use tracing::Level;

use super::{assert_served, holding, patient, until_stage};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("handover::a_call_that_nobody_wants_is_handled_here", |_| nobody_wants_it()),
        simulated("handover::a_held_call_can_end", |_| ended_while_held()),
        simulated("handover::a_given_call_that_nobody_takes_is_gone_with_its_caller", |_| never_taken()),
        simulated("handover::a_drain_waits_for_held_calls_and_gives_them", |_| drained()),
        simulated("handover::a_held_call_outlives_its_session_manager", |_| link_lost_while_held()),
        simulated("handover::a_held_session_that_others_claimed_is_theirs", |_| claimed_by_others()),
        simulated("handover::the_giver_keeps_the_session", |log| async move { giver_keeps(&log).await }),
        simulated("handover::a_taken_call_is_not_begun_twice", |_| giver_dies()),
        simulated("handover::a_taken_voice_that_breaks_is_dialled_again", |_| redialled()),
        simulated("handover::a_call_that_is_not_held_stays", |_| not_held()),
        simulated("handover::a_take_that_failed_is_tried_again", |_| tried_again()),
        simulated("handover::a_later_call_in_is_the_one_that_is_given", |_| later_call_in()),
    ]
}

pub(super) fn taking(call: Handover) -> Taking {
    Taking { tenant: "acme".into(), connector: None, plugin: None, call }
}

/// A host that holds, and its held call.
async fn held(config: WorldConfig) -> (World, sim::PlacedCall) {
    let world = World::simulated(config).await;
    let call = world.sim.place_call(patient());
    until_stage(&world, Stage::Held).await;
    (world, call)
}

async fn give(world: &World, call: &sim::PlacedCall) -> Handover {
    world.exchange.handle().give(call.session_id(), Some("acme")).await.expect("it is held")
}

async fn nobody_wants_it() {
    let (mut world, mut call) = held(holding()).await;
    let began = tokio::time::Instant::now();
    assert!(call.reached(Milestone::VoiceOpen).await);
    assert_eq!(began.elapsed().as_secs(), 59, "about a minute after it was held");
    let session = call.session_id().to_owned();
    until_stage(&world, Stage::Talking).await;
    let refused = world.exchange.handle().give(&session, None).await;
    assert_eq!(refused, Err(GiveRefused::Talks));
    assert_served(&call.finished().await);
    assert_eq!(world.record().await.end, EndReason::Terminated);
    let refused = world.exchange.handle().give(&session, None).await;
    assert_eq!(refused, Err(GiveRefused::Call(CallRefused::Unknown)));
    world.close().await;
}

async fn ended_while_held() {
    // By its caller.
    let (mut world, call) = held(holding()).await;
    call.hang_up();
    assert_eq!(call.finished().await.outcome, Outcome::CallerHungUp);
    let record = world.record().await;
    assert_eq!((record.end, record.trouble, record.stats.is_none()), (EndReason::SessionClosed, None, true));
    // By the operator: it is dialled, since there is no other way to end it.
    let call = world.sim.place_call(patient());
    until_stage(&world, Stage::Held).await;
    world.exchange.handle().disconnect(call.session_id()).expect("it is here");
    let report = call.finished().await;
    assert!(matches!(report.outcome, Outcome::AgentClosed | Outcome::AgentDisconnected), "{report:?}");
    assert_eq!(report.timeline.at(Milestone::Answered), None);
    world.record().await;
    world.close().await;
}

async fn never_taken() {
    let (mut world, call) = held(holding()).await;
    let given = give(&world, &call).await;
    assert_eq!(world.record().await.end, EndReason::HandedOver);
    assert!(world.exchange.calls().is_empty());
    let places = world.exchange.handle().tenants()[0].plugins[0].calls;
    assert_eq!(places, 0, "its place is free");
    call.hang_up();
    assert_eq!(call.finished().await.timeline.at(Milestone::VoiceOpen), None);
    let refused = world.exchange.handle().take(taking(given)).await.expect_err("it is over");
    let TakeRefused::Voice(carriers::telcoflow::VoiceError::Refused { status: 404, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(world.record().await.end, EndReason::VoiceUnreachable);
    world.close().await;
}

async fn drained() {
    let (mut world, call) = held(holding()).await;
    let handle = world.exchange.handle();
    let second = world.beside(WorldConfig { sim: SimConfig { seed: 2, ..holding().sim }, ..holding() });
    let (drained, ()) = tokio::join!(world.exchange.drain(Duration::from_secs(30)), async {
        clock::pass(Duration::from_secs(10)).await;
        let given = handle.give(call.session_id(), None).await.expect("a drain keeps what is held");
        assert_eq!(handle.take(taking(given.clone())).await, Err(TakeRefused::Draining));
        second.exchange.handle().take(taking(given)).await.expect("the other host takes it");
    });
    assert_eq!(drained, Drained::Clean);
    assert_served(&call.finished().await);
    second.leave().await;
    world.sim.shutdown().await;
    // At its deadline a drain does not wait for what is held.
    let (mut world, call) = held(holding()).await;
    assert_eq!(world.exchange.drain(Duration::from_secs(5)).await, Drained::Cut(1));
    assert_eq!(world.record().await.end, EndReason::Drained);
    call.hang_up();
    call.finished().await;
    world.sim.shutdown().await;
}

/// It is claimed again, and what is given afterwards is what the server said last.
async fn link_lost_while_held() {
    for new_token_after_resume in [false, true] {
        let base = holding();
        let open_points = Switches { new_token_after_resume, ..Switches::default() };
        let sim = SimConfig { open_points, ..base.sim.clone() };
        let (mut world, call) = held(WorldConfig { sim, ..base }).await;
        world.sim.cut_session_managers();
        clock::until(|| world.exchange.connectors()[0].counts.claims == 2).await;
        clock::pass(Duration::from_millis(100)).await;
        let given = give(&world, &call).await;
        world.exchange.handle().take(taking(given)).await.expect("what was given is good");
        assert_served(&call.finished().await);
        let ends = [world.record().await.end, world.record().await.end];
        assert_eq!(ends, [EndReason::HandedOver, EndReason::Terminated]);
        world.close().await;
    }
}

async fn by_hand(config: WorldConfig) -> (World, Hand, Line) {
    let (world, mut hand) = Hand::start(config);
    let manager = hand.manager().await;
    (world, hand, manager)
}

async fn claimed_by_others() {
    let (mut world, mut hand, mut manager) = by_hand(holding()).await;
    manager.lead_in("mine").await;
    manager.call_in("mine", "first").await;
    until_stage(&world, Stage::Held).await;
    drop(manager);
    let mut manager = hand.manager().await;
    manager.resume("mine").await;
    let open = manager.expect("session.open").await;
    let busy = serde_json::json!({ "boundSmWsId": "other" });
    let refusal = serde_json::json!({
        "type": "response", "reqId": open["reqId"], "ok": false, "errorCode": "SESSION_BUSY", "errorContent": busy,
    });
    manager.say(refusal).await;
    assert_eq!(world.record().await.end, EndReason::HandedOver, "nobody dials it here");
    world.close().await;
}

/// The server announces the session of a call that was given: it is claimed and not readied, whatever else is said.
async fn giver_keeps(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(holding()).await;
    manager.lead_in("given").await;
    manager.call_in("given", "first").await;
    until_stage(&world, Stage::Held).await;
    let given = world.exchange.handle().give("given", None).await.expect("it is held");
    assert_eq!(given.session_token, "voice-token-first");
    assert_eq!(world.record().await.end, EndReason::HandedOver);
    manager.resume("given").await;
    drop(manager);
    let mut manager = hand.manager().await;
    manager.resume("given").await;
    manager.grant("given").await;
    manager.resume("given").await;
    tokio::select! {
        () = clock::pass(Duration::from_secs(100)) => {}
        heard = manager.hear() => panic!("nothing is asked for: {heard:?}"),
    }
    assert_eq!(log.lines_at(Level::WARN, "not readied"), Vec::<String>::new());
    manager.session_closed("given").await;
    // The session is forgotten: one of the same name is a new one.
    manager.lead_in("given").await;
    manager.session_closed("given").await;
    assert_eq!(world.record().await.end, EndReason::SessionClosed);
    assert_eq!(log.lines_at(Level::WARN, "odd frame"), Vec::<String>::new());
    world.close().await;
}

/// The host that gave the call is gone, and the server offers the call to the one that has it.
async fn giver_dies() {
    let (mut taker, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    let call = Handover {
        id: "call-moved".into(),
        caller: "+15550100".into(),
        callee: "+15550199".into(),
        session_url: format!("{}/voice/first", switchhook_tests::by_hand::BASE),
        session_token: "voice-token-first".into(),
    };
    let handle = taker.exchange.handle();
    let (taken, mut voice) = tokio::join!(handle.take(taking(call)), hand.voice());
    taken.expect("it has its voice");
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    manager.resume("moved").await;
    manager.grant("moved").await;
    manager.expect("session.ready").await;
    manager.call_in("moved", "second").await;
    let record = taker.record().await;
    assert_eq!((record.end, record.session_id.as_str()), (EndReason::HandedOver, "moved"));
    assert_eq!(taker.exchange.calls().len(), 1, "the first handler has it still");
    // The later token is for its next dial.
    drop(voice);
    let ringing = hand.ringing().await;
    assert_eq!(ringing.url.path(), "/voice/second");
    ringing.accept().await.terminate().await;
    assert_eq!(taker.record().await.end, EndReason::Terminated);
    manager.session_closed("moved").await;
    taker.close().await;
}

async fn redialled() {
    let base = holding();
    let open_points = Switches { voice_redial: true, ..Switches::default() };
    let sim = SimConfig { open_points, ..base.sim.clone() };
    let (mut world, mut call) = held(WorldConfig { sim, ..base }).await;
    let given = give(&world, &call).await;
    world.exchange.handle().take(taking(given)).await.expect("it is free");
    assert!(call.reached(Milestone::Answered).await);
    call.cut_voice();
    let report = call.finished().await;
    assert_eq!((report.voice_sockets, report.outcome), (2, Outcome::CallerHungUp));
    let ends = [world.record().await.end, world.record().await.end];
    assert_eq!(ends, [EndReason::HandedOver, EndReason::Terminated]);
    world.close().await;
}

/// At every step of its set-up: it is not to be had.
async fn not_held() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    let handle = world.exchange.handle();
    manager.lead_in("stays").await;
    assert_eq!(handle.give("stays", None).await, Err(GiveRefused::NotHeld));
    manager.call_in("stays", "first").await;
    let ringing = hand.ringing().await;
    assert_eq!(handle.give("stays", None).await, Err(GiveRefused::NotHeld));
    let mut voice = ringing.accept().await;
    let answer = voice.expect_command("call.answer").await;
    assert_eq!(handle.give("stays", None).await, Err(GiveRefused::Talks));
    voice.respond(&answer, true).await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    world.close().await;

    let (mut world, mut hand, mut manager) = by_hand(holding()).await;
    let handle = world.exchange.handle();
    manager.lead_in("late").await;
    assert_eq!(handle.give("late", None).await, Err(GiveRefused::NotYet));
    manager.call_in("late", "first").await;
    until_stage(&world, Stage::Held).await;
    manager.say(serde_json::json!({"type": "weather.report"})).await;
    let ringing = tokio::select! {
        ringing = hand.ringing() => ringing,
        heard = async { manager.hear().await } => panic!("nothing is asked for: {heard:?}"),
    };
    assert_eq!(handle.give("late", None).await, Err(GiveRefused::Handled));
    ringing.accept().await.terminate().await;
    world.record().await;
    world.close().await;
}

/// Nobody there, then a refusal that is none of the call's; the call is as it was.
async fn tried_again() {
    let (mut world, mut hand) = Hand::start(WorldConfig::default());
    let _manager = hand.manager().await;
    let call = Handover {
        id: "call-free".into(),
        caller: "+15550100".into(),
        callee: "+15550199".into(),
        session_url: format!("{}/voice/free", switchhook_tests::by_hand::BASE),
        session_token: "voice-token-free".into(),
    };
    let handle = world.exchange.handle();
    let (refused, ()) = tokio::join!(handle.take(taking(call.clone())), async { drop(hand.ringing().await) });
    assert!(matches!(refused, Err(TakeRefused::Voice(_))), "{refused:?}");
    let (refused, ()) =
        tokio::join!(handle.take(taking(call.clone())), async { hand.ringing().await.refuse(503).await });
    assert!(matches!(refused, Err(TakeRefused::Voice(_))), "{refused:?}");
    assert_eq!([world.record().await.end, world.record().await.end], [EndReason::VoiceUnreachable; 2]);
    let (taken, voice) = tokio::join!(handle.take(taking(call)), hand.voice());
    assert_eq!(taken, Ok(()));
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    world.close().await;
}

async fn later_call_in() {
    let (mut world, _hand, mut manager) = by_hand(holding()).await;
    manager.lead_in("twice").await;
    manager.call_in("twice", "first").await;
    until_stage(&world, Stage::Held).await;
    manager.call_in("twice", "second").await;
    clock::pass(Duration::from_millis(10)).await;
    let given = world.exchange.handle().give("call-twice", None).await.expect("it is held");
    assert_eq!(given.session_token, "voice-token-second");
    world.record().await;
    world.close().await;
}

//! A call that ends while it is being set up, at each of its steps.

use std::time::Duration;

use ::call::EndReason;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use sim::{CallFaults, Caller, Milestone, Outcome, Step};
use switchhook_tests::by_hand::{Hand, Line, good_call};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tokio::time::Instant;

use super::{assert_goes_on, assert_warned, faulty_echo};
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("refusals::hang_up_before_the_claim", |log| async move { before_claim(&log).await }),
        simulated("refusals::hang_up_after_the_claim", |log| async move { after_claim(&log).await }),
        simulated("refusals::hang_up_after_ready", |log| async move { after_ready(&log).await }),
        simulated("refusals::hang_up_while_the_voice_is_dialled", |log| async move { while_dialled(&log).await }),
        simulated("refusals::hang_up_at_any_moment", |log| async move { at_any_moment(&log).await }),
        simulated("refusals::call_in_never_comes", |log| async move { no_call_in(&log).await }),
        simulated("refusals::the_link_is_lost_before_call_in", |log| async move { link_lost(&log).await }),
        simulated(
            "refusals::the_link_is_lost_while_the_voice_is_dialled",
            |log| async move { link_lost_late(&log).await },
        ),
        simulated("refusals::a_second_call_in_replaces_the_first", |log| async move { second_call_in(&log).await }),
        simulated("refusals::a_second_call_in_for_a_call_that_talks", |log| async move { too_late(&log).await }),
        simulated("refusals::a_call_in_for_nobody", |log| async move { for_nobody(&log).await }),
        simulated("refusals::repeated_call_ins_are_bounded", |_| many_call_ins()),
    ]
}

async fn by_hand() -> (World, Hand, Line) {
    let (world, mut hand) = Hand::start(WorldConfig::default());
    let manager = hand.manager().await;
    (world, hand, manager)
}

/// The claim is refused because the session is gone.
async fn before_claim(log: &TestLog) {
    let mut world = World::simulated(WorldConfig::default()).await;
    let call = world.sim.place_call(Caller::echo(100));
    call.hang_up();
    let report = call.finished().await;
    assert_eq!((report.outcome, report.timeline.at(Milestone::Claimed)), (Outcome::CallerHungUp, None));
    assert_goes_on(&mut world).await;
    assert_warned(log, 0, "");
    world.close().await;
}

/// `session.closed` comes right after the claim was granted, before `call.in`.
async fn after_claim(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.notify("gone").await;
    manager.grant("gone").await;
    manager.session_closed("gone").await;
    let record = world.record().await;
    assert_eq!((record.end, record.trouble, record.stats), (EndReason::SessionClosed, None, None));
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 0, "");
    world.close().await;
}

async fn after_ready(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("gone").await;
    manager.session_closed("gone").await;
    let record = world.record().await;
    assert_eq!((record.end, record.trouble, record.stats), (EndReason::SessionClosed, None, None));
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 0, "");
    world.close().await;
}

async fn while_dialled(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("gone").await;
    manager.call_in("gone", "gone").await;
    let ringing = hand.ringing().await;
    manager.session_closed("gone").await;
    ringing.given_up().await;
    let record = world.record().await;
    assert_eq!((record.id.as_str(), record.end, record.stats), ("call-gone", EndReason::SessionClosed, None));
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 0, "");
    world.close().await;
}

/// Whatever step the hang-up meets: a claimed call has one record, another none, and all places are given back.
async fn at_any_moment(log: &TestLog) {
    let steps = [Milestone::Announced, Milestone::Claimed, Milestone::Ready, Milestone::VoiceOpen, Milestone::Answered];
    let mut world = World::simulated(WorldConfig { calls_max: 1, ..WorldConfig::default() }).await;
    for step in steps {
        let mut call = world.sim.place_call(Caller::new(vec![Step::Wait { ms: 60_000 }]));
        assert!(call.reached(step).await, "{step:?}");
        call.hang_up();
        let report = call.finished().await;
        assert_eq!(report.outcome, Outcome::CallerHungUp);
        if report.timeline.at(Milestone::Claimed).is_some() {
            let record = world.record().await;
            assert_eq!(record.session_id, report.session_id);
            assert!(matches!(record.end, EndReason::Terminated | EndReason::SessionClosed), "{step:?}: {record:?}");
            let returned = record.guest.is_none_or(|end| end == GuestEnd::Returned);
            assert!(returned && record.duration < Duration::from_secs(1), "{step:?}");
        }
        assert_goes_on(&mut world).await;
    }
    assert_warned(log, 0, "");
    world.close().await;
}

async fn no_call_in(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("silent").await;
    let began = Instant::now();
    let record = world.record().await;
    assert_eq!((record.end, began.elapsed().as_secs()), (EndReason::SessionClosed, 30));
    assert_warned(log, 1, "call.in did not come within 30000 ms");
    // It comes too late, and to nobody.
    manager.call_in("silent", "silent").await;
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 1, "");
    world.close().await;
}

/// The server announces the call again to the next link, and there it is served.
async fn link_lost(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("again").await;
    drop(manager);
    let record = world.record().await;
    assert_eq!(record.end, EndReason::SessionClosed);
    assert_warned(log, 1, "the session manager was lost before the call had a voice");
    let mut manager = hand.manager().await;
    good_call(&mut world, &mut hand, &mut manager, "again").await;
    world.close().await;
}

/// With `call.in` at hand the call needs its session manager no more.
async fn link_lost_late(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("alone").await;
    manager.call_in("alone", "alone").await;
    let ringing = hand.ringing().await;
    drop(manager);
    let _manager = hand.manager().await;
    let mut voice = ringing.accept().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    assert_warned(log, 1, "the session manager is lost");
    world.close().await;
}

/// While the first is being dialled, the second takes its place, and the first dial is given up.
async fn second_call_in(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("twice").await;
    manager.call_in("twice", "first").await;
    let first = hand.ringing().await;
    assert_eq!(first.url.path(), "/voice/first");
    manager.call_in("twice", "second").await;
    first.given_up().await;
    let second = hand.ringing().await;
    assert_eq!(second.url.path(), "/voice/second");
    let mut voice = second.accept().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    assert_warned(log, 0, "");
    world.close().await;

    let mut world = World::simulated(WorldConfig::default()).await;
    let faults = CallFaults { second_call_in: true, ..CallFaults::default() };
    for _ in 0..20 {
        assert_whole_echo(&world.sim.place_call(faulty_echo(100, faults.clone())).finished().await);
        assert_eq!(world.record().await.end, EndReason::Terminated);
    }
    world.close().await;
}

async fn too_late(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("talks").await;
    manager.call_in("talks", "first").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    manager.call_in("talks", "second").await;
    voice.respond(&answer, true).await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    // The next dial is the next call's.
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 0, "");
    world.close().await;
}

async fn for_nobody(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.call_in("nobody", "nobody").await;
    manager.session_closed("nobody").await;
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 1, "kind=\"call-in-of-no-session\"");
    assert_warned(log, 1, "kind=\"closed-of-no-session\"");
    assert_warned(log, 2, "");
    world.close().await;
}

/// More of them than a call's mailbox holds; the end of the session is not lost behind them.
async fn many_call_ins() {
    let (mut world, mut hand, mut manager) = by_hand().await;
    manager.lead_in("many").await;
    manager.call_in("many", "first").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    for _ in 0..200 {
        manager.call_in("many", "other").await;
    }
    manager.session_closed("many").await;
    assert_eq!(voice.hear().await, None, "the host ends the call");
    assert_eq!(world.record().await.end, EndReason::SessionClosed);
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

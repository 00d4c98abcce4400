//! What only the time or the closing of a socket shows: dials that are given up, goodbyes, a session that is over before
//! its call.

use std::time::Duration;

use ::call::EndReason;
use libtest_mimic::Trial;
use sim::{Caller, Direction, Frame, Milestone};
use switchhook_tests::by_hand::{Hand, good_call};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tokio::time::Instant;
use tracing::Level;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("wire::a_dial_is_given_up_after_ten_seconds", |log| async move { slow_dials(&log).await }),
        simulated("wire::a_socket_that_is_left_is_closed_with_1000", |_| goodbyes()),
        simulated("wire::a_session_that_is_closed_ends_its_call_five_seconds_later", |_| session_closed()),
    ]
}

/// Of both planes: a stream on which nobody answers the upgrade.
async fn slow_dials(log: &TestLog) {
    let (mut world, mut hand) = Hand::start(WorldConfig::default());
    let began = Instant::now();
    let silent = hand.ringing().await;
    log.until(Level::WARN, "no answer within 10 s", 1).await;
    assert_eq!(began.elapsed().as_secs(), 10);
    silent.given_up().await;
    let mut manager = hand.manager().await;
    manager.lead_in("slow").await;
    manager.call_in("slow", "slow").await;
    let began = Instant::now();
    let silent = hand.ringing().await;
    let record = world.record().await;
    assert_eq!((record.end, began.elapsed().as_secs()), (EndReason::VoiceUnreachable, 10));
    silent.given_up().await;
    manager.session_closed("slow").await;
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

/// The voice socket of a call that a drain cuts, and the session manager's.
async fn goodbyes() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let mut call = world.sim.place_call(Caller::echo(60_000));
    assert!(call.reached(Milestone::Answered).await);
    world.exchange.drain(Duration::ZERO).await;
    assert_eq!(world.record().await.end, EndReason::Closed);
    let codes = |lines: &[sim::TranscriptLine]| -> Vec<Option<u16>> {
        let from_host = lines.iter().filter(|line| line.direction == Direction::ToServer);
        from_host.filter_map(|line| if let Frame::Closed(code) = line.frame { Some(code) } else { None }).collect()
    };
    let report = call.finished().await;
    world.sim.shutdown().await;
    assert_eq!(codes(world.sim.link_transcript().lines()), [Some(1000)]);
    assert!(codes(report.transcript.lines()).iter().all(|code| *code == Some(1000)), "{report:?}");
}

async fn session_closed() {
    let (mut world, mut hand) = Hand::start(WorldConfig::default());
    let mut manager = hand.manager().await;
    manager.lead_in("talks").await;
    manager.call_in("talks", "talks").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    let began = Instant::now();
    manager.session_closed("talks").await;
    assert_eq!(voice.hear().await, None, "the host closes the socket");
    let record = world.record().await;
    assert_eq!(record.end, EndReason::SessionClosed);
    assert!((5..12).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

//! The life of both links: calls that talk outlive the session manager's socket and are claimed again on the next, and a
//! voice socket that breaks is dialled again.

use std::time::Duration;

use ::call::{EndReason, Happening};
use exchange::{CallRecord, ConnectorCounts};
use libtest_mimic::Trial;
use sim::{Caller, Milestone, SimConfig, Step, Switches};
use switchhook_tests::by_hand::{Hand, Line, good_call};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{World, WorldConfig};
use tokio::time::Instant;
use tracing::Level;

use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated(
            "link_life::calls_go_on_while_the_session_manager_is_away",
            |log| async move { away(false, &log).await },
        ),
        real("link_life::calls_go_on_while_the_session_manager_is_away_on_sockets", |log| async move {
            away(true, &log).await
        }),
        simulated("link_life::a_voice_that_breaks_is_dialled_again", |log| async move { redialled(false, &log).await }),
        real(
            "link_life::a_voice_that_breaks_is_dialled_again_on_sockets",
            |log| async move { redialled(true, &log).await },
        ),
        simulated("link_life::a_silent_voice_is_dialled_again", |_| silent()),
        simulated("link_life::a_refused_dial_ends_the_call_at_once", |_| refused()),
        simulated("link_life::a_server_that_is_away_is_tried_for_a_while", |_| unreachable()),
        simulated("link_life::a_server_that_comes_back_finds_the_call", |_| comes_back()),
        simulated("link_life::without_time_for_it_none_is_dialled", |_| switched_off()),
        simulated("link_life::a_socket_that_is_closed_on_purpose_ends_its_call", |_| closed_on_purpose()),
        simulated("link_life::a_call_announced_again_gets_its_new_token", |_| new_token()),
        simulated("link_life::a_call_that_talks_is_claimed_again", |log| async move { claimed_again(&log).await }),
        simulated("link_life::a_call_that_was_lost_begins_anew", |_| begins_anew()),
        simulated("link_life::a_call_lost_on_the_same_link_begins_anew", |log| async move {
            begins_anew_on_the_same_link(&log).await
        }),
        simulated("link_life::a_call_lost_behind_its_new_claim_begins_anew", |log| async move {
            begins_anew_when_claimed(&log).await
        }),
        simulated("link_life::a_session_that_closes_ends_the_dialling", |_| closed_meanwhile()),
    ]
}

async fn world(on_sockets: bool, config: WorldConfig) -> World {
    if on_sockets { World::real(config).await } else { World::simulated(config).await }
}

fn counts(world: &World) -> ConnectorCounts {
    world.exchange.connectors()[0].counts.clone()
}

fn codes(record: &CallRecord) -> Vec<&str> {
    let codes = record.journal.iter().filter_map(|(_, what)| match what {
        Happening::Warning { code } => Some(code.as_ref()),
        _ => None,
    });
    codes.collect()
}

/// Three times in the midst of a call.
async fn away(on_sockets: bool, log: &TestLog) {
    let mut world = world(on_sockets, WorldConfig::default()).await;
    let mut call = world.sim.place_call(Caller::echo(4_000));
    assert!(call.reached(Milestone::Answered).await);
    for times in 1..=3 {
        world.sim.cut_session_managers();
        log.until(Level::DEBUG, "the call that talks is claimed again", times).await;
    }
    assert_whole_echo(&call.finished().await);
    let record = world.record().await;
    assert_eq!((record.end, codes(&record).len()), (EndReason::Terminated, 0));
    let counts = counts(&world);
    assert_eq!((counts.losses, counts.set_ups, counts.resumed, counts.claims), (3, 4, 3, 4));
    assert_eq!(world.sim.counts().links, 4);
    world.close().await;
}

fn redial_config() -> WorldConfig {
    let config = WorldConfig::default();
    let open_points = Switches { voice_redial: true, ..Switches::default() };
    WorldConfig { sim: SimConfig { open_points, ..config.sim }, ..config }
}

fn talking(ms: u32) -> Caller {
    Caller::new(vec![Step::WaitAnswered, Step::Marked { ms }, Step::Wait { ms: 500 }, Step::HangUp])
}

/// Twice; the guest keeps its call, and what is said after is echoed.
async fn redialled(on_sockets: bool, log: &TestLog) {
    let mut world = world(on_sockets, redial_config()).await;
    let mut call = world.sim.place_call(talking(2_000));
    assert!(call.reached(Milestone::Answered).await);
    for times in 1..=2 {
        call.cut_voice();
        log.until(Level::INFO, "the call has its voice again", times).await;
    }
    let report = call.finished().await;
    assert_eq!(report.voice_sockets, 3);
    assert_eq!(report.commands, [("call.answer".to_string(), None)], "it was answered once");
    assert!(report.frames_unsent < 10, "the next socket is there at once: {}", report.frames_unsent);
    assert_eq!(report.pull.overrun_bytes, 0, "what was asked for on another socket is not owed on this one");
    assert!(report.pull.bytes_received > report.bytes_said / 2, "{:?}", report.pull);
    let record = world.record().await;
    assert_eq!((record.end, record.resumed), (EndReason::Terminated, false));
    assert_eq!(codes(&record), ["VOICE_LOST", "VOICE_BACK", "VOICE_LOST", "VOICE_BACK"]);
    let counts = counts(&world);
    assert_eq!((counts.claims, counts.voices_lost, counts.voices_regained), (1, 2, 2));
    world.close().await;
}

/// Everything up to the answered command.
async fn answered(hand: &mut Hand, manager: &mut Line, session: &str) -> Line {
    manager.lead_in(session).await;
    manager.call_in(session, "first").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice
}

async fn by_hand(config: WorldConfig) -> (World, Hand, Line) {
    let (world, mut hand) = Hand::start(config);
    let manager = hand.manager().await;
    (world, hand, manager)
}

/// A half-open socket: nothing breaks, and no pong comes.
async fn silent() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    let mute = answered(&mut hand, &mut manager, "half-open").await;
    let began = Instant::now();
    let voice = hand.voice().await;
    assert_eq!(began.elapsed().as_secs(), 40, "a ping after 20 s, 20 s for the pong");
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    drop(mute);
    world.close().await;
}

async fn refused() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    drop(answered(&mut hand, &mut manager, "refused").await);
    let began = Instant::now();
    hand.ringing().await.refuse(401).await;
    let record = world.record().await;
    assert_eq!((record.end, codes(&record)), (EndReason::VoiceLost, vec!["VOICE_LOST"]));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

async fn unreachable() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    drop(answered(&mut hand, &mut manager, "away").await);
    let began = Instant::now();
    let dials = async {
        loop {
            drop(hand.ringing().await);
        }
    };
    let record = tokio::select! {
        record = world.record() => record,
        () = dials => unreachable!("it goes on for ever"),
    };
    assert_eq!((record.end, began.elapsed().as_secs()), (EndReason::VoiceLost, 5));
    assert_eq!(counts(&world).voices_regained, 0);
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

async fn comes_back() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    drop(answered(&mut hand, &mut manager, "away").await);
    for _ in 0..3 {
        drop(hand.ringing().await);
    }
    let voice = hand.voice().await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

async fn switched_off() {
    let config = WorldConfig { voice_redial_ms_max: 0, ..redial_config() };
    let mut world = World::simulated(config).await;
    let mut call = world.sim.place_call(talking(2_000));
    assert!(call.reached(Milestone::Answered).await);
    call.cut_voice();
    let record = world.record().await;
    assert_eq!((record.end, codes(&record).len()), (EndReason::VoiceLost, 0));
    assert_eq!(call.finished().await.voice_sockets, 1);
    world.close().await;
}

async fn closed_on_purpose() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    answered(&mut hand, &mut manager, "normal").await.close(1000).await;
    let record = world.record().await;
    assert_eq!((record.end, codes(&record).len()), (EndReason::VoiceLost, 0));
    manager.session_closed("normal").await;
    // A server that restarts says so, and its call comes back.
    answered(&mut hand, &mut manager, "restart").await.close(1012).await;
    hand.voice().await.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    world.close().await;
}

/// The server restarts: the old token is refused, and the announcement brings a new one in time.
async fn new_token() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    let voice = answered(&mut hand, &mut manager, "lives").await;
    drop(manager);
    let mut manager = hand.manager().await;
    drop(voice);
    hand.ringing().await.refuse(401).await;
    manager.resume("lives").await;
    manager.grant("lives").await;
    assert_eq!(manager.expect("session.ready").await["sessionId"], "lives");
    manager.call_in("lives", "second").await;
    let ringing = hand.ringing().await;
    assert_eq!(ringing.url.path(), "/voice/second");
    ringing.accept().await.terminate().await;
    let record = world.record().await;
    assert_eq!((record.end, record.resumed), (EndReason::Terminated, false));
    assert_eq!(codes(&record), ["VOICE_LOST", "VOICE_BACK"]);
    manager.session_closed("lives").await;
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

/// Once, however often it is announced; the end of the session comes to it.
async fn claimed_again(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    let mut voice = answered(&mut hand, &mut manager, "lives").await;
    drop(manager);
    let mut manager = hand.manager().await;
    for _ in 0..10 {
        manager.resume("lives").await;
    }
    manager.grant("lives").await;
    assert_eq!(manager.expect("session.ready").await["sessionId"], "lives");
    for _ in 0..10 {
        manager.resume("lives").await;
    }
    manager.session_closed("lives").await;
    assert_eq!(voice.hear().await, None, "the host ends the call five seconds later");
    assert_eq!(world.record().await.end, EndReason::SessionClosed);
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_eq!(log.lines_at(Level::WARN, "").len(), 1, "the lost link: {:#?}", log.lines_at(Level::WARN, ""));
    world.close().await;
}

async fn begins_anew() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    drop(answered(&mut hand, &mut manager, "anew").await);
    hand.ringing().await.refuse(401).await;
    assert_eq!(world.record().await.end, EndReason::VoiceLost);
    drop(manager);
    let mut manager = hand.manager().await;
    manager.resume("anew").await;
    serve_anew(&mut world, &mut hand, &mut manager).await;
    world.close().await;
}

/// The claim is granted, and the new guest answers and is told that it is not the first.
async fn serve_anew(world: &mut World, hand: &mut Hand, manager: &mut Line) {
    manager.grant("anew").await;
    assert_eq!(manager.expect("session.ready").await["sessionId"], "anew");
    manager.call_in("anew", "second").await;
    second_guest(world, hand).await;
    manager.session_closed("anew").await;
    good_call(world, hand, manager, "good").await;
}

async fn second_guest(world: &mut World, hand: &mut Hand) {
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.terminate().await;
    let record = world.record().await;
    assert_eq!((record.session_id.as_str(), record.end, record.resumed), ("anew", EndReason::Terminated, true));
}

/// Announced while the first guest still has its voice dialled, and after that is over.
async fn begins_anew_on_the_same_link(log: &TestLog) {
    for while_it_is_dialled in [true, false] {
        let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
        drop(answered(&mut hand, &mut manager, "anew").await);
        let ringing = hand.ringing().await;
        if while_it_is_dialled {
            manager.resume("anew").await;
            log.until(Level::DEBUG, "announced again by the socket that has it", 1).await;
        }
        ringing.refuse(401).await;
        assert_eq!(world.record().await.end, EndReason::VoiceLost);
        if !while_it_is_dialled {
            manager.resume("anew").await;
        }
        serve_anew(&mut world, &mut hand, &mut manager).await;
        world.close().await;
    }
}

/// The call that was claimed again loses its voice for good after all: what it was told serves the next guest.
async fn begins_anew_when_claimed(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    let voice = answered(&mut hand, &mut manager, "anew").await;
    drop(manager);
    let mut manager = hand.manager().await;
    manager.resume("anew").await;
    manager.grant("anew").await;
    assert_eq!(manager.expect("session.ready").await["sessionId"], "anew");
    manager.call_in("anew", "second").await;
    log.until(Level::DEBUG, "kept for its next dial", 1).await;
    drop(voice);
    hand.ringing().await.refuse(401).await;
    assert_eq!(world.record().await.end, EndReason::VoiceLost);
    second_guest(&mut world, &mut hand).await;
    manager.session_closed("anew").await;
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

async fn closed_meanwhile() {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    drop(answered(&mut hand, &mut manager, "over").await);
    let ringing = hand.ringing().await;
    let began = Instant::now();
    manager.session_closed("over").await;
    ringing.given_up().await;
    let record = world.record().await;
    assert_eq!(record.end, EndReason::VoiceLost);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

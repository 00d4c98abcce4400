//! The voice socket that misbehaves while the call talks: nonsense, silence, and commands that are answered late, twice
//! or never.

use std::time::Duration;

use ::call::EndReason;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use serde_json::json;
use sim::{CallFaults, Caller, Garbage, Outcome, Stall, Step};
use switchhook_tests::by_hand::{Hand, good_call};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{World, WorldConfig};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tracing::Level;

use super::{assert_goes_on, assert_warned, counts, faulty_echo};
use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("refusals::nonsense_on_the_voice_socket", |log| async move { nonsense(&log).await }),
        simulated("refusals::half_a_sample_is_dropped", |log| async move { half_a_sample(&log).await }),
        real("refusals::a_message_over_a_mebibyte_ends_its_call", |_| too_long()),
        simulated("refusals::a_stalled_voice_socket_ends_its_call", |_| stalled()),
        simulated("refusals::a_short_stall_loses_nothing", |_| short_stall()),
        simulated("refusals::a_response_that_never_comes", |log| async move { lost_responses(&log).await }),
        simulated("refusals::a_response_after_the_deadline", |log| async move { late_responses(&log).await }),
        simulated("refusals::a_response_just_in_time", |log| async move { slow_responses(&log).await }),
        simulated("refusals::responses_that_come_twice", |log| async move { duplicates(&log).await }),
        simulated("refusals::a_server_that_does_not_close", |log| async move { will_not_close(&log).await }),
        simulated("refusals::a_server_that_keeps_the_socket", |log| async move { keeps_the_socket(&log).await }),
        simulated("refusals::requests_that_are_no_requests", |log| async move { no_requests(&log).await }),
    ]
}

async fn nonsense(log: &TestLog) {
    let mut world = World::real(WorldConfig::default()).await;
    let garbage = Garbage::HARMLESS.iter().flat_map(|frame| [(100, *frame), (300, *frame)]).collect();
    let faults = CallFaults { garbage, ..CallFaults::default() };
    let report = world.sim.place_call(faulty_echo(600, faults)).finished().await;
    assert_whole_echo(&report);
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
    let said = log.lines_at(Level::WARN, "odd frame on the voice socket");
    let kinds = ["answer-to-nothing", "bad-field", "no-audio", "no-type", "not-an-object", "not-json", "unknown-type"];
    for kind in kinds {
        let told = said.iter().filter(|line| line.contains(&format!("kind=\"{kind}\""))).count();
        assert_eq!(told, 1, "`{kind}` is told once: {said:#?}");
    }
    assert_eq!(said.len(), kinds.len(), "{said:#?}");
    // Of binary messages without audio there are two, each sent twice.
    let counted = kinds.map(|kind| (kind, if kind == "no-audio" { 4 } else { 2 }));
    assert_eq!(counts(&world).oddities_voice, counted, "and counted each time");
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn half_a_sample(log: &TestLog) {
    let mut world = World::simulated(WorldConfig::default()).await;
    let faults = CallFaults { garbage: vec![(100, Garbage::OddBinary)], ..CallFaults::default() };
    let caller = Caller { verify_echo: false, ..faulty_echo(600, faults) };
    let report = world.sim.place_call(caller).finished().await;
    assert_eq!((report.pull.odd_frames, report.pull.overrun_bytes), (0, 0));
    let stats = world.record().await.stats.expect("it had a voice");
    assert_eq!((stats.odd_bytes, stats.samples_in), (1, 16 * 600 + 1));
    assert_warned(log, 1, "kind=\"half-a-sample\" detail=\"a frame of 4 bytes\"");
    assert_eq!(counts(&world).oddities_voice, [("half-a-sample", 1)]);
    world.close().await;
}

async fn too_long() {
    let mut world = World::real(WorldConfig::default()).await;
    let beside = world.sim.place_call(Caller::echo(1_500));
    let faults = CallFaults { garbage: vec![(300, Garbage::TooLong)], ..CallFaults::default() };
    let caller = Caller { script: vec![Step::WaitAnswered, Step::Marked { ms: 20_000 }], ..faulty_echo(0, faults) };
    let hit = world.sim.place_call(caller);
    let record = world.record().await;
    assert_eq!((record.session_id.as_str(), record.end), (hit.session_id(), EndReason::VoiceLost));
    assert_eq!(record.guest, Some(GuestEnd::Returned));
    hit.server_hang_up();
    assert_eq!(hit.finished().await.voice_sockets, 1);
    assert_whole_echo(&beside.finished().await);
    assert_eq!(world.record().await.end, EndReason::Terminated);
    assert_goes_on(&mut world).await;
    world.close().await;
}

/// A ping every 20 s, a pong due in 20 s.
async fn stalled() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let stall = Some(Stall { at_ms: 1_000, for_ms: 300_000 });
    let faults = CallFaults { stall, ..CallFaults::default() };
    let call = world.sim.place_call(Caller { give_up_ms: 200_000, ..faulty_echo(5_000, faults) });
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::VoiceLost, Some(GuestEnd::Returned)));
    assert!(record.duration <= Duration::from_secs(41), "{:?}", record.duration);
    assert!(record.duration >= Duration::from_secs(39), "{:?}", record.duration);
    call.server_hang_up();
    call.finished().await;
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn short_stall() {
    let mut world = World::simulated(WorldConfig::default()).await;
    for at_ms in [0, 100, 500] {
        let stall = Some(Stall { at_ms, for_ms: 1_500 });
        let faults = CallFaults { stall, ..CallFaults::default() };
        assert_whole_echo(&world.sim.place_call(faulty_echo(2_000, faults)).finished().await);
        let stats = world.record().await.stats.expect("it had a voice");
        assert_eq!(stats.samples_lost, 0);
    }
    world.close().await;
}

/// A caller who stays for a minute, and a handler that runs this list of commands.
async fn commands(list: &str, faults: CallFaults) -> (sim::CallReport, exchange::CallRecord) {
    let mut world = World::simulated(WorldConfig::with("hostile", &[("mode", "commands"), ("commands", list)])).await;
    let caller = Caller { faults: Some(faults), ..Caller::new(vec![Step::Wait { ms: 60_000 }, Step::HangUp]) };
    let report = world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    world.close().await;
    (report, record)
}

/// The handler reads `TIMEOUT` after the command's 10 s and 5 s more, and the call goes on.
async fn lost_responses(log: &TestLog) {
    let faults = CallFaults { lost_responses: 1, ..CallFaults::default() };
    let (report, record) = commands("answer,close", faults).await;
    assert_eq!(report.outcome, Outcome::AgentClosed);
    assert_eq!(record.end, EndReason::Closed);
    assert_eq!(record.duration.as_secs(), 15, "{:?}", record.duration);
    assert_eq!(log.lines_with("outcome answer TIMEOUT").len(), 1, "{:?}", log.lines_with("outcome"));
    assert_eq!(log.lines_with("outcome close OK").len(), 1, "{:?}", log.lines_with("outcome"));

    let faults = CallFaults { lost_responses: 2, ..CallFaults::default() };
    let (report, record) = commands("answer,close", faults).await;
    assert_eq!(report.outcome, Outcome::AgentClosed);
    assert_eq!(record.end, EndReason::Terminated, "the server says so, though it did not answer");
    assert_warned(log, 0, "");
}

/// The answer is over before it is answered; what comes then answers nothing. The caller ends the call.
async fn late_responses(log: &TestLog) {
    let faults = CallFaults { response_ms: Some((20_000, 20_000)), ..CallFaults::default() };
    let (report, record) = commands("answer", faults).await;
    assert_eq!((report.outcome, record.end), (Outcome::CallerHungUp, EndReason::Terminated));
    assert_eq!(log.lines_with("outcome answer TIMEOUT").len(), 1, "{:?}", log.lines_with("outcome"));
    assert_warned(log, 1, "kind=\"answer-to-nothing\"");
    assert_warned(log, 1, "");
}

async fn slow_responses(log: &TestLog) {
    let faults = CallFaults { response_ms: Some((14_900, 14_900)), ..CallFaults::default() };
    let (_, record) = commands("answer", faults).await;
    assert_eq!(log.lines_with("outcome answer OK").len(), 1, "{:?}", log.lines_with("outcome"));
    assert_eq!(record.setup.answer, Some(Duration::from_millis(14_900)));
    assert_warned(log, 0, "");
}

async fn duplicates(log: &TestLog) {
    let faults = CallFaults { duplicate_responses: true, ..CallFaults::default() };
    let (report, record) = commands("answer,connect:5,whisper,spy,barge,close", faults).await;
    assert_eq!((report.outcome, record.end), (Outcome::AgentLeft, EndReason::Closed));
    for name in ["answer", "connect", "whisper", "spy", "barge", "close"] {
        assert_eq!(log.lines_with(&format!("outcome {name} OK")).len(), 1, "{:?}", log.lines_with("outcome"));
    }
    assert_warned(log, 1, "kind=\"answer-to-nothing\"");
    assert_warned(log, 1, "");
    let world = World::simulated(WorldConfig::default()).await;
    let faults = CallFaults { duplicate_responses: true, ..CallFaults::default() };
    assert_whole_echo(&world.sim.place_call(faulty_echo(500, faults)).finished().await);
    world.close().await;
}

/// A handler that is gone, and a server that refuses to close its call, or does not answer at all.
async fn will_not_close(log: &TestLog) {
    let failing = WorldConfig::with("hostile", &[("mode", "return-at-once")]);
    let (mut world, mut hand) = Hand::start(failing);
    let mut manager = hand.manager().await;
    for refuses in [true, false] {
        let session = if refuses { "refuses" } else { "is-deaf" };
        manager.lead_in(session).await;
        manager.call_in(session, session).await;
        let mut voice = hand.voice().await;
        let began = Instant::now();
        let close = voice.expect_command("call.close").await;
        if refuses {
            voice.respond(&close, false).await;
        }
        assert_eq!(voice.hear().await, None, "the host closes the socket itself");
        let waited = began.elapsed();
        let record = world.record().await;
        assert_eq!(record.end, EndReason::HandlerFailed);
        assert_eq!(waited.as_secs(), if refuses { 5 } else { 20 }, "{waited:?}");
    }
    assert_warned(log, 2, "the server did not close the call");
    assert_warned(log, 2, "returned without asking for an event");
    world.close().await;
}

/// The session is closed, the voice socket stays open and silent.
async fn keeps_the_socket(log: &TestLog) {
    let (mut world, mut hand) = Hand::start(WorldConfig::default());
    let mut manager = hand.manager().await;
    manager.lead_in("kept").await;
    manager.call_in("kept", "kept").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    manager.session_closed("kept").await;
    let began = Instant::now();
    assert_eq!(voice.hear().await, None, "the host closes the socket itself");
    assert_eq!(began.elapsed().as_secs(), 10, "5 s for the call, 5 s for the socket: {:?}", began.elapsed());
    drop(voice);
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::SessionClosed, Some(GuestEnd::Returned)));
    assert!(log.errors().is_empty());
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

async fn no_requests(log: &TestLog) {
    let (mut world, mut hand) = Hand::start(WorldConfig::default());
    let mut manager = hand.manager().await;
    manager.lead_in("odd").await;
    manager.call_in("odd", "odd").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    let asks = [json!(0), json!(-640), json!("-1"), json!(i64::MIN)];
    for bytes in asks {
        voice.say(json!({ "type": "buffer_request", "data": { "requested_bytes": bytes } })).await;
    }
    let elsewhere = json!({ "requested_bytes": 640, "channelId": 1 });
    voice.say(json!({ "type": "buffer_request", "data": elsewhere })).await;
    let mut frame = vec![0_u8];
    frame.extend([7; 640]);
    voice.send(Message::binary(frame.clone())).await;
    voice.say(json!({ "type": "buffer_request", "data": { "requested_bytes": "640" } })).await;
    assert_eq!(voice.hear_audio().await, frame, "one request was one");
    voice.terminate().await;
    let stats = world.record().await.stats.expect("it had a voice");
    assert_eq!((stats.bytes_requested, stats.bytes_out), (640, 640));
    assert_warned(log, 1, "kind=\"request-for-nothing\"");
    assert_eq!(counts(&world).oddities_voice, [("request-for-nothing", 4)], "one for another channel is none of them");
    world.close().await;
}

//! The largest message that is taken, frames that lack what they must have, and more calls than there are places.

use ::call::EndReason;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use switchhook_tests::by_hand::{Hand, Line, good_call};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tokio_tungstenite::tungstenite::Message;

use super::assert_warned;

/// The longest message, of either plane.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("refusals::a_mebibyte_from_the_session_manager", |log| async move { long_text(&log).await }),
        simulated("refusals::a_mebibyte_of_audio", |log| async move { long_audio(&log).await }),
        simulated("refusals::grants_that_are_none", |log| async move { bad_grants(&log).await }),
        simulated("refusals::a_call_in_without_its_parts", |log| async move { bad_call_ins(&log).await }),
        simulated("refusals::more_calls_than_places", |log| async move { too_many(&log).await }),
    ]
}

async fn by_hand(config: WorldConfig) -> (World, Hand, Line) {
    let (world, mut hand) = Hand::start(config);
    let manager = hand.manager().await;
    (world, hand, manager)
}

async fn long_text(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    manager.send(Message::text("x".repeat(MESSAGE_BYTES_MAX))).await;
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 1, "the peer sent a message that is not JSON (1048576 bytes)");
    assert_warned(log, 1, "");
    // The host may be gone before all of it is written.
    manager.try_send(Message::text("x".repeat(MESSAGE_BYTES_MAX + 1))).await;
    let mut manager = hand.manager().await;
    assert_warned(log, 1, "the session manager is lost");
    good_call(&mut world, &mut hand, &mut manager, "good-again").await;
    world.close().await;
}

/// More audio at once than a call holds: the oldest is dropped and counted, the call goes on.
async fn long_audio(log: &TestLog) {
    let config = WorldConfig { voice_redial_ms_max: 0, ..WorldConfig::default() };
    let (mut world, mut hand, mut manager) = by_hand(config).await;
    manager.lead_in("loud").await;
    manager.call_in("loud", "loud").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    let mut flood = vec![0_u8; MESSAGE_BYTES_MAX];
    voice.send(Message::binary(flood.clone())).await;
    voice.say(json!({ "type": "buffer_request", "data": { "requested_bytes": 640 } })).await;
    assert_eq!(voice.hear_audio().await.len(), 641);
    flood.push(0);
    voice.try_send(Message::binary(flood)).await;
    let record = world.record().await;
    assert_eq!(record.end, EndReason::VoiceLost);
    let stats = record.stats.expect("it had a voice");
    let samples = (MESSAGE_BYTES_MAX as u64 - 1) / 2;
    assert_eq!((stats.frames_in, stats.samples_in, stats.odd_bytes), (1, samples, 1), "{stats:?}");
    assert_eq!(stats.samples_lost, samples - 2 * 16_000, "two seconds are kept: {stats:?}");
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 1, "the voice socket is gone");
    world.close().await;
}

/// The place of such a claim is free again: there is only one.
async fn bad_grants(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig { calls_max: 1, ..WorldConfig::default() }).await;
    let session = |id: &str| json!({ "session": { "id": id, "channel": "TELCO" } });
    let answers = [
        json!({ "ok": true }),
        json!({ "ok": true, "content": [] }),
        json!({ "ok": true, "content": { "session": "granted" } }),
        json!({ "ok": true, "content": session("another") }),
        json!({ "ok": false }),
        json!({ "ok": false, "errorCode": "SESSION_BUSY", "errorContent": { "boundSmWsId": 7 } }),
        json!({ "ok": false, "errorCode": "\n ERROR forged" }),
    ];
    for (index, mut answer) in answers.into_iter().enumerate() {
        let id = format!("bad-{index}");
        manager.notify(&id).await;
        let open = manager.expect("session.open").await;
        assert_eq!(open["sessionId"], id);
        answer["type"] = "response".into();
        answer["reqId"] = open["reqId"].clone();
        manager.say(answer).await;
    }
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert!(world.try_record().is_none(), "what was not granted is no call");
    assert!(log.lines_with("\n").is_empty(), "a word of the peer breaks a line: {:?}", log.lines_with("\n"));
    assert_warned(log, 1, "kind=\"claim-with-bad-content\"");
    assert_warned(log, 1, "");
    world.close().await;
}

async fn bad_call_ins(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig::default()).await;
    manager.lead_in("bare").await;
    let whole = || json!({ "type": "call.in", "sessionId": "bare", "callId": "c", "url": "ws://hand.test/voice/v", "token": "t" });
    let bad: [(&str, Value); 4] =
        [("sessionId", Value::Null), ("url", Value::Null), ("url", json!(17)), ("token", json!({}))];
    for (field, value) in bad {
        let mut frame = whole();
        frame[field] = value;
        manager.say(frame).await;
    }
    manager.call_in("bare", "bare").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Terminated);
    assert_warned(log, 1, "kind=\"bad-field\"");
    assert_warned(log, 1, "");
    world.close().await;
}

/// Each is left to others, and none of them keeps a place.
async fn too_many(log: &TestLog) {
    let (mut world, mut hand, mut manager) = by_hand(WorldConfig { calls_max: 2, ..WorldConfig::default() }).await;
    for index in 0..500 {
        manager.notify(&format!("many-{index}")).await;
    }
    manager.grant("many-0").await;
    manager.grant("many-1").await;
    for id in ["many-0", "many-1"] {
        assert_eq!(manager.expect("session.ready").await["sessionId"], id);
        manager.session_closed(id).await;
        assert_eq!(world.record().await.end, EndReason::SessionClosed);
    }
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    assert_warned(log, 498, "no place: the call is left to others");
    assert_warned(log, 498, "");
    world.close().await;
}

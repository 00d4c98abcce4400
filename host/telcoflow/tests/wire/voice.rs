//! Commands, call events, requests for audio and the end of a voice link.

use std::time::Duration;

use serde_json::json;
use telcoflow::frame::voice::{CommandName, ToClient};
use telcoflow::limits::COMMANDS_MAX;
use telcoflow::voice::{CommandFailure, CommandRefused, Deadline, Event, Output};

use crate::driver::{VoiceDriver, VoiceTold};

fn response(command_id: &str, success: bool, error_code: Option<&str>) -> ToClient {
    ToClient::CommandResponse {
        command_id: command_id.into(),
        success,
        result: success.then(|| json!({"a": 1})),
        error_code: error_code.map(Into::into),
        error_message: error_code.map(|code| format!("because of {code}")),
    }
}

fn failure(told: &VoiceTold) -> (u32, &str) {
    match told.events.as_slice() {
        [Event::Response { key, result: Err(CommandFailure { code, message }) }] => {
            assert!(!message.is_empty());
            (*key, code)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_is_answered_by_its_key() {
    let mut driver = VoiceDriver::new();
    let answer = driver.command(7, CommandName::Answer);
    let spy = driver.command(8, CommandName::Spy);
    let told = driver.frame(&response(&spy, false, Some("INVALID_COMMAND")));
    assert_eq!(failure(&told), (8, "INVALID_COMMAND"));
    let told = driver.frame(&response(&answer, true, None));
    assert_eq!(told.events, [Event::Response { key: 7, result: Ok(Some(json!({"a": 1}))) }]);
}

#[test]
fn commands_say_their_names_and_deadlines() {
    let mut driver = VoiceDriver::new();
    for (command, name, deadline_s) in [
        (CommandName::Answer, "call.answer", 10),
        (CommandName::Connect { ring_time_s: 1 }, "call.connect", 1),
        (CommandName::Connect { ring_time_s: 120 }, "call.connect", 120),
        (CommandName::Whisper, "agent.whisper", 10),
        (CommandName::Barge, "agent.barge", 10),
        (CommandName::Spy, "agent.spy", 10),
        (CommandName::Interrupt, "agent.interrupt", 10),
        (CommandName::Disconnect, "call.disconnect", 10),
        (CommandName::Close, "call.close", 10),
    ] {
        assert_eq!(command.wire_name(), name);
        assert_eq!(command.deadline(), Duration::from_secs(deadline_s));
        driver.command(1, command);
    }
    driver.voice.command(driver.now, 1, CommandName::Connect { ring_time_s: 60 }).expect("taken");
    let sent = driver.drain().sent.remove(0);
    let tail = r#","command":"call.connect","timeout_ms":60000,"data":{"ringTimeSeconds":60}}}"#;
    assert!(sent.starts_with(r#"{"type":"command","data":{"command_id":""#) && sent.ends_with(tail));
}

#[test]
fn a_command_without_answer_times_out_five_seconds_after_its_deadline() {
    let mut driver = VoiceDriver::new();
    let start = driver.now;
    let answer = driver.command(1, CommandName::Answer);
    driver.command(2, CommandName::Connect { ring_time_s: 2 });
    assert_eq!(failure(&driver.until(Deadline::Command)), (2, "TIMEOUT"));
    assert_eq!(driver.now - start, Duration::from_secs(7));
    assert_eq!(failure(&driver.until(Deadline::Command)), (1, "TIMEOUT"));
    assert_eq!(driver.now - start, Duration::from_secs(15));
    let told = driver.frame(&response(&answer, true, None));
    assert!(matches!(told.events.as_slice(), [Event::Oddity(oddity)] if oddity.kind == "answer-to-nothing"));
}

#[test]
fn an_answer_without_success_is_none() {
    let mut driver = VoiceDriver::new();
    let id = driver.command(1, CommandName::Answer);
    let frame = format!(r#"{{"type":"command_response","data":{{"command_id":"{id}"}}}}"#);
    let told = driver.bytes(frame.as_bytes());
    assert!(matches!(told.events.as_slice(), [Event::Oddity(oddity)] if oddity.kind == "bad-field"));
    assert_eq!(failure(&driver.until(Deadline::Command)), (1, "TIMEOUT"));
}

#[test]
fn a_failure_without_reason_gets_one() {
    let mut driver = VoiceDriver::new();
    let id = driver.command(1, CommandName::Answer);
    assert_eq!(failure(&driver.frame(&response(&id, false, None))), (1, "UNKNOWN"));
    let id = driver.command(2, CommandName::Answer);
    let long = "ü".repeat(1000);
    let told = driver.frame(&response(&id, false, Some(&long)));
    assert_eq!(failure(&told).1.len(), 512);
}

#[test]
fn a_second_answer_is_an_oddity_and_changes_nothing() {
    let mut driver = VoiceDriver::new();
    let id = driver.command(1, CommandName::Answer);
    driver.frame(&response(&id, true, None));
    for expected in [1, 0] {
        let told = driver.frame(&response(&id, false, None));
        assert_eq!(told.events.len(), expected);
    }
    assert_eq!(driver.voice.oddities().collect::<Vec<_>>(), [("answer-to-nothing", 2)]);
}

#[test]
fn a_lost_link_fails_what_is_out_at_once_and_says_so_once() {
    let mut driver = VoiceDriver::new();
    driver.command(1, CommandName::Answer);
    driver.command(2, CommandName::Interrupt);
    let told = driver.lost();
    let lost = |key| Event::Response {
        key,
        result: Err(CommandFailure { code: "LINK_LOST".into(), message: "the voice link was lost".into() }),
    };
    assert_eq!(told.events, [lost(1), lost(2), Event::Lost]);
    assert_eq!(driver.deadline, None);
    assert_eq!(driver.lost(), VoiceTold::default());
    assert_eq!(driver.frame(&ToClient::CallTerminated), VoiceTold::default());
    let refused = driver.voice.command(driver.now, 3, CommandName::Close);
    assert_eq!(refused, Err(CommandRefused::LinkLost));
    assert_eq!(driver.drain(), VoiceTold::default());
}

#[test]
fn a_ping_every_twenty_seconds_and_twenty_for_the_pong() {
    let mut driver = VoiceDriver::new();
    let start = driver.now;
    assert_eq!(driver.until(Deadline::Ping).pings, 1);
    driver.voice.handle_pong(driver.now);
    driver.drain();
    assert_eq!(driver.until(Deadline::Ping).pings, 1);
    let told = driver.until(Deadline::Pong);
    assert_eq!(driver.now - start, Duration::from_secs(60));
    assert_eq!((told.hang_ups.as_slice(), told.events.as_slice()), (&["no pong"][..], &[Event::Lost][..]));
}

#[test]
fn commands_out_are_bounded_and_ring_times_checked() {
    let mut driver = VoiceDriver::new();
    for ring_time_s in [0, 121, u32::MAX] {
        let command = CommandName::Connect { ring_time_s };
        let refused = driver.voice.command(driver.now, 0, command);
        assert_eq!(refused, Err(CommandRefused::RingTime));
    }
    let first = driver.command(0, CommandName::Spy);
    for key in 1..COMMANDS_MAX {
        driver.command(key as u32, CommandName::Spy);
    }
    let refused = driver.voice.command(driver.now, 99, CommandName::Spy);
    assert_eq!(refused, Err(CommandRefused::TooMany));
    assert_eq!(driver.drain(), VoiceTold::default());
    driver.frame(&response(&first, true, None));
    driver.command(99, CommandName::Spy);
}

#[test]
fn requests_for_audio_are_clamped_and_those_for_nothing_skipped() {
    let mut driver = VoiceDriver::new();
    for (data, expected) in [
        (json!({"requested_bytes": 640}), Some((640, None))),
        (
            json!({"requested_bytes": "640", "prefer_audio_frame_bytes": "320", "channelId": "0"}),
            Some((640, Some(320))),
        ),
        (json!({"requested_bytes": 640, "prefer_audio_frame_bytes": 0}), Some((640, None))),
        (json!({"requested_bytes": 640, "prefer_audio_frame_bytes": -1}), Some((640, None))),
        (json!({"requested_bytes": 640, "prefer_audio_frame_bytes": "much"}), Some((640, None))),
        (json!({"requested_bytes": 1e300, "prefer_audio_frame_bytes": 1e300}), Some((i64::MAX as u64, Some(u32::MAX)))),
        (json!({"requested_bytes": 640, "channelId": 1}), None),
        (json!({"requested_bytes": 640, "channelId": 256}), None),
        (json!({"requested_bytes": 640, "channelId": -256}), None),
    ] {
        let frame = json!({"type": "buffer_request", "data": data}).to_string();
        let told = driver.bytes(frame.as_bytes());
        let expected: Vec<Event> =
            expected.map(|(bytes, frame_bytes)| Event::BufferRequest { bytes, frame_bytes }).into_iter().collect();
        assert_eq!(told.events, expected, "{frame}");
    }
    assert_eq!(driver.voice.oddities().count(), 0);
    for (index, data) in [json!({"requested_bytes": 0}), json!({"requested_bytes": -640}), json!({})].iter().enumerate()
    {
        let frame = json!({"type": "buffer_request", "data": data}).to_string();
        let told = driver.bytes(frame.as_bytes());
        assert!(told.events.iter().all(|event| matches!(event, Event::Oddity(_))), "{frame}");
        assert_eq!(told.events.len(), usize::from(index == 0), "told once: {frame}");
    }
    assert_eq!(driver.voice.oddities().collect::<Vec<_>>(), [("request-for-nothing", 3)]);
}

#[test]
fn binary_messages_without_whole_samples_are_told_once() {
    let mut driver = VoiceDriver::new();
    for bytes in [0, 1, 4, 642] {
        driver.voice.handle_bad_audio(driver.now, bytes);
    }
    let kinds: Vec<&str> = std::iter::from_fn(|| match driver.voice.poll_output() {
        Output::Event(Event::Oddity(oddity)) => Some(oddity.kind),
        _ => None,
    })
    .collect();
    assert_eq!(kinds, ["no-audio", "half-a-sample"]);
    assert_eq!(driver.voice.oddities().collect::<Vec<_>>(), [("half-a-sample", 2), ("no-audio", 2)]);
}

#[test]
fn call_events_are_told() {
    let mut driver = VoiceDriver::new();
    let event = |data: serde_json::Value| json!({"type": "call_event", "data": data}).to_string();
    let told = driver.bytes(
        event(json!({"event": "call.error", "error_code": "TTS_SESSION_ERROR", "error_message": "no"})).as_bytes(),
    );
    let error = |code: &str, message: &str| Event::CallError { code: code.into(), message: message.into() };
    assert_eq!(told.events, [error("TTS_SESSION_ERROR", "no")]);
    let told = driver.bytes(event(json!({"event": "call.error"})).as_bytes());
    assert_eq!(told.events, [error("UNKNOWN", "")]);
    assert_eq!(driver.frame(&ToClient::CallTerminated).events, [Event::Terminated]);
    let told = driver.frame(&ToClient::CallTerminated);
    assert!(matches!(told.events.as_slice(), [Event::Oddity(oddity)] if oddity.kind == "terminated-twice"));
    let told = driver.bytes(event(json!({"event": "call.paused"})).as_bytes());
    assert!(matches!(told.events.as_slice(), [Event::Oddity(oddity)] if oddity.kind == "unknown-call-event"));
}

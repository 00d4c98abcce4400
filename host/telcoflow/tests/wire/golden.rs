//! The public SDK as judge: frames that it sent or accepted, as literal bytes.
//!
//! The files under `golden/` are written by `tests/conformance/capture_frames.py`.

use serde_json::{Value, json};
use telcoflow::frame::voice::{self, AskedCommand, CommandName};
use telcoflow::frame::{AudioMode, manager};

use crate::files::{lines, value};

/// The keys of a JSON text, in order of appearance.
fn keys(text: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let inner = &rest[start + 1..];
        let mut escaped = false;
        let end = inner
            .find(|letter| {
                let closes = letter == '"' && !escaped;
                escaped = letter == '\\' && !escaped;
                closes
            })
            .expect("strings of JSON are closed");
        rest = &inner[end + 1..];
        if rest.trim_start().starts_with(':') {
            keys.push(&inner[..end]);
        }
    }
    keys
}

fn same_in_order(printed: &str, literal: &str) {
    assert_eq!(value(printed), value(literal), "the same values");
    assert_eq!(keys(printed), keys(literal), "the same order");
}

#[test]
fn what_the_sdk_sends_to_the_session_manager() {
    let mut kinds = Vec::new();
    for line in lines("manager-to-server.jsonl") {
        let frame = manager::ToServer::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(!matches!(frame, manager::ToServer::Unknown { .. }), "{line}");
        same_in_order(&frame.print(), &line);
        kinds.push(frame.kind().to_owned());
    }
    for kind in ["setup", "session.open", "session.ready", "session.create", "call_flow.setup", "wa.msg.out"] {
        assert!(kinds.iter().any(|seen| seen == kind), "no {kind} was captured");
    }
    assert_eq!(
        manager::ToServer::parse(lines("manager-to-server.jsonl")[0].as_bytes()),
        Ok(manager::ToServer::Setup { sample_rate_hz: 16000, audio_mode: AudioMode::Mixed })
    );
}

#[test]
fn what_the_sdk_accepts_from_the_session_manager() {
    let mut kinds = Vec::new();
    for line in lines("manager-to-client.jsonl") {
        let frame = manager::ToClient::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(!matches!(frame, manager::ToClient::Unknown { .. }), "{line}");
        assert_eq!(value(&frame.print()), value(&line));
        kinds.push(frame.kind().to_owned());
    }
    for kind in ["setup.done", "response", "session.notify", "call.in", "wa.msg.in", "session.closed"] {
        assert!(kinds.iter().any(|seen| seen == kind), "no {kind} was captured");
    }
}

#[test]
fn what_the_sdk_sends_as_commands() {
    let mut commands = Vec::new();
    for line in lines("voice-to-server.jsonl") {
        let frame = voice::ToServer::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
        same_in_order(&frame.print(), &line);
        let voice::ToServer::Command { command: AskedCommand::Known(command), timeout_ms, .. } = frame else {
            panic!("{line}");
        };
        assert_eq!(u128::from(timeout_ms), command.deadline().as_millis(), "{line}");
        commands.push(command);
    }
    for command in [
        CommandName::Answer,
        CommandName::Connect { ring_time_s: 20 },
        CommandName::Connect { ring_time_s: 60 },
        CommandName::Whisper,
        CommandName::Barge,
        CommandName::Spy,
        CommandName::Interrupt,
        CommandName::Disconnect,
        CommandName::Close,
    ] {
        assert!(commands.contains(&command), "no {command:?} was captured");
    }
}

#[test]
fn what_the_sdk_accepts_on_the_voice_plane() {
    let mut kinds = Vec::new();
    for line in lines("voice-to-client.jsonl") {
        let frame = voice::ToClient::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(value(&frame.print()), value(&line));
        kinds.push(frame.kind().to_owned());
    }
    for kind in ["command_response", "call_event", "buffer_request"] {
        assert!(kinds.iter().any(|seen| seen == kind), "no {kind} was captured");
    }
}

#[test]
fn audio_frames_are_one_channel_byte_and_pcm() {
    let sent: Vec<Vec<u8>> = lines("audio-to-server.hex").iter().map(|line| bytes(line)).collect();
    let pcm: Vec<u8> = sent
        .iter()
        .flat_map(|frame| match voice::parse_audio(frame) {
            Some((voice::CALL_CHANNEL, pcm)) => pcm.to_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pcm, (0..28).collect::<Vec<u8>>(), "what the capture had the SDK send");

    for line in lines("audio-to-client.jsonl") {
        let line = value(&line);
        let frame = bytes(line["frame"].as_str().expect("hex"));
        let read = voice::parse_audio(&frame).map(|(channel, pcm)| json!({"channel": channel, "pcm": hex(pcm)}));
        assert_eq!(read.unwrap_or(Value::Null), line["sdk"]);
    }
}

#[test]
fn upgrades_carry_the_documented_headers() {
    let handshakes: Vec<Value> = lines("handshakes.jsonl").iter().map(|line| value(line)).collect();
    for handshake in &handshakes {
        let headers = handshake["headers"].as_object().expect("headers");
        let mut names: Vec<&str> = headers.keys().map(String::as_str).collect();
        names.retain(|name| *name != "sec-websocket-extensions");
        assert_eq!(headers["x-sdk-version"], "1.0.0");
        match handshake["path"].as_str().expect("a path") {
            "/v1/agent/session-manager" => {
                assert_eq!(names, ["x-api-key", "x-connector-uuid", "x-sdk-version"]);
            }
            path => {
                let session = path.strip_prefix("/voice/").expect("a voice path");
                assert_eq!(names, ["authorization", "x-sdk-version"]);
                assert_eq!(headers["authorization"], format!("Bearer token-of-{session}"));
            }
        }
    }
    assert!(handshakes.len() >= 3);
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! The public SDK as judge of odd frames: whatever it makes of one, this crate makes of it too, or the difference is
//! listed here with its row of `PROTOCOL.md`.
//!
//! The frames are those of `tests/conformance/leniency.py`; the SDK's readings were recorded by `capture_frames.py`.

use serde_json::{Value, json};
use telcoflow::frame::{manager, voice};

use crate::files::{lines, value};

/// Where this crate reads a frame otherwise than the SDK, on purpose: (rows of PROTOCOL.md, frame contains).
const MANAGER_DIVERGENCES: &[(&str, &str)] = &[
    ("D-12", r#""createdAt": null"#),
    ("D-12", r#""createdAt": 1.5"#),
    ("D-12", r#""createdAt": "text""#),
    ("D-12", r#""createdAt": """#),
    ("D-12", r#""createdAt": [1]"#),
    ("D-12", r#""createdAt": []"#),
    ("D-12", r#""createdAt": {}"#),
    ("D-12", r#""createdAt": {"a""#),
    ("D-13", r#""smWsId": true"#),
    ("D-13", r#""smWsId": 5"#),
    ("D-13", r#""smWsId": 1.5"#),
    ("D-13", r#""smWsId": [1]"#),
    ("D-13", r#""smWsId": {"a""#),
];

#[test]
fn odd_frames_of_the_session_manager_read_as_in_the_sdk() {
    judge("manager-leniency.jsonl", MANAGER_DIVERGENCES, manager_as_the_sdk_tells_it);
}

#[test]
fn odd_frames_of_the_voice_plane_read_as_in_the_sdk() {
    judge("voice-leniency.jsonl", &[], voice_as_the_sdk_tells_it);
}

fn judge(file: &str, divergences: &[(&str, &str)], read: impl Fn(&str) -> Value) {
    let mut diverged = vec![false; divergences.len()];
    for line in lines(file) {
        let line = value(&line);
        let frame = line["frame"].as_str().expect("a text");
        let (ours, sdk) = (read(frame), normal(&line["sdk"]));
        match divergences.iter().position(|(_, part)| frame.contains(part)) {
            Some(at) => diverged[at] |= ours != sdk,
            None => assert_eq!(ours, sdk, "{frame}"),
        }
    }
    for (happened, (row, part)) in diverged.iter().zip(divergences) {
        assert!(happened, "{row} is listed, but `{part}` reads the same");
    }
}

/// What the SDK made of a frame, without the differences that nobody can see.
fn normal(sdk: &Value) -> Value {
    let mut sdk = sdk.clone();
    if sdk.get("raised").is_some() {
        // It logs the exception and reads on.
        return Value::Null;
    }
    if let Some(reason) = sdk.pointer_mut("/SmSessionClosed/reason") {
        *reason = json!(manager::CloseReason::from_wire(reason.as_str().expect("a text")).as_str());
    }
    if let Some(response) = sdk.get_mut("response") {
        // A command id that is no text matches no command.
        if response.get("command_id").is_some_and(|id| !id.is_string()) {
            return Value::Null;
        }
        for field in ["error_code", "error_message"] {
            response.get_mut(field).map(text_or_null);
        }
    }
    if sdk.get("requested").is_some() {
        // Requests for nothing are skipped, and a preference that is not above zero is none.
        if sdk["requested"].as_i64().is_some_and(|bytes| bytes <= 0) {
            return Value::Null;
        }
        let preferred = sdk["preferred"].as_i64().expect("a number");
        sdk["preferred"] = json!(preferred.max(0));
    }
    if let Some(event) = sdk.get_mut("event") {
        // Python and JSON write these differently; none of them is an event that anybody knows.
        if !["call.terminated", "call.error"].contains(&event.as_str().expect("a text")) {
            return json!({"event": "(unknown)"});
        }
        for field in ["error_code", "error_message"] {
            text_or_null(&mut sdk["extra"][field]);
        }
    }
    sdk
}

fn text_or_null(field: &mut Value) {
    if !field.is_null() && !field.is_string() {
        *field = json!(field.to_string());
    }
}

fn manager_as_the_sdk_tells_it(frame: &str) -> Value {
    use manager::ToClient;
    match ToClient::parse(frame.as_bytes()) {
        Err(_) | Ok(ToClient::Unknown { .. }) => Value::Null,
        Ok(ToClient::SetupDone { sm_ws_id }) => json!({"setup": sm_ws_id}),
        // The SDK was asked with one request open, of this id.
        Ok(ToClient::Response(response)) if response.req_id != "req-1" => Value::Null,
        Ok(ToClient::Response(response)) => json!({"response": {
            "ok": response.ok,
            "content": response.content,
            "error_code": response.error_code,
            "error_content": response.error_content,
        }}),
        Ok(ToClient::SessionNotify(notify)) => json!({"SmSessionNotify": {
            "session_id": notify.session_id,
            "channel": notify.channel.as_str(),
            "remote_address": notify.remote_address,
            "local_address": notify.local_address,
            "activity": notify.activity.as_str(),
            "created_at": notify.created_at_s,
        }}),
        Ok(ToClient::CallIn(call)) => json!({"SmCallIn": {
            "session_id": call.session_id,
            "call_id": call.call_id,
            "org_uuid": call.org_uuid,
            "from_": call.from,
            "to": call.to,
            "session_url": call.url,
            "session_token": call.token,
        }}),
        Ok(ToClient::WaMsgIn(message)) => json!({"SmWaMsgIn": {
            "session_id": message.session_id,
            "sender": message.sender,
            "content": message.content,
        }}),
        Ok(ToClient::SessionClosed { session_id, reason }) => json!({"SmSessionClosed": {
            "session_id": session_id,
            "reason": reason.as_str(),
        }}),
    }
}

fn voice_as_the_sdk_tells_it(frame: &str) -> Value {
    use voice::ToClient;
    match ToClient::parse(frame.as_bytes()) {
        Err(_) | Ok(ToClient::Unknown { .. }) => Value::Null,
        Ok(ToClient::CommandResponse { command_id, success, result, error_code, error_message }) => {
            json!({"response": {
                "command_id": command_id,
                "success": success,
                "result": result,
                "error_code": error_code,
                "error_message": error_message,
            }})
        }
        Ok(ToClient::CallTerminated) => json!({
            "event": "call.terminated",
            "extra": {"error_code": null, "error_message": null},
        }),
        Ok(ToClient::CallError { error_code, error_message }) => json!({"event": "call.error", "extra": {
            "error_code": Some(error_code).filter(|code| !code.is_empty()),
            "error_message": error_message,
        }}),
        Ok(ToClient::CallEventOther { .. }) => json!({"event": "(unknown)"}),
        Ok(ToClient::BufferRequest { requested_bytes, .. }) if requested_bytes <= 0 => Value::Null,
        Ok(ToClient::BufferRequest { requested_bytes, prefer_audio_frame_bytes, channel_id }) => json!({
            "requested": requested_bytes,
            "preferred": prefer_audio_frame_bytes.unwrap_or(0).max(0),
            "channel": channel_id,
        }),
    }
}

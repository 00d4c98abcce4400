//! Secrets, telephone numbers and contents appear in no `Debug`, error or oddity.

use telcoflow::frame::manager::{Response, Session, ToClient, ToServer};
use telcoflow::frame::voice;
use telcoflow::link::Event;

use crate::driver::{LinkDriver, VoiceDriver};

const FRAMES: &[&str] = &[
    r#"{"type":"call.in","sessionId":"s1","callId":"c1","from":"+4915550009999","to":"+4915550009999","url":"wss://u:SECRET@h/p?t=SECRET","token":"SECRET"}"#,
    r#"{"type":"session.notify","sessionId":"s1","remoteAddress":"+4915550009999","localAddress":"+4915550009999"}"#,
    r#"{"type":"wa.msg.in","sessionId":"s1","sender":"4915550009999","content":{"SECRET":"SECRET"}}"#,
    r#"{"type":"response","reqId":"r1","ok":true,"content":{"SECRET":"4915550009999"},"errorContent":["SECRET"]}"#,
    r#"{"type":"session.open","reqId":1,"sessionId":"SECRET"}"#,
    r#"{"type":"session.notify","sessionId":["SECRET"]}"#,
    r#"{"type":"call.in","token":{"SECRET":1}}"#,
    r#"{"type":"4915550009999","SECRET":"SECRET"}"#,
    r#"{"type":"session.create","reqId":"r1","channel":"TELCO","remoteAddress":"+4915550009999"}"#,
    r#"{"type":"wa.msg.out","reqId":"r1","data":{"sessionId":"s1","clientMsgId":"m","apiVersion":"v","data":"SECRET"}}"#,
    r#"["SECRET"]"#,
    "SECRET",
    r#"{"type":"command_response","data":{"command_id":"c","success":true,"result":"SECRET"}}"#,
];

fn clean(shown: &str) {
    assert!(!shown.contains("SECRET"), "{shown}");
    assert!(!shown.contains("4915550009999"), "{shown}");
}

#[test]
fn frames_and_errors_show_neither_secrets_nor_numbers() {
    for text in FRAMES {
        let bytes = text.as_bytes();
        match ToClient::parse(bytes) {
            // The type of an unknown frame is kept for the link, which shows it only when it is a plain word.
            Ok(ToClient::Unknown { .. }) => {}
            read => clean(&format!("{read:?}")),
        }
        match ToServer::parse(bytes) {
            Ok(ToServer::Unknown { .. }) => {}
            read => clean(&format!("{read:?}")),
        }
        match voice::ToClient::parse(bytes) {
            Ok(voice::ToClient::Unknown { .. }) => {}
            read => clean(&format!("{read:?}")),
        }
        if let Err(error) = ToClient::parse(bytes) {
            clean(&error.to_string());
        }
    }
}

#[test]
fn events_and_oddities_show_neither_secrets_nor_numbers() {
    for text in FRAMES {
        let mut driver = LinkDriver::up();
        driver.claimed("s1");
        let told = driver.bytes(text.as_bytes());
        clean(&format!("{:?}", told.events));

        let mut driver = VoiceDriver::new();
        clean(&format!("{:?}", driver.bytes(text.as_bytes()).events));
    }
}

#[test]
fn a_claimed_session_shows_last_digits_only() {
    let response = Response::granted(
        "r1",
        Some(serde_json::json!({"session": {
            "id": "s1", "channel": "TELCO", "remoteAddress": "+4915550009999", "localAddress": "+4915550009999",
        }})),
    );
    clean(&format!("{response:?}"));
    let session = Session::from_content(response.content).expect("a session");
    let shown = format!("{:?}", Event::Claimed(session));
    clean(&shown);
    assert!(shown.contains("...9999"), "{shown}");
}

#[test]
fn what_a_command_gave_is_not_shown() {
    let mut driver = VoiceDriver::new();
    let id = driver.command(1, voice::CommandName::Answer);
    let told = driver.frame(&voice::ToClient::CommandResponse {
        command_id: id,
        success: true,
        result: Some("SECRET".into()),
        error_code: None,
        error_message: None,
    });
    assert_eq!(told.events.len(), 1);
    clean(&format!("{:?}", told.events));
}

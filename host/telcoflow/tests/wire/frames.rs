//! Every frame prints to what it was read from, and no bytes make a parser panic.

use proptest::prelude::*;
use serde_json::Value;
use telcoflow::frame::manager::{
    Activity, CallFlow, CallIn, Channel, CloseReason, Created, InboundCall, Response, Session, SessionNotify, WaMsgIn,
    WaMsgOut,
};
use telcoflow::frame::voice::{AskedCommand, CommandName};
use telcoflow::frame::{AudioMode, ParseError, manager, voice};
use telcoflow::limits::JSON_DEPTH_MAX;

const CASES: u32 = 1500;

const KNOWN_TYPES: &[&str] = &[
    "setup",
    "session.open",
    "session.ready",
    "session.create",
    "call_flow.setup",
    "wa.msg.out",
    "setup.done",
    "response",
    "session.notify",
    "call.in",
    "wa.msg.in",
    "session.closed",
    "command",
    "command_response",
    "call_event",
    "buffer_request",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{0,40}", any::<String>()]
}

/// A text that means nothing to this crate where these texts do.
fn text_except(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    text().prop_filter("is known", move |text| !known.contains(&text.as_str()))
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// JSON that does not read as absent.
fn something() -> impl Strategy<Value = Option<Value>> {
    prop::option::of(json().prop_filter("null is absent", |value| !value.is_null()))
}

fn channel() -> impl Strategy<Value = Channel> {
    prop_oneof![Just(Channel::Telco), Just(Channel::Wa), text_except(&["TELCO", "WA"]).prop_map(Channel::Other),]
}

fn activity() -> impl Strategy<Value = Activity> {
    prop_oneof![
        Just(Activity::NewIncomingCall),
        Just(Activity::NewIncomingMessage),
        Just(Activity::Resume),
        text_except(&["NEW_INCOMING_CALL", "NEW_INCOMING_MESSAGE", "RESUME"]).prop_map(Activity::Other),
    ]
}

fn close_reason() -> impl Strategy<Value = CloseReason> {
    prop_oneof![Just(CloseReason::SdkRequest), Just(CloseReason::ForceClose), Just(CloseReason::CallTerminated),]
}

prop_compose! {
    fn call_flow()(
        inbound_call in prop_oneof![
            Just(InboundCall::All), Just(InboundCall::MissedOnly), Just(InboundCall::No)
        ],
        (outbound_call, inbound_message, outbound_message) in any::<(bool, bool, bool)>(),
    ) -> CallFlow {
        CallFlow { inbound_call, outbound_call, inbound_message, outbound_message }
    }
}

prop_compose! {
    fn session()(
        id in text(), channel in channel(), remote_address in text(), local_address in text(),
        opened_at in any::<i64>(),
    ) -> Session {
        Session { id, channel, remote_address, local_address, opened_at }
    }
}

prop_compose! {
    fn session_notify()(
        session_id in text(), channel in channel(), remote_address in text(), local_address in text(),
        activity in activity(), created_at_s in any::<i64>(),
    ) -> SessionNotify {
        SessionNotify { session_id, channel, remote_address, local_address, activity, created_at_s }
    }
}

prop_compose! {
    fn call_in()(
        session_id in text(), call_id in text(), org_uuid in text(), from in text(), to in text(),
        url in text(), token in text(),
    ) -> CallIn {
        CallIn { session_id, call_id, org_uuid, from, to, url, token }
    }
}

prop_compose! {
    fn response()(
        req_id in text(), ok in any::<bool>(), content in something(),
        error_code in prop::option::of(text()), error_content in something(),
    ) -> Response {
        Response { req_id, ok, content, error_code, error_content }
    }
}

prop_compose! {
    fn wa_msg_in()(
        session_id in text(), sender in text(),
        content in prop::collection::btree_map(text(), json(), 0..4),
    ) -> WaMsgIn {
        WaMsgIn { session_id, sender, content: content.into_iter().collect() }
    }
}

fn manager_to_client() -> impl Strategy<Value = manager::ToClient> {
    use manager::ToClient;
    prop_oneof![
        prop::option::of(text_except(&[""])).prop_map(|sm_ws_id| ToClient::SetupDone { sm_ws_id }),
        response().prop_map(ToClient::Response),
        session_notify().prop_map(ToClient::SessionNotify),
        call_in().prop_map(ToClient::CallIn),
        wa_msg_in().prop_map(ToClient::WaMsgIn),
        (text(), close_reason()).prop_map(|(session_id, reason)| ToClient::SessionClosed { session_id, reason }),
        text_except(KNOWN_TYPES).prop_map(|kind| ToClient::Unknown { kind }),
    ]
}

fn manager_to_server() -> impl Strategy<Value = manager::ToServer> {
    use manager::ToServer;
    let setup = (
        prop::sample::select(&[8000, 16000, 24000][..]),
        prop_oneof![Just(AudioMode::Mixed), Just(AudioMode::Isolated)],
    );
    prop_oneof![
        setup.prop_map(|(sample_rate_hz, audio_mode)| ToServer::Setup { sample_rate_hz, audio_mode }),
        (text(), text()).prop_map(|(req_id, session_id)| ToServer::SessionOpen { req_id, session_id }),
        text().prop_map(|session_id| ToServer::SessionReady { session_id }),
        (text(), text(), text()).prop_map(|(req_id, channel, remote_address)| {
            ToServer::SessionCreate { req_id, channel, remote_address }
        }),
        (text(), call_flow()).prop_map(|(req_id, call_flow)| ToServer::CallFlowSetup { req_id, call_flow }),
        (text(), text(), text(), text(), json()).prop_map(|(req_id, session_id, client_msg_id, api_version, data)| {
            ToServer::WaMsgOut { req_id, data: WaMsgOut { session_id, client_msg_id, api_version, data } }
        }),
        text_except(KNOWN_TYPES).prop_map(|kind| ToServer::Unknown { kind }),
    ]
}

fn voice_to_client() -> impl Strategy<Value = voice::ToClient> {
    use voice::ToClient;
    let response = (text(), any::<bool>(), something(), prop::option::of(text()), prop::option::of(text()));
    prop_oneof![
        response.prop_map(|(command_id, success, result, error_code, error_message)| {
            ToClient::CommandResponse { command_id, success, result, error_code, error_message }
        }),
        Just(ToClient::CallTerminated),
        (text(), prop::option::of(text()))
            .prop_map(|(error_code, error_message)| { ToClient::CallError { error_code, error_message } }),
        text_except(&["call.terminated", "call.error"]).prop_map(|event| ToClient::CallEventOther { event }),
        any::<(i64, Option<i64>, i64)>().prop_map(|(requested_bytes, prefer_audio_frame_bytes, channel_id)| {
            ToClient::BufferRequest { requested_bytes, prefer_audio_frame_bytes, channel_id }
        }),
        text_except(KNOWN_TYPES).prop_map(|kind| ToClient::Unknown { kind }),
    ]
}

const COMMANDS: &[&str] = &[
    "call.answer",
    "call.connect",
    "agent.whisper",
    "agent.barge",
    "agent.spy",
    "agent.interrupt",
    "call.disconnect",
    "call.close",
];

fn voice_to_server() -> impl Strategy<Value = voice::ToServer> {
    let command = prop_oneof![
        any::<u32>().prop_map(|ring_time_s| CommandName::Connect { ring_time_s }),
        prop::sample::select(
            &[
                CommandName::Answer,
                CommandName::Whisper,
                CommandName::Barge,
                CommandName::Spy,
                CommandName::Interrupt,
                CommandName::Disconnect,
                CommandName::Close,
            ][..]
        ),
    ];
    let asked = prop_oneof![
        command.prop_map(AskedCommand::Known),
        (text_except(COMMANDS), prop::option::of(json())).prop_map(|(name, data)| AskedCommand::Other { name, data }),
    ];
    prop_oneof![
        (text(), asked, any::<u64>()).prop_map(|(command_id, command, timeout_ms)| {
            voice::ToServer::Command { command_id, command, timeout_ms }
        }),
        text_except(KNOWN_TYPES).prop_map(|kind| voice::ToServer::Unknown { kind }),
    ]
}

/// A frame of any sort, as text.
fn any_print() -> impl Strategy<Value = String> {
    prop_oneof![
        manager_to_client().prop_map(|frame| frame.print()),
        manager_to_server().prop_map(|frame| frame.print()),
        voice_to_client().prop_map(|frame| frame.print()),
        voice_to_server().prop_map(|frame| frame.print()),
    ]
}

/// All four parsers; whatever they read prints to something that reads the same.
fn feed(bytes: &[u8]) {
    if let Ok(frame) = manager::ToClient::parse(bytes) {
        assert_eq!(manager::ToClient::parse(frame.print().as_bytes()), Ok(frame));
    }
    if let Ok(frame) = manager::ToServer::parse(bytes) {
        assert_eq!(manager::ToServer::parse(frame.print().as_bytes()), Ok(frame));
    }
    if let Ok(frame) = voice::ToClient::parse(bytes) {
        assert_eq!(voice::ToClient::parse(frame.print().as_bytes()), Ok(frame));
    }
    if let Ok(frame) = voice::ToServer::parse(bytes) {
        assert_eq!(voice::ToServer::parse(frame.print().as_bytes()), Ok(frame));
    }
    let _ = voice::parse_audio(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn manager_frames_to_the_client_read_as_printed(frame in manager_to_client()) {
        prop_assert_eq!(manager::ToClient::parse(frame.print().as_bytes()), Ok(frame));
    }

    #[test]
    fn manager_frames_to_the_server_read_as_printed(frame in manager_to_server()) {
        prop_assert_eq!(manager::ToServer::parse(frame.print().as_bytes()), Ok(frame));
    }

    #[test]
    fn voice_frames_to_the_client_read_as_printed(frame in voice_to_client()) {
        prop_assert_eq!(voice::ToClient::parse(frame.print().as_bytes()), Ok(frame));
    }

    #[test]
    fn voice_frames_to_the_server_read_as_printed(frame in voice_to_server()) {
        prop_assert_eq!(voice::ToServer::parse(frame.print().as_bytes()), Ok(frame));
    }

    #[test]
    fn contents_of_answers_read_as_printed(session in session(), id in text(), created in any::<bool>()) {
        prop_assert_eq!(Session::from_content(Some(session.to_content())), Ok(session));
        let created = Created { session_id: id, created };
        prop_assert_eq!(Created::from_content(Some(created.to_content())), Ok(created));
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        feed(&bytes);
    }

    #[test]
    fn random_json_does_no_harm(mut value in json(), kind in prop::sample::select(KNOWN_TYPES)) {
        feed(value.to_string().as_bytes());
        if let Some(map) = value.as_object_mut() {
            map.insert("type".into(), kind.into());
            feed(value.to_string().as_bytes());
        }
    }

    #[test]
    fn frames_with_a_field_replaced_do_no_harm(
        text in any_print(), at in any::<prop::sample::Index>(), odd in json(), remove in any::<bool>(),
    ) {
        let mut frame: Value = serde_json::from_str(&text).expect("our own print");
        let mut fields = Vec::new();
        paths(&frame, String::new(), &mut fields);
        let (parent, key) = &fields[at.index(fields.len())];
        let map = frame.pointer_mut(parent).and_then(Value::as_object_mut).expect("its parent");
        if remove {
            map.remove(key);
        } else {
            map.insert(key.clone(), odd);
        }
        feed(frame.to_string().as_bytes());
    }

    #[test]
    fn damaged_frames_do_no_harm(
        text in any_print(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        feed(&bytes);
    }
}

/// Each field of nested objects: the pointer to its object, and its key.
fn paths(value: &Value, at: String, found: &mut Vec<(String, String)>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        found.push((at.clone(), key.clone()));
        let escaped = key.replace('~', "~0").replace('/', "~1");
        paths(inner, format!("{at}/{escaped}"), found);
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |arrays: usize| {
        let (open, close) = ("[".repeat(arrays), "]".repeat(arrays));
        manager::ToClient::parse(format!(r#"{{"type":"response","content":{open}{close}}}"#).as_bytes())
    };
    assert!(nested(JSON_DEPTH_MAX - 1).is_ok());
    assert_eq!(nested(JSON_DEPTH_MAX), Err(ParseError::NotJson));
}

/// Row D-17.
#[test]
fn what_rfc_8259_does_not_have_is_not_json() {
    let utf16: Vec<u8> = r#"{"type":"setup.done"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let frames: [&[u8]; 8] = [
        br#"{"type":"response","content":NaN}"#,
        br#"{"type":"response","content":-Infinity}"#,
        br#"{"type":"response","content":1e999}"#,
        br#"{"type":"response","content":"\ud800"}"#,
        b"{\"type\":\"\xff\"}",
        b"\xef\xbb\xbf{\"type\":\"setup.done\"}",
        br#"{"type":"setup.done"} {"type":"setup.done"}"#,
        &utf16,
    ];
    for frame in frames {
        let shown = String::from_utf8_lossy(frame);
        assert_eq!(manager::ToClient::parse(frame), Err(ParseError::NotJson), "{shown}");
        assert_eq!(voice::ToClient::parse(frame), Err(ParseError::NotJson), "{shown}");
    }
}

#[test]
fn what_a_client_says_is_read_strictly() {
    let missing = |frame: &str| manager::ToServer::parse(frame.as_bytes()).expect_err(frame).to_string();
    assert_eq!(
        missing(r#"{"type":"session.open","sessionId":"s1"}"#),
        "the peer sent a `session.open` whose `reqId` is not a text"
    );
    for frame in [
        r#"{"type":"setup"}"#,
        r#"{"type":"setup","data":{"sampleRate":44100,"audioMode":"mixed"}}"#,
        r#"{"type":"setup","data":{"sampleRate":"16000","audioMode":"mixed"}}"#,
        r#"{"type":"setup","data":{"sampleRate":16000,"audioMode":"stereo"}}"#,
        r#"{"type":"session.ready","sessionId":null}"#,
        r#"{"type":"call_flow.setup","reqId":"r","data":{"inboundCall":"SOME","outboundCall":true,"inboundMessage":true,"outboundMessage":true}}"#,
        r#"{"type":"call_flow.setup","reqId":"r","data":{"inboundCall":"ALL","outboundCall":1,"inboundMessage":true,"outboundMessage":true}}"#,
    ] {
        missing(frame);
    }
    for frame in [
        r#"{"type":"command","data":{"command":"call.answer","timeout_ms":1}}"#,
        r#"{"type":"command","data":{"command_id":"c","command":"call.answer"}}"#,
        r#"{"type":"command","data":{"command_id":"c","command":"call.connect","timeout_ms":1}}"#,
        r#"{"type":"command","data":{"command_id":"c","command":"call.connect","timeout_ms":1,"data":{"ringTimeSeconds":-1}}}"#,
        r#"{"type":"command"}"#,
    ] {
        assert!(voice::ToServer::parse(frame.as_bytes()).is_err(), "{frame}");
    }
}

#[test]
fn created_reads_as_true_when_it_is_missing() {
    let content = |text: &str| Created::from_content(Some(serde_json::from_str(text).expect("JSON")));
    let created = |text: &str| content(text).expect("readable").created;
    assert!(created(r#"{"sessionId":"s1"}"#));
    assert!(created(r#"{"sessionId":"s1","created":true}"#));
    assert!(!created(r#"{"sessionId":"s1","created":false}"#));
    assert!(!created(r#"{"sessionId":"s1","created":null}"#));
    assert!(content(r#"{"created":true}"#).is_err());
    assert!(Created::from_content(None).is_err());
}

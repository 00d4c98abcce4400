//! What the log says of a run, and how loudly: a call with commands, one that loses its voice, reconnects, oddities, and
//! credentials that are refused. The levels stand in `host/ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ::call::EndReason;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use switchhook::logs::{LogFormat, subscriber};
use switchhook_tests::by_hand::{Hand, Line};
use switchhook_tests::logs::{SECRET_MARKS, TestLog};
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tokio_tungstenite::tungstenite::Message;
use tracing::Level;
use tracing_subscriber::EnvFilter;

/// What the host itself says; libraries have their own ways.
const OURS: &str = "carriers=trace,exchange=trace,handler=trace,sandbox=trace,switchhook=trace,telcoflow=trace";
/// The numbers of every call, without what logs may show of them.
const NUMBERS: [&str; 2] = ["1555010", "1555019"];

/// Every line of the run, each once: level, whose it is, and what it says.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("ERROR", "link", "the session manager refuses the credentials: check api_key and connector_uuid"),
    ("WARN", "link", "the session manager is unreachable"),
    ("WARN", "link", "the session manager is lost: dialling again"),
    ("WARN", "link", "odd frame from the session manager"),
    ("WARN", "call", "odd frame on the voice socket"),
    ("WARN", "call", "the voice socket is gone"),
    ("INFO", "link", "the session manager is up"),
    ("INFO", "call", "the call begins"),
    ("INFO", "call", "the call is over"),
    ("INFO", "call", "outcome answer OK"),
    ("INFO", "call", "outcome connect CALL_UNANSWERED"),
    ("INFO", "call", "outcome connect LINK_LOST"),
    ("INFO", "call", "outcome close OK"),
    ("INFO", "call", "outcome close LINK_LOST"),
    ("INFO", "call", "commands done"),
    ("DEBUG", "link", "the session manager is unreachable"),
    ("DEBUG", "link", "frame sent: setup"),
    ("DEBUG", "link", "frame sent: session.open"),
    ("DEBUG", "link", "frame sent: session.ready"),
    ("DEBUG", "link", "frame received: setup.done"),
    ("DEBUG", "link", "frame received: odd.frame"),
    ("DEBUG", "link", "frame received: session.notify"),
    ("DEBUG", "link", "frame received: response OK"),
    ("DEBUG", "link", "frame received: call.in"),
    ("DEBUG", "link", "frame received: session.closed"),
    ("DEBUG", "call", "the session is closed"),
    ("DEBUG", "call", "command: call.answer"),
    ("DEBUG", "call", "command: call.connect"),
    ("DEBUG", "call", "command: call.close"),
    ("DEBUG", "call", "command finished: OK"),
    ("DEBUG", "call", "command finished: CALL_UNANSWERED"),
    ("DEBUG", "call", "command finished: LINK_LOST"),
    ("DEBUG", "call", "frame sent: command call.answer"),
    ("DEBUG", "call", "frame sent: command call.connect"),
    ("DEBUG", "call", "frame sent: command call.close"),
    ("DEBUG", "call", "frame received: command_response OK"),
    ("DEBUG", "call", "frame received: command_response CALL_UNANSWERED"),
    ("DEBUG", "call", "frame received: buffer_request"),
    ("DEBUG", "call", "frame received: call_event call.terminated"),
    ("DEBUG", "call", "frame received: (not shown, 9 bytes)"),
    ("DEBUG", "call", "the voice socket is gone"),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("levels::each_line_has_its_level_and_its_call", |_| as_json()),
        simulated("levels::text_says_the_same", |log| async move { as_text(&log).await }),
    ]
}

/// A server that does what each of the lines is for.
async fn run() {
    let script = [("mode", "commands"), ("commands", "answer,connect:5,close")];
    let (mut world, mut hand) = Hand::start(WorldConfig::with("hostile", &script));
    for _ in 0..3 {
        drop(hand.ringing().await);
    }
    hand.ringing().await.refuse(401).await;
    let mut manager = hand.manager().await;
    for _ in 0..2 {
        manager.say(json!({ "type": "odd.frame", "number": "+15550100" })).await;
    }
    whole_call(&mut world, &mut hand, &mut manager).await;
    drop(manager);
    let mut manager = hand.manager().await;
    cut_call(&mut world, &mut hand, &mut manager).await;
    world.close().await;
}

async fn whole_call(world: &mut World, hand: &mut Hand, manager: &mut Line) {
    manager.lead_in("whole").await;
    manager.call_in("whole", "whole").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.say(json!({ "type": "buffer_request", "data": { "requested_bytes": 640, "channel_id": 0 } })).await;
    voice.send(Message::binary(vec![0; 641])).await;
    for _ in 0..2 {
        voice.say(json!({ "type": "+15550199" })).await;
    }
    let connect = voice.expect_command("call.connect").await;
    let unanswered = json!({ "command_id": connect, "success": false, "error_code": "CALL_UNANSWERED" });
    voice.say(json!({ "type": "command_response", "data": unanswered })).await;
    let close = voice.expect_command("call.close").await;
    manager.session_closed("whole").await;
    voice.respond(&close, true).await;
    voice.terminate().await;
    assert_eq!(world.record().await.end, EndReason::Closed);
}

async fn cut_call(world: &mut World, hand: &mut Hand, manager: &mut Line) {
    manager.lead_in("cut").await;
    manager.call_in("cut", "cut").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.expect_command("call.connect").await;
    drop(voice);
    assert_eq!(world.record().await.end, EndReason::VoiceLost);
}

async fn as_json() {
    let written = Written::default();
    let sink = written.clone();
    let ours = EnvFilter::new(OURS);
    let guard = tracing::subscriber::set_default(subscriber(LogFormat::Json, ours, move || sink.clone()));
    run().await;
    drop(guard);
    let text = written.text();
    shows_nothing(text.lines());
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();

    let said: Vec<(String, String, String)> = lines.iter().map(said).collect();
    let expected = EXPECTED.iter().map(|(level, whose, what)| (level.to_string(), whose.to_string(), what.to_string()));
    let expected: BTreeSet<_> = expected.collect();
    let unique: BTreeSet<_> = said.iter().cloned().collect();
    let unexpected: Vec<_> = unique.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&unique).collect();
    assert!(unexpected.is_empty() && missing.is_empty(), "unexpected: {unexpected:#?}, missing: {missing:#?}");

    let times = |level: &str, what: &str| said.iter().filter(|said| said.0 == level && said.2 == what).count();
    assert_eq!(times("WARN", "the session manager is unreachable"), 1, "the first time");
    assert_eq!(times("DEBUG", "the session manager is unreachable"), 2, "while nothing changes");
    assert_eq!(times("WARN", "odd frame on the voice socket"), 1, "once for each kind");
    assert_eq!(times("INFO", "the session manager is up"), 2);
    assert_eq!(times("INFO", "the call is over"), 2);
    lines.iter().filter(|line| whose(line) == "call").fold(BTreeMap::new(), has_its_call);
}

/// Level, whose it is, and what it says; of frames and commands also which one.
fn said(line: &Value) -> (String, String, String) {
    let text = |key: &str| line[key].as_str().map(str::to_string);
    let message = text("message").expect("a line says something");
    let detail = ["frame", "command", "result"].iter().find_map(|key| text(key));
    let what = detail.map_or_else(|| message.clone(), |detail| format!("{message}: {detail}"));
    (text("level").expect("a line has a level"), whose(line).to_string(), what)
}

/// The innermost span: of a call, or of the link that calls come by.
fn whose(line: &Value) -> &'static str {
    match line["span"]["name"].as_str() {
        Some("call") => "call",
        Some("connector") => "link",
        other => panic!("neither of a call nor of a link: {other:?} in {line}"),
    }
}

/// All fields; the call's own id as soon as the carrier has told it.
fn has_its_call<'l>(mut told: BTreeMap<&'l str, &'l str>, line: &'l Value) -> BTreeMap<&'l str, &'l str> {
    let spans = line["spans"].as_array().expect("its spans");
    let [connector, call] = spans.as_slice() else { panic!("two spans: {line}") };
    assert_eq!((connector["tenant"].as_str(), connector["connector"].as_str()), (Some("acme"), Some("main")), "{line}");
    assert_eq!(call["plugin"].as_str(), Some("first"), "{line}");
    assert!(call["version"].as_str().is_some_and(|version| !version.is_empty()), "{line}");
    let session = call["session"].as_str().expect("its session");
    match call["call"].as_str() {
        Some(id) => {
            assert_eq!(id, format!("call-{session}"));
            told.insert(session, id);
        }
        None => assert!(!told.contains_key(session), "the id was known: {line}"),
    }
    assert!(line["message"] != "the call begins" || told.contains_key(session), "{line}");
    told
}

async fn as_text(log: &TestLog) {
    run().await;
    assert_eq!(log.expect_errors("check api_key and connector_uuid"), 1);
    let levels = [Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
    let lines: Vec<String> = levels.into_iter().flat_map(|level| log.lines_at(level, "")).collect();
    shows_nothing(lines.iter().map(String::as_str));
    let of_calls: Vec<&String> = lines.iter().filter(|line| line.contains(":call{")).collect();
    assert!(of_calls.len() > 20, "{lines:#?}");
    for line in of_calls {
        for field in ["tenant=\"acme\"", "connector=\"main\"", "session=\"", "plugin=\"first\"", "version=\""] {
            assert_eq!(line.matches(field).count(), 1, "{field} in {line}");
        }
    }
    assert!(log.lines_at(Level::TRACE, "").is_empty(), "audio frames have no lines");
}

fn shows_nothing<'l>(lines: impl Iterator<Item = &'l str>) {
    for line in lines {
        assert!(!NUMBERS.iter().any(|number| line.contains(number)), "a number: {line}");
        assert!(!SECRET_MARKS.iter().any(|mark| line.contains(mark)), "a secret: {line}");
    }
}

/// What was written, for whoever holds a clone.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("a log is text")
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

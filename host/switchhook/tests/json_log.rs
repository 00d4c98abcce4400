//! The log as JSON: each line is an object, and those of a call say which call.

mod host;

use host::{Host, in_time};
use serde_json::{Map, Value};
use sim::{Caller, SimConfig, Simulator, Step};

/// A line's fields, with those of its spans.
fn fields(line: &str) -> Map<String, Value> {
    let parsed = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let Value::Object(mut fields) = parsed else { panic!("no object: {line}") };
    let spans = fields.remove("spans").unwrap_or_default();
    for span in spans.as_array().into_iter().flatten() {
        for (name, value) in span.as_object().expect("a span is an object") {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    fields
}

#[test]
fn every_line_is_json_and_those_of_a_call_carry_its_fields() {
    in_time(async {
        let sim = Simulator::new(SimConfig::default());
        let folder = Host::folder(&sim, "").await;
        let host = Host::run_so(folder, 20, |command| command.args(["--log-format", "json"]).env("RUST_LOG", "debug"));
        sim.session_managers(1).await;
        for _ in 0..3 {
            sim.place_call(Caller::echo(300)).finished().await;
        }
        sim.place_call(Caller { ring_ms: 100, ..Caller::new(vec![Step::HangUp]) }).finished().await;
        host.signal("TERM");
        let lines = host.lines();
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;

        let lines: Vec<_> = lines.iter().map(|line| fields(line)).collect();
        for line in &lines {
            for field in ["timestamp", "level", "target"] {
                assert!(line.get(field).is_some_and(Value::is_string), "no {field}: {line:?}");
            }
        }
        let of_calls: Vec<_> = lines.iter().filter(|line| line.contains_key("session")).collect();
        assert!(of_calls.len() > 20, "{} lines of calls", of_calls.len());
        let text = |line: &Map<String, Value>, field: &str| line.get(field).and_then(Value::as_str).map(str::to_owned);
        for message in ["the call begins", "the call is over"] {
            let told: Vec<_> =
                of_calls.iter().filter(|line| text(line, "message").as_deref() == Some(message)).collect();
            assert!(told.len() >= 3, "{message}: {}", told.len());
            for line in &told[..3] {
                for (field, value) in [("tenant", "acme"), ("connector", "main"), ("plugin", "echo")] {
                    assert_eq!(text(line, field).as_deref(), Some(value), "{line:?}");
                }
                for field in ["session", "version", "call"] {
                    assert!(text(line, field).is_some_and(|text| !text.is_empty()), "{field}: {line:?}");
                }
            }
        }
    });
}

//! What each dialect makes of messages, and which audio it drops.

use serde_json::{Value, json};

use super::*;

fn wanted(sample_rate_hz: u32) -> Wanted {
    Wanted {
        model: "m".into(),
        greeting: Some("hello".into()),
        tools: crate::tools::own().into(),
        sample_rate_hz,
        ..Wanted::default()
    }
}

fn hear(dialect: &mut dyn Dialect, message: Value) -> Vec<Heard> {
    dialect.hear(&text(message))
}

fn sent(messages: &[Payload]) -> Vec<Value> {
    messages.iter().filter_map(json_of).collect()
}

fn asked(id: &str) -> Asked {
    Asked { id: id.into(), name: "hang_up".into(), arguments: json!({}) }
}

const AUDIO: &str = "AAEC";
const BYTES: [u8; 3] = [0, 1, 2];

#[test]
fn openai_has_the_rate_of_the_call_where_it_can() {
    for (rate_hz, format) in [
        (8_000, json!({ "type": "audio/pcmu" })),
        (16_000, json!({ "type": "audio/pcm", "rate": 24_000 })),
        (24_000, json!({ "type": "audio/pcm", "rate": 24_000 })),
    ] {
        let hello = sent(&OpenAi::new(wanted(rate_hz)).hello());
        assert_eq!(hello[0]["session"]["audio"]["input"]["format"], format);
        assert_eq!(hello[0]["session"]["audio"]["output"]["format"], format);
    }
}

#[test]
fn openai_drops_late_audio_of_what_was_interrupted() {
    let mut dialect = OpenAi::new(wanted(24_000));
    let delta = |answer: &str| json!({ "type": "response.output_audio.delta", "response_id": answer, "item_id": format!("i-{answer}"), "delta": AUDIO });
    assert_eq!(hear(&mut dialect, json!({ "type": "session.updated" })), [Heard::Ready]);
    assert_eq!(hear(&mut dialect, delta("a")), [Heard::Audio(BYTES.into())]);
    assert_eq!(hear(&mut dialect, json!({ "type": "input_audio_buffer.speech_started" })), [Heard::Interrupted]);
    let cut = sent(&dialect.cut(950));
    assert_eq!(
        cut[0],
        json!({ "type": "conversation.item.truncate", "item_id": "i-a", "content_index": 0, "audio_end_ms": 950 })
    );
    assert_eq!(hear(&mut dialect, delta("a")), []);
    let cancelled = json!({ "type": "response.done", "response": { "id": "a", "status": "cancelled" } });
    assert_eq!(hear(&mut dialect, cancelled), []);
    assert_eq!(hear(&mut dialect, delta("b")), [Heard::Audio(BYTES.into())]);
    assert_eq!(
        hear(&mut dialect, json!({ "type": "response.done", "response": { "status": "completed" } })),
        [Heard::Done]
    );
}

#[test]
fn openai_asks_when_its_answer_is_whole() {
    let mut dialect = OpenAi::new(wanted(24_000));
    let call = json!({ "type": "response.function_call_arguments.done", "call_id": "c", "name": "hang_up", "arguments": "{}" });
    assert_eq!(hear(&mut dialect, call), []);
    let done = json!({ "type": "response.done", "response": { "status": "completed" } });
    assert_eq!(hear(&mut dialect, done), [Heard::Done, Heard::Asks(asked("c"))]);
    let failed = Err(Failure::new("TIMEOUT", "late"));
    let result = sent(&dialect.result(&asked("c"), &failed));
    assert_eq!(result[0]["item"]["call_id"], "c");
    assert_eq!(result[0]["item"]["output"], r#"{"error":"TIMEOUT","message":"late"}"#);
    assert_eq!(result[1]["type"], "response.create");
}

#[test]
fn gemini_drops_audio_until_the_interrupted_turn_is_complete() {
    let mut dialect = Gemini::new(wanted(8_000));
    let audio = json!({ "serverContent": { "modelTurn": { "parts": [{ "inlineData": { "data": AUDIO } }] } } });
    assert_eq!(hear(&mut dialect, json!({ "setupComplete": {} })), [Heard::Ready]);
    // Messages may come as bytes.
    assert_eq!(dialect.hear(&Payload::Binary(audio.to_string().into_bytes())), [Heard::Audio(BYTES.into())]);
    assert_eq!(hear(&mut dialect, json!({ "serverContent": { "interrupted": true } })), [Heard::Interrupted]);
    assert_eq!(hear(&mut dialect, audio.clone()), []);
    assert_eq!(hear(&mut dialect, json!({ "serverContent": { "turnComplete": true } })), []);
    assert_eq!(hear(&mut dialect, audio), [Heard::Audio(BYTES.into())]);
    assert_eq!(hear(&mut dialect, json!({ "serverContent": { "turnComplete": true } })), [Heard::Done]);
    assert_eq!(dialect.cut(5), []);
    assert_eq!(dialect.sounds(), (Sound::pcm(8_000), Sound::pcm(24_000)));
    let said = sent(&[dialect.audio(BYTES.into())]);
    assert_eq!(said[0]["realtimeInput"]["audio"], json!({ "data": AUDIO, "mimeType": "audio/pcm;rate=8000" }));
}

#[test]
fn gemini_asks_and_withdraws() {
    let mut dialect = Gemini::new(wanted(16_000));
    let call = json!({ "toolCall": { "functionCalls": [{ "id": "c", "name": "hang_up", "args": {} }] } });
    assert_eq!(hear(&mut dialect, call), [Heard::Asks(asked("c"))]);
    let withdrawn = json!({ "toolCallCancellation": { "ids": ["c"] } });
    assert_eq!(hear(&mut dialect, withdrawn), [Heard::Withdraws(vec!["c".into()])]);
    let result = sent(&dialect.result(&asked("c"), &Ok(json!({ "ok": true }))));
    let response = &result[0]["toolResponse"]["functionResponses"][0];
    assert_eq!((&response["id"], &response["response"]["result"]["ok"]), (&json!("c"), &json!(true)));
    assert_eq!(hear(&mut dialect, json!({ "goAway": { "timeLeft": "5s" } })), [Heard::Leaves]);
}

#[test]
fn gemini_goes_on_by_its_newest_handle() {
    let mut dialect = Gemini::new(wanted(16_000));
    assert_eq!(sent(&dialect.hello())[0]["setup"]["sessionResumption"], json!({}));
    assert_eq!(dialect.resume(), None);
    for update in
        [json!({ "newHandle": "h1", "resumable": true }), json!({ "newHandle": "h2" }), json!({ "newHandle": "" })]
    {
        assert_eq!(hear(&mut dialect, json!({ "sessionResumptionUpdate": update })), []);
    }
    let hello = sent(&dialect.resume().expect("a handle"));
    assert_eq!(hello[0]["setup"]["sessionResumption"], json!({ "handle": "h2" }));
    assert_eq!(hello[0]["setup"]["model"], sent(&dialect.hello())[0]["setup"]["model"]);
}

#[test]
fn elevenlabs_tells_its_sounds_and_what_is_stale() {
    let mut dialect = ElevenLabs::new(wanted(8_000));
    let told = json!({ "type": "conversation_initiation_metadata", "conversation_initiation_metadata_event": {
        "agent_output_audio_format": "pcm_24000", "user_input_audio_format": "ulaw_8000" } });
    assert_eq!(hear(&mut dialect, told), [Heard::Ready]);
    assert_eq!(dialect.sounds(), (Sound::MULAW_8000, Sound::pcm(24_000)));
    let audio = |id: i64| json!({ "type": "audio", "audio_event": { "audio_base_64": AUDIO, "event_id": id } });
    assert_eq!(hear(&mut dialect, audio(3)), [Heard::Audio(BYTES.into())]);
    let interruption = json!({ "type": "interruption", "interruption_event": { "event_id": 4 } });
    assert_eq!(hear(&mut dialect, interruption), [Heard::Interrupted]);
    assert_eq!(hear(&mut dialect, audio(4)), []);
    assert_eq!(hear(&mut dialect, audio(5)), [Heard::Audio(BYTES.into())]);
    let pong = text(json!({ "type": "pong", "event_id": 9 }));
    assert_eq!(hear(&mut dialect, json!({ "type": "ping", "ping_event": { "event_id": 9 } })), [Heard::Reply(pong)]);
    let call = json!({ "type": "client_tool_call", "client_tool_call": {
        "tool_name": "hang_up", "tool_call_id": "c", "parameters": {} } });
    assert_eq!(hear(&mut dialect, call), [Heard::Asks(asked("c"))]);
}

#[test]
fn deepgram_speaks_bytes_at_the_rate_of_the_call() {
    let mut dialect = Deepgram::new(wanted(8_000));
    let hello = sent(&dialect.hello());
    assert_eq!(hello[0]["audio"]["output"]["sample_rate"], 8_000);
    assert_eq!(hear(&mut dialect, json!({ "type": "SettingsApplied" })), [Heard::Ready]);
    let audio = Payload::Binary(BYTES.into());
    assert_eq!(dialect.hear(&audio), [Heard::Audio(BYTES.into())]);
    assert_eq!(hear(&mut dialect, json!({ "type": "UserStartedSpeaking" })), [Heard::Interrupted]);
    assert_eq!(dialect.hear(&audio), [], "late audio of what was interrupted");
    assert_eq!(hear(&mut dialect, json!({ "type": "AgentAudioDone" })), []);
    assert_eq!(dialect.hear(&audio), [Heard::Audio(BYTES.into())]);
    assert_eq!(hear(&mut dialect, json!({ "type": "AgentAudioDone" })), [Heard::Done]);
    let call =
        json!({ "type": "FunctionCallRequest", "functions": [{ "id": "c", "name": "hang_up", "arguments": "{}" }] });
    assert_eq!(hear(&mut dialect, call), [Heard::Asks(asked("c"))]);
}

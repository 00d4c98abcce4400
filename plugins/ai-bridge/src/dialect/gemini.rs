//! Gemini Live.

use serde_json::{Value, json};
use switchhook_guest::{Failure, Payload};

use super::{Asked, Dialect, Heard, Wanted, decode, encode, json_of, outcome, text, word};
use crate::sound::Sound;

/// The model hears any rate that is named, and speaks at 24000 Hz: only what it says is resampled, unless that is the call's
/// rate. Its messages may come as bytes. It keeps account of interruptions by itself, and is told nothing.
pub(crate) struct Gemini {
    wanted: Wanted,
    /// An answer was interrupted and is not whole: its audio is dropped.
    stale: bool,
    /// By which the session can go on over another socket.
    handle: Option<String>,
}

impl Gemini {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { wanted, stale: false, handle: None }
    }

    fn content(&mut self, content: &Value) -> Vec<Heard> {
        let mut heard = Vec::new();
        if content["interrupted"] == true {
            self.stale = true;
            heard.push(Heard::Interrupted);
        }
        let parts = content["modelTurn"]["parts"].as_array();
        if !self.stale {
            heard.extend(
                parts.into_iter().flatten().filter_map(|part| decode(&part["inlineData"]["data"])).map(Heard::Audio),
            );
        }
        if content["turnComplete"] == true && !std::mem::take(&mut self.stale) {
            heard.push(Heard::Done);
        }
        heard
    }
}

impl Dialect for Gemini {
    fn hello(&mut self) -> Vec<Payload> {
        let declarations = self.wanted.tools.iter().map(|tool| {
            let (name, description, parameters) = (&tool.name, &tool.description, &tool.parameters);
            json!({ "name": name, "description": description, "parametersJsonSchema": parameters })
        });
        let mut generation = json!({ "responseModalities": ["AUDIO"] });
        if let Some(voice) = &self.wanted.voice {
            generation["speechConfig"] = json!({ "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": voice } } });
        }
        let model = &self.wanted.model;
        vec![text(json!({ "setup": {
            "model": if model.contains('/') { model.clone() } else { format!("models/{model}") },
            "generationConfig": generation,
            "systemInstruction": { "parts": [{ "text": self.wanted.instructions }] },
            "tools": [{ "functionDeclarations": declarations.collect::<Vec<_>>() }],
            "sessionResumption": self.handle.as_ref().map_or(json!({}), |handle| json!({ "handle": handle })),
        } }))]
    }

    fn resume(&mut self) -> Option<Vec<Payload>> {
        self.stale = false;
        self.handle.is_some().then(|| self.hello())
    }

    fn hear(&mut self, message: &Payload) -> Vec<Heard> {
        let Some(message) = json_of(message) else { return vec![Heard::Trouble("a message that is no JSON".into())] };
        if !message["setupComplete"].is_null() {
            return vec![Heard::Ready];
        }
        if let Some(calls) = message["toolCall"]["functionCalls"].as_array() {
            let asked = calls.iter().map(|call| Asked {
                id: word(&call["id"]),
                name: word(&call["name"]),
                arguments: call["args"].clone(),
            });
            return asked.map(Heard::Asks).collect();
        }
        if let Some(ids) = message["toolCallCancellation"]["ids"].as_array() {
            return vec![Heard::Withdraws(ids.iter().map(word).collect())];
        }
        if let Some(handle) = message["sessionResumptionUpdate"]["newHandle"].as_str().filter(|new| !new.is_empty()) {
            self.handle = Some(handle.to_owned());
        }
        if !message["goAway"].is_null() {
            return vec![Heard::Leaves];
        }
        self.content(&message["serverContent"])
    }

    fn sounds(&self) -> (Sound, Sound) {
        (Sound::pcm(self.wanted.sample_rate_hz), Sound::pcm(24_000))
    }

    fn audio(&self, bytes: Vec<u8>) -> Payload {
        let kind = format!("audio/pcm;rate={}", self.wanted.sample_rate_hz);
        text(json!({ "realtimeInput": { "audio": { "data": encode(&bytes), "mimeType": kind } } }))
    }

    fn begin(&self) -> Vec<Payload> {
        let Some(greeting) = &self.wanted.greeting else { return Vec::new() };
        let words = format!("Greet the caller with these words: {greeting}");
        vec![text(json!({ "clientContent": {
            "turns": [{ "role": "user", "parts": [{ "text": words }] }], "turnComplete": true,
        } }))]
    }

    fn cut(&mut self, _: u64) -> Vec<Payload> {
        Vec::new()
    }

    fn result(&mut self, asked: &Asked, result: &Result<Value, Failure>) -> Vec<Payload> {
        let response = json!({ "id": asked.id, "name": asked.name, "response": { "result": outcome(result) } });
        vec![text(json!({ "toolResponse": { "functionResponses": [response] } }))]
    }
}

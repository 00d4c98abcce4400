//! Deepgram Voice Agent. Audio is bytes both ways, at the rate of the call: nothing is resampled.

use serde_json::{Value, json};
use switchhook_guest::{Failure, Payload};

use super::{Asked, Dialect, Heard, Wanted, arguments, json_of, outcome, text, word};
use crate::sound::Sound;

pub(crate) struct Deepgram {
    wanted: Wanted,
    /// An answer was interrupted, and its end was not told yet.
    stale: bool,
    /// Audio of an answer came, and not its end.
    speaks: bool,
}

impl Deepgram {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { wanted, stale: false, speaks: false }
    }
}

impl Dialect for Deepgram {
    fn hello(&mut self) -> Vec<Payload> {
        let rate_hz = self.wanted.sample_rate_hz;
        let functions = self.wanted.tools.iter().map(|tool| {
            let (name, description, parameters) = (&tool.name, &tool.description, &tool.parameters);
            json!({ "name": name, "description": description, "parameters": parameters })
        });
        let mut agent = json!({
            "listen": { "provider": { "type": "deepgram", "model": "nova-3" } },
            "think": {
                "provider": { "type": "open_ai", "model": self.wanted.model },
                "prompt": self.wanted.instructions,
                "functions": functions.collect::<Vec<_>>(),
            },
            "speak": { "provider": { "type": "deepgram", "model": self.wanted.voice.as_deref().unwrap_or("aura-2-thalia-en") } },
        });
        if let Some(greeting) = &self.wanted.greeting {
            agent["greeting"] = greeting.as_str().into();
        }
        vec![text(json!({
            "type": "Settings",
            "audio": {
                "input": { "encoding": "linear16", "sample_rate": rate_hz },
                "output": { "encoding": "linear16", "sample_rate": rate_hz, "container": "none" },
            },
            "agent": agent,
        }))]
    }

    fn hear(&mut self, message: &Payload) -> Vec<Heard> {
        if let Payload::Binary(bytes) = message {
            if self.stale {
                return Vec::new();
            }
            self.speaks = true;
            return vec![Heard::Audio(bytes.clone())];
        }
        let Some(message) = json_of(message) else { return vec![Heard::Trouble("a message that is no JSON".into())] };
        match message["type"].as_str().unwrap_or_default() {
            "SettingsApplied" => vec![Heard::Ready],
            "UserStartedSpeaking" => {
                self.stale = std::mem::take(&mut self.speaks) || self.stale;
                vec![Heard::Interrupted]
            }
            "AgentStartedSpeaking" => {
                self.stale = false;
                Vec::new()
            }
            "AgentAudioDone" => {
                self.speaks = false;
                if std::mem::take(&mut self.stale) { Vec::new() } else { vec![Heard::Done] }
            }
            "FunctionCallRequest" => {
                let functions = message["functions"].as_array().into_iter().flatten();
                let asked = functions.filter(|function| function["client_side"] != false).map(|function| Asked {
                    id: word(&function["id"]),
                    name: word(&function["name"]),
                    arguments: arguments(&function["arguments"]),
                });
                asked.map(Heard::Asks).collect()
            }
            "Error" | "Warning" => vec![Heard::Trouble(word(&message["description"]))],
            _ => Vec::new(),
        }
    }

    fn sounds(&self) -> (Sound, Sound) {
        let sound = Sound::pcm(self.wanted.sample_rate_hz);
        (sound, sound)
    }

    fn audio(&self, bytes: Vec<u8>) -> Payload {
        Payload::Binary(bytes)
    }

    /// The greeting stands in the settings.
    fn begin(&self) -> Vec<Payload> {
        Vec::new()
    }

    fn cut(&mut self, _: u64) -> Vec<Payload> {
        Vec::new()
    }

    fn result(&mut self, asked: &Asked, result: &Result<Value, Failure>) -> Vec<Payload> {
        let content = outcome(result).to_string();
        vec![text(json!({ "type": "FunctionCallResponse", "id": asked.id, "name": asked.name, "content": content }))]
    }
}

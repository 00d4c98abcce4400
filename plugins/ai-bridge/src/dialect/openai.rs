//! OpenAI Realtime.

use std::collections::VecDeque;

use serde_json::{Value, json};
use switchhook_guest::{Failure, Payload};

use super::{Asked, Dialect, Heard, Wanted, arguments, decode, encode, json_of, outcome, text, word};
use crate::sound::Sound;

/// Answers that were interrupted and may still send audio. The oldest is forgotten.
const STALE_MAX: usize = 8;

/// At 8000 Hz both sides speak µ-law, at 24000 Hz PCM: nothing is resampled. At 16000 Hz each way is resampled once.
pub(crate) struct OpenAi {
    wanted: Wanted,
    sound: Sound,
    ready: bool,
    /// The answer whose audio comes, and the item in which it stands.
    answer: String,
    item: String,
    stale: VecDeque<String>,
    /// What the present answer asks for: told when it is whole, since no other can begin before.
    asked: Vec<Asked>,
}

impl OpenAi {
    pub(crate) fn new(wanted: Wanted) -> Self {
        let sound = if wanted.sample_rate_hz == 8_000 { Sound::MULAW_8000 } else { Sound::pcm(24_000) };
        let (answer, item) = (String::new(), String::new());
        Self { wanted, sound, ready: false, answer, item, stale: VecDeque::new(), asked: Vec::new() }
    }

    fn format(&self) -> Value {
        match self.sound.mulaw {
            true => json!({ "type": "audio/pcmu" }),
            false => json!({ "type": "audio/pcm", "rate": self.sound.rate_hz }),
        }
    }

    fn forget(&mut self) {
        if self.answer.is_empty() {
            return;
        }
        if self.stale.len() == STALE_MAX {
            self.stale.pop_front();
        }
        self.stale.push_back(std::mem::take(&mut self.answer));
    }
}

impl Dialect for OpenAi {
    fn hello(&mut self) -> Vec<Payload> {
        let mut output = json!({ "format": self.format() });
        if let Some(voice) = &self.wanted.voice {
            output["voice"] = voice.as_str().into();
        }
        let tools = self.wanted.tools.iter().map(|tool| {
            let (name, description, parameters) = (&tool.name, &tool.description, &tool.parameters);
            json!({ "type": "function", "name": name, "description": description, "parameters": parameters })
        });
        vec![text(json!({ "type": "session.update", "session": {
            "type": "realtime",
            "instructions": self.wanted.instructions,
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": self.format(),
                    "turn_detection": { "type": "server_vad", "create_response": true, "interrupt_response": true },
                },
                "output": output,
            },
            "tools": tools.collect::<Vec<_>>(),
            "tool_choice": "auto",
        } }))]
    }

    fn hear(&mut self, message: &Payload) -> Vec<Heard> {
        let Some(message) = json_of(message) else { return vec![Heard::Trouble("a message that is no JSON".into())] };
        match message["type"].as_str().unwrap_or_default() {
            "session.updated" if !self.ready => {
                self.ready = true;
                vec![Heard::Ready]
            }
            "response.output_audio.delta" | "response.audio.delta" => {
                let answer = word(&message["response_id"]);
                if self.stale.contains(&answer) {
                    return Vec::new();
                }
                (self.answer, self.item) = (answer, word(&message["item_id"]));
                decode(&message["delta"]).map(Heard::Audio).into_iter().collect()
            }
            "input_audio_buffer.speech_started" => {
                self.forget();
                vec![Heard::Interrupted]
            }
            "response.function_call_arguments.done" => {
                self.asked.push(Asked {
                    id: word(&message["call_id"]),
                    name: word(&message["name"]),
                    arguments: arguments(&message["arguments"]),
                });
                Vec::new()
            }
            "response.done" => {
                let cancelled = message["response"]["status"] == "cancelled";
                let asked = std::mem::take(&mut self.asked);
                let asked = asked.into_iter().filter(|_| !cancelled).map(Heard::Asks);
                if message["response"]["status"] == "failed" {
                    return vec![Heard::Trouble(message["response"]["status_details"].to_string()), Heard::Done];
                }
                std::iter::once(Heard::Done).filter(|_| !cancelled).chain(asked).collect()
            }
            "error" => vec![Heard::Trouble(word(&message["error"]["message"]))],
            _ => Vec::new(),
        }
    }

    fn sounds(&self) -> (Sound, Sound) {
        (self.sound, self.sound)
    }

    fn audio(&self, bytes: Vec<u8>) -> Payload {
        text(json!({ "type": "input_audio_buffer.append", "audio": encode(&bytes) }))
    }

    fn begin(&self) -> Vec<Payload> {
        let Some(greeting) = &self.wanted.greeting else { return Vec::new() };
        let instructions = format!("Greet the caller with these words: {greeting}");
        vec![text(json!({ "type": "response.create", "response": { "instructions": instructions } }))]
    }

    fn cut(&mut self, heard_ms: u64) -> Vec<Payload> {
        let item = std::mem::take(&mut self.item);
        vec![text(json!({
            "type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": heard_ms,
        }))]
    }

    fn result(&mut self, asked: &Asked, result: &Result<Value, Failure>) -> Vec<Payload> {
        let output = outcome(result).to_string();
        let item = json!({ "type": "function_call_output", "call_id": asked.id, "output": output });
        vec![
            text(json!({ "type": "conversation.item.create", "item": item })),
            text(json!({ "type": "response.create" })),
        ]
    }
}

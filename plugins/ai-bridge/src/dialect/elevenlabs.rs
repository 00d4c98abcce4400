//! ElevenLabs Agents. The agent's own prompt, tools and voice are kept there; what is set here replaces them where the agent
//! allows it.

use serde_json::{Value, json};
use switchhook_guest::{Failure, Payload};

use super::{Asked, Dialect, Heard, Wanted, arguments, decode, encode, json_of, outcome, text, word};
use crate::sound::Sound;

/// Its sounds are told by the server: µ-law at 8000 Hz or PCM of any rate.
pub(crate) struct ElevenLabs {
    wanted: Wanted,
    sounds: (Sound, Sound),
    /// Audio of this event and of earlier ones was interrupted.
    stale: i64,
}

impl ElevenLabs {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { wanted, sounds: (Sound::pcm(16_000), Sound::pcm(16_000)), stale: i64::MIN }
    }
}

impl Dialect for ElevenLabs {
    fn hello(&mut self) -> Vec<Payload> {
        let mut agent = json!({});
        if !self.wanted.instructions.is_empty() {
            agent["prompt"] = json!({ "prompt": self.wanted.instructions });
        }
        if let Some(greeting) = &self.wanted.greeting {
            agent["first_message"] = greeting.as_str().into();
        }
        let mut config = json!({ "agent": agent });
        if let Some(voice) = &self.wanted.voice {
            config["tts"] = json!({ "voice_id": voice });
        }
        vec![text(json!({ "type": "conversation_initiation_client_data", "conversation_config_override": config }))]
    }

    fn hear(&mut self, message: &Payload) -> Vec<Heard> {
        let Some(message) = json_of(message) else { return vec![Heard::Trouble("a message that is no JSON".into())] };
        match message["type"].as_str().unwrap_or_default() {
            "conversation_initiation_metadata" => {
                let told = &message["conversation_initiation_metadata_event"];
                let sound = |key: &str| Sound::named(&told[key]).unwrap_or(Sound::pcm(16_000));
                self.sounds = (sound("user_input_audio_format"), sound("agent_output_audio_format"));
                vec![Heard::Ready]
            }
            "audio" => {
                let event = &message["audio_event"];
                if event["event_id"].as_i64().is_some_and(|id| id <= self.stale) {
                    return Vec::new();
                }
                decode(&event["audio_base_64"]).map(Heard::Audio).into_iter().collect()
            }
            "interruption" => {
                let id = message["interruption_event"]["event_id"].as_i64();
                self.stale = id.unwrap_or(self.stale);
                vec![Heard::Interrupted]
            }
            "ping" => {
                let id = &message["ping_event"]["event_id"];
                vec![Heard::Reply(text(json!({ "type": "pong", "event_id": id })))]
            }
            "client_tool_call" => {
                let call = &message["client_tool_call"];
                vec![Heard::Asks(Asked {
                    id: word(&call["tool_call_id"]),
                    name: word(&call["tool_name"]),
                    arguments: arguments(&call["parameters"]),
                })]
            }
            "client_error" | "error" => vec![Heard::Trouble(message.to_string())],
            _ => Vec::new(),
        }
    }

    fn sounds(&self) -> (Sound, Sound) {
        self.sounds
    }

    fn audio(&self, bytes: Vec<u8>) -> Payload {
        text(json!({ "user_audio_chunk": encode(&bytes) }))
    }

    /// The agent begins by itself.
    fn begin(&self) -> Vec<Payload> {
        Vec::new()
    }

    /// It corrects its own account.
    fn cut(&mut self, _: u64) -> Vec<Payload> {
        Vec::new()
    }

    fn result(&mut self, asked: &Asked, result: &Result<Value, Failure>) -> Vec<Payload> {
        vec![text(json!({
            "type": "client_tool_result",
            "tool_call_id": asked.id,
            "result": outcome(result).to_string(),
            "is_error": result.is_err(),
        }))]
    }
}

//! What the models speak: each dialect turns messages into what they mean and back, and knows nothing of calls.
//!
//! A dialect tells which audio belongs to an answer that was interrupted, and drops it: what comes after
//! [`Heard::Interrupted`] and is not of a later answer is never told.

mod deepgram;
mod elevenlabs;
mod gemini;
mod openai;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use switchhook_guest::{Failure, Payload};

pub(crate) use deepgram::Deepgram;
pub(crate) use elevenlabs::ElevenLabs;
pub(crate) use gemini::Gemini;
pub(crate) use openai::OpenAi;

use crate::sound::Sound;

/// What a session is begun with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) model: String,
    pub(crate) voice: Option<String>,
    pub(crate) instructions: String,
    /// What the model shall say first.
    pub(crate) greeting: Option<String>,
    pub(crate) tools: Vec<Tool>,
    /// The rate of the call.
    pub(crate) sample_rate_hz: u32,
}

/// Something that the model may ask for.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) description: String,
    /// A JSON schema of an object.
    pub(crate) parameters: Value,
}

/// What a message means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// The session is as it was wanted; these are its sounds.
    Ready,
    /// Audio of the present answer, as it came.
    Audio(Vec<u8>),
    /// The caller speaks: the answer is over.
    Interrupted,
    /// The answer is whole.
    Done,
    /// It asks for something, by an id.
    Asks(Asked),
    /// It needs that no more.
    Withdraws(Vec<String>),
    /// To be sent back at once.
    Reply(Payload),
    /// Something is wrong; the session goes on.
    Trouble(String),
    /// The session will end soon.
    Leaves,
}

/// What the model asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Value,
}

/// A dialect.
pub(crate) trait Dialect {
    /// What is sent when the socket is open.
    fn hello(&mut self) -> Vec<Payload>;

    /// What is sent over another socket, when the session can go on there.
    fn resume(&mut self) -> Option<Vec<Payload>> {
        None
    }

    /// What a message means.
    fn hear(&mut self, message: &Payload) -> Vec<Heard>;

    /// How the model hears, and how it speaks. Known when it is ready.
    fn sounds(&self) -> (Sound, Sound);

    /// What the caller said, in the model's sound.
    fn audio(&self, bytes: Vec<u8>) -> Payload;

    /// Asks the model to begin.
    fn begin(&self) -> Vec<Payload>;

    /// Tells the model how much of its answer can have been heard, where it wants to know.
    fn cut(&mut self, heard_ms: u64) -> Vec<Payload>;

    /// What came of something that it asked for.
    fn result(&mut self, asked: &Asked, result: &Result<Value, Failure>) -> Vec<Payload>;
}

/// A message that is JSON, in a text or in bytes.
fn json_of(message: &Payload) -> Option<Value> {
    match message {
        Payload::Text(text) => serde_json::from_str(text).ok(),
        Payload::Binary(bytes) => serde_json::from_slice(bytes).ok(),
    }
}

fn text(json: Value) -> Payload {
    Payload::Text(json.to_string())
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn decode(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str()?).ok()
}

/// The text of a value, or nothing.
fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a tool answered, as JSON.
fn outcome(result: &Result<Value, Failure>) -> Value {
    match result {
        Ok(value) => value.clone(),
        Err(failure) => json!({ "error": failure.code, "message": failure.message }),
    }
}

/// Arguments that came as JSON in a text.
fn arguments(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!({})),
        Value::Object(_) => value.clone(),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests;

//! Forms of messages: what a message must be to be meant, how audio stands in it, and how it is shown.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use call::Payload;
use serde_json::Value;

use super::AudioForm;

/// A message is shown up to here, in characters.
const SHOWN_CHARACTERS_MAX: usize = 160;

/// What a message must be.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Any.
    Any,
    /// It contains this.
    Contains(String),
    /// It is JSON with at least this in it.
    Json(Value),
}

/// How samples are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    /// Signed, 16 bits, little-endian.
    Pcm,
    /// µ-law of G.711.
    Mulaw,
}

impl Form {
    pub(super) fn fits(&self, message: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Contains(text) => contains(message, text.as_bytes()),
            Self::Json(wanted) => {
                serde_json::from_slice(message).is_ok_and(|message: Value| includes(&message, wanted))
            }
        }
    }

    /// Whether it is of the same kind at least: the same values of plain texts on the top.
    pub(super) fn is_akin(&self, message: &[u8]) -> bool {
        let Self::Json(Value::Object(wanted)) = self else { return true };
        let Ok(Value::Object(message)) = serde_json::from_slice(message) else { return false };
        let texts = || wanted.iter().filter(|(_, value)| value.is_string());
        match texts().count() {
            0 => wanted.keys().any(|key| message.contains_key(key)),
            _ => texts().any(|(key, value)| message.get(key) == Some(value)),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("a message"),
            Self::Contains(text) => write!(f, "{text:?}"),
            Self::Json(value) => write!(f, "{value}"),
        }
    }
}

/// Whether all that is wanted is there: of objects the keys that are named, of all else the same.
fn includes(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| there.get(key).is_some_and(|there| includes(there, wanted)))
        }
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && there.iter().zip(wanted).all(|(there, wanted)| includes(there, wanted))
        }
        (Value::Number(there), Value::Number(wanted)) => there.as_f64() == wanted.as_f64(),
        _ => there == wanted,
    }
}

/// What stands at a path such as `item.content.0.text`.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => value.get(key),
    })
}

/// The samples that a message is or carries; none: it carries no audio.
pub(super) fn audio_of(payload: &Payload, form: &AudioForm) -> Option<Vec<i16>> {
    let bytes = match (&form.field, payload) {
        (None, Payload::Binary(bytes)) => bytes.clone(),
        (Some(field), message) => {
            let message: Value = serde_json::from_slice(bytes(message)).ok()?;
            STANDARD.decode(at(&message, field)?.as_str()?).ok()?
        }
        (None, Payload::Text(_)) => return None,
    };
    Some(match form.encoding {
        Encoding::Pcm => audio::bytes_to_samples(&bytes),
        Encoding::Mulaw => audio::bytes_to_samples(&audio::from_g711(audio::Law::Mu, &bytes)),
    })
}

/// A message with audio: `$audio` stands for it in the text, or there is nothing else.
pub(super) fn with_audio(samples: &[i16], encoding: Encoding, within: Option<&Value>) -> Payload {
    let pcm = audio::samples_to_bytes(samples);
    let bytes = match encoding {
        Encoding::Pcm => pcm,
        Encoding::Mulaw => audio::to_g711(audio::Law::Mu, &pcm),
    };
    match within {
        None => Payload::Binary(bytes),
        Some(message) => Payload::Text(message.to_string().replace("$audio", &STANDARD.encode(bytes))),
    }
}

pub(super) fn bytes(payload: &Payload) -> &[u8] {
    match payload {
        Payload::Text(text) => text.as_bytes(),
        Payload::Binary(bytes) => bytes,
    }
}

/// A message for people: its beginning, and how long it is.
pub(super) fn shown(payload: &Payload) -> String {
    match payload {
        Payload::Text(text) => short(text),
        Payload::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}

pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_includes_what_is_named() {
        let message = br#"{"type":"a","list":[1,{"x":"y","z":2}],"more":true}"#;
        let fits = |wanted| Form::Json(wanted).fits(message);
        assert!(fits(json!({ "type": "a" })));
        assert!(fits(json!({ "list": [1.0, { "x": "y" }] })));
        assert!(!fits(json!({ "list": [1] })), "a list is the same, or not");
        assert!(!fits(json!({ "type": "a", "none": null })), "null is there, or not");
        assert!(Form::Contains("\"more\":tr".into()).fits(message));
        assert!(!Form::Json(json!({})).fits(b"no JSON"));
    }

    #[test]
    fn a_path_leads_into_objects_and_lists() {
        let message = json!({ "a": [{ "b": 7 }] });
        assert_eq!(at(&message, "a.0.b"), Some(&json!(7)));
        assert_eq!(at(&message, "a.1.b"), None);
        assert_eq!(at(&message, "a.b"), None);
    }

    #[test]
    fn audio_goes_into_messages_and_out_again() {
        let samples = [0, 1_000, -1_000, 20_000];
        for encoding in [Encoding::Pcm, Encoding::Mulaw] {
            let within = json!({ "type": "delta", "delta": "$audio" });
            let message = with_audio(&samples, encoding, Some(&within));
            let form = AudioForm { field: Some("delta".into()), encoding, sample_rate_hz: None };
            let back = audio_of(&message, &form).expect("audio");
            assert!(back.iter().zip(samples).all(|(back, said)| (back - said).abs() < 600), "{back:?}");
            let bare = AudioForm { field: None, encoding, sample_rate_hz: None };
            assert_eq!(audio_of(&with_audio(&samples, encoding, None), &bare), Some(back));
            assert_eq!(audio_of(&message, &bare), None);
        }
    }
}

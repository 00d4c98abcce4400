//! Which text answers which, and where it stands in a message.

use serde_json::{Value, json};

/// Keywords with their answers, in order, and what answers the rest.
pub(crate) struct Replies {
    rules: Vec<(String, String)>,
    otherwise: Option<String>,
}

impl Replies {
    /// From lines of `word: answer`.
    pub(crate) fn new(lines: &str, otherwise: Option<String>) -> Self {
        let rule = |line: &str| {
            let (word, answer) = line.split_once(':')?;
            Some((word.trim().to_lowercase(), answer.trim().to_owned()))
        };
        Self { rules: lines.lines().filter_map(rule).collect(), otherwise }
    }

    /// The answer of the first rule whose word the text has.
    pub(crate) fn to(&self, text: &str) -> Option<&str> {
        let rule = self.rules.iter().find(|(word, _)| says(text, word)).map(|(_, answer)| answer);
        rule.or(self.otherwise.as_ref()).map(String::as_str)
    }
}

/// Whether the text has this word.
pub(crate) fn says(text: &str, word: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
    words.any(|said| said.to_lowercase() == word.to_lowercase())
}

/// The text of a message: `{"text": "..."}`, or `{"text": {"body": "..."}}`.
pub(crate) fn text_of(content: &Value) -> Option<&str> {
    content["text"].as_str().or_else(|| content["text"]["body"].as_str())
}

/// A text in the form of the message that it answers.
pub(crate) fn in_form_of(content: &Value, text: &str) -> Value {
    if content["text"].is_object() { json!({"type": "text", "text": {"body": text}}) } else { json!({ "text": text }) }
}

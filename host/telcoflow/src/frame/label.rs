//! Messages in the words that a log may show: what a message is, never what is in it.

use serde_json::Value;

use super::json::Fields;
use crate::limits::SHOWN_KIND_BYTES_MAX;

/// Digits that a word may have and still be shown: no more than a number may show of itself.
const SHOWN_DIGITS_MAX: usize = 4;

/// A text message of either plane: its type, and of a command, an answer or an event also which one it is. Of what is no
/// frame, the [name](super::ParseError::name) of the reason.
///
/// It reads the message, so it is made only for a log line that is wanted.
pub fn label(message: &[u8]) -> String {
    let mut fields = match Fields::read(message) {
        Ok(fields) => fields,
        Err(error) => return error.name().to_owned(),
    };
    let detail = match fields.kind() {
        "command" => inner(&mut fields, "command"),
        "call_event" => inner(&mut fields, "event"),
        "response" => answer(fields.raw("ok"), fields.raw("errorCode")),
        "command_response" => fields.object("data").ok().and_then(|mut data| {
            let success = data.raw("success");
            answer(success, data.raw("error_code"))
        }),
        _ => None,
    };
    match detail {
        Some(detail) => format!("{} {detail}", word(fields.kind())),
        None => word(fields.kind()),
    }
}

/// A word of a peer, such as a code, when it looks like one: short, plain, and without more digits than may be shown.
pub fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !text.is_empty() && text.len() <= SHOWN_KIND_BYTES_MAX && digits <= SHOWN_DIGITS_MAX && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("(not shown, {} bytes)", text.len())
    }
}

/// The word that stands in `data`.
fn inner(fields: &mut Fields, field: &'static str) -> Option<String> {
    let mut data = fields.object("data").ok()?;
    data.text(field).ok().map(|text| word(&text))
}

fn answer(success: Option<Value>, code: Option<Value>) -> Option<String> {
    match (success, code) {
        (Some(Value::Bool(true)), _) => Some("OK".to_owned()),
        (_, Some(Value::String(code))) => Some(word(&code)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_a_message_is_and_not_what_is_in_it() {
        let cases = [
            (r#"{"type":"setup.done","smWsId":"secret"}"#, "setup.done"),
            (r#"{"type":"command","data":{"command":"call.answer","command_id":"secret"}}"#, "command call.answer"),
            (r#"{"type":"call_event","data":{"event":"call.terminated"}}"#, "call_event call.terminated"),
            (r#"{"type":"command_response","data":{"success":true,"result":"secret"}}"#, "command_response OK"),
            (
                r#"{"type":"command_response","data":{"success":false,"error_code":"BUSY_2"}}"#,
                "command_response BUSY_2",
            ),
            (r#"{"type":"command_response"}"#, "command_response"),
            (r#"{"type":"response","ok":true,"content":"secret"}"#, "response OK"),
            (r#"{"type":"response","ok":false,"errorCode":"secret words"}"#, "response (not shown, 12 bytes)"),
            (r#"{"type":"+15550100"}"#, "(not shown, 9 bytes)"),
            (r#"{"type":"15550100"}"#, "(not shown, 8 bytes)"),
            (r#"{"type":""}"#, "(not shown, 0 bytes)"),
            (r#"{"type":1}"#, "no-type"),
            ("secret", "not-json"),
            ("[]", "not-an-object"),
        ];
        for (message, expected) in cases {
            assert_eq!(label(message.as_bytes()), expected, "{message}");
        }
    }
}

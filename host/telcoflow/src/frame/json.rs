//! Reading and printing JSON the way the peers of this protocol do.
//!
//! Reading is bounded by `MESSAGE_BYTES_MAX` and by the JSON parser's nesting limit of 128, so that a hostile peer
//! pays with its own frame. Printing keeps the field order that it is told.

use serde::Serialize;
use serde_json::{Map, Value};

use super::ParseError;
use crate::limits::MESSAGE_BYTES_MAX;

/// A JSON object and what it says it is.
pub(super) struct Fields {
    kind: String,
    map: Map<String, Value>,
}

impl Fields {
    /// Reads a message down to its type.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(ParseError::TooLong { bytes: bytes.len() });
        }
        let value = serde_json::from_slice(bytes).map_err(|_| ParseError::NotJson)?;
        let Value::Object(mut map) = value else {
            return Err(ParseError::NotAnObject);
        };
        let Some(Value::String(kind)) = map.remove("type") else {
            return Err(ParseError::NoType);
        };
        Ok(Self { kind, map })
    }

    /// Wraps an object that stands inside a frame of this `kind`.
    pub(super) fn inside(kind: &str, map: Map<String, Value>) -> Self {
        Self { kind: kind.to_owned(), map }
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn into_kind(self) -> String {
        self.kind
    }

    pub(super) fn wrong(&self, field: &'static str, expected: &'static str) -> ParseError {
        ParseError::Field { kind: self.kind.clone(), field, expected }
    }

    /// Any value; `null` is as good as absent.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field).filter(|value| !value.is_null())
    }

    /// Any value, `null` included.
    pub(super) fn raw(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field)
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, field: &'static str) -> Result<String, ParseError> {
        match self.map.remove(field) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(self.wrong(field, "a text")),
        }
    }

    /// A text that reads as empty when it is absent, but not when it is `null`.
    pub(super) fn text_or_empty(&mut self, field: &'static str) -> Result<String, ParseError> {
        match self.map.remove(field) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(self.wrong(field, "a text")),
        }
    }

    /// A text to show or to compare, which may be absent. The public SDK takes any JSON here, so whatever is no text
    /// reads as its JSON: the answer that it came with must not be lost.
    pub(super) fn any_text(&mut self, field: &str) -> Option<String> {
        self.take(field).map(|value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// A JSON boolean that must be there.
    pub(super) fn boolean(&mut self, field: &'static str) -> Result<bool, ParseError> {
        match self.map.remove(field) {
            Some(Value::Bool(flag)) => Ok(flag),
            _ => Err(self.wrong(field, "a boolean")),
        }
    }

    /// A whole number that must be there.
    pub(super) fn whole(&mut self, field: &'static str) -> Result<u64, ParseError> {
        self.map.remove(field).and_then(|value| value.as_u64()).ok_or_else(|| self.wrong(field, "a whole number"))
    }

    /// A whole number that fits 32 bits and must be there.
    pub(super) fn whole_u32(&mut self, field: &'static str) -> Result<u32, ParseError> {
        let number = self.whole(field)?;
        u32::try_from(number).map_err(|_| self.wrong(field, "a whole number of 32 bits"))
    }

    /// An object that must be there.
    pub(super) fn object(&mut self, field: &'static str) -> Result<Self, ParseError> {
        match self.map.remove(field) {
            Some(Value::Object(map)) => Ok(Self::inside(&self.kind, map)),
            _ => Err(self.wrong(field, "an object")),
        }
    }
}

/// What counts as yes where the public SDK applies Python's `bool()`.
pub(super) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// A number as the public SDK reads it with Python's `int(value or 0)`: fractions cut, numeric text taken, empty
/// things nought, numbers too large for 64 bits clamped. `None` where Python would raise.
pub(super) fn lenient_int(value: &Value) -> Option<i64> {
    match value {
        value if !truthy(value) => Some(0),
        Value::Bool(_) => Some(1),
        Value::Number(number) => number
            .as_i64()
            // `as` from a float cuts the fraction and clamps, which is the rule.
            .or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => int_text(text),
        _ => None,
    }
}

/// A point in time in whole seconds, for showing only: what cannot be read is 0, because no call may be lost over it.
pub(super) fn lenient_seconds(value: &Value) -> i64 {
    let fraction = |text: &str| text.trim().parse::<f64>().ok().filter(|float| float.is_finite());
    lenient_int(value).or_else(|| value.as_str().and_then(fraction).map(|float| float as i64)).unwrap_or(0)
}

/// Python's grammar for a decimal integer: blanks around, one sign, single underscores between digits.
fn int_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut number: i64 = 0;
    let mut after_digit = false;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                let digit = i64::from(byte - b'0');
                number = number.saturating_mul(10);
                number = if negative { number.saturating_sub(digit) } else { number.saturating_add(digit) };
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => return None,
        }
    }
    after_digit.then_some(number)
}

/// Prints one object, fields in the order they are given.
pub(super) struct Printer(String);

impl Printer {
    /// A frame: its type comes first.
    pub(super) fn frame(kind: &str) -> Self {
        Self::object().field("type", kind)
    }

    /// An object inside a frame.
    pub(super) fn object() -> Self {
        Self(String::from("{"))
    }

    pub(super) fn field(self, name: &str, value: impl Serialize) -> Self {
        self.raw(name, &to_json(&value))
    }

    /// Leaves the field out when there is no value.
    pub(super) fn optional(self, name: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    pub(super) fn nested(self, name: &str, inner: Self) -> Self {
        let inner = inner.finish();
        self.raw(name, &inner)
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn raw(mut self, name: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&to_json(&name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and JSON values have text keys and print")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_as_python_int_does() {
        let cases = [
            (json!(12), Some(12)),
            (json!(-3), Some(-3)),
            (json!(12.9), Some(12)),
            (json!(-12.9), Some(-12)),
            (json!("640"), Some(640)),
            (json!(" +640\n"), Some(640)),
            (json!("-1"), Some(-1)),
            (json!("1_000"), Some(1000)),
            (json!("1__0"), None),
            (json!("_1"), None),
            (json!("1_"), None),
            (json!("12.5"), None),
            (json!("-"), None),
            (json!("x"), None),
            (json!(""), Some(0)),
            (json!(" "), None),
            (json!(null), Some(0)),
            (json!([]), Some(0)),
            (json!([1]), None),
            (json!({}), Some(0)),
            (json!(true), Some(1)),
            (json!(false), Some(0)),
            (json!(1e300), Some(i64::MAX)),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!("99999999999999999999"), Some(i64::MAX)),
            (json!("-99999999999999999999"), Some(i64::MIN)),
        ];
        for (value, expected) in cases {
            assert_eq!(lenient_int(&value), expected, "{value}");
        }
    }

    #[test]
    fn seconds_are_never_refused() {
        let cases = [
            (json!(5), 5),
            (json!(5.5), 5),
            (json!("5.0"), 5),
            (json!(" 5 "), 5),
            (json!("inf"), 0),
            (json!("2026-01-01"), 0),
            (json!([1]), 0),
            (json!(null), 0),
        ];
        for (value, expected) in cases {
            assert_eq!(lenient_seconds(&value), expected, "{value}");
        }
    }

    #[test]
    fn truth_is_python_truth() {
        for value in [json!(null), json!(false), json!(0), json!(0.0), json!(""), json!([]), json!({})] {
            assert!(!truthy(&value), "{value}");
        }
        for value in [json!(true), json!(1), json!(-0.5), json!("false"), json!([0]), json!({"a": 0})] {
            assert!(truthy(&value), "{value}");
        }
    }

    #[test]
    fn printing_keeps_the_order_and_skips_what_is_absent() {
        let text = Printer::frame("t")
            .field("z", 1)
            .optional("y", None::<u8>)
            .nested("x", Printer::object().field("a\"", "ü\n"))
            .nested("w", Printer::object())
            .finish();
        assert_eq!(text, "{\"type\":\"t\",\"z\":1,\"x\":{\"a\\\"\":\"ü\\n\"},\"w\":{}}");
    }
}

//! What `Debug` may show: shapes and last digits, never secrets, numbers or contents.

use std::fmt;

use serde_json::Value;

/// A telephone number or chat address: the last four characters, and only of a text long enough to hide the rest.
pub(crate) struct Address<'a>(pub(crate) &'a str);

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.chars().count();
        if length <= 4 {
            return write!(f, "({length} characters)");
        }
        write!(f, "...{}", self.0.chars().skip(length - 4).collect::<String>())
    }
}

/// A text of which only the presence may be shown.
pub(crate) struct Hidden<'a>(pub(crate) &'a str);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(empty)" } else { "(hidden)" })
    }
}

/// A URL without what may carry a secret: user, query and fragment.
pub(crate) struct Url<'a>(pub(crate) &'a str);

impl fmt::Debug for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.split(['?', '#']).next().unwrap_or_default();
        let cut = if shown.len() < self.0.len() { "?(hidden)" } else { "" };
        let authority = shown.find("://").map_or(0, |at| at + 3);
        let path = shown[authority..].find('/').map_or(shown.len(), |at| authority + at);
        match shown[authority..path].rfind('@') {
            Some(at) => write!(f, "{}(hidden)@{}{cut}", &shown[..authority], &shown[authority + at + 1..]),
            None => write!(f, "{shown}{cut}"),
        }
    }
}

/// JSON of which only the type and size may be shown.
pub(crate) struct Json<'a>(pub(crate) &'a Value);

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(_) => f.write_str("(boolean)"),
            Value::Number(_) => f.write_str("(number)"),
            Value::String(text) => write!(f, "(text of {} bytes)", text.len()),
            Value::Array(items) => write!(f, "(array of {})", items.len()),
            Value::Object(map) => write!(f, "(object of {})", map.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_show_four_characters_at_most() {
        assert_eq!(format!("{:?}", Address("+15550001234")), "...1234");
        assert_eq!(format!("{:?}", Address("1234")), "(4 characters)");
        assert_eq!(format!("{:?}", Address("")), "(0 characters)");
    }

    #[test]
    fn urls_lose_user_query_and_fragment() {
        assert_eq!(format!("{:?}", Url("wss://h:1/p/q?t=secret")), "wss://h:1/p/q?(hidden)");
        assert_eq!(format!("{:?}", Url("wss://u:secret@h/p")), "wss://(hidden)@h/p");
        assert_eq!(format!("{:?}", Url("wss://h#secret")), "wss://h?(hidden)");
        assert_eq!(format!("{:?}", Url("ü@ß")), "(hidden)@ß");
        assert_eq!(format!("{:?}", Url("")), "");
    }
}

//! Which numbers a route takes: a whole number, or a part of one with `*` for the rest.

use std::fmt;
use std::str::FromStr;

/// A number or a set of numbers, compared as text with what the carrier writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// `*`, or no pattern at all.
    Any,
    /// `+15550100`: this number.
    Exact(String),
    /// `+1555*`: every number that starts so.
    Prefix(String),
    /// `*0100`: every number that ends so.
    Suffix(String),
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PatternError {
    /// There is nothing in it.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// `*` stands inside, or more than once.
    #[error("`*` may stand once, at the start or at the end")]
    Star,
    /// White space or a control character, which no carrier writes in a number.
    #[error("a number has no spaces in it")]
    Space,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Pattern, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(PatternError::Space);
        }
        if text == "*" {
            return Ok(Pattern::Any);
        }
        let (pattern, rest) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(rest), _) => (Pattern::Suffix(rest.to_owned()), rest),
            (None, Some(rest)) => (Pattern::Prefix(rest.to_owned()), rest),
            (None, None) => (Pattern::Exact(text.to_owned()), text),
        };
        if rest.contains('*') { Err(PatternError::Star) } else { Ok(pattern) }
    }
}

/// As it is written in the configuration.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Any => f.write_str("*"),
            Pattern::Exact(number) => f.write_str(number),
            Pattern::Prefix(start) => write!(f, "{start}*"),
            Pattern::Suffix(end) => write!(f, "*{end}"),
        }
    }
}

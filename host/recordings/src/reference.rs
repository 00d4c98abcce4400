//! How a recording is named: 128 random bits in hex. Nothing else ever becomes part of a path.

use std::fmt;

use call::{Failure, code};

const BYTES: usize = 16;

/// The name of a recording within its plugin.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(crate) struct Reference(String);

impl Reference {
    /// A new one.
    pub(crate) fn random() -> Result<Self, Failure> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::new(code::STORAGE, format!("the host has no random numbers: {error}")))?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that a handler gave: `INVALID` unless it looks like ours.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let ours = text.len() == 2 * BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if ours {
            Ok(Self(text.to_owned()))
        } else {
            Err(Failure::new(code::INVALID, "this is not the reference of a recording: use what `start` answered"))
        }
    }

    /// The reference that a file's name stands for, if it is one of a recording.
    pub(crate) fn of_file(name: &str) -> Option<Self> {
        Self::parse(name.strip_suffix(".wav")?).ok()
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}.wav", self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The start of it: enough to find the file, and no key to it.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..", &self.0[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_read() {
        let one = Reference::random().unwrap();
        let other = Reference::random().unwrap();
        assert_ne!(one, other);
        assert_eq!(Reference::parse(one.as_str()).unwrap(), one);
        assert_eq!(Reference::of_file(&one.file_name()), Some(one));
    }

    #[test]
    fn hostile_references_are_invalid() {
        let good = "0123456789abcdef0123456789abcdef";
        assert!(Reference::parse(good).is_ok());
        let long = "a".repeat(1 << 20);
        for bad in [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "../../acme/other/0123456789abcdef0123456789abcdef",
            "0123456789ABCDEF0123456789abcdef",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "0123456789abcdef0123456789abcd/f",
            "0123456789abcdef0123456789abcd\0f",
            "0123456789abcdef0123456789abcd.f",
            "0123456789abcdef0123456789abcdéf",
            &long,
        ] {
            assert_eq!(Reference::parse(bad).unwrap_err().code, code::INVALID, "{bad:?}");
            assert_eq!(Reference::of_file(&format!("{bad}.wav")), None, "{bad:?}");
        }
    }
}

//! The headers that a handler gives, and those that the host puts in itself.

use http::{HeaderMap, HeaderName, HeaderValue};

use call::{Failure, code};

use crate::limits::{HEADERS_BYTES_MAX, HEADERS_MAX};

/// A header whose value is never shown to anybody but the host that it is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretHeader {
    name: HeaderName,
    /// Marked as sensitive, so its `Debug` hides it.
    value: HeaderValue,
}

/// A secret that no header can carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretHeaderError {
    /// Not a name, or one that the host sets itself.
    #[error("no secret can stand in this header")]
    Name,
    /// Characters that a header cannot carry.
    #[error("the secret has characters that a header cannot carry")]
    Value,
}

impl SecretHeader {
    /// Puts a prefix such as `Bearer ` and a secret into a header.
    ///
    /// # Errors
    /// [`SecretHeaderError`].
    pub fn new(name: &str, prefix: &str, secret: &str) -> Result<Self, SecretHeaderError> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| SecretHeaderError::Name)?;
        if is_the_hosts(&name) {
            return Err(SecretHeaderError::Name);
        }
        let mut value = HeaderValue::from_str(&format!("{prefix}{secret}")).map_err(|_| SecretHeaderError::Value)?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }

    /// The header.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}

/// Puts together what a handler gives and what the host adds.
///
/// # Errors
/// `INVALID`: too many, not headers, or such as the host sets itself.
pub(crate) fn headers<'a>(
    given: &[(String, String)],
    secrets: impl Iterator<Item = &'a SecretHeader>,
) -> Result<HeaderMap, Failure> {
    let invalid = |message: &str| Failure::new(code::INVALID, message);
    let bytes: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if given.len() > HEADERS_MAX || bytes > HEADERS_BYTES_MAX {
        let message = format!("more than {HEADERS_MAX} headers, or {HEADERS_BYTES_MAX} bytes of them");
        return Err(invalid(&message));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("a header's name is none"))?;
        if is_the_hosts(&name) {
            return Err(invalid(&format!("the header {name} is the host's to set")));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| invalid(&format!("the value of {name} has characters that a header cannot carry")))?;
        headers.append(name, value);
    }
    for secret in secrets {
        if headers.insert(secret.name.clone(), secret.value.clone()).is_some() {
            return Err(invalid(&format!("the header {} is a secret of this host: the host sets it", secret.name)));
        }
    }
    Ok(headers)
}

/// Those of the connection (RFC 9110, 7.6.1), of the message's length and of the upgrade (RFC 6455).
fn is_the_hosts(name: &HeaderName) -> bool {
    const NAMES: [&str; 12] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    ];
    let name = name.as_str();
    NAMES.contains(&name) || name.starts_with("sec-websocket-") && name != "sec-websocket-protocol"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn code(headers: &[(&str, &str)], secrets: &[SecretHeader]) -> Option<String> {
        super::headers(&given(headers), secrets.iter()).err().map(|failure| failure.code.into_owned())
    }

    #[test]
    fn a_handler_cannot_set_what_is_the_hosts_or_a_secrets() {
        let secret = SecretHeader::new("Authorization", "Bearer ", "hunter2").unwrap();
        let secrets = std::slice::from_ref(&secret);
        assert_eq!(code(&[("x-a", "1"), ("sec-websocket-protocol", "p")], secrets), None);
        for bad in [
            ("authorization", "mine"),
            ("AUTHORIZATION", ""),
            ("Host", "evil"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("sec-websocket-key", "k"),
            ("x y", "1"),
            ("x", "a\r\nb: c"),
            ("x", "a\0"),
        ] {
            assert_eq!(code(&[bad], secrets).as_deref(), Some("INVALID"), "{bad:?}");
        }
        assert_eq!(code(&[("authorization", "mine")], &[]), None, "elsewhere it is a header like any other");
        let many: Vec<_> = (0..=HEADERS_MAX).map(|_| ("x", "y")).collect();
        assert_eq!(code(&many, &[]).as_deref(), Some("INVALID"));
        let long = "y".repeat(HEADERS_BYTES_MAX);
        assert_eq!(code(&[("x", &*long)], &[]).as_deref(), Some("INVALID"));
    }

    #[test]
    fn a_secret_is_put_in_and_never_shown() {
        let secret = SecretHeader::new("x-key", "", "hunter2").unwrap();
        assert!(!format!("{secret:?}").contains("hunter2"), "{secret:?}");
        let headers = headers(&[], std::iter::once(&secret)).unwrap();
        assert_eq!(headers["x-key"], "hunter2");
        assert!(!format!("{headers:?}").contains("hunter2"));
        assert_eq!(SecretHeader::new("host", "", "s").unwrap_err(), SecretHeaderError::Name);
        assert_eq!(SecretHeader::new("x", "", "a\nb").unwrap_err(), SecretHeaderError::Value);
    }
}

//! From the URL that a handler gives to where the host may connect.

use http::HeaderMap;
use url::{Host, Url};

use call::{Failure, code};

use crate::headers::headers;
use crate::limits::URL_BYTES_MAX;
use crate::policy::{Policy, Scope};

/// A place that the policy admits, and what is said there first.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) scope: Scope,
    /// Without a fragment.
    pub(crate) url: Url,
    /// The handler's, and secrets.
    pub(crate) headers: HeaderMap,
}

/// The schemes of an interface: encrypted, and not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schemes {
    pub(crate) secure: &'static str,
    pub(crate) plain: &'static str,
}

impl Target {
    /// # Errors
    /// `INVALID` for a URL or headers that cannot be used, `NOT_GRANTED` for a host that is not on the list.
    pub(crate) fn new(
        policy: &Policy,
        schemes: Schemes,
        url: &str,
        given: &[(String, String)],
    ) -> Result<Self, Failure> {
        let invalid = |message: &str| Failure::new(code::INVALID, message);
        if url.len() > URL_BYTES_MAX {
            return Err(invalid(&format!("the URL has {} bytes; {URL_BYTES_MAX} are allowed", url.len())));
        }
        let mut url = Url::parse(url).map_err(|error| invalid(&format!("the URL is none: {error}")))?;
        let secure = match url.scheme() {
            scheme if scheme == schemes.secure => true,
            scheme if scheme == schemes.plain => false,
            _ => return Err(invalid(&format!("the URL is none of {}: or {}:", schemes.secure, schemes.plain))),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("the URL has a user or a password in it"));
        }
        url.set_fragment(None);
        let (Some(host), Some(port)) = (url.host().map(|host| host.to_owned()), url.port_or_known_default()) else {
            return Err(invalid("the URL names no host"));
        };
        let Some(scope) = policy.scope(&host, port) else {
            let message = format!("this plugin has no grant for the host {host}:{port}");
            return Err(Failure::new(code::NOT_GRANTED, message));
        };
        if !secure && !scope.admits_plain() {
            return Err(invalid(&format!("a host in the Internet is reached by {}: alone", schemes.secure)));
        }
        if !secure && policy.secrets(&host, port).next().is_some() {
            return Err(invalid(&format!("a host that gets a secret is reached by {}: alone", schemes.secure)));
        }
        let headers = headers(given, policy.secrets(&host, port))?;
        Ok(Self { host, port, secure, scope, url, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretHeader, SecretRule};

    const HTTP: Schemes = Schemes { secure: "https", plain: "http" };

    fn refused(url: &str) -> Option<String> {
        let rule = |text: &str| text.parse().unwrap();
        let secret = SecretRule {
            header: SecretHeader::new("authorization", "", "hunter2").unwrap(),
            hosts: vec![rule("keyed.internal:8080")],
        };
        let policy = Policy {
            hosts: vec![rule("api.example.com"), rule("*.example.org")],
            private_hosts: vec![rule("127.0.0.1:8080"), rule("keyed.internal:8080"), rule("[::1]:80")],
            secrets: vec![secret],
            ..Policy::default()
        };
        Target::new(&policy, HTTP, url, &[]).err().map(|failure| failure.code.into_owned())
    }

    #[test]
    fn only_what_is_listed_is_a_target() {
        for good in [
            "https://api.example.com/v1?x=1#part",
            "HTTPS://API.EXAMPLE.COM:443",
            "https://a.example.org",
            "http://127.0.0.1:8080/",
            "http://0x7f.1:8080/",
            "http://[::1]/",
            "https://keyed.internal:8080/",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
        for (bad, code) in [
            ("https://example.com/", "NOT_GRANTED"),
            ("https://api.example.com:8443/", "NOT_GRANTED"),
            ("https://api.example.com.evil.net/", "NOT_GRANTED"),
            ("https://evil.net\\@api.example.com/", "NOT_GRANTED"),
            ("https://api.example.com@evil.net/", "INVALID"),
            ("https://user:pass@api.example.com/", "INVALID"),
            ("http://127.0.0.1:8081/", "NOT_GRANTED"),
            ("http://localhost:8080/", "NOT_GRANTED"),
            ("http://api.example.com:443/", "INVALID"),
            ("http://keyed.internal:8080/", "INVALID"),
            ("wss://api.example.com/", "INVALID"),
            ("file:///etc/passwd", "INVALID"),
            ("https://", "INVALID"),
            ("", "INVALID"),
        ] {
            assert_eq!(refused(bad).as_deref(), Some(code), "{bad}");
        }
        assert_eq!(
            refused(&format!("https://api.example.com/{}", "x".repeat(URL_BYTES_MAX))).as_deref(),
            Some("INVALID")
        );
    }
}

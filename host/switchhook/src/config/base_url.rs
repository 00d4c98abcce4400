//! Where a connector dials.

use std::fmt;
use std::str::FromStr;

/// A `ws://` or `wss://` address without user, query or fragment, and without a `/` at its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl {
    text: String,
    secure: bool,
}

/// Why a text is not a base URL. None of them repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BaseUrlError {
    /// It cannot be read as a URL.
    #[error("not a URL")]
    NotAUrl,
    /// The scheme is neither `ws` nor `wss`.
    #[error("the scheme must be `ws` or `wss`")]
    Scheme,
    /// `user:password@` before the host.
    #[error("a user or password does not belong here")]
    User,
    /// The port is not a number from 1 to 65535.
    #[error("the port must be 1 to 65535")]
    Port,
    /// `?` or `#` and what follows.
    #[error("`?` and `#` do not belong here")]
    Query,
}

impl BaseUrl {
    /// Where Telcoflow's production listens.
    pub const PRODUCTION: &str = "wss://wss-prod.agentao.com";

    /// Production: what a connector without `base_url` dials.
    pub fn production() -> BaseUrl {
        BaseUrl { text: BaseUrl::PRODUCTION.to_owned(), secure: true }
    }

    /// The address; paths of the wire protocol are appended to it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for `wss`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<BaseUrl, BaseUrlError> {
        if text.contains('#') {
            return Err(BaseUrlError::Query);
        }
        let uri: http::Uri = text.parse().map_err(|_| BaseUrlError::NotAUrl)?;
        let secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(BaseUrlError::Scheme),
        };
        let authority = uri.authority().ok_or(BaseUrlError::NotAUrl)?;
        if authority.as_str().contains('@') {
            return Err(BaseUrlError::User);
        }
        if uri.query().is_some() {
            return Err(BaseUrlError::Query);
        }
        let host = authority.host();
        if host.is_empty() {
            return Err(BaseUrlError::NotAUrl);
        }
        match (authority.as_str().strip_prefix(host), authority.port_u16()) {
            (Some(""), _) | (Some(_), Some(1..)) => {}
            _ => return Err(BaseUrlError::Port),
        }
        Ok(BaseUrl { text: text.trim_end_matches('/').to_owned(), secure })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

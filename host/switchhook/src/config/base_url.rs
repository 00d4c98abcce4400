//! Where a connector dials.

use std::fmt;
use std::str::FromStr;

use url::{ParseError, Url};

/// A `ws://` or `wss://` address with a host, without user, query or fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(Url);

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

    /// The address; paths of the wire protocol are appended to it.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The same as text, without a `/` at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// True for `wss`.
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "wss"
    }
}

/// Production: what a connector without `base_url` dials.
impl Default for BaseUrl {
    fn default() -> BaseUrl {
        BaseUrl(Url::parse(BaseUrl::PRODUCTION).expect("the constant is a URL, as a test shows"))
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<BaseUrl, BaseUrlError> {
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::InvalidPort => BaseUrlError::Port,
            _ => BaseUrlError::NotAUrl,
        })?;
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(BaseUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::User);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query);
        }
        if url.port() == Some(0) {
            return Err(BaseUrlError::Port);
        }
        Ok(BaseUrl(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

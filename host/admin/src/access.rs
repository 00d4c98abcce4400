//! Who may use the interface: whoever has the token, or, on a loopback address without one, this machine.
//!
//! Without a token a web page that somebody on this machine looks at could send requests here too. Those say where the page
//! came from, or name a host of the page's choosing; both are refused.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A bearer token. Only its digest is kept, so that it can neither be shown nor compared byte by byte.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// From the text that clients send.
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether it is the same. The time it takes tells nothing about how much of it is.
    fn is(&self, text: &str) -> bool {
        self.0.ct_eq(&Self::new(text).0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(token)")
    }
}

/// Who may use the interface. Clones are the same: whoever keeps one may change it.
#[derive(Clone, Debug)]
pub struct Access(Arc<RwLock<Option<Token>>>);

/// Why an interface may not be opened so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} can be reached from other machines: set `admin.token`, or listen on a loopback address")]
pub struct AccessError(pub SocketAddr);

impl Access {
    /// With a token everywhere; without one on a loopback address only.
    ///
    /// # Errors
    /// No token on an address that others reach.
    pub fn new(listen: SocketAddr, token: Option<Token>) -> Result<Self, AccessError> {
        if token.is_none() && !listen.ip().is_loopback() {
            return Err(AccessError(listen));
        }
        Ok(Self(Arc::new(RwLock::new(token))))
    }

    /// Lets in whom another would, from the next request on. Both are made for the same address.
    pub fn become_like(&self, other: &Access) {
        let token = other.0.read().clone();
        *self.0.write() = token;
    }

    /// Whether these headers are those of somebody who may.
    pub(crate) fn judge(&self, headers: &HeaderMap) -> Result<(), Denied> {
        let Some(token) = self.0.read().clone() else { return judge_local(headers) };
        let shown = headers.get(AUTHORIZATION).ok_or(Denied::NoToken)?;
        let shown = shown.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Denied::WrongToken)?;
        if shown.0.eq_ignore_ascii_case("bearer") && token.is(shown.1.trim()) {
            Ok(())
        } else {
            Err(Denied::WrongToken)
        }
    }
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    NoToken,
    WrongToken,
    /// The request is a web page's.
    Foreign,
}

fn judge_local(headers: &HeaderMap) -> Result<(), Denied> {
    let host = headers.get(HOST).map(HeaderValue::to_str);
    let local = match &host {
        None => true,
        Some(Ok(host)) => is_loopback(host),
        Some(Err(_)) => false,
    };
    let own = |origin: &HeaderValue| {
        let host = host.as_ref().and_then(|host| host.as_ref().ok());
        host.is_some_and(|host| origin.as_bytes() == format!("http://{host}").as_bytes())
    };
    if local && headers.get(ORIGIN).is_none_or(own) { Ok(()) } else { Err(Denied::Foreign) }
}

/// Whether a `Host` header names this machine, with or without a port.
fn is_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.is_loopback();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).expect("a header"))).collect()
    }

    fn loopback() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 9600))
    }

    #[test]
    fn others_need_a_token() {
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 9600));
        assert_eq!(Access::new(everywhere, None).map(drop), Err(AccessError(everywhere)));
        assert!(Access::new(everywhere, Some(Token::new("t"))).is_ok());
        assert!(Access::new(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 1)), None).is_ok());
    }

    #[test]
    fn the_token_is_compared_as_a_whole() {
        let access = Access::new(loopback(), Some(Token::new("right"))).expect("a token");
        let judge = |value: &str| access.judge(&headers(&[(AUTHORIZATION, value)]));
        assert_eq!(judge("Bearer right"), Ok(()));
        assert_eq!(judge("bearer right"), Ok(()));
        for wrong in ["Bearer righ", "Bearer rightt", "Bearer ", "Bearer", "Basic right", "right", "Bearer RIGHT", ""] {
            assert_eq!(judge(wrong), Err(Denied::WrongToken), "{wrong}");
        }
        assert_eq!(access.judge(&HeaderMap::new()), Err(Denied::NoToken), "loopback or not");
        assert!(format!("{access:?}").contains("Some((token))"), "{access:?}");
    }

    #[test]
    fn a_clone_changes_with_the_first() {
        let access = Access::new(loopback(), Some(Token::new("old"))).expect("a token");
        let served = access.clone();
        access.become_like(&Access::new(loopback(), Some(Token::new("new"))).expect("a token"));
        let judge = |value: &str| served.judge(&headers(&[(AUTHORIZATION, value)]));
        assert_eq!((judge("Bearer new"), judge("Bearer old")), (Ok(()), Err(Denied::WrongToken)));
    }

    #[test]
    fn web_pages_are_turned_away_where_there_is_no_token() {
        let access = Access::new(loopback(), None).expect("loopback");
        for local in
            ["127.0.0.1:9600", "localhost:9600", "localhost", "[::1]:9600", "[::1]", "127.0.0.1", "LocalHost:1"]
        {
            assert_eq!(access.judge(&headers(&[(HOST, local)])), Ok(()), "{local}");
            let origin = format!("http://{local}");
            assert_eq!(access.judge(&headers(&[(HOST, local), (ORIGIN, &origin)])), Ok(()), "{origin}");
        }
        for foreign in ["evil.example:9600", "192.0.2.1:9600", "localhost.evil.example", ""] {
            assert_eq!(access.judge(&headers(&[(HOST, foreign)])), Err(Denied::Foreign), "{foreign}");
        }
        let from_a_page = headers(&[(HOST, "127.0.0.1:9600"), (ORIGIN, "https://evil.example")]);
        assert_eq!(access.judge(&from_a_page), Err(Denied::Foreign));
    }
}

//! Upgrades to WebSocket: the headers of each plane (PROTOCOL.md, endpoints and authentication), and what a refusal means.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use telcoflow::link::Refusal;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, http as tungstenite_http};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

use crate::dial::{ByteStream, Dial, DialError};
use crate::limits::{DIAL_MS_MAX, REFUSAL_BODY_CHARS_MAX};
use crate::tls::TlsFailure;

/// An open WebSocket over whatever was dialled.
pub(crate) type Socket = WebSocketStream<Box<dyn ByteStream>>;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// How a connector shows who it is in headers. With a client certificate they may be missing, never one of them alone.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `x-api-key`.
    pub api_key: Secret,
    /// `x-connector-uuid`.
    pub connector_uuid: String,
}

/// The request for an upgrade with these headers; values that must not be printed are marked.
pub(crate) fn request(url: &Url, headers: &[(&'static str, &str, bool)]) -> Result<Request, Refusal> {
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|_| Refusal::Unreachable("the URL is not usable for a WebSocket".to_string()))?;
    for (name, value, secret) in headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Refusal::Unreachable(format!("the value of the header {name} has characters that a header cannot carry"))
        })?;
        value.set_sensitive(*secret);
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(request)
}

/// Dials and upgrades, all within the time limit.
pub(crate) async fn open(
    dialer: Arc<dyn Dial>,
    url: Url,
    request: Request,
    config: WebSocketConfig,
) -> Result<Socket, Refusal> {
    open_as(dialer, url, request, config, |stream| stream).await
}

/// The same over a stream that is first made into another.
pub(crate) async fn open_as<S: AsyncRead + AsyncWrite + Unpin>(
    dialer: Arc<dyn Dial>,
    url: Url,
    request: Request,
    config: WebSocketConfig,
    make: fn(Box<dyn ByteStream>) -> S,
) -> Result<WebSocketStream<S>, Refusal> {
    let opening = async {
        let stream = dialer.dial(&url).await.map_err(|error| match error {
            DialError::Url(_) | DialError::Unreachable { .. } | DialError::BrokenOff { .. } => {
                Refusal::Unreachable(error.to_string())
            }
            DialError::Tls(failure) => tls_refusal(&failure),
        })?;
        let upgraded = client_async_with_config(request, make(stream), Some(config)).await;
        upgraded.map(|(socket, _)| socket).map_err(|error| match &error {
            Error::Io(broken) => {
                dialer.explain(&url, broken).map_or_else(|| refusal(error), |failure| tls_refusal(&failure))
            }
            _ => refusal(error),
        })
    };
    let limit = Duration::from_millis(DIAL_MS_MAX);
    let late = || Refusal::Unreachable(format!("no answer within {} s", limit.as_secs()));
    tokio::time::timeout(limit, opening).await.unwrap_or_else(|_| Err(late()))
}

fn tls_refusal(failure: &TlsFailure) -> Refusal {
    match failure.blames_credentials() {
        true => Refusal::Certificate(failure.to_string()),
        false => Refusal::Tls(failure.to_string()),
    }
}

/// A refused upgrade may carry words worth showing.
fn refusal(error: Error) -> Refusal {
    match error {
        Error::Http(response) => {
            let response: tungstenite_http::Response<Option<Vec<u8>>> = *response;
            let body = response.body().as_deref().unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            let body: String = body.trim().chars().filter(|c| !c.is_control()).take(REFUSAL_BODY_CHARS_MAX).collect();
            Refusal::Status { status: response.status().as_u16(), body }
        }
        other => Refusal::Unreachable(format!("the upgrade failed: {other}")),
    }
}

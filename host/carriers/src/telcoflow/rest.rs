//! The REST interface for sessions (PROTOCOL.md, section 7): lists those that are open, and closes one.
//!
//! It is for chats and for people who look; no call waits for it. A request has one deadline for everything, dialling
//! included, a bounded answer, and a socket of its own over the same dialer as the other planes.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, HOST, HeaderValue};
use http::{HeaderName, Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use telcoflow::frame::manager::Channel;
use telcoflow::frame::rest::{Refused, SESSIONS_PATH, SessionClosed, SessionInfo};
use telcoflow::frame::word;
use url::Url;

use super::manager::ManagerConfig;
use crate::dial::{Dial, DialError};
use crate::limits::{REST_BODY_BYTES_MAX, REST_HEAD_BYTES_MAX, REST_MS_MAX};

/// The REST interface of one connector's account.
#[derive(Clone)]
pub struct RestClient {
    manager: ManagerConfig,
    dialer: Arc<dyn Dial>,
}

/// Which sessions to list; `None` is any. Only open ones are listed.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Calls or chats.
    pub channel: Option<Channel>,
    /// Those with this other party.
    pub remote_address: Option<String>,
}

/// What became of a session that was to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It is closed; `session.closed` follows on the session manager's socket.
    Closed(SessionClosed),
    /// There is none by that id: it was gone already.
    Gone,
}

/// Why a request failed. No variant shows what the server wrote but its code.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// The server refused it.
    #[error("the server refuses the request with {} (status {status})", word(code))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's code, such as `FORBIDDEN`; `UNKNOWN` when it gave none.
        code: String,
        /// The server's words.
        message: String,
    },
    /// No socket came to be, or it broke.
    #[error("the server is unreachable: {0}")]
    Unreachable(String),
    /// No agreement on TLS.
    #[error("TLS with the server failed: {0}")]
    Tls(String),
    /// No answer within [`REST_MS_MAX`]. Whether the request was carried out is not known.
    #[error("the server did not answer within {REST_MS_MAX} ms")]
    Late,
    /// The server is to blame: an answer that makes no sense, or is too long.
    #[error("the server's answer is not usable: {0}")]
    BadAnswer(String),
    /// The caller or the configuration is to blame: nothing was sent.
    #[error("the request cannot be made: {0}")]
    BadRequest(&'static str),
}

impl RestClient {
    /// A client for the account of this session manager.
    pub fn new(manager: ManagerConfig, dialer: Arc<dyn Dial>) -> Self {
        Self { manager, dialer }
    }

    /// The open sessions of the connector.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionInfo>, RestError> {
        let mut url = self.url(&[])?;
        {
            let mut query = url.query_pairs_mut();
            if let Some(channel) = &filter.channel {
                query.append_pair("channel", channel.as_str());
            }
            if let Some(remote_address) = &filter.remote_address {
                query.append_pair("remoteAddress", remote_address);
            }
            query.append_pair("state", "OPEN");
        }
        let answer = self.request(Method::GET, url).await?;
        if !answer.status.is_success() {
            return Err(answer.refusal());
        }
        SessionInfo::parse_list(&answer.body).map_err(|error| RestError::BadAnswer(error.to_string()))
    }

    /// Closes a session. Closing one that is gone is no error.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn close(&self, session_id: &str) -> Result<Closing, RestError> {
        // A path has another meaning for these, and the id comes from a peer.
        if matches!(session_id, "" | "." | "..") {
            return Err(RestError::BadRequest("the id of the session is empty or dots"));
        }
        let url = self.url(&[session_id, "close"])?;
        let answer = self.request(Method::POST, url).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(Closing::Gone),
            status if status.is_success() => Ok(Closing::Closed(SessionClosed::parse(&answer.body))),
            _ => Err(answer.refusal()),
        }
    }

    /// A URL under the path of the sessions. Its scheme stays `ws` or `wss`, which is what the dialer knows.
    fn url(&self, below: &[&str]) -> Result<Url, RestError> {
        let base = self.manager.base_url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{SESSIONS_PATH}"));
        let mut url = url.map_err(|_| RestError::BadRequest("the base URL is not usable"))?;
        url.path_segments_mut().map_err(|()| RestError::BadRequest("the base URL has no path"))?.extend(below);
        Ok(url)
    }

    async fn request(&self, method: Method, url: Url) -> Result<Answer, RestError> {
        let request = self.head(method, &url)?;
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let dialing = self.dialer.dial(&url);
        let exchange = async {
            let stream = dialing.await.map_err(|error| match error {
                DialError::Url(_) | DialError::Unreachable { .. } | DialError::BrokenOff { .. } => {
                    RestError::Unreachable(error.to_string())
                }
                DialError::Tls(_) => RestError::Tls(error.to_string()),
            })?;
            let mut http = http1::Builder::new();
            http.max_buf_size(REST_HEAD_BYTES_MAX);
            let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(broken)?;
            beside(connection, async move {
                let response = sender.send_request(request).await.map_err(broken)?;
                let status = response.status();
                let body = Limited::new(response.into_body(), REST_BODY_BYTES_MAX).collect().await;
                let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
                    Ok(_) => RestError::BadAnswer(format!("it has more than {REST_BODY_BYTES_MAX} bytes")),
                    Err(error) => RestError::Unreachable(error.to_string()),
                })?;
                Ok(Answer { status, body: body.to_bytes() })
            })
            .await
        };
        let answer = tokio::time::timeout(Duration::from_millis(REST_MS_MAX), exchange).await;
        let answer = answer.unwrap_or(Err(RestError::Late));
        match &answer {
            Ok(answer) => {
                let (status, bytes) = (answer.status.as_u16(), answer.body.len());
                tracing::debug!(%method, path, status, bytes, "a request was answered");
            }
            Err(error) => tracing::debug!(%method, path, %error, "a request failed"),
        }
        answer
    }

    fn head(&self, method: Method, url: &Url) -> Result<Request<Empty<Bytes>>, RestError> {
        let host = url.host_str().ok_or(RestError::BadRequest("the base URL names no host"))?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let is_post = method == Method::POST;
        let mut request = Request::new(Empty::new());
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().map_err(|_| RestError::BadRequest("the path is not usable"))?;
        let headers = request.headers_mut();
        let value = |text: &str| {
            HeaderValue::from_str(text).map_err(|_| RestError::BadRequest("a header has characters it cannot carry"))
        };
        headers.insert(HOST, value(&authority)?);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if is_post {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        for (name, text, secret) in self.manager.headers() {
            let mut value = value(text)?;
            value.set_sensitive(secret);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(request)
    }
}

struct Answer {
    status: StatusCode,
    body: Bytes,
}

impl Answer {
    fn refusal(&self) -> RestError {
        let Refused { code, message } = Refused::parse(&self.body);
        RestError::Refused { status: self.status.as_u16(), code, message }
    }
}

/// Runs the connection as long as the work on it. A connection that ends first may leave an answer to be read.
async fn beside<T>(connection: impl Future, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        _ = connection => {}
    }
    work.await
}

fn broken(error: hyper::Error) -> RestError {
    if error.is_parse() { RestError::BadAnswer(error.to_string()) } else { RestError::Unreachable(error.to_string()) }
}

#[cfg(test)]
mod tests;

//! The REST interface for sessions, on the port of the two planes: a list of those that are open, and a close.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use telcoflow::frame::rest::{Refused, SESSIONS_PATH, SessionClosed, SessionInfo};

use super::{Inner, accept};
use crate::limits::{HANDSHAKE_MS_MAX, REST_MS_MAX, REST_REQUESTS_KEPT};
use crate::tls::Peer;
use crate::wire::ByteStream;

/// A request that came over REST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestRequest {
    /// `GET`, `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// As it came, without the question mark.
    pub query: String,
    /// Names in lower case and values, in the order of their names. Keys are not kept.
    pub headers: Vec<(String, String)>,
}

/// The last of them.
#[derive(Debug, Default)]
pub(super) struct RestLog(VecDeque<RestRequest>);

impl RestLog {
    pub(super) fn all(&self) -> Vec<RestRequest> {
        self.0.iter().cloned().collect()
    }

    fn note(&mut self, request: &Request<Incoming>) {
        let mut headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let shown = if name == "x-api-key" { "<hidden>" } else { value.to_str().unwrap_or("<no text>") };
                (name.as_str().to_owned(), shown.to_owned())
            })
            .collect();
        headers.sort();
        if self.0.len() >= REST_REQUESTS_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(RestRequest {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers,
        });
    }
}

/// Whether a stream that begins so has a request for this interface.
pub(super) fn is_rest(request_line: &[u8]) -> bool {
    let target = request_line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    target.starts_with(b"/public/")
}

/// Answers the requests of one stream.
pub(super) async fn serve(inner: Arc<Inner>, stream: Box<dyn ByteStream>, peer: Peer) {
    let answers = service_fn(|request| {
        let answer = answer(&inner, &peer, &request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(HANDSHAKE_MS_MAX));
    let serving = http.serve_connection(TokioIo::new(stream), answers);
    let serving = tokio::time::timeout(Duration::from_millis(REST_MS_MAX), serving);
    let mut stop = inner.stop.subscribe();
    tokio::select! {
        served = serving => if let Ok(Err(error)) = served { tracing::debug!(%error, "a REST stream broke") },
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

type Answer = Response<Full<Bytes>>;

fn answer(inner: &Inner, peer: &Peer, request: &Request<Incoming>) -> Answer {
    inner.rest.lock().note(request);
    if let Err((status, message)) = accept::admit_account(inner, peer, request) {
        let code = if status == StatusCode::UNAUTHORIZED { "UNAUTHORIZED" } else { "INVALID_REQUEST" };
        return refusal(status, code, message);
    }
    let below = request.uri().path().strip_prefix(SESSIONS_PATH).unwrap_or("/");
    let segments: Vec<&str> = below.trim_start_matches('/').split('/').filter(|part| !part.is_empty()).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, []) if !below.starts_with('/') => list(inner, request.uri().query().unwrap_or_default()),
        (&Method::POST, [session_id, "close"]) => close(inner, session_id),
        _ => refusal(StatusCode::NOT_FOUND, "INVALID_REQUEST", "there is nothing here"),
    }
}

fn list(inner: &Inner, query: &str) -> Answer {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let wants = |name: &str, value: &str| pairs.iter().all(|(asked, wanted)| asked != name || wanted == value);
    let sessions: Vec<SessionInfo> = inner
        .hub
        .lock()
        .sessions()
        .filter(|session| {
            wants("channel", session.channel.as_str())
                && wants("remoteAddress", &session.remote_address)
                && wants("state", &session.state)
        })
        .collect();
    respond(StatusCode::OK, SessionInfo::print_list(&sessions))
}

fn close(inner: &Inner, session_id: &str) -> Answer {
    match inner.hub.lock().request_close(session_id) {
        Some(closed_at_s) => {
            let closed = SessionClosed { closed_at_s: Some(closed_at_s), reason: "SDK_REQUEST".to_owned() };
            respond(StatusCode::OK, closed.print())
        }
        None => refusal(StatusCode::NOT_FOUND, "SESSION_NOT_FOUND", "there is no open session with this id"),
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Answer {
    respond(status, Refused { code: code.to_owned(), message: message.to_owned() }.print())
}

fn respond(status: StatusCode, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

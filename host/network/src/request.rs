//! One HTTP request of a handler, from its connection to the event that says how it ended. Each has a connection of its own.

use std::error::Error;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use call::{Failure, NetworkEvent, code};
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, Connection};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::dial::{Stream, dial};
use crate::limits::{
    ANSWER_BODY_BYTES_MAX, ANSWER_IDLE_MS_MAX, ANSWER_PIECE_BYTES_MAX, OPEN_MS_MAX, REQUEST_BODY_BYTES_MAX,
};
use crate::plugin::{Place, Plugin};
use crate::socket::CANCELLED;
use crate::target::{Schemes, Target};

/// What requests are sent by.
pub(crate) const SCHEMES: Schemes = Schemes { secure: "https", plain: "http" };

pub(crate) type Conn<B> = Connection<TokioIo<Box<dyn Stream>>, B>;
/// An answer's head, and the connection unless it is over.
type Head<B> = (Response<Incoming>, Option<Conn<B>>);
/// Comes to the head.
type Asking = Pin<Box<dyn Future<Output = Result<Head<Full<Bytes>>, Failure>> + Send>>;

/// A request. Polled until it has told how it ended.
pub(crate) struct Request {
    id: u32,
    state: State,
    timer: Pin<Box<Sleep>>,
    _place: Place,
}

enum State {
    Asking(Asking),
    Answered(Box<Answer>),
    /// Only the event is missing.
    Over(Result<(), Failure>),
    /// That was told too.
    Gone,
}

struct Answer {
    body: Incoming,
    conn: Option<Conn<Full<Bytes>>>,
    bytes: u64,
    heard: Instant,
}

/// What is sent.
pub(crate) struct Message {
    method: Method,
    body: Bytes,
}

impl Message {
    /// # Errors
    /// `INVALID` for a method that is none, or is not for this, and for a body that is too long.
    pub(crate) fn new(method: &str, body: Vec<u8>) -> Result<Self, Failure> {
        let method = method_of(method)?;
        check_length(body.len() as u64)?;
        Ok(Self { method, body: body.into() })
    }
}

/// # Errors
/// `INVALID` for a method that is none, or is not for handlers.
pub(crate) fn method_of(text: &str) -> Result<Method, Failure> {
    let invalid = |message: String| Failure::new(code::INVALID, message);
    let method = Method::from_bytes(text.as_bytes()).map_err(|_| invalid("the method is none".into()))?;
    if [Method::CONNECT, Method::TRACE].contains(&method) {
        return Err(invalid(format!("{method} is not for handlers")));
    }
    Ok(method)
}

/// # Errors
/// `INVALID` for a body that is too long.
pub(crate) fn check_length(bytes: u64) -> Result<(), Failure> {
    if bytes > REQUEST_BODY_BYTES_MAX as u64 {
        let message = format!("the body has {bytes} bytes or more; {REQUEST_BODY_BYTES_MAX} are allowed");
        return Err(Failure::new(code::INVALID, message));
    }
    Ok(())
}

impl Request {
    pub(crate) fn send(id: u32, plugin: Arc<Plugin>, target: Target, message: Message, place: Place) -> Self {
        let Message { method, body } = message;
        let asking = async move { ask(&plugin, target, method, Full::new(body), Within::default()).await };
        let timer = Box::pin(sleep_until(Instant::now()));
        Self { id, state: State::Asking(Box::pin(asking)), timer, _place: place }
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether it has told how it ended.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    pub(crate) fn cancel(&mut self) {
        if let State::Asking(_) | State::Answered(_) = self.state {
            self.state = State::Over(Err(Failure::new(CANCELLED, "the handler gave it up")));
        }
    }

    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<NetworkEvent> {
        loop {
            match &mut self.state {
                State::Asking(asking) => match asking.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok((response, conn))) => {
                        let (head, body) = response.into_parts();
                        let answer = Answer { body, conn, bytes: 0, heard: Instant::now() };
                        self.state = State::Answered(Box::new(answer));
                        return Poll::Ready(NetworkEvent::HttpHead(
                            self.id,
                            head.status.as_u16(),
                            texts(&head.headers),
                        ));
                    }
                    Poll::Ready(Err(failure)) => self.state = State::Over(Err(failure)),
                },
                State::Answered(answer) => match answer.poll(cx, &mut self.timer) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(Some(data))) => return Poll::Ready(NetworkEvent::HttpBody(self.id, data.into())),
                    Poll::Ready(Ok(None)) => self.state = State::Over(Ok(())),
                    Poll::Ready(Err(failure)) => self.state = State::Over(Err(failure)),
                },
                State::Over(result) => {
                    let result = std::mem::replace(result, Ok(()));
                    self.state = State::Gone;
                    return Poll::Ready(NetworkEvent::HttpEnd(self.id, result));
                }
                State::Gone => return Poll::Pending,
            }
        }
    }
}

impl Answer {
    /// The next piece of the body; none when it is whole.
    fn poll(&mut self, cx: &mut Context<'_>, timer: &mut Pin<Box<Sleep>>) -> Poll<Result<Option<Bytes>, Failure>> {
        loop {
            drive(&mut self.conn, cx);
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(broken(&error))),
                Poll::Ready(Some(Ok(frame))) => {
                    self.heard = Instant::now();
                    // Trailers are nobody's.
                    let Ok(data) = frame.into_data() else { continue };
                    self.bytes += data.len() as u64;
                    if self.bytes > ANSWER_BODY_BYTES_MAX {
                        let message = format!("the answer has more than {ANSWER_BODY_BYTES_MAX} bytes");
                        return Poll::Ready(Err(Failure::new(code::FULL, message)));
                    }
                    if !data.is_empty() {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
            }
        }
        let due = self.heard + Duration::from_millis(ANSWER_IDLE_MS_MAX);
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(cx).map(|()| Err(late("nothing more of the answer came")))
    }
}

/// How long the steps of a request may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Within {
    pub(crate) opens: Duration,
    pub(crate) answers: Duration,
    pub(crate) goes_on: Duration,
}

impl Default for Within {
    fn default() -> Self {
        let idle = Duration::from_millis(ANSWER_IDLE_MS_MAX);
        Self { opens: Duration::from_millis(OPEN_MS_MAX), answers: idle, goes_on: idle }
    }
}

/// Moves a connection on, and drops it when it is over: how it ended is told by what it carried.
fn drive<B>(conn: &mut Option<Conn<B>>, cx: &mut Context<'_>)
where
    B: Body + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if let Some(running) = conn
        && Pin::new(running).poll(cx).is_ready()
    {
        *conn = None;
    }
}

/// Asks, up to the head of the answer.
///
/// # Errors
/// Why no answer came.
pub(crate) async fn ask<B>(
    plugin: &Plugin,
    target: Target,
    method: Method,
    body: B,
    within: Within,
) -> Result<Head<B>, Failure>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let opened = timeout(within.opens, dial(plugin, &target)).await;
    let stream = opened.unwrap_or_else(|_| Err(late("the connection did not stand")))?;
    let handshake = http1::Builder::new().max_buf_size(ANSWER_PIECE_BYTES_MAX).handshake(TokioIo::new(stream));
    let (mut sender, conn) = handshake.await.map_err(|error| broken(&error))?;
    let mut conn = Some(conn);
    let mut answering = pin!(sender.send_request(request(target, method, body)?));
    let answered = std::future::poll_fn(|cx| {
        drive(&mut conn, cx);
        answering.as_mut().poll(cx)
    });
    let answered = timeout(within.answers, answered).await;
    let response = answered.map_err(|_| late("no answer came"))?.map_err(|error| broken(&error))?;
    Ok((response, conn))
}

fn request<B>(target: Target, method: Method, body: B) -> Result<http::Request<B>, Failure> {
    let url = &target.url;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let invalid = || Failure::new(code::INVALID, "the URL is not usable for HTTP");
    let request = http::Request::builder().method(method).uri(path).body(body);
    let mut request = request.map_err(|_| invalid())?;
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", target.host),
        None => target.host.to_string(),
    };
    *request.headers_mut() = target.headers;
    let host = HeaderValue::from_str(&authority).map_err(|_| invalid())?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let agent = HeaderValue::from_static(concat!("switchhook/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().entry(USER_AGENT).or_insert(agent);
    Ok(request)
}

/// What is no text is told as well as it can be.
pub(crate) fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

pub(crate) fn late(what: &str) -> Failure {
    Failure::new(code::TIMEOUT, format!("{what} in time"))
}

pub(crate) fn broken(error: &hyper::Error) -> Failure {
    // What the body failed with, if it did.
    if let Some(failure) = error.source().and_then(|source| source.downcast_ref::<Failure>()) {
        return failure.clone();
    }
    if error.is_parse_too_large() {
        let message = format!("the head of the answer has more than {ANSWER_PIECE_BYTES_MAX} bytes");
        return Failure::new(code::FULL, message);
    }
    if error.is_parse() {
        return Failure::new(code::LINK_LOST, "the other side does not speak HTTP as it should");
    }
    Failure::new(code::LINK_LOST, "the connection broke")
}

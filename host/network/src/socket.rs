//! One WebSocket of a handler, from its opening to the event that says it is closed.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use call::{Failure, NetworkEvent, Payload, code};
use futures_util::{Sink, Stream as _};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::dial::{Stream, dial};
use crate::limits::{
    CLOSE_MS_MAX, CONTROL_FRAMES_PER_TURN_MAX, MESSAGE_IN_BYTES_MAX, MESSAGE_OUT_BYTES_MAX, OPEN_MS_MAX, PING_MS,
    READ_BYTES, SOCKET_IDLE_MS_MAX, SOCKET_OUT_BYTES_MAX, SOCKET_OUT_MESSAGES_MAX,
};
use crate::plugin::{Place, Plugin};
use crate::target::{Schemes, Target};

/// What WebSockets are reached by.
pub(crate) const SCHEMES: Schemes = Schemes { secure: "wss", plain: "ws" };
/// The other side did not take the upgrade.
const REFUSED: &str = "REFUSED";
/// The handler gave it up.
pub(crate) const CANCELLED: &str = "CANCELLED";
/// RFC 6455, 7.4.1: closed without a close frame.
const ABNORMAL: u16 = 1006;
/// RFC 6455, 7.4.1: a message is too big.
const TOO_BIG: u16 = 1009;
/// What a control frame holds beside its code (RFC 6455, 5.5).
const REASON_BYTES_MAX: usize = 123;

type Wire = WebSocketStream<Box<dyn Stream>>;

/// A socket. Polled until it has told that it is closed.
pub(crate) struct Socket {
    id: u32,
    state: State,
    timer: Pin<Box<Sleep>>,
    _place: Place,
}

enum State {
    Opening(Pin<Box<dyn Future<Output = Result<Wire, Failure>> + Send>>),
    Open(Box<Open>),
    /// Only the event is missing.
    Closed(u16, String),
    /// That was told too.
    Gone,
}

struct Open {
    wire: Wire,
    queue: VecDeque<Message>,
    queued_bytes: usize,
    /// Something was given to the wire that may not have left.
    unflushed: bool,
    /// `FULL` was answered.
    behind: bool,
    heard: Instant,
    pinged: bool,
    /// What the handler closes it with, until that is sent.
    closing: Option<CloseFrame>,
    /// The handler closes it: the wire has so long.
    close_by: Option<Instant>,
    /// What the other side closes it with.
    closed: Option<(u16, String)>,
}

impl Socket {
    pub(crate) fn open(id: u32, plugin: Arc<Plugin>, target: Target, place: Place) -> Self {
        let opening = async move {
            let late = || Failure::new(code::TIMEOUT, format!("the socket was not open within {OPEN_MS_MAX} ms"));
            let limit = Duration::from_millis(OPEN_MS_MAX);
            timeout(limit, upgrade(&plugin, &target)).await.unwrap_or_else(|_| Err(late()))
        };
        let timer = Box::pin(sleep_until(Instant::now()));
        Self { id, state: State::Opening(Box::pin(opening)), timer, _place: place }
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether it has told that it is closed.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    pub(crate) fn send(&mut self, payload: Payload) -> Result<(), Failure> {
        let bytes = payload.len();
        if bytes > MESSAGE_OUT_BYTES_MAX {
            let message = format!("the message has {bytes} bytes; {MESSAGE_OUT_BYTES_MAX} are allowed");
            return Err(Failure::new(code::INVALID, message));
        }
        let State::Open(open) = &mut self.state else { return Err(not_open()) };
        if open.close_by.is_some() || open.closed.is_some() {
            return Err(not_open());
        }
        if open.queued_bytes + bytes > SOCKET_OUT_BYTES_MAX || open.queue.len() >= SOCKET_OUT_MESSAGES_MAX {
            open.behind = true;
            return Err(Failure::new(code::FULL, format!("{} bytes wait to be sent", open.queued_bytes)));
        }
        open.queued_bytes += bytes;
        open.queue.push_back(match payload {
            Payload::Text(text) => Message::text(text),
            Payload::Binary(bytes) => Message::binary(bytes),
        });
        Ok(())
    }

    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        match &mut self.state {
            State::Opening(_) => {
                self.state = State::Closed(ABNORMAL, format!("{CANCELLED}: it was closed before it was open"))
            }
            State::Open(open) if open.close_by.is_none() => {
                let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
                open.closing = Some(CloseFrame { code: close_code(code), reason: reason.into() });
                open.close_by = Some(Instant::now() + Duration::from_millis(CLOSE_MS_MAX));
            }
            State::Open(_) | State::Closed(..) | State::Gone => {}
        }
    }

    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<NetworkEvent> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(wire)) => {
                        self.state = State::Open(Box::new(Open::new(wire)));
                        return Poll::Ready(NetworkEvent::SocketOpen(self.id));
                    }
                    Poll::Ready(Err(failure)) => {
                        self.state = State::Closed(ABNORMAL, format!("{}: {}", failure.code, failure.message));
                    }
                },
                State::Open(open) => match open.poll(cx, &mut self.timer) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Happened::Message(payload)) => {
                        return Poll::Ready(NetworkEvent::SocketMessage(self.id, payload));
                    }
                    Poll::Ready(Happened::Writable) => return Poll::Ready(NetworkEvent::SocketWritable(self.id)),
                    Poll::Ready(Happened::Closed(code, reason)) => self.state = State::Closed(code, reason),
                },
                State::Closed(code, reason) => {
                    let closed = NetworkEvent::SocketClosed(self.id, *code, std::mem::take(reason));
                    self.state = State::Gone;
                    return Poll::Ready(closed);
                }
                State::Gone => return Poll::Pending,
            }
        }
    }
}

enum Happened {
    Message(Payload),
    Writable,
    Closed(u16, String),
}

impl Open {
    fn new(wire: Wire) -> Self {
        Self {
            wire,
            queue: VecDeque::new(),
            queued_bytes: 0,
            unflushed: false,
            behind: false,
            heard: Instant::now(),
            pinged: false,
            closing: None,
            close_by: None,
            closed: None,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, timer: &mut Pin<Box<Sleep>>) -> Poll<Happened> {
        if let Err(error) = self.write(cx) {
            return Poll::Ready(self.over(&error));
        }
        if self.behind
            && self.queued_bytes <= SOCKET_OUT_BYTES_MAX / 2
            && self.queue.len() <= SOCKET_OUT_MESSAGES_MAX / 2
        {
            self.behind = false;
            return Poll::Ready(Happened::Writable);
        }
        if let Poll::Ready(happened) = self.read(cx) {
            return Poll::Ready(happened);
        }
        self.watch(cx, timer)
    }

    /// As much as the wire takes.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut wire = Pin::new(&mut self.wire);
        while !self.queue.is_empty() || self.closing.is_some() {
            match wire.as_mut().poll_ready(cx)? {
                Poll::Pending => break,
                Poll::Ready(()) => {}
            }
            let message = match self.queue.pop_front() {
                Some(message) => message,
                None => Message::Close(self.closing.take()),
            };
            self.queued_bytes = self.queued_bytes.saturating_sub(message.len());
            wire.as_mut().start_send(message)?;
            self.unflushed = true;
        }
        if self.unflushed && wire.poll_flush(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Happened> {
        for _ in 0..CONTROL_FRAMES_PER_TURN_MAX {
            let message = match Pin::new(&mut self.wire).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(self.over(&error)),
                Poll::Ready(None) => return Poll::Ready(self.over(&Error::ConnectionClosed)),
            };
            self.heard = Instant::now();
            self.pinged = false;
            match message {
                Message::Text(text) => return Poll::Ready(Happened::Message(Payload::Text(text.as_str().to_owned()))),
                Message::Binary(bytes) => return Poll::Ready(Happened::Message(Payload::Binary(bytes.into()))),
                Message::Close(frame) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (u16::from(frame.code), frame.reason.as_str().to_owned())
                    });
                    self.closed = Some((code, reason));
                    // The answer to it leaves with the next reads; nothing is heard any more.
                    self.close_by.get_or_insert_with(|| Instant::now() + Duration::from_millis(CLOSE_MS_MAX));
                }
                // A ping is answered by the next flush.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => self.unflushed = true,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Pings who is silent for long, and gives up who stays so.
    fn watch(&mut self, cx: &mut Context<'_>, timer: &mut Pin<Box<Sleep>>) -> Poll<Happened> {
        loop {
            let limit = if self.pinged { SOCKET_IDLE_MS_MAX } else { PING_MS };
            let due = self.close_by.unwrap_or(self.heard + Duration::from_millis(limit));
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.close_by.is_some() {
                return Poll::Ready(self.over(&Error::ConnectionClosed));
            }
            if self.pinged {
                let reason = format!("{}: nothing was heard for {} s", code::TIMEOUT, SOCKET_IDLE_MS_MAX / 1_000);
                return Poll::Ready(Happened::Closed(ABNORMAL, reason));
            }
            self.pinged = true;
            self.queue.push_front(Message::Ping(Bytes::new()));
            if let Err(error) = self.write(cx) {
                return Poll::Ready(self.over(&error));
            }
        }
    }

    /// What a socket that is over says.
    fn over(&mut self, error: &Error) -> Happened {
        if let Some((code, reason)) = self.closed.take() {
            return Happened::Closed(code, reason);
        }
        match error {
            Error::Capacity(_) => {
                let reason = format!("{}: a message of more than {MESSAGE_IN_BYTES_MAX} bytes came", code::FULL);
                Happened::Closed(TOO_BIG, reason)
            }
            Error::ConnectionClosed if self.close_by.is_some() => {
                Happened::Closed(ABNORMAL, format!("{}: the other side did not close it", code::TIMEOUT))
            }
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Happened::Closed(ABNORMAL, format!("{}: the connection broke", code::LINK_LOST))
            }
            Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => {
                Happened::Closed(1002, format!("{}: the other side broke the protocol", code::LINK_LOST))
            }
            _ => Happened::Closed(ABNORMAL, format!("{}: the connection broke", code::LINK_LOST)),
        }
    }
}

fn not_open() -> Failure {
    Failure::new(code::NOT_NOW, "the socket is not open")
}

/// What may stand in a close frame (RFC 6455, 7.4); anything else becomes 1000.
fn close_code(code: u16) -> CloseCode {
    match code {
        1000..=1003 | 1007..=1011 | 3000..=4999 => CloseCode::from(code),
        _ => CloseCode::Normal,
    }
}

async fn upgrade(plugin: &Plugin, target: &Target) -> Result<Wire, Failure> {
    let stream = dial(plugin, target).await?;
    let request = target.url.as_str().into_client_request();
    let mut request = request.map_err(|_| Failure::new(code::INVALID, "the URL is not usable for a WebSocket"))?;
    request.headers_mut().extend(target.headers.clone());
    let upgraded = client_async_with_config(request, stream, Some(config())).await;
    upgraded.map(|(wire, _)| wire).map_err(|error| match error {
        Error::Http(response) => {
            Failure::new(REFUSED, format!("the other side answered with status {}", response.status().as_u16()))
        }
        Error::Io(_) => Failure::new(code::LINK_LOST, "the connection broke before the socket was open"),
        _ => Failure::new(REFUSED, "the other side does not speak WebSocket as it should"),
    })
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MESSAGE_OUT_BYTES_MAX)
        .max_message_size(Some(MESSAGE_IN_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_IN_BYTES_MAX))
}

//! The session-manager socket: drives [`telcoflow::link::Link`] over one socket after another.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::{Sink, Stream};
use telcoflow::Tally;
use telcoflow::frame::manager::Channel;
use telcoflow::link::{Event, Link, LinkConfig, Output, Refusal, RequestRefused};
use tokio::time::Sleep;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

use super::upgrade::{Credentials, Socket, open, request};
use super::{frame_log, goodbye};
use crate::clock::now;
use crate::dial::Dial;
use crate::limits::{
    MANAGER_READ_BYTES, MANAGER_WRITE_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGES_PER_TURN_MAX, OUTBOX_FRAMES_MAX,
};

/// What a session-manager link needs to know.
#[derive(Clone, Debug)]
pub struct ManagerConfig {
    /// `ws` or `wss`; the path of the plane is added.
    pub base_url: Url,
    /// Who we are. `None`: the dialer's client certificate says it alone.
    pub credentials: Option<Credentials>,
    /// Sent as `x-sdk-version`.
    pub sdk_version: String,
    /// Audio and call flow.
    pub link: LinkConfig,
}

impl ManagerConfig {
    /// What every request to the account carries: name, value, and whether the value is a secret. Rows AU-1 and AU-4.
    pub(super) fn headers(&self) -> Vec<(&'static str, &str, bool)> {
        let key = self.credentials.as_ref().map(|Credentials { api_key, connector_uuid }| {
            [("x-api-key", api_key.reveal(), true), ("x-connector-uuid", connector_uuid.as_str(), false)]
        });
        key.into_iter().flatten().chain([("x-sdk-version", self.sdk_version.as_str(), false)]).collect()
    }
}

/// One connector's link to its session manager. It dials, dials again, and reports what happens.
pub struct ManagerLink {
    config: ManagerConfig,
    dialer: Arc<dyn Dial>,
    core: Link,
    line: Line,
    outbox: VecDeque<Message>,
    timer: Pin<Box<Sleep>>,
    /// When the core wants to be told the time.
    due: Option<Instant>,
}

/// The socket of the moment, and what dies with it.
enum Line {
    Idle,
    Dialing(Pin<Box<dyn Future<Output = Result<Socket, Refusal>> + Send>>),
    Open(Box<Socket>),
}

impl ManagerLink {
    /// A link that dials on its first poll. The seed feeds request ids and jitter.
    pub fn new(config: ManagerConfig, dialer: Arc<dyn Dial>, seed: u64) -> Self {
        let core = Link::new(config.link, seed, now());
        Self {
            config,
            dialer,
            core,
            line: Line::Idle,
            outbox: VecDeque::new(),
            timer: Box::pin(tokio::time::sleep_until(tokio::time::Instant::now())),
            due: None,
        }
    }

    /// Counts what the server sends wrong into this tally too, which other links may share.
    pub fn count_into(&mut self, tally: Tally) {
        self.core.count_into(tally);
    }

    /// What happens next. Safe to drop and call again.
    pub async fn next_event(&mut self) -> Event {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Claims a session; [`Event::Claimed`] or [`Event::ClaimFailed`] follows.
    pub fn claim(&mut self, session_id: &str) -> Result<(), RequestRefused> {
        self.core.claim(now(), session_id)
    }

    /// Starts a session with somebody; [`Event::Created`] or [`Event::CreateFailed`] with this key follows.
    pub fn create(&mut self, key: u64, channel: &Channel, remote_address: &str) -> Result<(), RequestRefused> {
        self.core.create(now(), key, channel, remote_address)
    }

    /// Says that a claimed session's events may come.
    pub fn ready(&mut self, session_id: &str) -> Result<(), RequestRefused> {
        self.core.ready(session_id)
    }

    /// Sends a chat message of a claimed session; [`Event::Sent`] with this key follows.
    pub fn send(
        &mut self,
        key: u32,
        session_id: &str,
        api_version: String,
        data: serde_json::Value,
    ) -> Result<(), RequestRefused> {
        self.core.send(now(), key, session_id, api_version, data)
    }

    /// Forgets a session that is over for this host.
    pub fn forget(&mut self, session_id: &str) {
        self.core.forget(session_id);
    }

    /// Nobody here serves this session any more: when it is announced again it may be claimed anew.
    pub fn release(&mut self, session_id: &str) {
        self.core.release(session_id);
    }

    /// Whether the link is set up.
    pub fn is_up(&self) -> bool {
        self.core.is_up()
    }

    /// Closes the socket and dials no more. Keep polling until the socket is gone, or drop the link.
    pub fn shut_down(&mut self) {
        self.core.shut_down();
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        for _ in 0..MESSAGES_PER_TURN_MAX {
            if let Some(event) = self.drain_core() {
                return Poll::Ready(event);
            }
            let progress = match &mut self.line {
                Line::Idle => false,
                Line::Dialing(_) => self.poll_dialing(cx),
                Line::Open(_) => self.poll_open(cx),
            };
            if !progress && !self.poll_timer(cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what the core wants until it wants nothing more, or reports something.
    fn drain_core(&mut self) -> Option<Event> {
        loop {
            match self.core.poll_output() {
                Output::Dial => self.line = self.dial(),
                Output::Transmit(text) => self.post(Message::text(text)),
                Output::Ping => self.post(Message::Ping(Default::default())),
                Output::HangUp(why) => {
                    tracing::debug!(why, "closing the session manager's socket");
                    self.hang_up();
                }
                Output::Event(event) => return Some(event),
                Output::Timeout(timeout) => {
                    self.due = timeout.map(|(at, _)| at);
                    return None;
                }
            }
        }
    }

    fn dial(&mut self) -> Line {
        self.outbox.clear();
        let base = self.config.base_url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/v1/agent/session-manager"));
        let Ok(url) = url else {
            return Line::Dialing(Box::pin(async {
                Err(Refusal::Unreachable("the base URL is not usable".to_string()))
            }));
        };
        let dialer = self.dialer.clone();
        let request = request(&url, &self.config.headers());
        Line::Dialing(Box::pin(async move { open(dialer, url, request?, socket_config()).await }))
    }

    fn poll_dialing(&mut self, cx: &mut Context<'_>) -> bool {
        let Line::Dialing(dialing) = &mut self.line else { return false };
        let Poll::Ready(opened) = dialing.as_mut().poll(cx) else { return false };
        match opened {
            Ok(socket) => {
                self.line = Line::Open(Box::new(socket));
                self.core.handle_opened(now());
            }
            Err(refusal) => {
                self.line = Line::Idle;
                self.core.handle_refused(now(), refusal);
            }
        }
        true
    }

    /// Writes what waits, then reads one message. True when the core has something to say about it.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> bool {
        if let Err(why) = self.poll_write(cx) {
            self.lost(why);
            return true;
        }
        let Line::Open(socket) = &mut self.line else { return false };
        match Pin::new(&mut **socket).poll_next(cx) {
            Poll::Pending => false,
            Poll::Ready(Some(Ok(message))) => {
                match message {
                    Message::Text(text) => self.receive(text.as_bytes()),
                    Message::Binary(bytes) => self.receive(&bytes),
                    Message::Pong(_) => self.core.handle_pong(now()),
                    Message::Ping(_) | Message::Close(_) | Message::Frame(_) => {}
                }
                true
            }
            Poll::Ready(Some(Err(error))) => {
                self.lost(error.to_string());
                true
            }
            Poll::Ready(None) => {
                self.lost("the server closed it".to_string());
                true
            }
        }
    }

    fn receive(&mut self, frame: &[u8]) {
        frame_log::received(frame);
        self.core.handle_frame(now(), frame);
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), String> {
        let Line::Open(socket) = &mut self.line else { return Ok(()) };
        let mut socket = Pin::new(&mut **socket);
        while !self.outbox.is_empty() {
            match socket.as_mut().poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(error)) => return Err(error.to_string()),
                Poll::Ready(Ok(())) => {}
            }
            if let Some(message) = self.outbox.pop_front() {
                frame_log::sent(&message);
                socket.as_mut().start_send(message).map_err(|error| error.to_string())?;
            }
        }
        match socket.poll_flush(cx) {
            Poll::Ready(Err(error)) => Err(error.to_string()),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    fn post(&mut self, message: Message) {
        if self.outbox.len() < OUTBOX_FRAMES_MAX {
            self.outbox.push_back(message);
        } else {
            tracing::warn!(frames_max = OUTBOX_FRAMES_MAX, "the session manager does not read: a frame was dropped");
        }
    }

    fn lost(&mut self, why: String) {
        self.line = Line::Idle;
        self.outbox.clear();
        self.core.handle_lost(now(), why);
    }

    /// Says goodbye as far as the socket takes it at once, and drops it.
    fn hang_up(&mut self) {
        if let Line::Open(socket) = &mut self.line {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            let mut socket = Pin::new(&mut **socket);
            if let Poll::Ready(Ok(())) = socket.as_mut().poll_ready(&mut cx) {
                let _ = socket.as_mut().start_send(goodbye());
                let _ = socket.poll_flush(&mut cx);
            }
        }
        self.line = Line::Idle;
        self.outbox.clear();
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(due) = self.due else { return false };
        let at = tokio::time::Instant::from_std(due);
        if self.timer.deadline() != at {
            self.timer.as_mut().reset(at);
        }
        let fired = self.timer.as_mut().poll(cx).is_ready();
        if fired {
            self.core.handle_timeout(now());
        }
        fired
    }
}

fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(MANAGER_READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MANAGER_WRITE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

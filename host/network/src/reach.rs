//! The connections of one handler.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use call::{Answering, Failure, NetworkEvent, Payload, Reach, StreamRequest, code};
use tokio::time::Instant;

use crate::limits::{BEGINS_BURST_MAX, BEGINS_PER_S_MAX, REQUESTS_MAX, SOCKETS_MAX};
use crate::plugin::Plugin;
use crate::request::{self, Message, Request};
use crate::socket::{self, Socket};
use crate::streamed;
use crate::target::Target;

/// What one handler has open, and how fast it may open more.
pub(crate) struct Connections {
    plugin: Arc<Plugin>,
    sockets: Vec<Socket>,
    requests: Vec<Request>,
    /// One more is held by each request whose answer is a stream.
    streams: Arc<()>,
    last_socket: u32,
    last_request: u32,
    /// When the next one may begin, if nothing is saved up.
    next_at: Instant,
    /// Whose turn it is, so that one that brings much does not keep the others waiting.
    turn: usize,
}

const PAUSE: Duration = Duration::from_millis(1_000 / BEGINS_PER_S_MAX as u64);

impl Connections {
    pub(crate) fn new(plugin: Arc<Plugin>) -> Self {
        Self {
            plugin,
            sockets: Vec::new(),
            requests: Vec::new(),
            streams: Arc::default(),
            last_socket: 0,
            last_request: 0,
            next_at: Instant::now(),
            turn: 0,
        }
    }

    /// Whether one more may begin, and when the next may.
    fn pace(&self) -> Result<Instant, Failure> {
        let now = Instant::now();
        let next_at = self.next_at.max(now);
        if next_at - now > PAUSE * (BEGINS_BURST_MAX - 1) {
            let message = format!("{BEGINS_PER_S_MAX} a second may be begun, {BEGINS_BURST_MAX} after a rest");
            return Err(Failure::new(code::FULL, message));
        }
        Ok(next_at + PAUSE)
    }

    fn begin_socket(&mut self, url: &str, headers: &[(String, String)]) -> Result<u32, Failure> {
        let target = Target::new(self.plugin.policy(), socket::SCHEMES, url, headers)?;
        if self.sockets.len() >= SOCKETS_MAX {
            return Err(Failure::new(code::FULL, format!("{SOCKETS_MAX} sockets are open; close one first")));
        }
        let next_at = self.pace()?;
        let place = self.plugin.place()?;
        self.next_at = next_at;
        self.last_socket = self.last_socket.wrapping_add(1);
        self.sockets.push(Socket::open(self.last_socket, self.plugin.clone(), target, place));
        Ok(self.last_socket)
    }

    fn begin_request(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<u32, Failure> {
        let target = Target::new(self.plugin.policy(), request::SCHEMES, url, headers)?;
        let message = Message::new(method, body)?;
        self.has_room()?;
        let next_at = self.pace()?;
        let place = self.plugin.place()?;
        self.next_at = next_at;
        self.last_request = self.last_request.wrapping_add(1);
        self.requests.push(Request::send(self.last_request, self.plugin.clone(), target, message, place));
        Ok(self.last_request)
    }

    fn begin_stream(&mut self, request: StreamRequest) -> Result<Answering, Failure> {
        let target = Target::new(self.plugin.policy(), request::SCHEMES, &request.url, &request.headers)?;
        let method = request::method_of(&request.method)?;
        request::check_length(request.body_bytes.unwrap_or_default())?;
        self.has_room()?;
        let next_at = self.pace()?;
        let held = (self.plugin.place()?, self.streams.clone());
        self.next_at = next_at;
        Ok(streamed::begin(self.plugin.clone(), target, method, request, held))
    }

    /// Whether one more request may be under way.
    fn has_room(&self) -> Result<(), Failure> {
        let streams = Arc::strong_count(&self.streams) - 1;
        if self.requests.len() + streams >= REQUESTS_MAX {
            return Err(Failure::new(code::FULL, format!("{REQUESTS_MAX} requests are under way")));
        }
        Ok(())
    }

    /// One look at the socket or request at a place of both lists together.
    fn poll_at(&mut self, place: usize, cx: &mut Context<'_>) -> Poll<NetworkEvent> {
        match place.checked_sub(self.sockets.len()) {
            None => {
                let polled = self.sockets[place].poll_event(cx);
                if self.sockets[place].is_gone() {
                    self.sockets.remove(place);
                }
                polled
            }
            Some(place) => {
                let polled = self.requests[place].poll_event(cx);
                if self.requests[place].is_gone() {
                    self.requests.remove(place);
                }
                polled
            }
        }
    }
}

impl Reach for Connections {
    fn open(&mut self, url: &str, headers: &[(String, String)]) -> Result<u32, Failure> {
        self.begin_socket(url, headers).inspect_err(|refused| self.plugin.counts().refused(refused))
    }

    fn send(&mut self, socket: u32, payload: Payload) -> Result<(), Failure> {
        match self.sockets.iter_mut().find(|known| known.id() == socket) {
            Some(socket) => socket.send(payload),
            None => Err(Failure::new(code::NOT_NOW, "there is no such socket, or it is closed")),
        }
    }

    fn close(&mut self, socket: u32, code: u16, reason: &str) {
        if let Some(socket) = self.sockets.iter_mut().find(|known| known.id() == socket) {
            socket.close(code, reason);
        }
    }

    fn request(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<u32, Failure> {
        self.begin_request(method, url, headers, body).inspect_err(|refused| self.plugin.counts().refused(refused))
    }

    fn cancel(&mut self, request: u32) {
        if let Some(request) = self.requests.iter_mut().find(|known| known.id() == request) {
            request.cancel();
        }
    }

    fn stream(&mut self, request: StreamRequest) -> Result<Answering, Failure> {
        self.begin_stream(request).inspect_err(|refused| self.plugin.counts().refused(refused))
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<NetworkEvent> {
        let count = self.sockets.len() + self.requests.len();
        for _ in 0..count {
            self.turn = (self.turn + 1) % count;
            if let Poll::Ready(event) = self.poll_at(self.turn, cx) {
                return Poll::Ready(event);
            }
        }
        Poll::Pending
    }

    fn is_busy(&self) -> bool {
        !self.sockets.is_empty() || !self.requests.is_empty()
    }
}

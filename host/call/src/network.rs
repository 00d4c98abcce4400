//! What the host must offer so that handlers reach other hosts, and what a handler is told of it.
//!
//! A call touches no socket. The connections of one handler are its [`Reach`], which the call's task polls in its turns, and
//! only while something is open. What arrives waits in the call's inbox; while too much waits there, nothing is read.

use std::fmt;
use std::task::{Context, Poll};

use crate::limits::{NETWORK_BYTES_WAITING_MAX, NETWORK_EVENTS_WAITING_MAX};
use crate::{Answering, Failure, StreamRequest};

/// The hosts that one plugin may reach: the grant `hosts`.
pub trait Network: Send + Sync + fmt::Debug {
    /// Nothing is open yet. For one handler of a call or chat.
    fn begin(&self) -> Box<dyn Reach>;

    /// What its plugin's handlers did so far.
    fn usage(&self) -> NetworkUsage {
        NetworkUsage::default()
    }
}

/// What the handlers of one plugin did with other hosts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NetworkUsage {
    /// Sockets and requests that are open or under way.
    pub open: u64,
    /// Connections that stood, so far.
    pub connections: u64,
    /// Bytes that came over them, encryption included.
    pub received_bytes: u64,
    /// Bytes that left over them.
    pub sent_bytes: u64,
    /// What was refused since there is no grant for the host, or for its address.
    pub not_granted: u64,
    /// What was refused at a limit.
    pub full: u64,
}

/// The connections of one handler. Dropped, all of them are closed.
///
/// Nothing here waits. Failures carry the codes of the handler contract: `NOT_GRANTED` for a host that is not granted, `INVALID`
/// for a bad argument, `FULL` at a limit.
pub trait Reach: Send {
    /// Begins to open a WebSocket. [`NetworkEvent::SocketOpen`] or [`NetworkEvent::SocketClosed`] follows.
    ///
    /// # Errors
    /// As above; nothing follows then.
    fn open(&mut self, url: &str, headers: &[(String, String)]) -> Result<u32, Failure>;

    /// Queues a message, whole or not at all.
    ///
    /// # Errors
    /// `FULL` when the socket is behind: [`NetworkEvent::SocketWritable`] follows. `NOT_NOW` while it is not open. `INVALID` for
    /// a message that is too long.
    fn send(&mut self, socket: u32, payload: Payload) -> Result<(), Failure>;

    /// Begins to close a socket. [`NetworkEvent::SocketClosed`] follows. Unknown ones are ignored.
    fn close(&mut self, socket: u32, code: u16, reason: &str);

    /// Begins a request. [`NetworkEvent::HttpHead`], any number of [`NetworkEvent::HttpBody`] and one
    /// [`NetworkEvent::HttpEnd`] follow, or only the last.
    ///
    /// # Errors
    /// As above; nothing follows then.
    fn request(&mut self, method: &str, url: &str, headers: &[(String, String)], body: Vec<u8>)
    -> Result<u32, Failure>;

    /// Gives a request up: it ends with `CANCELLED`. Unknown ones are ignored.
    fn cancel(&mut self, request: u32);

    /// Begins a request whose body and answer are streams. It is none of the above: nothing is told of it as an event, and whoever
    /// asked moves it on. It counts as a request all the same.
    ///
    /// # Errors
    /// As above.
    fn stream(&mut self, request: StreamRequest) -> Result<Answering, Failure>;

    /// Moves everything on as far as it goes, and answers what happened. Pending: all was told, and the task is woken.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<NetworkEvent>;

    /// Whether there is anything to be polled for.
    fn is_busy(&self) -> bool;
}

/// One message of a WebSocket.
#[derive(Clone, Eq, PartialEq)]
pub enum Payload {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Payload {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Its length, never what is in it.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}

/// What happened to a connection of the handler (`types.wit`).
#[derive(Clone, Eq, PartialEq)]
pub enum NetworkEvent {
    /// The socket is open.
    SocketOpen(u32),
    /// A message came.
    SocketMessage(u32, Payload),
    /// A socket that answered `FULL` takes messages again.
    SocketWritable(u32),
    /// The socket is closed, or never opened: a code of RFC 6455, and a reason that begins with a code of the contract when
    /// it is the host's. The last event of it.
    SocketClosed(u32, u16, String),
    /// The answer begins: its status and headers.
    HttpHead(u32, u16, Vec<(String, String)>),
    /// A piece of its body.
    HttpBody(u32, Vec<u8>),
    /// It is whole, or failed. The last event of it.
    HttpEnd(u32, Result<(), Failure>),
}

/// Sizes, never what came.
impl fmt::Debug for NetworkEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SocketOpen(socket) => write!(f, "SocketOpen({socket})"),
            Self::SocketMessage(socket, payload) => write!(f, "SocketMessage({socket}, {} bytes)", payload.len()),
            Self::SocketWritable(socket) => write!(f, "SocketWritable({socket})"),
            Self::SocketClosed(socket, code, _) => write!(f, "SocketClosed({socket}, {code})"),
            Self::HttpHead(request, status, _) => write!(f, "HttpHead({request}, {status})"),
            Self::HttpBody(request, data) => write!(f, "HttpBody({request}, {} bytes)", data.len()),
            Self::HttpEnd(request, result) => write!(f, "HttpEnd({request}, {result:?})"),
        }
    }
}

impl NetworkEvent {
    /// Bytes that it keeps while it waits.
    fn bytes(&self) -> usize {
        match self {
            Self::SocketMessage(_, payload) => payload.len(),
            Self::HttpHead(_, _, headers) => headers.iter().map(|(name, value)| name.len() + value.len()).sum(),
            Self::HttpBody(_, data) => data.len(),
            Self::SocketClosed(_, _, reason) => reason.len(),
            Self::SocketOpen(_) | Self::SocketWritable(_) | Self::HttpEnd(..) => 0,
        }
    }
}

/// What of the network waits for the handler.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NetworkWaiting {
    events: usize,
    bytes: usize,
}

impl NetworkWaiting {
    /// Whether one more may come, of whatever length its maker allows.
    pub(crate) fn has_room(self) -> bool {
        self.events < NETWORK_EVENTS_WAITING_MAX && self.bytes < NETWORK_BYTES_WAITING_MAX
    }

    pub(crate) fn came(&mut self, event: &NetworkEvent) {
        self.events += 1;
        self.bytes += event.bytes();
    }

    pub(crate) fn taken(&mut self, event: &NetworkEvent) {
        self.events -= 1;
        self.bytes -= event.bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_what_came() {
        let events = [
            NetworkEvent::SocketMessage(1, Payload::Text("hunter2".into())),
            NetworkEvent::SocketClosed(1, 1000, "hunter2".into()),
            NetworkEvent::HttpHead(1, 200, vec![("x".into(), "hunter2".into())]),
            NetworkEvent::HttpBody(1, b"hunter2".to_vec()),
        ];
        assert!(!format!("{events:?}").contains("hunter2"), "{events:?}");
        assert!(!format!("{events:?}").contains("104"), "{events:?}");
    }
}

//! A WebSocket that is awaited.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::hub::{Hub, ended};
use super::net::fields;
use crate::host::websocket;
use crate::{Failure, Payload, SocketClosed, SocketId, code};

/// An open WebSocket to a host that is granted. Dropped, it is closed, and what was not sent may be lost.
///
/// ```
/// use switchhook_guest::aio::{Call, Socket};
/// use switchhook_guest::testing::{Caller, Peer};
/// use switchhook_guest::{Failure, Payload};
///
/// async fn ask(_call: Call) -> Result<(), Failure> {
///     let mut socket = Socket::open("wss://model.example.com/v1", &[("x-model", "small")]).await?;
///     socket.send(Payload::Text("hello".into())).await?;
///     let Some(Payload::Text(answer)) = socket.next().await else { return Ok(()) };
///     switchhook_guest::info!("it said {answer}");
///     socket.close(1000, "thanks").await;
///     Ok(())
/// }
///
/// let peer = Peer::new().hears(1).says(Payload::Text("hi".into()));
/// let report = Caller::new().socket_to("wss://model.example.com/v1", peer).run(ask);
/// assert_eq!(report.result, Ok(()));
/// assert!(report.logged("it said hi"));
/// assert_eq!(report.sockets[0].heard, [Payload::Text("hello".into())]);
/// ```
#[derive(Debug)]
pub struct Socket {
    hub: Rc<Hub>,
    id: SocketId,
}

impl Socket {
    /// Opens one, with headers as names and values.
    ///
    /// # Errors
    /// The refusal: `NOT_GRANTED`, `INVALID`, `FULL`. Or why it did not open: `UNREACHABLE`, `TLS`, `REFUSED`, `TIMEOUT`,
    /// `NOT_GRANTED`. `ENDED`: the call is over.
    ///
    /// # Panics
    /// Outside of a handler that awaits.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, Failure> {
        let hub = Hub::current();
        let id = websocket::open(url, &fields(headers))?;
        hub.board().net.begin_socket(id);
        let socket = Self { hub, id };
        poll_fn(|_| {
            let mut board = socket.hub.board();
            match board.net.is_open(id) {
                Some(Ok(())) => Poll::Ready(Ok(())),
                Some(Err(failure)) => Poll::Ready(Err(failure)),
                None if board.ended.is_some() => Poll::Ready(Err(ended())),
                None => Poll::Pending,
            }
        })
        .await?;
        Ok(socket)
    }

    /// The next message; `None` once the socket is closed and all that came was given, and after the end of the call.
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Payload> {
        poll_fn(|_| self.poll_next()).await
    }

    /// The next message, if one waits.
    pub fn poll_next(&mut self) -> Poll<Option<Payload>> {
        let mut board = self.hub.board();
        match board.net.take_message(self.id) {
            Some(message) => Poll::Ready(Some(message)),
            None if board.ended.is_some() || board.net.closed(self.id).is_some() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Sends a message whole, and waits while the socket is behind. Resolves when the host has it, not when it was heard.
    ///
    /// # Errors
    /// `INVALID` for one that is too long, `LINK_LOST` when the socket is closed, `ENDED` when the call is over.
    pub async fn send(&mut self, message: Payload) -> Result<(), Failure> {
        loop {
            let round = self.hub.board().net.writable_round(self.id);
            match self.try_send(&message) {
                Err(failure) if failure.is(code::FULL) => {}
                sent => return sent,
            }
            poll_fn(|_| {
                let board = self.hub.board();
                let news = board.net.writable_round(self.id) != round;
                if news || board.ended.is_some() || board.net.closed(self.id).is_some() {
                    return Poll::Ready(());
                }
                Poll::Pending
            })
            .await;
        }
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// `FULL` when the socket is behind; and as for [`Socket::send`].
    pub fn try_send(&mut self, message: &Payload) -> Result<(), Failure> {
        let over = {
            let board = self.hub.board();
            (board.ended.is_some(), board.net.closed(self.id).is_some())
        };
        match over {
            (true, _) => Err(ended()),
            (false, true) => Err(Failure::new(code::LINK_LOST, "the socket is closed")),
            (false, false) => websocket::send(self.id, message),
        }
    }

    /// Why it is closed, once it is.
    pub fn closed(&self) -> Option<SocketClosed> {
        self.hub.board().net.closed(self.id).cloned()
    }

    /// Closes it, and waits until both sides have, two seconds at the most. What was sent before leaves first.
    pub async fn close(self, code: u16, reason: &str) -> Option<SocketClosed> {
        websocket::close(self.id, code, reason);
        poll_fn(|_| {
            let board = self.hub.board();
            match board.net.closed(self.id) {
                Some(closed) => Poll::Ready(Some(closed.clone())),
                None if board.ended.is_some() => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let lives = self.hub.board().net.forget_socket(self.id);
        if lives {
            websocket::close(self.id, 1000, "");
        }
    }
}

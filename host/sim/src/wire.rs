//! One WebSocket of either plane: a bounded outbox and one poll that writes before it reads.
//!
//! A socket that does not read pays itself: its outbox drops the oldest audio, and when only other
//! frames are left it is cut. Nothing here waits with a frame half sent, so a poll may be dropped at
//! any point.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::WebSocketConfig};

use crate::limits::{CLOSE_MS_MAX, MESSAGE_BYTES_MAX, OUTBOX_FRAMES_MAX, SOCKET_BUFFER_BYTES, WRITE_BUFFER_BYTES_MAX};

/// A byte stream of any kind.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A stream whose upgrade succeeded.
pub(crate) type Socket = WebSocketStream<Box<dyn ByteStream>>;

/// How every socket is set up: small buffers, because there may be hundreds, and no compression.
pub(crate) fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// One socket with its outbox.
pub(crate) struct Wire {
    socket: Socket,
    outbox: VecDeque<Message>,
    unflushed: bool,
}

/// What a poll came to.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The peer sent this.
    Message(Message),
    /// The socket is gone.
    Gone,
}

/// What became of a frame given to [`Wire::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits to be sent.
    Queued,
    /// So does it, at the price of the oldest audio frame.
    DroppedOldest,
    /// There is no room and no audio to drop: cut the socket.
    Full,
}

impl Wire {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, outbox: VecDeque::new(), unflushed: false }
    }

    pub(crate) fn push(&mut self, message: Message) -> Pushed {
        let mut pushed = Pushed::Queued;
        if self.outbox.len() >= OUTBOX_FRAMES_MAX {
            let Some(oldest) = self.outbox.iter().position(Message::is_binary) else {
                return Pushed::Full;
            };
            self.outbox.remove(oldest);
            pushed = Pushed::DroppedOldest;
        }
        self.outbox.push_back(message);
        pushed
    }

    /// Writes what waits, then reads one message.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        if self.poll_write(cx).is_err() {
            return Poll::Ready(Turn::Gone);
        }
        match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(Ok(message)) => Poll::Ready(Turn::Message(message)),
            Some(Err(_)) | None => Poll::Ready(Turn::Gone),
        }
    }

    /// Sends a close frame after what waits and reads until the peer has answered it.
    pub(crate) async fn close(mut self) {
        if self.push(Message::Close(None)) == Pushed::Full {
            return;
        }
        let drained = std::future::poll_fn(|cx| {
            loop {
                if let Turn::Gone = ready!(self.poll_turn(cx)) {
                    return Poll::Ready(());
                }
            }
        });
        // A peer that never answers is dropped; there is nothing else to do about it.
        let _ = tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), drained).await;
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        while !self.outbox.is_empty() {
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready?,
            }
            if let Some(message) = self.outbox.pop_front() {
                Pin::new(&mut self.socket).start_send(message)?;
                self.unflushed = true;
            }
        }
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.socket).poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }
}

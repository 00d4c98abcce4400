//! What came behind the answer to an upgrade belongs to the WebSocket, and is kept back for it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream during its upgrade: it keeps back what came behind the head of an answer that accepts, since that is the
/// WebSocket's. A refusal passes whole, because its body is worth showing.
pub(crate) struct Upgrading<S> {
    stream: S,
    /// The answer, as far as it is known, until its head is complete.
    head: Option<Vec<u8>>,
    behind: Vec<u8>,
}

impl<S> Upgrading<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, head: Some(Vec::new()), behind: Vec::new() }
    }

    /// The stream, and what came behind the head.
    pub(crate) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.behind)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Upgrading<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = out.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, out))?;
        if let Some(head) = &mut this.head {
            head.extend_from_slice(&out.filled()[before..]);
            if let Some(end) = head_bytes(head) {
                if accepts(head) {
                    this.behind = head.split_off(end);
                    out.set_filled(out.filled().len() - this.behind.len());
                }
                this.head = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Upgrading<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The size of an answer's head, with the empty line at its end.
fn head_bytes(answer: &[u8]) -> Option<usize> {
    let line_ends = answer.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    line_ends.into_iter().find_map(|at| match answer.get(at..)? {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

/// Whether an answer's status is 101.
fn accepts(head: &[u8]) -> bool {
    head.split(|byte| *byte == b' ').nth(1).is_some_and(|status| status.starts_with(b"101"))
}

#[cfg(test)]
mod tests;

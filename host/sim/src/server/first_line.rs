//! A look at the first line of a stream, which says what it is for, before whoever serves it reads it again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::limits::FIRST_LINE_BYTES_MAX;
use crate::wire::ByteStream;

/// A stream whose beginning was read already.
pub(super) struct Begun {
    beginning: Bytes,
    rest: Box<dyn ByteStream>,
}

/// Reads until the first line is there, or as much as a line may have.
pub(super) async fn begin(mut stream: Box<dyn ByteStream>) -> io::Result<Begun> {
    let mut beginning = Vec::new();
    while !beginning.contains(&b'\n') && beginning.len() < FIRST_LINE_BYTES_MAX {
        if stream.read_buf(&mut beginning).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Begun { beginning: beginning.into(), rest: stream })
}

impl Begun {
    /// What was read: the first line, and perhaps more.
    pub(super) fn beginning(&self) -> &[u8] {
        &self.beginning
    }
}

impl AsyncRead for Begun {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.beginning.is_empty() {
            return Pin::new(&mut this.rest).poll_read(cx, buf);
        }
        let taken = this.beginning.len().min(buf.remaining());
        buf.put_slice(&this.beginning[..taken]);
        this.beginning.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().rest).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().rest).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().rest).poll_shutdown(cx)
    }
}

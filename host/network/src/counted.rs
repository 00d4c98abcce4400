//! What a plugin's handlers do with other hosts, counted where it happens.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use call::{Failure, NetworkUsage, code};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The counters of a plugin.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    connections: AtomicU64,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    not_granted: AtomicU64,
    full: AtomicU64,
}

impl Counts {
    /// A connection stands; its bytes are counted from here on.
    pub(crate) fn stream<S>(self: &Arc<Self>, stream: S) -> Counted<S> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Counted { stream, counts: self.clone() }
    }

    /// Something was refused.
    pub(crate) fn refused(&self, failure: &Failure) {
        if failure.code == code::NOT_GRANTED {
            self.not_granted.fetch_add(1, Ordering::Relaxed);
        } else if failure.code == code::FULL {
            self.full.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All but what is open.
    pub(crate) fn view(&self) -> NetworkUsage {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        NetworkUsage {
            open: 0,
            connections: value(&self.connections),
            received_bytes: value(&self.received_bytes),
            sent_bytes: value(&self.sent_bytes),
            not_granted: value(&self.not_granted),
            full: value(&self.full),
        }
    }
}

/// A stream whose bytes are counted.
pub(crate) struct Counted<S> {
    stream: S,
    counts: Arc<Counts>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.counts.received_bytes.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = &polled {
            self.counts.sent_bytes.fetch_add(*written as u64, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

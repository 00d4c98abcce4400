//! A guest's standard output and error: lines in the log, and the tail of the error text for the reason of a trap.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use tracing::Span;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::limits::{LOG_LINE_BYTES_MAX, LOG_LINES_PER_S_MAX, STDERR_TAIL_BYTES_MAX};

/// Bytes a guest may write to standard output or error at once.
const WRITE_BYTES_MAX: usize = 4 << 10;

/// Everything a guest writes in words: its log lines and both streams, under one rate limit, in the span of its call.
#[derive(Clone)]
pub(crate) struct Voice(Arc<(Span, Mutex<Words>)>);

#[derive(Default)]
struct Words {
    out: Vec<u8>,
    err: Vec<u8>,
    err_tail: Vec<u8>,
    /// The second that is being counted, since the first line.
    second: Option<std::time::Instant>,
    lines: u32,
    dropped: u64,
}

/// Which of the two streams.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Out,
    Err,
}

impl Default for Voice {
    fn default() -> Self {
        Self(Arc::new((Span::current(), Mutex::default())))
    }
}

impl Voice {
    /// Where its lines belong.
    pub(crate) fn span(&self) -> &Span {
        &self.0.0
    }

    /// Whether another line may be logged in this second. Refused lines are counted, and the count is logged with the next second.
    pub(crate) fn admit(&self) -> bool {
        self.span().in_scope(|| self.0.1.lock().admit())
    }

    /// What stood last on standard error, on one line.
    pub(crate) fn err_tail(&self) -> String {
        let words = self.0.1.lock();
        let text = String::from_utf8_lossy(&words.err_tail);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.join(" / ")
    }

    /// The stream as WASI wants it.
    pub(crate) fn stream(&self, stream: Stream) -> WordStream {
        WordStream { voice: self.clone(), stream }
    }

    fn write(&self, stream: Stream, bytes: &[u8]) {
        let _entered = self.span().enter();
        let mut words = self.0.1.lock();
        if let Stream::Err = stream {
            words.err_tail.extend_from_slice(bytes);
            let excess = words.err_tail.len().saturating_sub(STDERR_TAIL_BYTES_MAX);
            words.err_tail.drain(..excess);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = match stream {
                Stream::Out => &mut words.out,
                Stream::Err => &mut words.err,
            };
            let room = LOG_LINE_BYTES_MAX.saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                let line = std::mem::take(line);
                if words.admit() {
                    log_line(stream, &line);
                }
            }
        }
    }
}

impl Words {
    fn admit(&mut self) -> bool {
        let now = std::time::Instant::now();
        let fresh = self.second.is_none_or(|second| now.duration_since(second).as_secs() >= 1);
        if fresh {
            if self.dropped > 0 {
                tracing::warn!(dropped = self.dropped, "the handler logs too much: lines were dropped");
            }
            (self.second, self.lines, self.dropped) = (Some(now), 0, 0);
        }
        self.lines += 1;
        let admitted = self.lines <= LOG_LINES_PER_S_MAX;
        self.dropped += u64::from(!admitted);
        admitted
    }
}

fn log_line(stream: Stream, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    match stream {
        Stream::Out => tracing::info!(target: "handler", stream = "stdout", "{text}"),
        Stream::Err => tracing::warn!(target: "handler", stream = "stderr", "{text}"),
    }
}

/// One of a guest's streams.
pub(crate) struct WordStream {
    voice: Voice,
    stream: Stream,
}

impl IsTerminal for WordStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for WordStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.voice.stream(self.stream))
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.voice.stream(self.stream))
    }
}

impl OutputStream for WordStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.voice.write(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for WordStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for WordStream {
    fn poll_write(self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.voice.write(self.stream, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

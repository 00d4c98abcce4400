//! Requests whose body and answer are streams. Whoever asks moves them on; what they may take and last is as for all others.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use call::{Answering, Failure, Pieces, StreamAnswer, StreamRequest, code};
use http::{HeaderMap, Method};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::limits::{ANSWER_BODY_BYTES_MAX, STREAM_HEAD_BYTES_MAX, STREAM_PIECE_BYTES_MAX};
use crate::plugin::{Place, Plugin};
use crate::request::{Within, ask, broken, check_length, late, texts};
use crate::target::Target;

/// Begins one. What is `held` is held for as long as it lives.
pub(crate) fn begin(
    plugin: Arc<Plugin>,
    target: Target,
    method: Method,
    request: StreamRequest,
    held: (Place, Arc<()>),
) -> Answering {
    let within = within(&request);
    let body = Outgoing { pieces: request.body, length: request.body_bytes, bytes: 0 };
    Box::pin(async move {
        let (response, conn) = ask(&plugin, target, method, body, within).await?;
        let (head, body) = response.into_parts();
        check_head(&head.headers)?;
        let (piece, idle) = (Bytes::new(), within.goes_on);
        let body = Coming { body, piece, bytes: 0, timer: Box::pin(sleep(idle)), waits: false, idle, _held: held };
        let connection = async move {
            if let Some(conn) = conn {
                // How it ended is told by what it carried.
                drop(conn.await);
            }
        };
        Ok(StreamAnswer {
            status: head.status.as_u16(),
            headers: texts(&head.headers),
            body: Box::new(body),
            connection: Box::pin(connection),
        })
    })
}

/// # Errors
/// `FULL` for a head that is too long to be kept.
fn check_head(headers: &HeaderMap) -> Result<(), Failure> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > STREAM_HEAD_BYTES_MAX {
        let message = format!("the head of the answer has more than {STREAM_HEAD_BYTES_MAX} bytes");
        return Err(Failure::new(code::FULL, message));
    }
    Ok(())
}

fn within(request: &StreamRequest) -> Within {
    let most = Within::default();
    let at_most = |asked: Option<Duration>, most: Duration| asked.map_or(most, |asked| asked.min(most));
    Within {
        opens: at_most(request.opens_within, most.opens),
        answers: at_most(request.answers_within, most.answers),
        goes_on: at_most(request.goes_on_within, most.goes_on),
    }
}

/// What is sent.
struct Outgoing {
    pieces: Option<Box<dyn Pieces>>,
    length: Option<u64>,
    bytes: u64,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let Some(pieces) = &mut self.pieces else { return Poll::Ready(None) };
        let piece = match pieces.poll_piece(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(piece)) => piece?,
        };
        self.bytes += piece.len() as u64;
        check_length(self.bytes)?;
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.pieces, self.length) {
            (None, _) => SizeHint::with_exact(0),
            (Some(_), Some(length)) => SizeHint::with_exact(length.saturating_sub(self.bytes)),
            (Some(_), None) => SizeHint::default(),
        }
    }
}

/// What comes.
struct Coming {
    body: Incoming,
    /// What came and was not taken.
    piece: Bytes,
    bytes: u64,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer runs: it does while somebody waits.
    waits: bool,
    idle: Duration,
    _held: (Place, Arc<()>),
}

impl Pieces for Coming {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Failure>>> {
        loop {
            if !self.piece.is_empty() {
                let length = self.piece.len().min(STREAM_PIECE_BYTES_MAX);
                // A copy, since a slice would keep all that came with it.
                return Poll::Ready(Some(Ok(self.piece.split_to(length).to_vec())));
            }
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(broken(&error)))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => break,
            };
            self.waits = false;
            // Trailers are nobody's.
            let Ok(data) = frame.into_data() else { continue };
            self.bytes += data.len() as u64;
            if self.bytes > ANSWER_BODY_BYTES_MAX {
                let message = format!("the answer has more than {ANSWER_BODY_BYTES_MAX} bytes");
                return Poll::Ready(Some(Err(Failure::new(code::FULL, message))));
            }
            self.piece = data;
        }
        if !self.waits {
            self.waits = true;
            self.timer.set(sleep(self.idle));
        }
        self.timer.as_mut().poll(cx).map(|()| Some(Err(late("nothing more of the answer came"))))
    }
}

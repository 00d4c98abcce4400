//! Requests whose body is sent while it is made, and whose answer is read while it comes. Whoever asks polls all parts, and
//! drops them to give the request up.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::Failure;

/// A body, piece by piece.
pub trait Pieces: Send {
    /// The next piece; none when it is whole. After a failure nothing comes.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Failure>>>;
}

/// What is asked.
pub struct StreamRequest {
    /// `GET` and the like.
    pub method: String,
    /// Where.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent, if anything is.
    pub body: Option<Box<dyn Pieces>>,
    /// Its bytes, where they are known beforehand.
    pub body_bytes: Option<u64>,
    /// How long the connection may take, unless the host allows less.
    pub opens_within: Option<Duration>,
    /// How long the head of the answer may take, unless the host allows less.
    pub answers_within: Option<Duration>,
    /// How long nothing may come in the midst of the answer, unless the host allows less.
    pub goes_on_within: Option<Duration>,
}

/// Comes to the head of the answer.
pub type Answering = Pin<Box<dyn Future<Output = Result<StreamAnswer, Failure>> + Send>>;

/// An answer that has begun.
pub struct StreamAnswer {
    /// `200` and the like.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What comes.
    pub body: Box<dyn Pieces>,
    /// Moves the connection on, in both directions, until it is over. Without being polled nothing comes and nothing leaves.
    pub connection: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Never what is asked or answered.
impl fmt::Debug for StreamRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamRequest({}, {} headers)", self.method, self.headers.len())
    }
}

impl fmt::Debug for StreamAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamAnswer({}, {} headers)", self.status, self.headers.len())
    }
}

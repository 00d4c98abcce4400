//! An HTTP request that is awaited, and its answer piece by piece.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::hub::{Hub, ended};
use crate::host::http;
use crate::{Failure, Field, RequestId};

/// A request to a host that is granted.
///
/// ```
/// use switchhook_guest::aio::{Call, Request};
/// use switchhook_guest::testing::{Answer, Caller};
/// use switchhook_guest::Failure;
///
/// async fn ask(_call: Call) -> Result<(), Failure> {
///     let url = "https://model.example.com/v1/words";
///     let mut answer = Request::post(url, "{\"say\": true}").header("content-type", "application/json").send().await?;
///     // A model answers bit by bit.
///     while let Some(piece) = answer.next().await {
///         switchhook_guest::info!("{}", String::from_utf8_lossy(&piece?));
///     }
///     Ok(())
/// }
///
/// let answer = Answer::new(200).piece("one").waits_ms(500).piece("two");
/// let report = Caller::new().request_to("https://model.example.com/v1/words", answer).run(ask);
/// assert_eq!(report.result, Ok(()));
/// assert!(report.logged("one") && report.logged("two"));
/// assert_eq!(report.requests[0].body, b"{\"say\": true}");
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<Field>,
    body: Vec<u8>,
}

impl Request {
    /// One of any method.
    pub fn new(method: &str, url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: body.into() }
    }

    /// `GET`
    pub fn get(url: &str) -> Self {
        Self::new("GET", url, Vec::new())
    }

    /// `POST`
    pub fn post(url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", url, body)
    }

    /// With this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(Field { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// Sends it, and resolves with the head of the answer, whatever its status.
    ///
    /// # Errors
    /// The refusal: `NOT_GRANTED`, `INVALID`, `FULL`. Or why there is no answer: `UNREACHABLE`, `TLS`, `TIMEOUT`,
    /// `LINK_LOST`, `NOT_GRANTED`. `ENDED`: the call is over.
    ///
    /// # Panics
    /// Outside of a handler that awaits.
    pub async fn send(self) -> Result<Response, Failure> {
        let hub = Hub::current();
        let id = http::request(&self.method, &self.url, &self.headers, &self.body)?;
        hub.board().net.begin_request(id);
        let mut response = Response { hub, id, status: 0, headers: Vec::new() };
        let head = poll_fn(|_| {
            let mut board = response.hub.board();
            match board.net.take_head(id) {
                Some(head) => Poll::Ready(head),
                None if board.ended.is_some() => Poll::Ready(Err(ended())),
                None => Poll::Pending,
            }
        });
        let head = head.await?;
        (response.status, response.headers) = (head.status, head.headers);
        Ok(response)
    }
}

/// An answer whose body comes piece by piece. Dropped before its end, the request is given up.
#[derive(Debug)]
pub struct Response {
    hub: Rc<Hub>,
    id: RequestId,
    /// 200 and others.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Field>,
}

impl Response {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.map(|field| field.value.as_str())
    }

    /// The next piece of the body; `None` when it is whole. A failure is the last. Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Failure>> {
        poll_fn(|_| {
            let mut board = self.hub.board();
            match board.net.take_piece(self.id) {
                Some(piece) => Poll::Ready(piece),
                None if board.ended.is_some() => Poll::Ready(Some(Err(ended()))),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// The whole body.
    ///
    /// # Errors
    /// It broke off, or the call is over.
    pub async fn body(mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(piece) = self.next().await {
            body.extend_from_slice(&piece?);
        }
        Ok(body)
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        let lives = self.hub.board().net.forget_request(self.id);
        if lives {
            http::cancel(self.id);
        }
    }
}

//! One request after another.

use std::time::Duration;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use wasip2::io::streams::StreamError;

/// Bytes of a body that are written at once.
const PIECE_BYTES: usize = 4 << 10;

/// What the next request has, and those that were only begun.
#[derive(Default)]
pub(crate) struct Asker {
    headers: Vec<(String, Vec<u8>)>,
    body_bytes: usize,
    unfinished: bool,
    within: Option<Duration>,
    begun: Vec<FutureIncomingResponse>,
}

impl Asker {
    pub(crate) fn header(&mut self, header: &str) {
        let (name, value) = header.split_once('=').unwrap_or((header, ""));
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    /// The next body has so many bytes.
    pub(crate) fn body(&mut self, bytes: usize) {
        self.body_bytes = bytes;
    }

    /// The next body is dropped in its midst.
    pub(crate) fn unfinished(&mut self) {
        self.unfinished = true;
    }

    /// Each step of the next answer may take so long.
    pub(crate) fn within(&mut self, within: Duration) {
        self.within = Some(within);
    }

    /// Asks, and reads the answer to its end: its status, the header `x`, its bytes and its first ones as text, or how it failed.
    pub(crate) fn ask(&mut self, method: &str, url: &str) -> String {
        self.answered(method, url).unwrap_or_else(|error| error)
    }

    /// Asks, and does not wait.
    pub(crate) fn begin(&mut self, url: &str) -> String {
        match self.send("get", url) {
            Ok(answer) => {
                self.begun.push(answer);
                "OK".to_owned()
            }
            Err(error) => error,
        }
    }

    /// Drops what was begun.
    pub(crate) fn forget(&mut self) {
        self.begun.clear();
    }

    fn answered(&mut self, method: &str, url: &str) -> Result<String, String> {
        let answer = self.send(method, url)?;
        answer.subscribe().block();
        let response = answer.get().ok_or("not there")?.map_err(|()| "taken before")?.map_err(named)?;
        let field = response.headers().get("x").concat();
        let (field, status) = (String::from_utf8_lossy(&field).into_owned(), response.status());
        let body = response.consume().map_err(|()| "no body")?;
        let bytes = read(&body)?;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(16)]).into_owned();
        Ok(format!("{status} x={field} {} {text}", bytes.len()).trim_end().to_owned())
    }

    fn send(&mut self, method: &str, url: &str) -> Result<FutureIncomingResponse, String> {
        let headers = Fields::from_list(&std::mem::take(&mut self.headers)).map_err(|error| format!("{error:?}"))?;
        let request = OutgoingRequest::new(headers);
        let (scheme, rest) = url.split_once("://").ok_or("no URL")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
        let method = match method {
            "post" => Method::Post,
            "trace" => Method::Trace,
            _ => Method::Get,
        };
        request.set_method(&method).map_err(|()| "method")?;
        request.set_scheme(Some(&scheme)).map_err(|()| "scheme")?;
        request.set_authority(Some(authority)).map_err(|()| "authority")?;
        request.set_path_with_query(Some(&format!("/{path}"))).map_err(|()| "path")?;
        let bytes = std::mem::take(&mut self.body_bytes);
        let body = (bytes > 0).then(|| request.body()).transpose().map_err(|()| "body")?;
        let options = self.within.take().map(options);
        let answer = handle(request, options).map_err(named)?;
        if let Some(body) = body {
            write(body, bytes, std::mem::take(&mut self.unfinished));
        }
        Ok(answer)
    }
}

fn options(within: Duration) -> RequestOptions {
    let (options, nanos) = (RequestOptions::new(), within.as_nanos() as u64);
    // What is not supported stays as it is, and a test sees that.
    let _ = options.set_connect_timeout(Some(nanos));
    let _ = options.set_first_byte_timeout(Some(nanos));
    let _ = options.set_between_bytes_timeout(Some(nanos));
    options
}

/// How the answer ended tells what became of it.
fn write(body: OutgoingBody, bytes: usize, unfinished: bool) {
    let Ok(stream) = body.write() else { return };
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE_BYTES);
        if stream.blocking_write_and_flush(&vec![b'b'; piece]).is_err() {
            return;
        }
        left -= piece;
    }
    drop(stream);
    if !unfinished {
        drop(OutgoingBody::finish(body, None));
    }
}

fn read(body: &IncomingBody) -> Result<Vec<u8>, String> {
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                let code = wasip2::http::types::http_error_code(&error);
                return Err(code.map_or_else(|| "a stream failed".to_owned(), named));
            }
        }
    }
}

/// The error's name; with its text where it has one.
fn named(error: ErrorCode) -> String {
    match error {
        ErrorCode::InternalError(Some(text)) => text,
        other => format!("{other:?}").trim_start_matches("ErrorCode::").to_owned(),
    }
}

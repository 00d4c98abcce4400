//! What happened between a handler and the other hosts of a call.

use call::{Failure, Payload};
use tokio::time::Instant;

use super::form::{bytes, shown};
use crate::limits::SCENARIO_SENT_BYTES_MAX;

/// Messages whose first bytes are the same are one line.
const ALIKE_BYTES: usize = 24;

/// All of it.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Met {
    pub(super) sockets: Vec<MetSocket>,
    pub(super) requests: Vec<MetRequest>,
    /// Bytes that were sent and are kept.
    kept: usize,
}

/// A socket that the handler opened.
#[derive(Debug)]
pub(super) struct MetSocket {
    /// The script that it met.
    pub(super) script: usize,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) news: Vec<(Instant, News)>,
    /// What the handler sent, as far as it is kept.
    pub(super) sent: Vec<(Instant, Payload)>,
    /// What the handler closed it with.
    pub(super) closed: Option<(u16, String)>,
    /// The step at which the script stands.
    pub(super) step: usize,
}

/// What happened on a socket, beside what was sent.
#[derive(Debug)]
pub(super) enum News {
    Opens,
    Says(String),
    Closes(String),
    IsClosed(String),
}

/// A request of the handler.
#[derive(Debug)]
pub(super) struct MetRequest {
    pub(super) script: usize,
    pub(super) at: Instant,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) end: Option<(Instant, String)>,
}

impl Met {
    /// The handler sent something. Beyond the limit it is only answered.
    pub(super) fn sent(&mut self, socket: usize, at: Instant, payload: Payload) {
        self.kept += payload.len();
        if self.kept <= SCENARIO_SENT_BYTES_MAX {
            self.sockets[socket].sent.push((at, payload));
        }
    }
}

impl MetRequest {
    /// How it ended.
    pub(super) fn ends(&mut self, now: Instant, value: &Result<(), Failure>) {
        let what = value.as_ref().map_or_else(|failure| format!("fails with {}", failure.code), |()| "answered".into());
        self.end = Some((now, what));
    }
}

/// What happened, a line each with its time; messages of one kind after each other are one line.
pub(in crate::scenario) fn tell(met: &Met) -> Vec<(Instant, String)> {
    let mut lines = Vec::new();
    for (index, socket) in met.sockets.iter().enumerate() {
        let name = if index == 0 { "socket  ".to_owned() } else { format!("socket {}", index + 1) };
        let mut news = socket.news.iter().peekable();
        while let Some((at, what)) = news.next() {
            let mut more = 0;
            while news.next_if(|(_, next)| next.is_like(what)).is_some() {
                more += 1;
            }
            lines.push((*at, format!("{name} {}{}", what.in_words(&socket.url), and_more(more))));
        }
        let mut sent = socket.sent.iter().peekable();
        while let Some((at, message)) = sent.next() {
            let mut more = 0;
            while sent.next_if(|(_, next)| kind(next) == kind(message)).is_some() {
                more += 1;
            }
            lines.push((*at, format!("{name} is sent {}{}", shown(message), and_more(more))));
        }
    }
    for request in &met.requests {
        lines.push((request.at, format!("http     is asked {} {}", request.method, request.url)));
        lines.extend(request.end.iter().map(|(at, what)| (*at, format!("http     {what}"))));
    }
    lines
}

fn and_more(more: u32) -> String {
    if more == 0 { String::new() } else { format!(", and {more} more such") }
}

/// Messages that begin alike are of one kind.
fn kind(payload: &Payload) -> (bool, &[u8]) {
    let bytes = bytes(payload);
    let text = matches!(payload, Payload::Text(_));
    (text, if text { &bytes[..bytes.len().min(ALIKE_BYTES)] } else { &[] })
}

impl News {
    fn is_like(&self, other: &News) -> bool {
        let (Self::Says(one), Self::Says(other)) = (self, other) else { return false };
        let begin = |text: &str| text.as_bytes()[..text.len().min(ALIKE_BYTES)].to_vec();
        begin(one) == begin(other)
    }

    fn in_words(&self, url: &str) -> String {
        match self {
            Self::Opens => format!("is open: {url}"),
            Self::Says(what) => format!("says {what}"),
            Self::Closes(why) => format!("closes: {why}"),
            Self::IsClosed(why) => format!("is closed by the handler: {why}"),
        }
    }
}

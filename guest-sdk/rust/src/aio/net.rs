//! What came of sockets and requests, for whoever awaits it.

use std::collections::VecDeque;

use crate::limits::{ANSWER_QUEUE_BYTES_MAX, SOCKET_QUEUE_BYTES_MAX};
use crate::{Event, Failure, Field, HttpHead, Payload, RequestId, SocketClosed, SocketId, code};

/// Those that somebody holds.
#[derive(Debug, Default)]
pub(crate) struct Net {
    sockets: Vec<(SocketId, Line)>,
    requests: Vec<(RequestId, Coming)>,
}

#[derive(Debug, Default)]
struct Line {
    open: bool,
    messages: VecDeque<Payload>,
    bytes: usize,
    /// Counts the times at which it became writable.
    writable: u32,
    closed: Option<SocketClosed>,
    /// The host has it no more.
    gone: bool,
}

#[derive(Debug, Default)]
struct Coming {
    head: Option<HttpHead>,
    pieces: VecDeque<Vec<u8>>,
    bytes: usize,
    end: Option<Result<(), Failure>>,
    /// The host has it no more.
    gone: bool,
}

impl Net {
    /// Gives an event to whoever awaits it, or back.
    pub(crate) fn take(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::SocketOpen(socket) => match self.line(socket) {
                Some(line) => line.open = true,
                None => return Some(Event::SocketOpen(socket)),
            },
            Event::SocketWritable(socket) => match self.line(socket) {
                Some(line) => line.writable = line.writable.wrapping_add(1),
                None => return Some(Event::SocketWritable(socket)),
            },
            Event::SocketMessage(message) => match self.line(message.socket) {
                Some(line) => line.push(message.payload),
                None => return Some(Event::SocketMessage(message)),
            },
            Event::SocketClosed(closed) => match self.line(closed.socket) {
                Some(line) => {
                    line.gone = true;
                    line.closed.get_or_insert(closed);
                }
                None => return Some(Event::SocketClosed(closed)),
            },
            Event::HttpHead(head) => match self.coming(head.request) {
                Some(coming) => coming.head = Some(head),
                None => return Some(Event::HttpHead(head)),
            },
            Event::HttpBody(body) => match self.coming(body.request) {
                Some(coming) => coming.push(body.data),
                None => return Some(Event::HttpBody(body)),
            },
            Event::HttpEnd(end) => match self.coming(end.request) {
                Some(coming) => {
                    coming.gone = true;
                    coming.end.get_or_insert(end.value);
                }
                None => return Some(Event::HttpEnd(end)),
            },
            other => return Some(other),
        }
        None
    }

    pub(crate) fn begin_socket(&mut self, id: SocketId) {
        self.sockets.push((id, Line::default()));
    }

    /// Whether it is open, or why it never was; `None`: that is not known yet.
    pub(crate) fn is_open(&mut self, id: SocketId) -> Option<Result<(), Failure>> {
        let line = self.line(id)?;
        if line.open {
            return Some(Ok(()));
        }
        let closed = line.closed.as_ref()?;
        let (code, message) = closed.reason.split_once(": ").unwrap_or((code::LINK_LOST, &closed.reason));
        Some(Err(Failure::new(code, message)))
    }

    pub(crate) fn take_message(&mut self, id: SocketId) -> Option<Payload> {
        let line = self.line(id)?;
        let message = line.messages.pop_front()?;
        line.bytes -= bytes_of(&message);
        Some(message)
    }

    pub(crate) fn closed(&self, id: SocketId) -> Option<&SocketClosed> {
        self.sockets.iter().find(|(known, _)| *known == id)?.1.closed.as_ref()
    }

    pub(crate) fn writable_round(&self, id: SocketId) -> u32 {
        self.sockets.iter().find(|(known, _)| *known == id).map_or(0, |(_, line)| line.writable)
    }

    /// Nobody holds it any more. Whether the host still has it.
    pub(crate) fn forget_socket(&mut self, id: SocketId) -> bool {
        let Some(at) = self.sockets.iter().position(|(known, _)| *known == id) else { return false };
        !self.sockets.swap_remove(at).1.gone
    }

    pub(crate) fn begin_request(&mut self, id: RequestId) {
        self.requests.push((id, Coming::default()));
    }

    /// The head, or why there is none, once that is known.
    pub(crate) fn take_head(&mut self, id: RequestId) -> Option<Result<HttpHead, Failure>> {
        let coming = self.coming(id)?;
        if let Some(head) = coming.head.take() {
            return Some(Ok(head));
        }
        match coming.end.clone()? {
            Ok(()) => Some(Err(Failure::new(code::LINK_LOST, "the answer has no head"))),
            Err(failure) => Some(Err(failure)),
        }
    }

    /// The next piece, or the end, once one of them came.
    pub(crate) fn take_piece(&mut self, id: RequestId) -> Option<Option<Result<Vec<u8>, Failure>>> {
        let coming = self.coming(id)?;
        if let Some(piece) = coming.pieces.pop_front() {
            coming.bytes -= piece.len();
            return Some(Some(Ok(piece)));
        }
        // A failure is told once, and then it is over.
        let end = coming.end.as_mut()?;
        Some(std::mem::replace(end, Ok(())).err().map(Err))
    }

    /// Nobody holds it any more. Whether the host still has it.
    pub(crate) fn forget_request(&mut self, id: RequestId) -> bool {
        let Some(at) = self.requests.iter().position(|(known, _)| *known == id) else { return false };
        !self.requests.swap_remove(at).1.gone
    }

    fn line(&mut self, id: SocketId) -> Option<&mut Line> {
        self.sockets.iter_mut().find(|(known, _)| *known == id).map(|(_, line)| line)
    }

    fn coming(&mut self, id: RequestId) -> Option<&mut Coming> {
        self.requests.iter_mut().find(|(known, _)| *known == id).map(|(_, coming)| coming)
    }
}

impl Line {
    fn push(&mut self, message: Payload) {
        let bytes = bytes_of(&message);
        if self.closed.is_some() {
            return;
        }
        if self.bytes + bytes > SOCKET_QUEUE_BYTES_MAX {
            let reason = format!("{}: more than {SOCKET_QUEUE_BYTES_MAX} bytes were not read", code::FULL);
            self.closed = Some(SocketClosed { socket: 0, code: 1008, reason });
            return;
        }
        self.bytes += bytes;
        self.messages.push_back(message);
    }
}

impl Coming {
    fn push(&mut self, piece: Vec<u8>) {
        if self.end.is_some() {
            return;
        }
        if self.bytes + piece.len() > ANSWER_QUEUE_BYTES_MAX {
            let message = format!("more than {ANSWER_QUEUE_BYTES_MAX} bytes were not read");
            self.end = Some(Err(Failure::new(code::FULL, message)));
            return;
        }
        self.bytes += piece.len();
        self.pieces.push_back(piece);
    }
}

fn bytes_of(payload: &Payload) -> usize {
    match payload {
        Payload::Text(text) => text.len(),
        Payload::Binary(bytes) => bytes.len(),
    }
}

/// Headers as the contract has them.
pub(crate) fn fields(headers: &[(&str, &str)]) -> Vec<Field> {
    headers.iter().map(|(name, value)| Field { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
}

//! Other hosts, as a simulated call's handler meets them: by script, since nobody is really there.

use std::collections::VecDeque;
use std::time::Duration;

use super::{chat_host, host};
use crate::{
    Event, Failure, Field, HttpBody, HttpEnd, HttpHead, Payload, RequestId, SocketClosed, SocketId, SocketMessage, code,
};

const SOCKETS_MAX: usize = 4;
const REQUESTS_MAX: usize = 4;
const MESSAGE_BYTES_MAX: usize = 256 << 10;
/// How long what nothing is said of takes.
const USUAL: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
enum Step {
    Refuse(Failure),
    Say(Payload),
    Hear(usize),
    Wait(Duration),
    Close(u16, String),
}

/// The other side of a WebSocket, with a script. The steps run one after the other once it is open, 20 ms after it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    script: VecDeque<Step>,
}

impl Peer {
    /// Takes the socket and says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does not take it: a code such as `UNREACHABLE`, and what people read.
    pub fn refuses(code: &str, message: &str) -> Self {
        Self { script: VecDeque::from([Step::Refuse(Failure::new(code, message))]) }
    }

    /// Says something.
    pub fn says(self, message: Payload) -> Self {
        self.step(Step::Say(message))
    }

    /// Waits until so many more messages of the handler have come.
    pub fn hears(self, messages: usize) -> Self {
        self.step(Step::Hear(messages))
    }

    /// Says nothing for a time.
    pub fn waits_ms(self, ms: u64) -> Self {
        self.step(Step::Wait(Duration::from_millis(ms)))
    }

    /// Closes it.
    pub fn closes(self, code: u16, reason: &str) -> Self {
        self.step(Step::Close(code, reason.to_owned()))
    }

    fn step(mut self, step: Step) -> Self {
        self.script.push_back(step);
        self
    }
}

#[derive(Clone, Debug)]
enum Part {
    Piece(Vec<u8>),
    Wait(Duration),
    Fail(Failure),
}

/// The answer to a request, which begins 20 ms after it is asked for.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<Field>,
    parts: VecDeque<Part>,
}

impl Answer {
    /// One with this status and an empty body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), parts: VecDeque::new() }
    }

    /// With this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(Field { name: name.to_lowercase(), value: value.to_owned() });
        self
    }

    /// With one more piece of the body.
    pub fn piece(self, piece: impl Into<Vec<u8>>) -> Self {
        self.part(Part::Piece(piece.into()))
    }

    /// Nothing comes for a time.
    pub fn waits_ms(self, ms: u64) -> Self {
        self.part(Part::Wait(Duration::from_millis(ms)))
    }

    /// It breaks off there; before any piece and wait, there is no head either.
    pub fn fails(self, code: &str, message: &str) -> Self {
        self.part(Part::Fail(Failure::new(code, message)))
    }

    fn part(mut self, part: Part) -> Self {
        self.parts.push_back(part);
        self
    }
}

/// A socket that the handler opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetSocket {
    /// Where to.
    pub url: String,
    /// With which headers.
    pub headers: Vec<Field>,
    /// What the handler sent.
    pub heard: Vec<Payload>,
    /// What the handler closed it with, if it did.
    pub closed: Option<(u16, String)>,
}

/// A request of the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetRequest {
    /// `GET` and others.
    pub method: String,
    /// Where to.
    pub url: String,
    /// With which headers.
    pub headers: Vec<Field>,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether the handler gave it up.
    pub cancelled: bool,
}

/// Who is out there, in the order in which they are met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peers {
    sockets: VecDeque<(String, Peer)>,
    answers: VecDeque<(String, Answer)>,
    granted: bool,
    lines: Vec<Line>,
    asked: Vec<Asked>,
    pub(crate) met_sockets: Vec<MetSocket>,
    pub(crate) met_requests: Vec<MetRequest>,
}

#[derive(Clone, Debug)]
struct Line {
    id: SocketId,
    peer: Peer,
    open: bool,
    /// When the next step may be taken.
    at: Duration,
    /// Messages of the handler that no step has waited for.
    unheard: usize,
    closing: Option<(u16, String)>,
}

#[derive(Clone, Debug)]
struct Asked {
    id: RequestId,
    answer: Answer,
    begun: bool,
    at: Duration,
    cancelled: bool,
}

impl Peers {
    pub(crate) fn socket_to(&mut self, url: &str, peer: Peer) {
        self.granted = true;
        self.sockets.push_back((url.to_owned(), peer));
    }

    pub(crate) fn request_to(&mut self, url: &str, answer: Answer) {
        self.granted = true;
        self.answers.push_back((url.to_owned(), answer));
    }

    pub(crate) fn open(&mut self, now: Duration, url: &str, headers: &[Field]) -> Result<SocketId, Failure> {
        let peer = self.find(url, |peers| &mut peers.sockets)?;
        if self.lines.len() >= SOCKETS_MAX {
            return Err(Failure::new(code::FULL, "too many sockets are open"));
        }
        self.met_sockets.push(MetSocket {
            url: url.to_owned(),
            headers: headers.to_vec(),
            heard: Vec::new(),
            closed: None,
        });
        let id = self.met_sockets.len() as SocketId;
        self.lines.push(Line { id, peer, open: false, at: now + USUAL, unheard: 0, closing: None });
        Ok(id)
    }

    pub(crate) fn send(&mut self, now: Duration, id: SocketId, message: &Payload) -> Result<(), Failure> {
        if self.lines.is_empty() && !self.granted {
            return Err(not_granted());
        }
        let bytes = match message {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        };
        if bytes > MESSAGE_BYTES_MAX {
            return Err(Failure::new(code::INVALID, "the message is too long"));
        }
        let line = self.lines.iter_mut().find(|line| line.id == id && line.open && line.closing.is_none());
        let line = line.ok_or_else(|| Failure::new(code::NOT_NOW, "the socket is not open"))?;
        line.unheard += 1;
        if let Some(Step::Hear(_)) = line.peer.script.front() {
            line.at = line.at.max(now);
        }
        self.met_sockets[id as usize - 1].heard.push(message.clone());
        Ok(())
    }

    pub(crate) fn close(&mut self, now: Duration, id: SocketId, code: u16, reason: &str) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.id == id && line.closing.is_none()) {
            line.closing = Some((code, reason.to_owned()));
            line.at = now + USUAL;
            self.met_sockets[id as usize - 1].closed = Some((code, reason.to_owned()));
        }
    }

    pub(crate) fn request(
        &mut self,
        now: Duration,
        method: &str,
        url: &str,
        headers: &[Field],
        body: &[u8],
    ) -> Result<RequestId, Failure> {
        let answer = self.find(url, |peers| &mut peers.answers)?;
        if self.asked.len() >= REQUESTS_MAX {
            return Err(Failure::new(code::FULL, "too many requests are under way"));
        }
        self.met_requests.push(MetRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.to_vec(),
            body: body.to_vec(),
            cancelled: false,
        });
        let id = self.met_requests.len() as RequestId;
        self.asked.push(Asked { id, answer, begun: false, at: now + USUAL, cancelled: false });
        Ok(id)
    }

    pub(crate) fn cancel(&mut self, now: Duration, id: RequestId) {
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.id == id) {
            (asked.cancelled, asked.at) = (true, now);
            self.met_requests[id as usize - 1].cancelled = true;
        }
    }

    pub(crate) fn next_at(&self) -> Option<Duration> {
        let lines = self.lines.iter().filter(|line| line.has_step()).map(|line| line.at);
        lines.chain(self.asked.iter().map(|asked| asked.at)).min()
    }

    /// The next thing that happened by now.
    pub(crate) fn due(&mut self, now: Duration) -> Option<Event> {
        for at in 0..self.lines.len() {
            if let Some(event) = self.lines[at].due(now) {
                if let Event::SocketClosed(_) = event {
                    self.lines.remove(at);
                }
                return Some(event);
            }
        }
        for at in 0..self.asked.len() {
            if let Some(event) = self.asked[at].due(now) {
                if let Event::HttpEnd(_) = event {
                    self.asked.remove(at);
                }
                return Some(event);
            }
        }
        None
    }

    /// The first of those at this URL; each is met once.
    fn find<T>(&mut self, url: &str, list: impl Fn(&mut Self) -> &mut VecDeque<(String, T)>) -> Result<T, Failure> {
        let list = list(self);
        let at = list.iter().position(|(known, _)| known == url).ok_or_else(not_granted)?;
        list.remove(at).map(|(_, found)| found).ok_or_else(not_granted)
    }
}

impl Line {
    /// Whether something happens by itself.
    fn has_step(&self) -> bool {
        if self.closing.is_some() || !self.open {
            return true;
        }
        match self.peer.script.front() {
            None => false,
            Some(Step::Hear(messages)) => self.unheard >= *messages,
            Some(_) => true,
        }
    }

    fn due(&mut self, now: Duration) -> Option<Event> {
        let socket = self.id;
        while self.has_step() && self.at <= now {
            if let Some((code, reason)) = self.closing.take() {
                return Some(Event::SocketClosed(SocketClosed { socket, code, reason }));
            }
            if !self.open {
                if let Some(Step::Refuse(failure)) = self.peer.script.front() {
                    let reason = format!("{}: {}", failure.code, failure.message);
                    return Some(Event::SocketClosed(SocketClosed { socket, code: 1006, reason }));
                }
                self.open = true;
                return Some(Event::SocketOpen(socket));
            }
            match self.peer.script.pop_front()? {
                Step::Say(payload) => return Some(Event::SocketMessage(SocketMessage { socket, payload })),
                Step::Close(code, reason) => return Some(Event::SocketClosed(SocketClosed { socket, code, reason })),
                Step::Hear(messages) => self.unheard -= messages,
                Step::Wait(time) => self.at += time,
                Step::Refuse(_) => {}
            }
        }
        None
    }
}

impl Asked {
    fn due(&mut self, now: Duration) -> Option<Event> {
        let request = self.id;
        let end = |value| Some(Event::HttpEnd(HttpEnd { request, value }));
        while self.at <= now {
            if self.cancelled {
                return end(Err(Failure::new(code::CANCELLED, "the handler gave it up")));
            }
            if !self.begun {
                self.begun = true;
                if let Some(Part::Fail(failure)) = self.answer.parts.front() {
                    return end(Err(failure.clone()));
                }
                let headers = std::mem::take(&mut self.answer.headers);
                return Some(Event::HttpHead(HttpHead { request, status: self.answer.status, headers }));
            }
            match self.answer.parts.pop_front() {
                None => return end(Ok(())),
                Some(Part::Piece(data)) => return Some(Event::HttpBody(HttpBody { request, data })),
                Some(Part::Wait(time)) => self.at += time,
                Some(Part::Fail(failure)) => return end(Err(failure)),
            }
        }
        None
    }
}

fn not_granted() -> Failure {
    Failure::new(code::NOT_GRANTED, "this plugin has no grant for this host: tell the caller whom it meets")
}

/// Those of the call or chat that is simulated on this thread, and what time it is there.
pub(crate) fn with<T>(f: impl Fn(&mut Peers, Duration) -> T) -> T {
    chat_host::try_with(|chat| f(&mut chat.peers, chat.now))
        .unwrap_or_else(|| host::with(|host| f(&mut host.peers, host.now)))
}

//! A voice call's WebSocket: the library's protocol, with a quick lane for audio.
//!
//! All that is rare goes through the library: texts, pings, goodbyes, messages in parts, frames that break a rule. An audio
//! frame comes fifty times a second in each direction of each call, and where many calls share a core its way costs by the
//! memory that it touches: so one that stands whole in what was received is handed on from there, and one that is sent goes
//! straight to the stream. No buffer of the call's own takes part unless a frame is cut in two.

use std::io::{self, Cursor, Read, Write};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::limits::{VOICE_RECEIVE_BYTES, VOICE_WRITE_BYTES};

/// The header of a masked frame of 126 bytes to 64 KiB.
const HEADER_BYTES: usize = 8;
/// A first guess at a frame's size in bytes: 20 ms at 16 kHz, the channel byte and the header.
const FRAME_BYTES_USUAL: usize = 649;

/// An open WebSocket, and the stream it runs over.
pub(crate) struct VoiceSocket<S> {
    library: WebSocketContext,
    stream: S,
    /// Has arrived, and is not a whole frame yet, or was left for the next turn. At most [`VOICE_RECEIVE_BYTES`].
    arrived: Vec<u8>,
    /// Bytes of a frame that the library has begun, and that have not arrived.
    owed_bytes: u64,
    /// The library has the beginning of a message in parts.
    in_parts: bool,
    /// Audio that the stream did not take: what one [`VoiceSocket::send_audio`] gathered at most.
    unsent: Vec<u8>,
    /// The library may hold something that is to be sent.
    library_sends: bool,
}

/// Memory for one look at what arrives, on the stack of who looks.
pub(crate) struct Space<'m> {
    received: ReadBuf<'m>,
    /// What stands before it was taken.
    taken: usize,
}

/// Something that arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received<'s> {
    /// A whole binary message, still where it was received.
    Audio(&'s [u8]),
    /// Everything else, also binary messages that came in parts.
    Message(Message),
}

/// What to do with the bytes that stand next.
enum Step {
    /// They are audio.
    Audio(Range<usize>),
    /// They are the library's.
    Library(usize),
    /// There are too few of them.
    Wait,
}

impl<'m> Space<'m> {
    pub(crate) fn new(memory: &'m mut [MaybeUninit<u8>; VOICE_RECEIVE_BYTES]) -> Self {
        Self { received: ReadBuf::uninit(memory), taken: 0 }
    }

    fn rest(&self) -> &[u8] {
        &self.received.filled()[self.taken..]
    }

    /// Moves what was not taken to the front, so that there is room behind it.
    fn make_room(&mut self) {
        let (taken, filled) = (self.taken, self.received.filled().len());
        self.received.filled_mut().copy_within(taken.., 0);
        self.received.set_filled(filled - taken);
        self.taken = 0;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> VoiceSocket<S> {
    /// The client's end of a stream that was upgraded. `arrived` came behind the answer to the upgrade.
    pub(crate) fn new(stream: S, arrived: Vec<u8>, config: WebSocketConfig) -> Self {
        Self {
            library: WebSocketContext::new(Role::Client, Some(config)),
            stream,
            arrived,
            owed_bytes: 0,
            in_parts: false,
            unsent: Vec::new(),
            library_sends: false,
        }
    }

    /// What arrived next; `None` when both sides have said goodbye. After that, or an error, there is nothing more. `space` is
    /// the same while one turn lasts, and is [kept](Self::keep) if it ends before this is pending.
    pub(crate) fn poll_next<'s>(
        &mut self,
        cx: &mut Context<'_>,
        space: &'s mut Space<'_>,
    ) -> Poll<Option<Result<Received<'s>, Error>>> {
        loop {
            let ended = match self.look(space.rest()) {
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok(Step::Audio(place)) => {
                    let begin = space.taken;
                    space.taken += place.end;
                    let place = begin + place.start..space.taken;
                    return Poll::Ready(Some(Ok(Received::Audio(&space.received.filled()[place]))));
                }
                Ok(Step::Library(bytes)) => {
                    let begin = space.taken;
                    space.taken += bytes;
                    match self.hand_over(cx, Some(&space.received.filled()[begin..space.taken])) {
                        Poll::Pending => continue,
                        Poll::Ready(ended) => ended,
                    }
                }
                Ok(Step::Wait) => {
                    space.make_room();
                    if self.refill(space) {
                        continue;
                    }
                    let before = space.received.filled().len();
                    match Pin::new(&mut self.stream).poll_read(cx, &mut space.received) {
                        Poll::Pending => {
                            self.keep(space);
                            return Poll::Pending;
                        }
                        Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(Error::Io(error)))),
                        Poll::Ready(Ok(())) if space.received.filled().len() > before => continue,
                        Poll::Ready(Ok(())) => match self.hand_over(cx, None) {
                            Poll::Pending => return Poll::Pending,
                            Poll::Ready(ended) => ended,
                        },
                    }
                }
            };
            return Poll::Ready(ended.map(|result| result.map(Received::Message)));
        }
    }

    /// Keeps what arrived and was not taken for the next turn.
    pub(crate) fn keep(&mut self, space: &Space<'_>) {
        if !space.rest().is_empty() {
            drop(self.arrived.splice(..0, space.rest().iter().copied()));
        }
    }

    /// Takes up what was kept. False: nothing was.
    fn refill(&mut self, space: &mut Space<'_>) -> bool {
        let fits = self.arrived.len().min(space.received.remaining());
        space.received.put_slice(&self.arrived[..fits]);
        if fits == self.arrived.len() {
            self.arrived = Vec::new();
        } else {
            self.arrived.drain(..fits);
        }
        fits > 0
    }

    /// Ready when something may be sent: what was sent before has left.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.library_sends || !self.unsent.is_empty() {
            return self.poll_flush(cx);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes a message. To be called when [`Self::poll_ready`] allows it; it leaves with the next flush.
    pub(crate) fn send(&mut self, cx: &mut Context<'_>, message: Message) -> Result<(), Error> {
        self.library_sends = true;
        let mut wire = Wire { stream: &mut self.stream, arrived: Some(&[]), may_send: true, cx };
        match settled(self.library.write(&mut wire, message)) {
            Poll::Ready(sent) => sent,
            // The message was taken all the same.
            Poll::Pending => Ok(()),
        }
    }

    /// Sends binary messages, each of which `next` appends to what it is given, until it says that there is none or a lot has
    /// gathered. To be called when [`Self::poll_ready`] allows it. False: there was none.
    pub(crate) fn send_audio(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut(&mut Vec<u8>) -> bool,
    ) -> Result<bool, Error> {
        if !self.library.can_write() {
            return Err(Error::Protocol(ProtocolError::SendAfterClosing));
        }
        let mut frames = Vec::with_capacity(FRAME_BYTES_USUAL);
        while frames.len() < VOICE_WRITE_BYTES {
            let start = frames.len();
            frames.extend_from_slice(&[0; HEADER_BYTES]);
            if !next(&mut frames) {
                frames.truncate(start);
                break;
            }
            seal(&mut frames, start)?;
        }
        if frames.is_empty() {
            return Ok(false);
        }
        self.unsent = frames;
        match self.poll_unsent(cx) {
            Poll::Ready(sent) => sent.map(|()| true),
            Poll::Pending => Ok(true),
        }
    }

    /// Sends all that has gathered.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_unsent(cx))?;
        if !self.library_sends {
            return Pin::new(&mut self.stream).poll_flush(cx).map_err(Error::Io);
        }
        let mut wire = Wire { stream: &mut self.stream, arrived: Some(&[]), may_send: true, cx };
        let flushed = ready!(settled(self.library.flush(&mut wire)));
        self.library_sends = false;
        Poll::Ready(match flushed {
            // The goodbye is out, which is what was asked for.
            Err(Error::ConnectionClosed) => Ok(()),
            other => other,
        })
    }

    /// Whose the next bytes are.
    fn look(&mut self, bytes: &[u8]) -> Result<Step, Error> {
        if self.owed_bytes > 0 && !bytes.is_empty() {
            let here = bytes.len().min(usize::try_from(self.owed_bytes).unwrap_or(usize::MAX));
            self.owed_bytes -= here as u64;
            return Ok(Step::Library(here));
        }
        let mut cursor = Cursor::new(bytes);
        let Some((header, payload_bytes)) = FrameHeader::parse(&mut cursor)? else { return Ok(Step::Wait) };
        let header_bytes = cursor.position();
        let frame_bytes = header_bytes.saturating_add(payload_bytes);
        if frame_bytes <= VOICE_RECEIVE_BYTES as u64 && self.is_audio(&header) {
            let place = header_bytes as usize..frame_bytes as usize;
            return Ok(if place.end <= bytes.len() { Step::Audio(place) } else { Step::Wait });
        }
        if let OpCode::Data(_) = header.opcode {
            self.in_parts = !header.is_final;
        }
        let here = bytes.len().min(usize::try_from(frame_bytes).unwrap_or(usize::MAX));
        self.owed_bytes = frame_bytes - here as u64;
        Ok(Step::Library(here))
    }

    /// Whether nothing is to be said about a frame but that its payload is audio.
    fn is_audio(&self, header: &FrameHeader) -> bool {
        let FrameHeader { is_final, rsv1, rsv2, rsv3, opcode, mask } = header;
        let plain = *is_final && !(*rsv1 || *rsv2 || *rsv3) && mask.is_none();
        plain && *opcode == OpCode::Data(Data::Binary) && !self.in_parts && self.library.can_read()
    }

    /// Gives the library bytes of one frame, or the news that no more will come. Pending: there is no message in them.
    fn hand_over(&mut self, cx: &mut Context<'_>, arrived: Option<&[u8]>) -> Poll<Option<Result<Message, Error>>> {
        let may_send = self.unsent.is_empty();
        let mut wire = Wire { stream: &mut self.stream, arrived, may_send, cx };
        let read = ready!(settled(self.library.read(&mut wire)));
        // Nothing else is answered.
        self.library_sends |= matches!(read, Ok(Message::Ping(_) | Message::Close(_)));
        match read {
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => Poll::Ready(None),
            result => Poll::Ready(Some(result)),
        }
    }

    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut sent = 0;
        let result = loop {
            if sent == self.unsent.len() {
                break Poll::Ready(Ok(()));
            }
            match Pin::new(&mut self.stream).poll_write(cx, &self.unsent[sent..]) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(Error::Io(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(bytes)) => sent += bytes,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(Error::Io(error))),
                Poll::Pending => break Poll::Pending,
            }
        };
        if sent == self.unsent.len() {
            // Its memory is warm: the next frame, of whatever call, gets it.
            self.unsent = Vec::new();
        } else {
            self.unsent.drain(..sent);
        }
        result
    }
}

/// Makes what stands behind `start` and room for a header a client's binary frame (RFC 6455, section 5).
fn seal(frames: &mut Vec<u8>, start: usize) -> Result<(), Error> {
    let payload_bytes = (frames.len() - start - HEADER_BYTES) as u64;
    let key: [u8; 4] = rand::random();
    mask(&mut frames[start + HEADER_BYTES..], key);
    let header = FrameHeader { opcode: OpCode::Data(Data::Binary), mask: Some(key), ..FrameHeader::default() };
    if header.len(payload_bytes) == HEADER_BYTES {
        return header.format(payload_bytes, &mut &mut frames[start..]);
    }
    let mut other = Vec::new();
    header.format(payload_bytes, &mut other)?;
    frames.splice(start..start + HEADER_BYTES, other);
    Ok(())
}

/// RFC 6455, section 5.3.
fn mask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// What would block is not an error here.
fn settled<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        other => Poll::Ready(other),
    }
}

/// The stream as the library sees it: it is given what has arrived, and writes that never block, but have the task woken.
struct Wire<'a, 'c, S> {
    stream: &'a mut S,
    /// `None`: no more will come.
    arrived: Option<&'a [u8]>,
    /// No audio waits to leave first.
    may_send: bool,
    cx: &'a mut Context<'c>,
}

impl<S> Read for Wire<'_, '_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.arrived {
            None => Ok(0),
            Some([]) => Err(io::ErrorKind::WouldBlock.into()),
            Some(bytes) => bytes.read(out),
        }
    }
}

impl<S: AsyncWrite + Unpin> Write for Wire<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.may_send {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        unblocked(Pin::new(&mut *self.stream).poll_write(self.cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        unblocked(Pin::new(&mut *self.stream).poll_flush(self.cx))
    }
}

fn unblocked<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

#[cfg(test)]
mod tests;

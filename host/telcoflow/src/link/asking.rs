//! What a [`Link`] asks the server for: sessions of others, sessions of its own, and their events.

use std::time::Instant;

use super::requests::Ask;
use super::{Link, RequestRefused, Socket, State};
use crate::frame::manager::{Channel, ToServer};
use crate::limits::SESSIONS_MAX;
use crate::text::uuid_v4;

impl Link {
    /// Asks for a session with `session.open`. Answered by one [`Event::Claimed`](super::Event::Claimed) or
    /// [`Event::ClaimFailed`](super::Event::ClaimFailed). Row `SM-5`.
    ///
    /// # Errors
    /// [`RequestRefused`]: nothing was sent and no event will come.
    pub fn claim(&mut self, now: Instant, session_id: &str) -> Result<(), RequestRefused> {
        self.advance(now);
        let State::Up(socket) = &mut self.state else {
            return Err(RequestRefused::LinkDown);
        };
        let asked = socket.requests.claims().any(|id| id == session_id);
        if asked || socket.sessions.serves(session_id) || self.chats.has(session_id) {
            return Err(RequestRefused::AlreadyClaimed);
        }
        socket.has_room(self.chats.len())?;
        let session_id = session_id.to_owned();
        let req_id = uuid_v4(&mut self.rng);
        let ask = Ask::Claim { session_id: session_id.clone() };
        socket.requests.add(self.now, req_id.clone(), ask);
        self.transmit(&ToServer::SessionOpen { req_id, session_id });
        Ok(())
    }

    /// Nobody here serves this session any more, though its end was not told. When it is announced again it may be claimed
    /// anew. Nothing is sent.
    pub fn release(&mut self, session_id: &str) {
        if let State::Up(socket) = &mut self.state {
            socket.sessions.release(session_id);
        }
    }

    /// Starts a session with somebody by `session.create`. Answered by one [`Event::Created`](super::Event::Created) or
    /// [`Event::CreateFailed`](super::Event::CreateFailed) with this `key`, which is the caller's name for it. A session
    /// that was created is not claimed yet: [`Link::claim`] comes next. Row `SM-7`.
    ///
    /// # Errors
    /// [`RequestRefused`]: nothing was sent and no event will come.
    pub fn create(
        &mut self,
        now: Instant,
        key: u64,
        channel: &Channel,
        remote_address: &str,
    ) -> Result<(), RequestRefused> {
        self.advance(now);
        let State::Up(socket) = &mut self.state else {
            return Err(RequestRefused::LinkDown);
        };
        socket.has_room(self.chats.len())?;
        let req_id = uuid_v4(&mut self.rng);
        socket.requests.add(self.now, req_id.clone(), Ask::Create { key });
        let (channel, remote_address) = (channel.as_str().to_owned(), remote_address.to_owned());
        self.transmit(&ToServer::SessionCreate { req_id, channel, remote_address });
        Ok(())
    }

    /// Lets the events of a claimed session start with `session.ready`. Sent once for each claim; more calls do nothing. For
    /// a chat whose socket was lost it is sent when the chat is claimed again.
    ///
    /// # Errors
    /// [`RequestRefused::LinkDown`], or [`RequestRefused::NotClaimed`] also when the session closed meanwhile.
    pub fn ready(&mut self, session_id: &str) -> Result<(), RequestRefused> {
        if self.chats.readied(session_id) {
            return Ok(());
        }
        let State::Up(socket) = &mut self.state else {
            return Err(RequestRefused::LinkDown);
        };
        let first = socket.sessions.readied(session_id).ok_or(RequestRefused::NotClaimed)?;
        if first {
            self.transmit(&ToServer::SessionReady { session_id: session_id.to_owned() });
        }
        Ok(())
    }
}

impl Socket {
    /// Whether one more session may be asked for. One that is being created counts, since it is claimed next, and so do the
    /// chats that are to be claimed again.
    fn has_room(&self, chats_lost: usize) -> Result<(), RequestRefused> {
        if self.requests.is_full() {
            return Err(RequestRefused::TooManyRequests);
        }
        if self.sessions.len() + chats_lost + self.requests.sessions() >= SESSIONS_MAX {
            return Err(RequestRefused::TooManySessions);
        }
        Ok(())
    }
}

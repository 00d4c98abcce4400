//! Chat messages out, and chats that are claimed again on the next socket. Rows `SM-9`, `SM-18`.

use std::time::Instant;

use serde_json::Value;

use super::requests::Ask;
use super::{Event, Link, Output, RequestRefused, State};
use crate::frame::manager::{CloseReason, ToServer, WaMsgOut};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::text::uuid_v4;

impl Link {
    /// Sends a chat message of a claimed session: `data` in the chat network's own form, of that version. Answered by one
    /// [`Event::Sent`] with this key. Messages leave in the order in which they were taken.
    ///
    /// # Errors
    /// [`RequestRefused`]: nothing was sent and no event will come.
    pub fn send(
        &mut self,
        now: Instant,
        key: u32,
        session_id: &str,
        api_version: String,
        data: Value,
    ) -> Result<(), RequestRefused> {
        self.advance(now);
        let State::Up(socket) = &mut self.state else {
            return Err(RequestRefused::LinkDown);
        };
        if !socket.sessions.has(session_id) {
            return Err(RequestRefused::NotClaimed);
        }
        if socket.requests.is_full_for_messages() {
            return Err(RequestRefused::TooManyRequests);
        }
        let req_id = uuid_v4(&mut self.rng);
        let client_msg_id = uuid_v4(&mut self.rng);
        let session_id = session_id.to_owned();
        let data = WaMsgOut { session_id: session_id.clone(), client_msg_id, api_version, data };
        let frame = ToServer::WaMsgOut { req_id: req_id.clone(), data }.print();
        if frame.len() > MESSAGE_BYTES_MAX {
            return Err(RequestRefused::TooLong);
        }
        socket.requests.add(self.now, req_id, Ask::Send { session_id, key });
        self.outputs.push_back(Output::Transmit(frame));
        Ok(())
    }

    /// Forgets a session that the server did not close: what still comes for it is ignored and counted, and a chat is not
    /// claimed again. A request that is under way is still answered.
    pub fn forget(&mut self, session_id: &str) {
        self.chats.take(session_id);
        if let State::Up(socket) = &mut self.state {
            socket.sessions.closed(session_id);
        }
    }
}

// Chats of the socket before.
impl Link {
    /// Asks for as many as may be under way.
    pub(super) fn reclaim(&mut self) {
        let State::Up(socket) = &mut self.state else {
            return;
        };
        let mut asks = Vec::new();
        while !socket.requests.is_full()
            && let Some(session_id) = self.chats.next()
        {
            let req_id = uuid_v4(&mut self.rng);
            let ask = Ask::Reclaim { session_id: session_id.clone() };
            socket.requests.add(self.now, req_id.clone(), ask);
            asks.push(ToServer::SessionOpen { req_id, session_id });
        }
        asks.iter().for_each(|ask| self.transmit(ask));
    }

    /// The answer for one, or none in time. What the answer says besides is not looked at: it is the session that was held.
    pub(super) fn reclaimed(&mut self, session_id: String, granted: bool) {
        // `None`: it was closed meanwhile, and told so.
        if let Some(ready) = self.chats.take(&session_id) {
            if let (true, State::Up(socket)) = (granted, &mut self.state) {
                socket.sessions.claimed(self.now, &session_id, true);
                if ready && socket.sessions.readied(&session_id).is_some() {
                    self.transmit(&ToServer::SessionReady { session_id: session_id.clone() });
                }
                self.event(Event::Reclaimed { session_id });
            } else {
                self.event(Event::SessionClosed { session_id, reason: CloseReason::ForceClose });
            }
        }
        self.reclaim();
    }
}

//! What the frames of a server do to a [`Link`].

use std::time::Instant;

use serde_json::Value;

use super::requests::{Ask, Requests};
use super::sessions::Sessions;
use super::{ClaimFailure, CreateFailure, Event, Link, SendFailure, Socket, State, failed};
use crate::codes::{BAD_RESPONSE, UNKNOWN};
use crate::frame::manager::{Activity, Channel, Created, Response, Session, ToClient, ToServer};
use crate::heartbeat::Heartbeat;
use crate::limits::{LINK_PING_INTERVAL_S, LINK_PONG_DEADLINE_S, PEER_TEXT_BYTES_MAX};
use crate::text::{clipped, uuid_v4};

impl Link {
    pub(super) fn frame(&mut self, frame: ToClient, bytes: usize) {
        match (&mut self.state, frame) {
            (State::SettingUp { since }, ToClient::SetupDone { sm_ws_id }) => {
                let since = *since;
                self.set_up(since, sm_ws_id);
            }
            (_, ToClient::Unknown { kind }) => {
                let oddity = self.oddities.unknown_type(&kind, bytes);
                self.tell(oddity);
            }
            (State::Up(_), ToClient::SetupDone { .. }) => self.odd("second-setup-done", bytes),
            (State::Up(_), ToClient::Response(response)) => self.response(response, bytes),
            (State::Up(_), ToClient::SessionNotify(notify)) if notify.session_id.is_empty() => {
                self.odd("notify-without-session", bytes);
            }
            (State::Up(_), ToClient::SessionNotify(notify)) => {
                if matches!(notify.activity, Activity::Other(_)) {
                    self.odd("unknown-activity", bytes);
                }
                if matches!(notify.channel, Channel::Other(_)) {
                    self.odd("unknown-channel", bytes);
                }
                self.event(Event::Notified(notify));
            }
            (State::Up(socket), ToClient::CallIn(call)) if socket.sessions.has(&call.session_id) => {
                self.event(Event::CallIn(call));
            }
            (State::Up(socket), ToClient::WaMsgIn(message))
                if socket.sessions.has(&message.session_id) || self.chats.has(&message.session_id) =>
            {
                self.event(Event::WaMsgIn(message));
            }
            (State::Up(socket), ToClient::SessionClosed { session_id, reason }) => {
                if socket.sessions.closed(&session_id) || self.chats.take(&session_id).is_some() {
                    self.event(Event::SessionClosed { session_id, reason });
                } else {
                    self.odd("closed-of-no-session", bytes);
                }
            }
            (State::Up(_), ToClient::CallIn(_)) => self.odd("call-in-of-no-session", bytes),
            (State::Up(_), ToClient::WaMsgIn(_)) => self.odd("message-of-no-session", bytes),
            _ => self.odd("frame-before-setup-done", bytes),
        }
    }

    fn set_up(&mut self, opened_at: Instant, sm_ws_id: Option<String>) {
        self.backoff.reset();
        self.credentials_backoff.reset();
        let mut socket = Socket {
            heartbeat: Heartbeat::new(LINK_PING_INTERVAL_S, LINK_PONG_DEADLINE_S, opened_at),
            requests: Requests::default(),
            sessions: Sessions::default(),
        };
        let flow = self.config.call_flow.map(|call_flow| {
            let req_id = uuid_v4(&mut self.rng);
            socket.requests.add(self.now, req_id.clone(), Ask::CallFlow);
            ToServer::CallFlowSetup { req_id, call_flow }
        });
        self.state = State::Up(Box::new(socket));
        self.event(Event::Up { sm_ws_id: sm_ws_id.map(|id| clipped(id, PEER_TEXT_BYTES_MAX)) });
        if let Some(flow) = flow {
            self.transmit(&flow);
        }
        self.reclaim();
    }

    fn response(&mut self, response: Response, bytes: usize) {
        let State::Up(socket) = &mut self.state else {
            return;
        };
        match socket.requests.answered(&response.req_id) {
            None => self.odd("answer-to-nothing", bytes),
            Some(Ask::Reclaim { session_id }) => self.reclaimed(session_id, response.ok),
            Some(Ask::Send { session_id, key }) => {
                let result = if response.ok {
                    Ok(response.content)
                } else {
                    Err(SendFailure { code: code_of(&response), content: response.error_content })
                };
                self.event(Event::Sent { session_id, key, result });
            }
            Some(Ask::CallFlow) => {
                let result = if response.ok { Ok(()) } else { Err(code_of(&response)) };
                self.event(Event::CallFlowSet(result));
            }
            Some(Ask::Claim { session_id }) if response.ok => match Session::from_content(response.content) {
                Ok(session) if session.id == session_id => {
                    socket.sessions.claimed(self.now, &session_id, session.channel == Channel::Wa);
                    self.event(Event::Claimed(session));
                }
                _ => {
                    self.odd("claim-with-bad-content", bytes);
                    self.event(failed(Ask::Claim { session_id }, BAD_RESPONSE));
                }
            },
            Some(Ask::Claim { session_id }) => {
                let bound = response.bound_sm_ws_id().map(|id| clipped(id.to_owned(), PEER_TEXT_BYTES_MAX));
                let failure = ClaimFailure::from_code(code_of(&response), bound);
                self.event(Event::ClaimFailed { session_id, failure });
            }
            Some(Ask::Create { key }) if response.ok => self.created(key, response.content, bytes),
            Some(Ask::Create { key }) => {
                let failure = CreateFailure::from_code(code_of(&response));
                self.event(Event::CreateFailed { key, failure });
            }
        }
    }

    fn created(&mut self, key: u64, content: Option<Value>, bytes: usize) {
        match Created::from_content(content) {
            Ok(Created { session_id, .. }) if session_id.is_empty() || session_id.len() > PEER_TEXT_BYTES_MAX => {
                self.badly_created(key, bytes);
            }
            Ok(Created { session_id, created: true }) => self.event(Event::Created { key, session_id }),
            Ok(Created { session_id, created: false }) => {
                self.event(Event::CreateFailed { key, failure: CreateFailure::AlreadyExists { session_id } });
            }
            Err(_) => self.badly_created(key, bytes),
        }
    }

    fn badly_created(&mut self, key: u64, bytes: usize) {
        self.odd("creation-with-bad-content", bytes);
        self.event(failed(Ask::Create { key }, BAD_RESPONSE));
    }
}

fn code_of(response: &Response) -> String {
    match response.error_code.as_deref() {
        None | Some("") => UNKNOWN.to_owned(),
        Some(code) => clipped(code.to_owned(), PEER_TEXT_BYTES_MAX),
    }
}

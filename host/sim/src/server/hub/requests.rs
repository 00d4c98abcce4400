//! What a session manager asks for, and what it is told.

use std::sync::Arc;

use serde_json::json;
use telcoflow::frame::manager::{
    Activity, CallIn, Channel, CloseReason, Response, Session, SessionNotify, ToClient, ToServer,
};
use telcoflow::frame::rest::SessionInfo;

use super::super::book::CallBook;
use super::super::call_task::Input;
use super::{EPOCH_S, Hub, LinkFrame, NOWHERE};
use crate::limits::CLOSED_SESSIONS_MAX;
use crate::report::Milestone;

impl Hub {
    pub(crate) fn handle(&mut self, link: u32, frame: ToServer) {
        match frame {
            // A link is set up once.
            ToServer::Setup { .. } => {}
            ToServer::SessionOpen { req_id, session_id } if self.chats.contains_key(&session_id) => {
                self.claim_chat(link, req_id, &session_id);
            }
            ToServer::SessionReady { session_id } if self.chats.contains_key(&session_id) => {
                self.ready_chat(link, &session_id);
            }
            ToServer::WaMsgOut { req_id, data } if self.chats.contains_key(&data.session_id) => {
                self.chat_message(link, req_id, data);
            }
            ToServer::SessionOpen { req_id, session_id } => self.claim(link, req_id, &session_id),
            ToServer::SessionReady { session_id } => self.ready(link, &session_id),
            // Calls are created where their tasks are started.
            ToServer::SessionCreate { req_id, .. } => {
                self.respond(link, Response::refused(req_id, "CHANNEL_NOT_CONFIGURED", None), None);
            }
            ToServer::CallFlowSetup { req_id, call_flow } => {
                self.call_flow = Some(call_flow);
                self.respond(link, Response::granted(req_id, None), None);
            }
            ToServer::WaMsgOut { req_id, data } => {
                let code =
                    if self.calls.contains_key(&data.session_id) { "INVALID_CHANNEL" } else { "SESSION_NOT_FOUND" };
                let book = self.book_of(&data.session_id);
                self.respond(link, Response::refused(req_id, code, None), book);
            }
            ToServer::Unknown { .. } => self.counts.unknown_frames += 1,
        }
    }

    /// Whoever claims this session is refused with this code.
    pub(crate) fn lose_claims(&mut self, session_id: &str, code: &str) {
        if self.unclaimable.len() >= CLOSED_SESSIONS_MAX {
            self.unclaimable.pop_front();
        }
        self.unclaimable.push_back((session_id.to_owned(), code.to_owned()));
    }

    fn claim(&mut self, link: u32, req_id: String, session_id: &str) {
        let audio = self.links.get(&link).and_then(|link| link.audio);
        let opened_at = self.unix_s();
        let lost = self.unclaimable.iter().find(|(lost, _)| lost == session_id);
        if let Some((_, code)) = lost {
            let refused = refused_claim(req_id, code);
            self.counts.claims_refused += 1;
            return self.respond(link, refused, None);
        }
        let Some(call) = self.calls.get_mut(session_id) else {
            let known = self.closed.iter().any(|closed| closed == session_id);
            let code = if known { "SESSION_CLOSED" } else { "SESSION_NOT_FOUND" };
            return self.respond(link, Response::refused(req_id, code, None), None);
        };
        let book = Some(Arc::clone(&call.book));
        if let Some(owner) = call.bound.filter(|owner| *owner != link) {
            let bound = self.links.get(&owner).map(|owner| owner.sm_ws_id.clone());
            self.counts.claims_busy += 1;
            let content = json!({ "boundSmWsId": bound });
            return self.respond(link, Response::refused(req_id, "SESSION_BUSY", Some(content)), book);
        }
        if let Some(code) = &call.faults.refuse_claim {
            let refused = refused_claim(req_id, code);
            self.counts.claims_refused += 1;
            return self.respond(link, refused, book);
        }
        call.bound = Some(link);
        call.claimed_before = true;
        call.audio = audio.unwrap_or(call.audio);
        call.book.reach(Milestone::Claimed);
        self.counts.claims += 1;
        let session = Session {
            id: session_id.to_owned(),
            channel: Channel::Telco,
            remote_address: call.remote.clone(),
            local_address: call.local.clone(),
            opened_at,
        };
        self.respond(link, Response::granted(req_id, Some(session.to_content())), book);
    }

    fn ready(&mut self, link: u32, session_id: &str) {
        let Some(call) = self.calls.get_mut(session_id) else {
            return;
        };
        if call.bound != Some(link) || call.ready {
            return;
        }
        call.ready = true;
        if call.outbound && !call.picked_up {
            // A call whose queue is full is busy ending.
            let _ = call.inputs.try_send(Input::Ring);
            if !self.switches.call_in_before_pick_up {
                return;
            }
        }
        self.introduce(link, session_id);
    }

    /// The telephone of an outbound call was picked up.
    pub(crate) fn pick_up(&mut self, session_id: &str) {
        let Some(call) = self.calls.get_mut(session_id) else {
            return;
        };
        call.picked_up = true;
        if let Some(link) = call.bound.filter(|_| call.ready && call.call_ins == 0) {
            self.introduce(link, session_id);
        }
    }

    fn introduce(&mut self, link: u32, session_id: &str) {
        let Some(call) = self.calls.get_mut(session_id) else {
            return;
        };
        let (resumed, twice) = (call.call_ins > 0, call.faults.second_call_in);
        if resumed && self.switches.new_token_after_resume {
            call.renew_token();
        }
        self.call_in(link, session_id);
        if twice && !resumed {
            if let Some(call) = self.calls.get_mut(session_id) {
                call.renew_token();
            }
            self.call_in(link, session_id);
        }
    }

    fn call_in(&mut self, link: u32, session_id: &str) {
        let (org_uuid, base) = (self.org_uuid.clone(), self.public_base().to_owned());
        let Some(call) = self.calls.get_mut(session_id) else {
            return;
        };
        let base = if call.faults.voice_unreachable { NOWHERE } else { &base };
        call.call_ins += 1;
        call.book.reach(Milestone::Ready);
        let (from, to) = if call.outbound { (&call.local, &call.remote) } else { (&call.remote, &call.local) };
        let frame = ToClient::CallIn(CallIn {
            session_id: session_id.to_owned(),
            call_id: call.call_id.clone(),
            org_uuid,
            from: from.clone(),
            to: to.clone(),
            url: format!("{base}{}", call.voice_path),
            token: call.token.clone(),
        });
        let book = Arc::clone(&call.book);
        self.push(link, frame, Some(book));
    }

    pub(super) fn notify(&mut self, link: u32, session_id: &str) {
        let created_at_s = self.unix_s();
        let Some(call) = self.calls.get(session_id) else {
            return;
        };
        let activity = if call.claimed_before { Activity::Resume } else { Activity::NewIncomingCall };
        let frame = ToClient::SessionNotify(SessionNotify {
            session_id: session_id.to_owned(),
            channel: Channel::Telco,
            remote_address: call.remote.clone(),
            local_address: call.local.clone(),
            activity,
            created_at_s,
        });
        call.book.reach(Milestone::Announced);
        let (book, twice) = (Arc::clone(&call.book), call.faults.duplicate_notify);
        if twice {
            self.push(link, frame.clone(), Some(Arc::clone(&book)));
        }
        self.push(link, frame, Some(book));
    }

    pub(crate) fn respond(&mut self, link: u32, response: Response, book: Option<Arc<CallBook>>) {
        self.push(link, ToClient::Response(response), book);
    }

    pub(super) fn push(&mut self, link: u32, frame: ToClient, book: Option<Arc<CallBook>>) {
        let Some(entry) = self.links.get(&link) else {
            return;
        };
        if entry.queue.try_send(LinkFrame { frame, book }).is_err() {
            self.counts.links_overrun += 1;
            self.close_link(link);
        }
    }

    /// Every open session.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionInfo> {
        let calls = self.calls.iter().map(|(session_id, call)| SessionInfo {
            id: session_id.clone(),
            channel: Channel::Telco,
            initiator: if call.outbound { "SDK" } else { "CONNECTOR" }.to_owned(),
            state: "OPEN".to_owned(),
            remote_address: call.remote.clone(),
            local_address: call.local.clone(),
            opened_at_s: Some(call.opened_at_s),
            closed_at_s: None,
        });
        calls.chain(self.chat_sessions())
    }

    /// Ends an open session that a client is done with; when, or `None` when there is none.
    pub(crate) fn request_close(&mut self, session_id: &str) -> Option<i64> {
        if self.close_chat(session_id, CloseReason::SdkRequest) {
            return Some(self.unix_s());
        }
        let call = self.calls.get(session_id)?;
        // A call whose queue is full is busy ending.
        let _ = call.inputs.try_send(Input::Close);
        Some(self.unix_s())
    }

    pub(super) fn unix_s(&self) -> i64 {
        EPOCH_S + i64::try_from(self.started.elapsed().as_secs()).unwrap_or(i64::MAX - EPOCH_S)
    }
}

/// A claim that is refused by plan; `SESSION_BUSY` says who has the session.
pub(super) fn refused_claim(req_id: String, code: &str) -> Response {
    let content = (code == "SESSION_BUSY").then(|| json!({ "boundSmWsId": "another link" }));
    Response::refused(req_id, code, content)
}

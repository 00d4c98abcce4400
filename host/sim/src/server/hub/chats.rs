//! Chats: who holds them, what people wrote and nobody took yet, and what is answered to messages.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use telcoflow::frame::manager::{
    Activity, Channel, CloseReason, Response, Session, SessionNotify, ToClient, WaMsgIn, WaMsgOut,
};
use telcoflow::frame::rest::SessionInfo;
use tokio::sync::{mpsc, watch};

use super::super::book::CallBook;
use super::Hub;
use super::requests::refused_claim;
use crate::limits::{CHAT_MESSAGES_WAITING_MAX, CHATS_MAX, CLOSED_SESSIONS_MAX};
use crate::report::Milestone;

/// What a server makes of a chat message.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatAnswer {
    /// It is delivered.
    Taken,
    /// It is refused, with this code and contents.
    Refused(String, Option<Value>),
    /// Nothing comes.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Chat {
    remote: String,
    local: String,
    opened_at_s: i64,
    /// Begun by a client.
    outbound: bool,
    /// The link of the client that began it, until that has claimed it or is gone: nobody is told of it before.
    expected: Option<u32>,
    bound: Option<u32>,
    ready: bool,
    /// What was written while nobody listened.
    waiting: VecDeque<Map<String, Value>>,
    answers: VecDeque<ChatAnswer>,
    /// Claims that will be answered so.
    refused_claims: VecDeque<String>,
    delivered: u64,
    heard: mpsc::Sender<WaMsgOut>,
    closed: watch::Sender<Option<CloseReason>>,
    book: Arc<CallBook>,
}

/// A chat to be entered.
pub(crate) struct NewChat {
    pub(crate) session_id: String,
    pub(crate) remote: String,
    pub(crate) local: String,
    /// The link of the client that begins it.
    pub(crate) begun_by: Option<u32>,
    pub(crate) heard: mpsc::Sender<WaMsgOut>,
    pub(crate) closed: watch::Sender<Option<CloseReason>>,
    pub(crate) book: Arc<CallBook>,
}

impl Hub {
    /// Enters a chat, in which nobody wrote yet. `false`: there is no room.
    pub(crate) fn open_chat(&mut self, new: NewChat) -> bool {
        if self.chats.len() >= CHATS_MAX {
            return false;
        }
        let NewChat { session_id, remote, local, begun_by, heard, closed, book } = new;
        let chat = Chat {
            remote,
            local,
            outbound: begun_by.is_some(),
            expected: begun_by,
            opened_at_s: self.unix_s(),
            bound: None,
            ready: false,
            waiting: VecDeque::new(),
            answers: VecDeque::new(),
            refused_claims: VecDeque::new(),
            delivered: 0,
            heard,
            closed,
            book,
        };
        self.chats.insert(session_id, chat);
        true
    }

    /// The open chat with somebody, if there is one.
    pub(crate) fn chat_with(&self, remote: &str) -> Option<(String, Arc<CallBook>)> {
        let with = self.chats.iter().find(|(_, chat)| chat.remote == remote);
        with.map(|(session_id, chat)| (session_id.clone(), Arc::clone(&chat.book)))
    }

    /// Somebody writes: whoever listens is told, or else everybody that there is something to claim.
    pub(crate) fn write_in_chat(&mut self, session_id: &str, content: Map<String, Value>) {
        let Some(chat) = self.chats.get_mut(session_id) else { return };
        if chat.waiting.len() >= CHAT_MESSAGES_WAITING_MAX {
            return;
        }
        chat.waiting.push_back(content);
        match chat.bound {
            Some(link) if chat.ready => self.deliver(link, session_id),
            Some(_) => {}
            None if chat.expected.is_some() => {}
            None => {
                let up: Vec<u32> =
                    self.links.iter().filter(|(_, link)| link.audio.is_some()).map(|(n, _)| *n).collect();
                up.into_iter().for_each(|link| self.notify_chat(link, session_id));
            }
        }
    }

    /// What the next messages of a client are answered with; later ones are taken.
    pub(crate) fn answer_in_chat(&mut self, session_id: &str, answer: ChatAnswer) {
        if let Some(chat) = self.chats.get_mut(session_id) {
            chat.answers.push_back(answer);
        }
    }

    /// The next claim of the chat is refused with this code.
    pub(crate) fn refuse_chat_claim(&mut self, session_id: &str, code: &str) {
        if let Some(chat) = self.chats.get_mut(session_id) {
            chat.refused_claims.push_back(code.to_owned());
        }
    }

    /// Ends a chat; `false` when there is none.
    pub(crate) fn close_chat(&mut self, session_id: &str, reason: CloseReason) -> bool {
        let Some(chat) = self.chats.remove(session_id) else { return false };
        if self.closed.len() >= CLOSED_SESSIONS_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(session_id.to_owned());
        if let Some(link) = chat.bound {
            let closed = ToClient::SessionClosed { session_id: session_id.to_owned(), reason };
            self.push(link, closed, Some(chat.book));
        }
        chat.closed.send_replace(Some(reason));
        true
    }

    /// A link that comes up hears of the chats in which something waits.
    pub(super) fn announce_chats(&mut self, link: u32) {
        let waits = |chat: &Chat| chat.bound.or(chat.expected).is_none() && !chat.waiting.is_empty();
        let waiting = self.chats.iter().filter(|(_, chat)| waits(chat));
        let waiting: Vec<String> = waiting.map(|(session_id, _)| session_id.clone()).collect();
        waiting.iter().for_each(|session_id| self.notify_chat(link, session_id));
    }

    pub(super) fn unbind_chats(&mut self, link: u32) {
        for chat in self.chats.values_mut() {
            chat.expected.take_if(|expected| *expected == link);
            if chat.bound.take_if(|bound| *bound == link).is_some() {
                chat.ready = false;
            }
        }
    }

    pub(super) fn chat_book(&self, session_id: &str) -> Option<Arc<CallBook>> {
        self.chats.get(session_id).map(|chat| Arc::clone(&chat.book))
    }

    pub(super) fn claim_chat(&mut self, link: u32, req_id: String, session_id: &str) {
        let Some(chat) = self.chats.get_mut(session_id) else { return };
        let book = Some(Arc::clone(&chat.book));
        let refused = chat.refused_claims.pop_front();
        if let Some(owner) = chat.bound.filter(|owner| *owner != link) {
            let bound = self.links.get(&owner).map(|owner| owner.sm_ws_id.clone());
            self.counts.claims_busy += 1;
            let content = json!({ "boundSmWsId": bound });
            return self.respond(link, Response::refused(req_id, "SESSION_BUSY", Some(content)), book);
        }
        if let Some(code) = refused {
            self.counts.claims_refused += 1;
            return self.respond(link, refused_claim(req_id, &code), book);
        }
        chat.bound = Some(link);
        chat.expected = None;
        chat.book.reach(Milestone::Claimed);
        self.counts.claims += 1;
        let session = Session {
            id: session_id.to_owned(),
            channel: Channel::Wa,
            remote_address: chat.remote.clone(),
            local_address: chat.local.clone(),
            opened_at: chat.opened_at_s,
        };
        self.respond(link, Response::granted(req_id, Some(session.to_content())), book);
    }

    pub(super) fn ready_chat(&mut self, link: u32, session_id: &str) {
        let Some(chat) = self.chats.get_mut(session_id).filter(|chat| chat.bound == Some(link)) else { return };
        chat.ready = true;
        chat.book.reach(Milestone::Ready);
        self.deliver(link, session_id);
    }

    pub(super) fn chat_message(&mut self, link: u32, req_id: String, message: WaMsgOut) {
        let Some(chat) = self.chats.get_mut(&message.session_id) else { return };
        let book = Some(Arc::clone(&chat.book));
        let response = if chat.bound != Some(link) {
            Response::refused(req_id, "SESSION_NOT_OPEN", None)
        } else if !message.data.is_object() {
            Response::refused(req_id, "INVALID_PAYLOAD", None)
        } else {
            match chat.answers.pop_front() {
                Some(ChatAnswer::Nothing) => return,
                Some(ChatAnswer::Refused(code, content)) => Response::refused(req_id, code, content),
                Some(ChatAnswer::Taken) | None => match chat.heard.try_send(message) {
                    Ok(()) => {
                        chat.delivered += 1;
                        let id = format!("wamid.{}", chat.delivered);
                        Response::granted(req_id, Some(json!({ "messages": [{ "id": id }] })))
                    }
                    Err(_) => Response::refused(req_id, "OVERFLOW", None),
                },
            }
        };
        self.respond(link, response, book);
    }

    pub(super) fn chat_sessions(&self) -> impl Iterator<Item = SessionInfo> {
        self.chats.iter().map(|(session_id, chat)| SessionInfo {
            id: session_id.clone(),
            channel: Channel::Wa,
            initiator: if chat.outbound { "SDK" } else { "CONNECTOR" }.to_owned(),
            state: "OPEN".to_owned(),
            remote_address: chat.remote.clone(),
            local_address: chat.local.clone(),
            opened_at_s: Some(chat.opened_at_s),
            closed_at_s: None,
        })
    }

    fn deliver(&mut self, link: u32, session_id: &str) {
        let Some(chat) = self.chats.get_mut(session_id) else { return };
        let (sender, book) = (chat.remote.clone(), Arc::clone(&chat.book));
        for content in std::mem::take(&mut chat.waiting) {
            let message = WaMsgIn { session_id: session_id.to_owned(), sender: sender.clone(), content };
            self.push(link, ToClient::WaMsgIn(message), Some(Arc::clone(&book)));
        }
    }

    fn notify_chat(&mut self, link: u32, session_id: &str) {
        let created_at_s = self.unix_s();
        let Some(chat) = self.chats.get(session_id) else { return };
        let notify = SessionNotify {
            session_id: session_id.to_owned(),
            channel: Channel::Wa,
            remote_address: chat.remote.clone(),
            local_address: chat.local.clone(),
            activity: Activity::NewIncomingMessage,
            created_at_s,
        };
        chat.book.reach(Milestone::Announced);
        let book = Arc::clone(&chat.book);
        self.push(link, ToClient::SessionNotify(notify), Some(book));
    }
}

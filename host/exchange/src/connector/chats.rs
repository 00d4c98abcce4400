//! A connector's chats: routed, admitted and claimed as calls are, then a task each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use call::{CallPlacer, Chat, ChatConfig, ChatEnd, ChatInfo, Failure, code, last_four};
use carriers::telcoflow::RestClient;
use sandbox::SharedChat;
use serde_json::Value;
use telcoflow::frame::manager::{Activity, Channel, Session, SessionNotify, WaMsgIn};
use telcoflow::link::{ClaimFailure, RequestRefused, SendFailure};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{Instrument, Span};

use super::outbound::request_code;
use super::{Connector, Phase};
use crate::chat_board::ChatFacts;
use crate::chat_task::{ChatTask, FromChat};
use crate::clock::now;
use crate::fault::Care;
use crate::limits::{CHAT_IDLE_S_MAX, CHAT_REPORTS_MAX, CLAIMS_MAX, MESSAGE_RETRY_MS};
use crate::outbound::{HandlersPlacer, Progress};
use crate::record::ChatRecord;
use crate::route;
use crate::shelf::{NoPlace, Place};

/// The chats of one connector.
pub(super) struct Chats {
    claims: HashMap<String, Claim>,
    live: HashMap<String, LiveChat>,
    tasks: JoinSet<ChatRecord>,
    sessions: HashMap<Id, String>,
    reports: (mpsc::Sender<FromChat>, mpsc::Receiver<FromChat>),
}

/// A session that was asked for. It holds its place already.
struct Claim {
    place: Place,
    resumed: bool,
    /// The host began it.
    outbound: bool,
    /// Of a chat that the host begins.
    progress: Option<Progress>,
}

#[derive(Clone)]
struct LiveChat {
    chat: SharedChat,
    bell: mpsc::Sender<()>,
    span: Span,
}

/// What a chat's task said or came to.
pub(super) enum News {
    Said(FromChat),
    Over(Box<Result<(Id, ChatRecord), JoinError>>),
}

impl Default for Chats {
    fn default() -> Self {
        Self {
            claims: HashMap::new(),
            live: HashMap::new(),
            tasks: JoinSet::new(),
            sessions: HashMap::new(),
            reports: mpsc::channel(CHAT_REPORTS_MAX),
        }
    }
}

impl Chats {
    /// What a task has to say next. Safe to drop and call again.
    pub(super) async fn news(&mut self) -> News {
        tokio::select! {
            Some(said) = self.reports.1.recv() => News::Said(said),
            Some(over) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => News::Over(Box::new(over)),
        }
    }

    /// The socket is gone: what was asked for is, too, and messages wait.
    pub(super) fn link_lost(&mut self) {
        self.claims.clear();
        for chat in self.live.values() {
            chat.touch(|chat| chat.handle_detached());
        }
    }

    /// A claim was not granted.
    pub(super) fn claim_failed(&mut self, session_id: &str, failure: &ClaimFailure) {
        if let Some(Claim { progress: Some(progress), .. }) = self.claims.remove(session_id) {
            progress.fail(failure.code(), &failure.to_string());
        }
    }

    /// The host leaves. What is under way is waited for, briefly.
    pub(super) fn leave(&self) {
        for chat in self.live.values() {
            chat.touch(|chat| chat.close_for(ChatEnd::Drained));
        }
    }

    /// Aborts what still lives.
    pub(super) async fn shut_down(&mut self) {
        self.tasks.shutdown().await;
    }

    /// Nothing is claimed that may become one.
    pub(super) fn claims_nothing(&self) -> bool {
        self.claims.is_empty()
    }

    /// There is none.
    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty() && self.tasks.is_empty()
    }

    pub(super) fn has(&self, session_id: &str) -> bool {
        self.live.contains_key(session_id) || self.claims.contains_key(session_id)
    }

    /// Somebody wrote. The chat's task takes it from there.
    pub(super) fn message(&self, message: WaMsgIn) {
        let Some(chat) = self.live.get(&message.session_id) else {
            return tracing::debug!(session = message.session_id, "a message for a chat that is not ours");
        };
        let content = Value::Object(message.content).to_string();
        let fitted = chat.touch(|chat| {
            chat.handle_message(message.sender, content);
            chat.stats().messages_lost + chat.stats().late
        });
        if fitted == 1 {
            chat.span.in_scope(|| tracing::warn!("the handler is too far behind, or gone: messages are dropped"));
        }
    }

    /// What became of a message that left.
    pub(super) fn sent(&self, session_id: &str, key: u32, result: Result<Option<Value>, SendFailure>) {
        let result = match result {
            Ok(detail) => Ok(detail.map(|detail| detail.to_string())),
            Err(SendFailure { code, content }) => {
                let message = match content {
                    None => String::new(),
                    Some(Value::String(text)) => text,
                    Some(content) => content.to_string(),
                };
                Err(Failure::new(code, message))
            }
        };
        if let Some(chat) = self.live.get(session_id) {
            chat.touch(|chat| chat.handle_sent(key, result));
        }
    }

    /// The link holds it again.
    pub(super) fn reclaimed(&self, session_id: &str) {
        if let Some(chat) = self.live.get(session_id) {
            chat.span.in_scope(|| tracing::debug!("the chat is claimed again"));
            chat.touch(|chat| chat.handle_attached());
        }
    }

    /// The session is over; whether it was one of these.
    pub(super) fn closed(&self, session_id: &str) -> bool {
        let Some(chat) = self.live.get(session_id) else { return false };
        chat.touch(|chat| {
            let end = if chat.is_attached() { ChatEnd::SessionClosed } else { ChatEnd::Lost };
            chat.handle_end(end);
        });
        true
    }
}

impl LiveChat {
    /// Something happened in it.
    fn touch<T>(&self, what: impl FnOnce(&mut Chat) -> T) -> T {
        let told = {
            let mut chat = self.chat.lock();
            chat.handle_timeout(now());
            what(&mut chat)
        };
        // A bell that has rung and was not heard yet says the same.
        let _ = self.bell.try_send(());
        told
    }
}

impl Connector {
    /// Somebody writes. Whether the chat is taken is decided here, before it is claimed.
    pub(super) fn handle_chat_notify(&mut self, notify: SessionNotify) {
        let SessionNotify { session_id, remote_address: from, local_address: to, activity, .. } = notify;
        let resumed = activity == Activity::Resume;
        if self.chats.has(&session_id) || !(resumed || activity == Activity::NewIncomingMessage) {
            return;
        }
        if *self.phase.borrow() != Phase::Open {
            return tracing::debug!(session = session_id, "draining: the chat is left to others");
        }
        if !self.stay.takes_calls() {
            return tracing::debug!(session = session_id, "taken off: the chat is left to others");
        }
        let answering = self.tenant.answering();
        let plugins = &answering.plugins;
        let handles =
            |name: &str| plugins.find(name).and_then(|plugin| plugin.handles(|plugin| plugin.chats)) == Some(true);
        let route = || route::find(&answering.routes, &Channel::Wa, &self.config.name, &from, &to, handles);
        // One that was begun here keeps the plugin that it was begun for.
        let begun = self.placed_plugin(&session_id);
        let outbound = begun.is_some();
        let name = begun.or_else(|| route().map(|route| route.plugin.as_str()));
        let Some(plugin) = name.and_then(|name| plugins.find(name)) else {
            let (from, to) = (last_four(&from), last_four(&to));
            return tracing::info!(session = session_id, from, to, "no route: the chat is left to others");
        };
        let place = if self.chats.claims.len() < CLAIMS_MAX { plugin.take() } else { Err(NoPlace::Full) };
        let place = match place {
            Ok(place) => place,
            Err(no) => {
                let (session, plugin, (_, calls_max)) = (session_id, plugin.name(), plugin.places());
                return tracing::warn!(session, plugin, calls_max, "{}: the chat is left to others", no.why());
            }
        };
        if let Err(refused) = self.link.claim(&session_id) {
            return tracing::warn!(session = session_id, %refused, "the chat cannot be claimed: it is left to others");
        }
        let claim = Claim { place, resumed, outbound, progress: None };
        self.chats.claims.insert(session_id, claim);
    }

    /// A chat that the host begins has a session: it is claimed at once.
    pub(super) fn claim_begun(&mut self, session_id: String, place: Place, progress: Progress) {
        if let Err(refused) = self.link.claim(&session_id) {
            return progress.fail(request_code(refused), &refused.to_string());
        }
        let claim = Claim { place, resumed: false, outbound: true, progress: Some(progress) };
        self.chats.claims.insert(session_id, claim);
    }

    /// A claim was granted; `false` when it was none of a chat.
    pub(super) fn handle_chat_claimed(&mut self, session: &Session) -> bool {
        let Some(claim) = self.chats.claims.remove(&session.id) else { return false };
        let session_id = session.id.clone();
        let info = ChatInfo {
            id: session_id.clone(),
            tenant: self.tenant.name.clone(),
            carrier: "telcoflow".to_string(),
            network: session.channel.as_str().to_string(),
            remote: session.remote_address.clone(),
            local: session.local_address.clone(),
            outbound: claim.outbound,
            resumed: claim.resumed,
            fields: vec![("session_id".to_string(), session_id.clone())],
        };
        let config = ChatConfig { info, idle_max: Duration::from_secs(CHAT_IDLE_S_MAX) };
        let chat = SharedChat::new(Chat::new(config, now()));
        let span = tracing::info_span!(
            "chat",
            session = session_id,
            plugin = claim.place.name(),
            version = claim.place.plugin().version(),
        );
        if claim.progress.is_some() {
            self.remember_placed(&session_id, claim.place.name());
        }
        claim.place.serve(&self.tenant.name, &*self.tenant.observer);
        let (ring, bell) = mpsc::channel(1);
        let live = LiveChat { chat: chat.clone(), bell: ring, span: span.clone() };
        let placer = self.guests_placer(&claim.place, &live);
        let mut care = Care::new(claim.place, self.tenant.name.clone(), self.tenant.observer.clone());
        care.set_placer(placer);
        if let Some(progress) = &claim.progress {
            progress.claimed(&session_id);
        }
        let (plugin, version) = (care.place().name().to_owned(), care.place().plugin().version().to_owned());
        let facts = ChatFacts { connector: self.config.name.clone(), plugin, version, chat: chat.clone() };
        let posted = self.tenant.board.post_chat(facts);
        let task = ChatTask {
            connector: self.config.name.clone(),
            care,
            progress: claim.progress,
            session_id: session_id.clone(),
            chat,
            bell,
            out: self.chats.reports.0.clone(),
            rest: RestClient::new(self.config.manager.clone(), self.tenant.dialer.clone()),
            observer: self.tenant.observer.clone(),
            posted,
        };
        let handle = self.chats.tasks.spawn(task.run().instrument(span.clone()));
        self.chats.sessions.insert(handle.id(), session_id.clone());
        self.chats.live.insert(session_id, live);
        true
    }

    /// What places calls for the guests of a chat, if they may. What becomes of those comes to that chat.
    fn guests_placer(&self, place: &Place, live: &LiveChat) -> Option<Arc<dyn CallPlacer>> {
        place.setup().may_place.then(|| {
            let live = live.clone();
            let tell = move |request, step| live.touch(|chat| chat.handle_placed(request, step));
            let placer = HandlersPlacer::new(self.placer.clone(), &self.tenant.name, &self.config.name, tell);
            Arc::new(placer) as Arc<dyn CallPlacer>
        })
    }

    pub(super) fn handle_chat_news(&mut self, news: News) {
        match news {
            News::Said(FromChat::Ready { session_id }) => {
                if let Err(refused) = self.link.ready(&session_id) {
                    tracing::debug!(session = session_id, %refused, "the chat is not readied");
                }
            }
            News::Said(FromChat::Send { session_id, message }) => {
                let id = message.id;
                let data = Value::Object(message.content);
                let sent = self.link.send(id, &session_id, message.api_version, data);
                if let (Err(refused), Some(chat)) = (sent, self.chats.live.get(&session_id)) {
                    chat.touch(|chat| refuse(chat, id, refused));
                }
            }
            News::Over(over) => self.handle_chat_over(*over),
        }
    }

    fn handle_chat_over(&mut self, over: Result<(Id, ChatRecord), JoinError>) {
        let id = match &over {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(session_id) = self.chats.sessions.remove(&id) else { return };
        let chat = self.chats.live.remove(&session_id);
        self.link.forget(&session_id);
        // One that was lost with its socket may be announced again.
        if over.as_ref().is_ok_and(|(_, record)| record.end != ChatEnd::Lost) {
            self.forget_placed(&session_id);
        }
        if let Err(error) = over {
            let span = chat.map_or_else(Span::current, |chat| chat.span);
            span.in_scope(|| tracing::error!(%error, "a chat's task failed: its chat is lost, the host goes on"));
        }
    }
}

/// The link did not take a message.
fn refuse(chat: &mut Chat, id: u32, refused: RequestRefused) {
    match refused {
        RequestRefused::TooLong => {
            chat.handle_sent(id, Err(Failure::new(code::INVALID, refused.to_string())));
        }
        RequestRefused::LinkDown | RequestRefused::NotClaimed => {
            chat.handle_detached();
            chat.handle_unsent(id, Duration::ZERO);
        }
        RequestRefused::TooManyRequests | RequestRefused::TooManySessions | RequestRefused::AlreadyClaimed => {
            chat.handle_unsent(id, Duration::from_millis(MESSAGE_RETRY_MS));
        }
    }
}

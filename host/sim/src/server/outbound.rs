//! Calls that a client places and chats that it begins: what `session.create` brings about.

use std::sync::Arc;

use telcoflow::frame::manager::{Created, Response};
use tokio::sync::{Mutex, mpsc};

use super::{Inner, OpenChat, PlacedCall, Start};
use crate::ids::{self, Purpose};
use crate::limits::OUTBOUND_CALLS_KEPT;
use crate::outbound::{Outbound, Remote};

/// The connector's side of chats that clients begin.
const CHAT_NUMBER: &str = "+15550199";

/// Calls that clients placed and nobody has asked for yet.
pub(super) struct Taken {
    told: mpsc::Sender<PlacedCall>,
    waiting: Mutex<mpsc::Receiver<PlacedCall>>,
    chat_told: mpsc::Sender<OpenChat>,
    chats: Mutex<mpsc::Receiver<OpenChat>>,
}

impl Default for Taken {
    fn default() -> Self {
        let (told, waiting) = mpsc::channel(OUTBOUND_CALLS_KEPT);
        let (chat_told, chats) = mpsc::channel(OUTBOUND_CALLS_KEPT);
        Self { told, waiting: Mutex::new(waiting), chat_told, chats: Mutex::new(chats) }
    }
}

impl Taken {
    pub(super) async fn next(&self) -> PlacedCall {
        self.waiting.lock().await.recv().await.expect("its sender is kept beside it")
    }

    pub(super) async fn next_chat(&self) -> OpenChat {
        self.chats.lock().await.recv().await.expect("its sender is kept beside it")
    }
}

/// A session that is lost before anybody can claim it.
fn create_unclaimable(inner: &Arc<Inner>, link: u32, req_id: String, code: &str) {
    let mut hub = inner.hub.lock();
    let session_id = ids::uuid(&mut ids::stream(inner.config.seed, Purpose::Call, hub.number_call()));
    hub.lose_claims(&session_id, code);
    let content = Created { session_id, created: true }.to_content();
    hub.respond(link, Response::granted(req_id, Some(content)), None);
}

/// A client wants a chat with somebody. Those whose calls are refused refuse chats alike.
pub(super) fn create_chat(inner: &Arc<Inner>, link: u32, req_id: String, remote_address: &str) {
    inner.hub.lock().counts.creations += 1;
    let plan = inner.config.outbound.iter().find(|(number, _)| number == remote_address);
    let refuse = |req_id, code: &str| inner.hub.lock().respond(link, Response::refused(req_id, code, None), None);
    match plan.map(|(_, plan)| plan) {
        None | Some(Outbound::Rings(_)) => {}
        Some(Outbound::Refused { code }) => return refuse(req_id, code),
        Some(Outbound::Unclaimable { code }) => return create_unclaimable(inner, link, req_id, code),
        Some(Outbound::NoAnswer) => return,
    }
    let open = inner.hub.lock().chat_with(remote_address);
    if let Some((session_id, book)) = open {
        let content = Created { session_id, created: false }.to_content();
        return inner.hub.lock().respond(link, Response::granted(req_id, Some(content)), Some(book));
    }
    let Some(chat) = OpenChat::begin(inner, remote_address, CHAT_NUMBER, Some(link)) else {
        return refuse(req_id, "OUTBOUND_OVERFLOW");
    };
    let content = Created { session_id: chat.session_id().to_owned(), created: true }.to_content();
    let book = inner.hub.lock().book_of(chat.session_id());
    inner.hub.lock().respond(link, Response::granted(req_id, Some(content)), book);
    if inner.taken.chat_told.try_send(chat).is_err() {
        tracing::debug!("nobody asks for the chats that clients begin: one is not kept");
    }
}

/// A client wants a call to this number.
pub(super) fn create(inner: &Arc<Inner>, link: u32, req_id: String, remote_address: &str) {
    inner.hub.lock().counts.creations += 1;
    let plan = inner.config.outbound.iter().find(|(number, _)| number == remote_address);
    let remote = match plan.map(|(_, plan)| plan) {
        None => Remote::default(),
        Some(Outbound::Rings(remote)) => (**remote).clone(),
        Some(Outbound::Refused { code }) => {
            return inner.hub.lock().respond(link, Response::refused(req_id, code, None), None);
        }
        Some(Outbound::Unclaimable { code }) => return create_unclaimable(inner, link, req_id, code),
        Some(Outbound::NoAnswer) => return,
    };
    let open = inner.hub.lock().open_with(remote_address);
    if let Some((session_id, book)) = open {
        let content = Created { session_id, created: false }.to_content();
        return inner.hub.lock().respond(link, Response::granted(req_id, Some(content)), Some(book));
    }
    let Remote { picks_up, mut party } = remote;
    party.from = remote_address.to_owned();
    let placed = inner.start(party, Start::Outbound(picks_up));
    let mut hub = inner.hub.lock();
    let Some(book) = hub.book_of(placed.session_id()) else {
        return hub.respond(link, Response::refused(req_id, "OUTBOUND_OVERFLOW", None), None);
    };
    let content = Created { session_id: placed.session_id().to_owned(), created: true }.to_content();
    hub.respond(link, Response::granted(req_id, Some(content)), Some(book));
    drop(hub);
    if inner.taken.told.try_send(placed).is_err() {
        tracing::debug!("nobody asks for the calls that clients place: one is not kept");
    }
}

//! A chat as the person sees it who writes in it.

use std::sync::Arc;

use serde_json::{Map, Value};
use telcoflow::frame::manager::{CloseReason, WaMsgOut};
use tokio::sync::{mpsc, watch};

use super::Inner;
use super::book::CallBook;
use super::hub::{ChatAnswer, NewChat};
use crate::ids::{self, Purpose};
use crate::limits::CHAT_MESSAGES_WAITING_MAX;
use crate::transcript::Transcript;

/// An open chat. Dropping it does not end the chat.
pub struct OpenChat {
    inner: Arc<Inner>,
    session_id: String,
    heard: mpsc::Receiver<WaMsgOut>,
    closed: watch::Receiver<Option<CloseReason>>,
    book: Arc<CallBook>,
}

impl OpenChat {
    /// With the link of the client that begins it, if one does. `None`: there is no room.
    pub(super) fn begin(inner: &Arc<Inner>, remote: &str, local: &str, begun_by: Option<u32>) -> Option<Self> {
        let mut hub = inner.hub.lock();
        let mut rng = ids::stream(inner.config.seed, Purpose::Call, hub.number_call());
        let session_id = ids::uuid(&mut rng);
        let (told, heard) = mpsc::channel(CHAT_MESSAGES_WAITING_MAX);
        let closing = watch::Sender::new(None);
        let closed = closing.subscribe();
        let book = Arc::new(CallBook::new(inner.started, inner.config.transcript, &[inner.config.api_key.as_str()]));
        let entered = hub.open_chat(NewChat {
            session_id: session_id.clone(),
            remote: remote.to_owned(),
            local: local.to_owned(),
            begun_by,
            heard: told,
            closed: closing,
            book: Arc::clone(&book),
        });
        drop(hub);
        entered.then(|| Self { inner: Arc::clone(inner), session_id, heard, closed, book })
    }

    /// The session's id.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// The person writes: the fields of an object in the chat network's own form. It waits until somebody listens.
    pub fn write(&self, content: Map<String, Value>) {
        self.inner.hub.lock().write_in_chat(&self.session_id, content);
    }

    /// The person writes a text.
    pub fn say(&self, text: &str) {
        self.write(Map::from_iter([("text".to_owned(), Value::from(text))]));
    }

    /// The next message that came from the client; `None` when the chat is closed and all were taken.
    pub async fn heard(&mut self) -> Option<WaMsgOut> {
        self.heard.recv().await
    }

    /// A message that came already.
    pub fn try_heard(&mut self) -> Option<WaMsgOut> {
        self.heard.try_recv().ok()
    }

    /// What the next message that has no answer planned yet is answered with.
    pub fn answer(&self, answer: ChatAnswer) {
        self.inner.hub.lock().answer_in_chat(&self.session_id, answer);
    }

    /// The next claim is refused with this code.
    pub fn refuse_claim(&self, code: &str) {
        self.inner.hub.lock().refuse_chat_claim(&self.session_id, code);
    }

    /// The server closes it.
    pub fn close(&self, reason: CloseReason) {
        self.inner.hub.lock().close_chat(&self.session_id, reason);
    }

    /// Waits until it is closed, and says why.
    pub async fn closed(&mut self) -> CloseReason {
        // The sender goes with the chat, when its last word was said.
        let _ = self.closed.wait_for(Option::is_some).await;
        self.closed.borrow().unwrap_or(CloseReason::ForceClose)
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.closed.borrow().is_none()
    }

    /// Its frames so far, which are then forgotten.
    pub fn take_transcript(&self) -> Transcript {
        self.book.take_transcript()
    }
}

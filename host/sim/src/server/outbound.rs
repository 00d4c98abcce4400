//! Calls that a client places: what `session.create` brings about.

use std::sync::Arc;

use telcoflow::frame::manager::{Created, Response};
use tokio::sync::{Mutex, mpsc};

use super::{Inner, PlacedCall, Start};
use crate::limits::OUTBOUND_CALLS_KEPT;
use crate::outbound::{Outbound, Remote};

/// Calls that clients placed and nobody has asked for yet.
pub(super) struct Taken {
    told: mpsc::Sender<PlacedCall>,
    waiting: Mutex<mpsc::Receiver<PlacedCall>>,
}

impl Default for Taken {
    fn default() -> Self {
        let (told, waiting) = mpsc::channel(OUTBOUND_CALLS_KEPT);
        Self { told, waiting: Mutex::new(waiting) }
    }
}

impl Taken {
    pub(super) async fn next(&self) -> PlacedCall {
        self.waiting.lock().await.recv().await.expect("its sender is kept beside it")
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

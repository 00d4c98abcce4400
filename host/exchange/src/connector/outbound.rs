//! Orders: calls that this connector places, and chats that it begins.

use std::time::Duration;

use call::{Contact, code, last_four};
use telcoflow::frame::manager::Channel;
use telcoflow::frame::word;
use telcoflow::link::{CreateFailure, RequestRefused};

use super::{Claim, Connector, Phase, Taken};
use crate::limits::{CLAIMS_MAX, PLACED_KEPT_MAX};
use crate::outbound::Order;

impl Connector {
    /// Asks the carrier for a session with somebody.
    pub(super) fn handle_order(&mut self, order: Order) {
        if *self.phase.borrow() != Phase::Open {
            return order.progress.fail(code::NOT_NOW, "the host is draining");
        }
        if !self.stay.takes_calls() {
            return order.progress.fail(code::NOT_NOW, "the connector was taken off");
        }
        if self.creating.len() + self.claims.len() >= CLAIMS_MAX {
            return order.progress.fail(code::FULL, "too many sessions are being asked for");
        }
        let key = self.next_creation;
        self.next_creation += 1;
        let channel = match order.contact {
            Contact::Call => Channel::Telco,
            Contact::Chat => Channel::Wa,
        };
        match self.link.create(key, &channel, &order.to) {
            Ok(()) => {
                let (to, plugin) = (last_four(&order.to), order.place.name());
                tracing::info!(to, plugin, channel = channel.as_str(), "a session with somebody is asked for");
                self.creating.insert(key, order);
            }
            Err(refused) => order.progress.fail(request_code(refused), &refused.to_string()),
        }
    }

    /// The carrier has a session for an order: it is claimed at once.
    pub(super) fn handle_created(&mut self, key: u64, session_id: String) {
        let Some(order) = self.creating.remove(&key) else {
            return tracing::debug!(session = session_id, "a session was created that nobody asked for");
        };
        let Order { contact, place, placed, progress, .. } = order;
        if *self.phase.borrow() != Phase::Open {
            return progress.fail(code::NOT_NOW, "the host is draining");
        }
        if contact == Contact::Chat {
            return self.claim_begun(session_id, place, progress);
        }
        if let Err(refused) = self.link.claim(&session_id) {
            return progress.fail(request_code(refused), &refused.to_string());
        }
        let progress = Some(progress);
        let hold = Duration::ZERO;
        let taken = Taken { place, notified: placed, hold, resumed: false, outbound: true, progress };
        self.claims.insert(session_id, Claim::New(taken));
    }

    pub(super) fn handle_create_failed(&mut self, key: u64, failure: &CreateFailure) {
        let Some(order) = self.creating.remove(&key) else {
            return tracing::debug!(key, "a creation failed that nobody asked for");
        };
        let (to, code) = (last_four(&order.to), word(failure.code()));
        tracing::info!(to, code, "the session that was asked for was not created");
        order.progress.fail(failure.code(), &failure.to_string());
    }

    /// Remembers who handles a placed call or a chat that was begun, for when it is announced again. The oldest is forgotten,
    /// and is routed then.
    pub(super) fn remember_placed(&mut self, session_id: &str, plugin: &str) {
        if self.placed.len() >= PLACED_KEPT_MAX {
            self.placed.pop_front();
        }
        self.placed.push_back((session_id.to_string(), plugin.to_string()));
    }

    /// Who handles a session that was placed from here.
    pub(super) fn placed_plugin(&self, session_id: &str) -> Option<&str> {
        let mut placed = self.placed.iter();
        placed.find(|(placed, _)| placed == session_id).map(|(_, plugin)| plugin.as_str())
    }

    pub(super) fn forget_placed(&mut self, session_id: &str) {
        self.placed.retain(|(placed, _)| placed != session_id);
    }
}

pub(super) fn request_code(refused: RequestRefused) -> &'static str {
    match refused {
        RequestRefused::LinkDown => code::LINK_LOST,
        RequestRefused::TooManyRequests | RequestRefused::TooManySessions => code::FULL,
        _ => code::NOT_NOW,
    }
}

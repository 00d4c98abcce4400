//! A guest's connections, between its imports and its call's turns.

use std::task::{Context, Poll};

use call::{Call, Chat, NetworkEvent, Reach};

/// The connections of one guest, from the first that it wants on.
#[derive(Default)]
pub(crate) struct Connections(Option<Open>);

struct Open {
    reach: Box<dyn Reach>,
    /// Whether there is something to poll for.
    busy: bool,
}

/// What is told of connections.
pub(crate) trait Told {
    /// Whether more may be told.
    fn has_room(&self) -> bool;

    fn tell(&mut self, event: NetworkEvent);
}

impl Told for Call {
    fn has_room(&self) -> bool {
        self.has_network_room()
    }

    fn tell(&mut self, event: NetworkEvent) {
        self.handle_network(event);
    }
}

impl Told for Chat {
    fn has_room(&self) -> bool {
        self.has_network_room()
    }

    fn tell(&mut self, event: NetworkEvent) {
        self.handle_network(event);
    }
}

impl Connections {
    /// The guest wants something of them.
    pub(crate) fn ask<T>(
        &mut self,
        begin: impl FnOnce() -> Box<dyn Reach>,
        ask: impl FnOnce(&mut dyn Reach) -> T,
    ) -> T {
        let open = self.0.get_or_insert_with(|| Open { reach: begin(), busy: false });
        let answer = ask(&mut *open.reach);
        open.busy = open.reach.is_busy();
        answer
    }

    /// Moves them on, and tells what happened, for as long as there is room. One branch while nothing is open.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, told: &mut impl Told) {
        let Some(open) = self.0.as_mut().filter(|open| open.busy) else { return };
        while told.has_room() {
            match open.reach.poll_event(cx) {
                Poll::Ready(event) => told.tell(event),
                Poll::Pending => break,
            }
        }
        open.busy = open.reach.is_busy();
    }

    /// Closes all of them.
    pub(crate) fn close(&mut self) -> Option<Box<dyn Reach>> {
        self.0.take().map(|open| open.reach)
    }
}

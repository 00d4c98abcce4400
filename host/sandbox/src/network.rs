//! A guest's connections, between its imports and its call's turns.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{Call, Chat, NetworkEvent, Reach};

/// The connections of one guest, from the first that it wants on.
#[derive(Default)]
pub(crate) struct Connections {
    open: Option<Open>,
    /// What moving them on took, and was not billed to the guest yet.
    unbilled: Duration,
}

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
        let open = self.open.get_or_insert_with(|| Open { reach: begin(), busy: false });
        let answer = ask(&mut *open.reach);
        open.busy = open.reach.is_busy();
        answer
    }

    /// Moves them on, and tells what happened, for as long as there is room. One branch while nothing is open.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, told: &mut impl Told) {
        let Some(open) = self.open.as_mut().filter(|open| open.busy) else { return };
        let began = Instant::now();
        while told.has_room() {
            match open.reach.poll_event(cx) {
                Poll::Ready(event) => told.tell(event),
                Poll::Pending => break,
            }
        }
        open.busy = open.reach.is_busy();
        self.unbilled += began.elapsed();
    }

    /// What moving them on took since somebody asked last.
    pub(crate) fn take_unbilled(&mut self) -> Duration {
        std::mem::take(&mut self.unbilled)
    }

    /// Closes all of them.
    pub(crate) fn close(&mut self) -> Option<Box<dyn Reach>> {
        self.open.take().map(|open| open.reach)
    }
}

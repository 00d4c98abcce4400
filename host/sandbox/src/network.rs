//! A guest's connections, between its imports and its call's turns.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{Call, Chat, NetworkEvent, Reach};

/// The connections of one guest, from the first that it wants on.
#[derive(Default)]
pub(crate) struct Connections {
    open: Option<Open>,
    /// What moving them on took, and was not billed to the guest yet.
    unbilled: Duration,
    /// The same for what is moved on elsewhere.
    meter: Option<Meter>,
}

/// Counts the time of what is polled under it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

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
        let elsewhere = self.meter.as_ref().map_or(Duration::ZERO, Meter::take);
        std::mem::take(&mut self.unbilled) + elsewhere
    }

    /// What is moved on elsewhere is to be polled under this.
    pub(crate) fn meter(&mut self) -> Meter {
        self.meter.get_or_insert_default().clone()
    }

    /// Closes all of them.
    pub(crate) fn close(&mut self) -> Option<Box<dyn Reach>> {
        self.open.take().map(|open| open.reach)
    }
}

impl Meter {
    /// Polls it, and counts.
    pub(crate) fn metered<F: Future + Send>(self, future: F) -> impl Future<Output = F::Output> + Send {
        let mut future = Box::pin(future);
        std::future::poll_fn(move |cx| self.poll(future.as_mut(), cx))
    }

    fn poll<F: Future>(&self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let began = Instant::now();
        let polled = future.poll(cx);
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanos, Ordering::Relaxed);
        polled
    }

    fn take(&self) -> Duration {
        Duration::from_nanos(self.0.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn what_is_moved_on_elsewhere_is_billed_once() {
        const BUSY: Duration = Duration::from_millis(2);
        let mut connections = Connections::default();
        assert_eq!(connections.take_unbilled(), Duration::ZERO);
        let busy = connections.meter().metered(async {
            let began = Instant::now();
            while began.elapsed() < BUSY {}
        });
        let polled = std::pin::pin!(busy).as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready());
        assert!(connections.take_unbilled() >= BUSY);
        assert_eq!(connections.take_unbilled(), Duration::ZERO);
    }
}

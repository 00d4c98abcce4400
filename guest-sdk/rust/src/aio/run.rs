//! The executor: polls one future, and waits for the host in between.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::Call;
use super::hub::Hub;
use crate::events::{Waited, next, next_within};
use crate::{CallInfo, Failure};

/// Runs an async handler to its end, or to the call's: what [`async_handler!`](crate::async_handler) does.
///
/// Each event polls the whole future once: fine for the handful of things that a call awaits at a time.
///
/// # Errors
/// What the handler returned, but for `ENDED` and `LINK_LOST` of a call that is over.
pub fn run<F, T>(info: CallInfo, handler: F) -> Result<(), Failure>
where
    F: FnOnce(Call) -> T,
    T: Future<Output = Result<(), Failure>>,
{
    let hub = Hub::new(info);
    let _current = Current(Hub::exchange(Some(Rc::clone(&hub))));
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(handler(Call::new(Rc::clone(&hub))));
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return crate::settle(result);
        }
        let again = woken.0.swap(false, Ordering::Relaxed);
        if hub.board().ended.is_some() {
            if again {
                continue;
            }
            // It waits for what never comes.
            return Ok(());
        }
        // A future that woke itself has more to do, but may not keep the events out.
        let waited = if again { next_within(Duration::ZERO) } else { next().map_or(Waited::Over, Waited::Event) };
        match waited {
            Waited::Event(event) => hub.board().take(event),
            Waited::TimedOut => {}
            Waited::Over => return Ok(()),
        }
    }
}

/// Leaves the place of the current hub as it was found, also when a test's handler panics.
struct Current(Option<Rc<Hub>>);

impl Drop for Current {
    fn drop(&mut self) {
        Hub::exchange(self.0.take());
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

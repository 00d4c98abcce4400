//! One timer that is set again and again, so that a call has one entry in the runtime's timer wheel
//! and touches it only when its next deadline changes.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// A timer that may be set to any deadline, or to none.
#[derive(Default)]
pub(crate) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Ready at `deadline`; without one, never.
    pub(crate) async fn at(&mut self, deadline: Option<Instant>) {
        std::future::poll_fn(|cx| self.poll(cx, deadline)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}

//! A call or chat that the handler placed.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::hub::{Hub, ended};
use crate::{Failure, PlacedStep, RequestId};

/// A call or chat that was placed. Dropped, it goes on; its further steps come to
/// [`Call::events`](super::Call::events).
#[derive(Debug)]
pub struct Placed {
    hub: Rc<Hub>,
    request: RequestId,
}

impl Placed {
    pub(crate) fn begin(hub: &Rc<Hub>, begin: impl FnOnce() -> Result<RequestId, Failure>) -> Result<Self, Failure> {
        let request = begin()?;
        hub.board().begin_placed(request);
        Ok(Self { hub: Rc::clone(hub), request })
    }

    /// Its next step: `claimed`, `answered`, then `ended` or `failed`; `None` after the last, and after the end of the
    /// handler's own call. Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<PlacedStep> {
        poll_fn(|_| self.hub.board().take_step(self.request).map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Resolves when its own handler has answered it, with the carrier's id of the call.
    ///
    /// # Errors
    /// It failed: the carrier's code, such as `CALL_UNANSWERED`, or the host's. `ENDED`: the handler's own call is over.
    pub async fn answered(&mut self) -> Result<String, Failure> {
        while let Some(step) = self.next().await {
            if step.step == "answered" || step.value.is_err() {
                return step.value;
            }
        }
        Err(ended())
    }

    /// Resolves when it is over, with the reason.
    ///
    /// # Errors
    /// As for [`Placed::answered`].
    pub async fn ended(mut self) -> Result<String, Failure> {
        while let Some(step) = self.next().await {
            if step.step == "ended" || step.value.is_err() {
                return step.value;
            }
        }
        Err(ended())
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        self.hub.board().forget_placed(self.request);
    }
}

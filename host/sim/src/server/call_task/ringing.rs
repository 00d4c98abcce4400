//! The telephone of a party that a client calls.

use std::time::Duration;

use tokio::time::Instant;

use super::CallTask;
use crate::caller::CalleeAnswer;
use crate::report::Outcome;

impl CallTask {
    /// It rings, once.
    pub(super) fn ring(&mut self) {
        let now = Instant::now();
        if let Some(CalleeAnswer::After { ms } | CalleeAnswer::Refused { ms, .. }) = &self.picks_up {
            self.picks_up_at.get_or_insert(now + Duration::from_millis((*ms).into()));
        }
        if self.inner.config.open_points.call_in_before_pick_up {
            self.commands.ring(now, self.picks_up.as_ref());
        }
    }

    /// What comes of it.
    pub(super) fn pick_up(&mut self) {
        match self.picks_up.take() {
            Some(CalleeAnswer::After { .. }) => self.inner.hub.lock().pick_up(&self.session_id),
            // The agent's `call.answer` has failed before, if there is an agent yet.
            Some(CalleeAnswer::Refused { .. }) => self.end(Outcome::Busy),
            Some(CalleeAnswer::Never) | None => {}
        }
    }
}

//! Calls that are announced again, as still alive, while this host has them. PROTOCOL.md, row SM-17.
//!
//! A call that talks outlives its session manager's socket; the session does not, so it is claimed again on the next
//! socket: its end is told here then, a new token comes here, and no other host takes the call. One that has lost its voice
//! meanwhile and is over begins anew, with a new guest.

use std::time::Duration;

use call::EndReason;
use telcoflow::frame::manager::{CallIn, SessionNotify};
use telcoflow::link::RequestRefused;

use super::{Admitted, Claim, Connector, Taken};
use crate::call_task::ToCall;
use crate::clock::now;

/// What is known of a live call that was announced again.
pub(super) struct Again {
    notify: SessionNotify,
    /// It is claimed on the present socket.
    claimed: bool,
    /// Where its voice is since.
    call_in: Option<CallIn>,
}

impl Connector {
    /// A call that lives here is announced again.
    pub(super) fn resume(&mut self, notify: SessionNotify) {
        let session_id = notify.session_id.clone();
        match self.link.claim(&session_id) {
            Ok(()) => {
                self.claims.insert(session_id, Claim::Again(notify));
            }
            // On this very socket: its voice is lost for the server, or it says so twice.
            Err(RequestRefused::AlreadyClaimed) => {
                if let Some(call) = self.calls.get_mut(&session_id) {
                    call.span.in_scope(|| tracing::debug!("the call is announced again by the socket that has it"));
                    call.again.get_or_insert(Again { notify, claimed: false, call_in: None });
                }
            }
            Err(refused) => tracing::debug!(session = session_id, %refused, "a call of ours is not claimed again"),
        }
    }

    /// It is claimed again. The call may be over by now.
    pub(super) fn resumed(&mut self, notify: SessionNotify) {
        let session_id = notify.session_id.clone();
        let Some(call) = self.calls.get_mut(&session_id) else {
            // It was given away while this claim was under way.
            let elsewhere = self.tenant.board.given().has_session(&session_id);
            if !elsewhere {
                self.begin_anew(notify, None);
            }
            return;
        };
        call.span.in_scope(|| tracing::debug!("the call that talks is claimed again"));
        call.again = Some(Again { notify, claimed: true, call_in: None });
        if let Err(refused) = self.link.ready(&session_id) {
            tracing::debug!(session = session_id, %refused, "not readied");
        }
    }

    /// Where the voice of a live call is, for as long as it may begin anew.
    pub(super) fn note_call_in(&mut self, call_in: &CallIn) {
        let call = self.calls.get_mut(&call_in.session_id);
        if let Some(again) = call.and_then(|call| call.again.as_mut()) {
            again.call_in = Some(call_in.clone());
        }
    }

    /// A call is over here. One that only lost its voice, and that the server has announced again since, begins anew.
    pub(super) fn over(&mut self, session_id: &str, end: Option<EndReason>, again: Option<Again>) {
        if end == Some(EndReason::HandedOver) {
            // The session stays claimed, so that nobody begins its call anew.
            return;
        }
        match again.filter(|_| end == Some(EndReason::VoiceLost)) {
            Some(Again { notify, claimed: true, call_in }) => self.begin_anew(notify, call_in),
            Some(Again { notify, claimed: false, .. }) => {
                self.link.release(session_id);
                self.handle_notify(notify);
            }
            None => self.link.release(session_id),
        }
    }

    /// Gives a session that is claimed already to a new guest, if there is a place.
    fn begin_anew(&mut self, notify: SessionNotify, call_in: Option<CallIn>) {
        let session_id = notify.session_id.clone();
        let Some(Admitted { place, .. }) = self.admit(&notify) else {
            return self.link.release(&session_id);
        };
        let outbound = self.placed_plugin(&session_id).is_some();
        let hold = Duration::ZERO;
        let taken = Taken { place, notified: now(), hold, resumed: true, outbound, progress: None };
        self.start(&session_id, taken);
        if let (Some(call), Some(call_in)) = (self.calls.get(&session_id), call_in) {
            call.post(ToCall::CallIn(call_in));
        }
    }
}

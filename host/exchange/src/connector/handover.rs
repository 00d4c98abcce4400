//! Calls that move: those that are taken from other hosts, and what is left here of those that were given away.
//!
//! The session of a call that was given away is kept, claimed anew on the next socket when the server announces it, and
//! never readied there: a `call.in` would change the token that the taker has. PROTOCOL.md, row HO-3.

use telcoflow::frame::manager::{Activity, CallIn, SessionNotify};
use telcoflow::link::RequestRefused;

use super::{Claim, Connector, Phase, Served};
use crate::call_task::{CallTask, ToCall};
use crate::handover::{Arrival, Given, Take, TakeRefused};
use crate::mailbox::mailbox;

impl Connector {
    /// A call of another host comes here. It needs no session manager.
    pub(super) fn handle_take(&mut self, take: Take) {
        let Take { call, place, asked, taker } = take;
        if *self.phase.borrow() != Phase::Open {
            return taker.tell(Err(TakeRefused::Draining));
        }
        if !self.stay.takes_calls() {
            return taker.tell(Err(TakeRefused::Stopped));
        }
        let id = call.id.clone();
        let (post, mail) = mailbox();
        let Some(posted) = self.tenant.board.post_taken(self.facts("", &place, &post), id.clone()) else {
            return taker.tell(Err(TakeRefused::Here));
        };
        self.tenant.observer.call_taken(&posted.view());
        place.serve(&self.tenant.name, &*self.tenant.observer);
        let arrival = Some(Arrival { call_in: CallIn::from(call), taker });
        let task = CallTask { arrival, ..self.task("", place, asked, mail, posted) };
        let call = self.launch(task, post, Served::Call(id.clone()));
        call.span.in_scope(|| tracing::info!("the call is taken from another host"));
        self.taken_over.insert(id, call);
    }

    /// A session whose call is elsewhere is announced again.
    pub(super) fn keep_for_others(&mut self, notify: &SessionNotify) {
        if notify.activity != Activity::Resume {
            return;
        }
        match self.link.claim(&notify.session_id) {
            Ok(()) => {
                self.claims.insert(notify.session_id.clone(), Claim::ForOthers);
            }
            // On this very socket.
            Err(RequestRefused::AlreadyClaimed) => {}
            Err(refused) => {
                tracing::debug!(session = notify.session_id, %refused, "the session of a call that was given is not kept");
            }
        }
    }

    /// Another host was faster with a session whose call is here. One that talks goes on talking.
    pub(super) fn taken_by_others(&self, session_id: &str) {
        if let Some(call) = self.calls.get(session_id) {
            call.post(ToCall::TakenByOthers);
        }
    }

    /// The carrier brings a call that was taken from another host already: that host has lost its session. No second handler
    /// begins, and the session is kept for the first.
    pub(super) fn join_taken_over(&mut self, call_in: CallIn) {
        if let Some(call) = self.calls.get(&call_in.session_id) {
            call.post(ToCall::Elsewhere);
        }
        self.tenant.board.given().note(Given {
            call_id: call_in.call_id.clone(),
            session_id: call_in.session_id.clone(),
            tenant: self.tenant.name.clone(),
            connector: self.config.name.clone(),
            call: None,
        });
        if let Some(call) = self.taken_over.get(&call_in.call_id) {
            call.post(ToCall::CallIn(call_in));
        }
    }
}

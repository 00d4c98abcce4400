//! The hold: a call that has everything but its voice waits for another host.

use call::EndReason;
use telcoflow::frame::Handover;
use telcoflow::frame::manager::CallIn;
use tokio::sync::oneshot;

use super::{GiveRefused, Given};
use crate::call_task::{CallTask, ToCall};
use crate::early::Early;

/// Somebody wants to have a call.
#[derive(Debug)]
pub(crate) struct Ask(oneshot::Sender<Result<Handover, GiveRefused>>);

impl Ask {
    /// With where the answer comes. It comes unless the call ends first.
    pub(crate) fn new() -> (Self, oneshot::Receiver<Result<Handover, GiveRefused>>) {
        let (answer, answered) = oneshot::channel();
        (Self(answer), answered)
    }

    /// It stays.
    pub(crate) fn refuse(self, why: GiveRefused) {
        // Whoever asked has gone.
        let _ = self.0.send(Err(why));
    }
}

impl CallTask {
    /// Waits with a call that could be dialled. It comes back when its time is up, or when somebody ends it.
    ///
    /// # Errors
    /// It is over here: given away, or ended.
    pub(crate) async fn hold(&mut self, mut call_in: CallIn) -> Result<CallIn, Early> {
        if let Some(posted) = &self.posted {
            posted.hold();
            self.observer.call_held(&posted.view());
        }
        tracing::info!(hold_s = self.hold.as_secs(), "the call is held for another host");
        let mut time_up = std::pin::pin!(tokio::time::sleep(self.hold));
        loop {
            let mail = tokio::select! {
                biased;
                mail = self.mailbox.recv() => mail,
                () = &mut time_up => return Ok(call_in),
            };
            match mail {
                Some(ToCall::CallIn(later)) => call_in = later,
                // The voice needs no session manager, whoever dials it.
                Some(ToCall::LinkLost) => {}
                Some(ToCall::Disconnect) => {
                    self.unwanted = true;
                    return Ok(call_in);
                }
                Some(ToCall::Give(Ask(answer))) => {
                    if self.give(&call_in, answer) {
                        tracing::info!("the call was given to another host");
                        return Err(Early::quiet(EndReason::HandedOver));
                    }
                }
                Some(ToCall::TakenByOthers) => return Err(Early::quiet(EndReason::HandedOver)),
                Some(other) => return Err(Early::of(&other)),
                None => return Err(Early::quiet(EndReason::HostStopped)),
            }
        }
    }

    /// Whether whoever asked has it.
    fn give(&self, call_in: &CallIn, answer: oneshot::Sender<Result<Handover, GiveRefused>>) -> bool {
        let Some(posted) = &self.posted else { return false };
        let call = Handover::from(call_in.clone());
        // In this order: from the answer on the call may be taken back here, or be asked for again.
        posted.give(Given {
            call_id: call_in.call_id.clone(),
            session_id: self.session_id.clone(),
            tenant: self.tenant.clone(),
            connector: self.connector.name.clone(),
            call: Some(call.clone()),
        });
        let given = answer.send(Ok(call)).is_ok();
        if !given {
            posted.keep(&call_in.call_id);
        }
        given
    }
}

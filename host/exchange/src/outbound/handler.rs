//! What handlers place: the same way as the operator's calls, from one handler of one tenant.

use std::fmt;

use call::{CallPlacer, Contact, Failure, Placed};

use super::{OutboundCall, Placer, Step};

/// Places the calls and chats of one handler.
pub(crate) struct HandlersPlacer<T> {
    placer: Placer,
    tenant: String,
    /// That of the handler's own call or chat: it is tried first.
    connector: String,
    tell: T,
}

impl<T: Fn(u32, Placed)> HandlersPlacer<T> {
    /// `tell` is told what becomes of each, under its handler's number for it, from other tasks.
    pub(crate) fn new(placer: Placer, tenant: &str, connector: &str, tell: T) -> Self {
        Self { placer, tenant: tenant.to_string(), connector: connector.to_string(), tell }
    }
}

impl<T: Fn(u32, Placed) + Clone + Send + Sync + 'static> CallPlacer for HandlersPlacer<T> {
    fn place(&self, request: u32, contact: Contact, to: &str, plugin: &str) -> Result<(), Failure> {
        let call = OutboundCall {
            tenant: self.tenant.clone(),
            connector: None,
            to: to.to_string(),
            plugin: Some(plugin.to_string()),
            contact,
        };
        let tell = self.tell.clone();
        let tell = move |step: Step| tell(request, step.into());
        self.placer.order(&call, Some(&self.connector), Box::new(tell)).map_err(Failure::from)
    }
}

impl<T> fmt::Debug for HandlersPlacer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlersPlacer").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl From<Step> for Placed {
    fn from(step: Step) -> Self {
        match step {
            Step::Claimed { session_id } => Self::Claimed(session_id),
            Step::Answered { call_id } => Self::Answered(call_id),
            Step::Failed(failure) => Self::Failed(failure),
            Step::Ended(reason) => Self::Ended(reason.as_str()),
            Step::Closed(reason) => Self::Ended(reason.as_str()),
        }
    }
}

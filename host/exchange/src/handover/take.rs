//! Taking a call that another host has given: what is refused at once, and its way to a connector's task.

use std::time::Instant;

use telcoflow::frame::Handover;
use telcoflow::frame::manager::{CallIn, Channel};
use tokio::sync::oneshot;

use super::TakeRefused;
use crate::clock::now;
use crate::connector::Phase;
use crate::early::Early;
use crate::outbound::{Placer, TenantLines};
use crate::route;
use crate::shelf::{NoPlace, Place};

/// A call to be taken.
#[derive(Clone, Debug)]
pub struct Taking {
    /// Whose it becomes.
    pub tenant: String,
    /// Which of its connectors: its audio format and its way to dial. `None`: the one it came by, when this host gave it
    /// away; else the first.
    pub connector: Option<String>,
    /// Who handles it; `None`: as the routes say.
    pub plugin: Option<String>,
    /// The call.
    pub call: Handover,
}

/// A call that a connector is to take. It holds the plugin's place already.
pub(crate) struct Take {
    pub(crate) call: Handover,
    pub(crate) place: Place,
    pub(crate) asked: Instant,
    pub(crate) taker: Taker,
}

/// Whoever waits to have it.
#[derive(Debug)]
pub(crate) struct Taker(oneshot::Sender<Result<(), TakeRefused>>);

/// How a call's task gets its call, when not from its own session manager.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) call_in: CallIn,
    pub(crate) taker: Taker,
}

impl Taker {
    pub(crate) fn tell(self, what: Result<(), TakeRefused>) {
        // Whoever asked has gone: the call goes on.
        let _ = self.0.send(what);
    }
}

impl Placer {
    /// Takes a call, and waits until it has its voice here; the dial's time limit holds.
    ///
    /// # Errors
    /// [`TakeRefused`]: it is not here.
    pub(crate) async fn take(&self, taking: Taking) -> Result<(), TakeRefused> {
        if self.phase() != Phase::Open {
            return Err(TakeRefused::Draining);
        }
        let lines = self.lines(&taking.tenant).ok_or(TakeRefused::UnknownTenant)?;
        let (take, connector, answered) = admit(&lines, taking)?;
        lines.take(&connector, take)?;
        answered.await.unwrap_or(Err(TakeRefused::Stopped))
    }
}

type Answered = oneshot::Receiver<Result<(), TakeRefused>>;

/// Whether it may come: with its place, and to which connector.
fn admit(lines: &TenantLines, taking: Taking) -> Result<(Take, String, Answered), TakeRefused> {
    let Taking { tenant, connector, plugin, call } = taking;
    let given = lines.tenant.board.given().find(&call.id);
    if given.as_ref().is_some_and(|given| given.tenant != tenant) {
        return Err(TakeRefused::OtherTenant);
    }
    let came_by = given.map(|given| given.connector);
    let connector = connector.or_else(|| came_by.clone());
    let connector = lines.connector(connector.as_deref()).ok_or(TakeRefused::UnknownConnector)?;
    if came_by.is_some_and(|came_by| came_by != connector) {
        return Err(TakeRefused::OtherConnector);
    }
    let answering = lines.tenant.answering();
    let plugins = &answering.plugins;
    let handles =
        |name: &str| plugins.find(name).and_then(|plugin| plugin.handles(sandbox::Inspection::calls)) == Some(true);
    let name = match &plugin {
        Some(plugin) => plugin.as_str(),
        None => {
            let route =
                route::find(&answering.routes, &Channel::Telco, &connector, &call.caller, &call.callee, handles);
            route.ok_or(TakeRefused::NoRoute)?.plugin.as_str()
        }
    };
    let plugin = plugins.find(name).filter(|_| handles(name)).ok_or(TakeRefused::UnknownPlugin)?;
    let place = plugin.take().map_err(|refused| match refused {
        NoPlace::Full | NoPlace::TenantFull | NoPlace::TenantFast | NoPlace::TenantMemory => TakeRefused::NoPlace,
        NoPlace::NoVersion => TakeRefused::UnknownPlugin,
    })?;
    let (answer, answered) = oneshot::channel();
    let take = Take { call, place, asked: now(), taker: Taker(answer) };
    Ok((take, connector, answered))
}

impl From<Early> for TakeRefused {
    fn from(early: Early) -> Self {
        match early {
            Early { voice: Some(error), .. } => Self::Voice(error),
            Early { end: call::EndReason::HandlerFailed, trouble, .. } => Self::Handler(trouble.unwrap_or_default()),
            _ => Self::Stopped,
        }
    }
}

//! What the exchange shows and lets be done from outside, while it runs: for the admin interface.
//!
//! A handle is cheap to clone and outlives nothing: when the exchange is gone it shows no calls. Reading never makes a
//! call's task wait for more than a look at its own counters.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use call::{Happening, NetworkUsage};
use telcoflow::frame::Handover;
use tokio::sync::watch;

use crate::board::{Board, CallView, Entry, PluginCounts};
use crate::call_task::ToCall;
use crate::chat_board::ChatView;
use crate::connector::Phase;
use crate::counters::ConnectorView;
use crate::handover::{Ask, GiveRefused, TakeRefused, Taking};
use crate::limits::MAILBOX_PLACES_KEPT;
use crate::outbound::{OutboundCall, PlaceRefused, PlacedCall, Placer, TenantLines};
use crate::quota::QuotaView;
use crate::reload::{Reload, ReloadRefused, Works};
use crate::route::Route;
use crate::shelf::{PluginSlot, VersionView};

/// A clonable way into a running exchange.
#[derive(Clone)]
pub struct Handle {
    board: Board,
    phase: watch::Sender<Phase>,
    placer: Placer,
    works: Weak<Works>,
}

/// One tenant as seen from outside.
#[derive(Clone, Debug)]
pub struct TenantView {
    /// Its name.
    pub name: String,
    /// What it may use, and what it does.
    pub quota: QuotaView,
    /// Its accounts at Telcoflow.
    pub connectors: Vec<ConnectorView>,
    /// Its plugins.
    pub plugins: Vec<PluginView>,
    /// Its routes, in their order.
    pub routes: Vec<Route>,
}

/// One plugin as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginView {
    /// Its name within the tenant.
    pub name: String,
    /// Its versions: the live one, the previous one, and those that calls are on.
    pub versions: Vec<VersionView>,
    /// Places that are taken, on whatever version.
    pub calls: usize,
    /// Calls at once.
    pub calls_max: usize,
    /// What its handlers did with other hosts, if they may reach any.
    pub network: Option<NetworkUsage>,
}

/// One call and what happened in it so far.
#[derive(Clone, Debug)]
pub struct CallDetail {
    /// Where it stands.
    pub view: CallView,
    /// What happened, and how long after its voice socket was open; bounded as [`call::Journal`] is.
    pub journal: Vec<(Duration, Happening)>,
    /// How many entries the journal had no place for.
    pub journal_left_out: u64,
}

/// Why something cannot be done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallRefused {
    /// There is none with this id, or no more.
    #[error("no call with this id is here")]
    Unknown,
    /// The carriers of two connectors gave out the same id.
    #[error("several calls have this id: use the id of the session")]
    Ambiguous,
    /// Its task has more to do than it can remember.
    #[error("the call is busy: try again")]
    Busy,
}

impl PluginView {
    /// What the next call gets.
    pub fn live(&self) -> Option<&VersionView> {
        self.versions.iter().find(|version| version.live)
    }
}

impl Handle {
    pub(crate) fn new(board: Board, phase: watch::Sender<Phase>, placer: Placer, works: Weak<Works>) -> Self {
        Self { board, phase, placer, works }
    }

    /// Hosts what this says from now on, all of it at once. Connectors and plugins that it keeps do not notice, and calls
    /// that are here go on as they began.
    ///
    /// # Errors
    /// Nothing has changed.
    pub fn reload(&self, reload: Reload) -> Result<(), ReloadRefused> {
        self.works.upgrade().ok_or(ReloadRefused::Draining)?.reload(reload)
    }

    /// The calls that are here, those that came first before the others.
    pub fn calls(&self) -> Vec<CallView> {
        let mut views: Vec<_> = self.board.entries().iter().map(|entry| entry.view()).collect();
        views.sort_by(|one, other| other.here.cmp(&one.here).then_with(|| one.id.cmp(&other.id)));
        views
    }

    /// The chats that are here, those that came first before the others.
    pub fn chats(&self) -> Vec<ChatView> {
        self.board.chats().views()
    }

    /// How many calls are here.
    pub fn calls_here(&self) -> usize {
        self.board.attending()
    }

    /// One call, by the carrier's id or the session's.
    ///
    /// # Errors
    /// There is no such call, or more than one.
    pub fn call(&self, id: &str) -> Result<CallDetail, CallRefused> {
        let entry = self.find(id)?;
        let (journal, journal_left_out) = entry.journal();
        Ok(CallDetail { view: entry.view(), journal, journal_left_out })
    }

    /// Ends a call for everyone in it. Its handler is told as of every other end.
    ///
    /// # Errors
    /// There is no such call, or more than one, or it cannot be told now.
    pub fn disconnect(&self, id: &str) -> Result<(), CallRefused> {
        tell(&*self.find(id)?, ToCall::Disconnect)
    }

    /// Places a call and waits until the carrier has given it a session, as [`Placer::place`] does.
    ///
    /// # Errors
    /// There is no call, and will be none.
    pub async fn place(&self, call: &OutboundCall) -> Result<PlacedCall, PlaceRefused> {
        self.placer.place(call).await
    }

    /// Gives a call that is held to whoever asks: from then on it is theirs. Only if it is this tenant's, when one is named.
    ///
    /// # Errors
    /// It stays here, or there is none.
    pub async fn give(&self, id: &str, tenant: Option<&str>) -> Result<Handover, GiveRefused> {
        let entry = match self.find(id) {
            Ok(entry) if tenant.is_none_or(|tenant| entry.tenant() == tenant) => entry,
            Ok(_) => return Err(CallRefused::Unknown.into()),
            Err(refused) => return Err(self.gone(id, tenant, refused)),
        };
        let (ask, answered) = Ask::new();
        tell(&entry, ToCall::Give(ask))?;
        answered.await.unwrap_or_else(|_| Err(self.gone(id, tenant, CallRefused::Unknown)))
    }

    /// Takes a call that another host has given, and waits until it has its voice here: for ten seconds and the start of its
    /// handler at the longest.
    ///
    /// # Errors
    /// It is not here.
    pub async fn take(&self, taking: Taking) -> Result<(), TakeRefused> {
        self.placer.take(taking).await
    }

    /// Who is hosted, in the order of the configuration.
    pub fn tenants(&self) -> Vec<TenantView> {
        self.placer.tenants().iter().map(tenant_view).collect()
    }

    /// A plugin of a tenant, to make another version live.
    pub fn plugin(&self, tenant: &str, plugin: &str) -> Option<Arc<PluginSlot>> {
        self.placer.lines(tenant)?.tenant.answering().plugins.find(plugin).cloned()
    }

    /// What the calls of each plugin counted since the start, by tenant and plugin.
    pub fn counts(&self) -> HashMap<(String, String), PluginCounts> {
        self.board.counts()
    }

    /// Whether new calls are taken.
    pub fn is_open(&self) -> bool {
        *self.phase.borrow() == Phase::Open
    }

    /// Takes no more calls from now on; the present ones go on. Whoever waits for [`Handle::drain_requested`] learns it.
    pub fn request_drain(&self) {
        self.phase.send_if_modified(|phase| {
            let open = *phase == Phase::Open;
            if open {
                *phase = Phase::Draining;
            }
            open
        });
    }

    /// Waits until no more calls are taken, whoever asked for that.
    pub async fn drain_requested(&self) {
        let mut watching = self.phase.subscribe();
        // This handle holds a sender, so the wait cannot fail.
        let _ = watching.wait_for(|phase| *phase != Phase::Open).await;
    }

    /// What was given before, once more: for who lost the answer. Nothing changes by it.
    ///
    /// # Errors
    /// No call with this id was given from here, or its session is over.
    pub fn given(&self, id: &str, tenant: Option<&str>) -> Result<Handover, GiveRefused> {
        let given = self.board.given().find(id);
        let given = given.filter(|given| tenant.is_none_or(|tenant| given.tenant == tenant));
        given.and_then(|given| given.call).ok_or(GiveRefused::NotGiven)
    }

    fn gone(&self, id: &str, tenant: Option<&str>, refused: CallRefused) -> GiveRefused {
        let given = self.board.given().find(id);
        let given = given.is_some_and(|given| tenant.is_none_or(|tenant| given.tenant == tenant));
        if given && refused == CallRefused::Unknown { GiveRefused::Given } else { refused.into() }
    }

    fn find(&self, id: &str) -> Result<Arc<Entry>, CallRefused> {
        let mut called = self.board.entries().into_iter().filter(|entry| entry.is_called(id));
        let first = called.next().ok_or(CallRefused::Unknown)?;
        if called.next().is_some() { Err(CallRefused::Ambiguous) } else { Ok(first) }
    }
}

fn tell(entry: &Entry, word: ToCall) -> Result<(), CallRefused> {
    if entry.mailbox().capacity() <= MAILBOX_PLACES_KEPT {
        return Err(CallRefused::Busy);
    }
    // A closed mailbox: the call's task is at its end.
    entry.mailbox().send(word).map_err(|_| CallRefused::Unknown)
}

fn tenant_view(lines: &TenantLines) -> TenantView {
    let (tenant, answering) = (&lines.tenant, lines.tenant.answering());
    TenantView {
        name: tenant.name.clone(),
        quota: tenant.quotas.view(),
        connectors: lines.connectors(),
        plugins: answering.plugins.slots().iter().map(|slot| plugin_view(slot)).collect(),
        routes: answering.routes.clone(),
    }
}

fn plugin_view(slot: &PluginSlot) -> PluginView {
    let (calls, calls_max) = slot.places();
    let network = slot.setup().network.map(|network| network.usage());
    PluginView { name: slot.name().to_string(), versions: slot.view(), calls, calls_max, network }
}

//! Who is hosted: at the start, and after each reload.
//!
//! A reload says everything that shall be, and what of it stays as it is. It is looked at as a whole before anything
//! changes. What stays is not touched: a connector keeps its link, a plugin its versions and its calls. Connectors that are
//! not named any more, or start anew, take no more calls and end with their last one.

use std::sync::Arc;
use std::task::{Context, Poll};

use carriers::Dial;
use parking_lot::Mutex;
use sandbox::GuestSetup;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use crate::board::Board;
use crate::clock::now;
use crate::config::{ConnectorConfig, ExchangeConfig, PluginConfig, TenantConfig};
use crate::connector::{Connector, Phase};
use crate::fault::FaultStep;
use crate::outbound::{Desk, Door, Placer, TenantLines};
use crate::quota::{Quota, Quotas};
use crate::record::Observer;
use crate::route::Route;
use crate::share::{Clock, Lanes};
use crate::shelf::{PluginSlot, Shelf};
use crate::tenant::{Answering, Tenant};

/// Who is hosted from now on, in their order. Who is not named goes.
#[derive(Default)]
pub struct Reload {
    /// All of them.
    pub tenants: Vec<TenantReload>,
}

/// One tenant, whether it is there already or not.
pub struct TenantReload {
    /// Its name.
    pub name: String,
    /// What it may use with all its calls together.
    pub quota: Quota,
    /// Its accounts at Telcoflow.
    pub connectors: Vec<ConnectorReload>,
    /// Its plugins.
    pub plugins: Vec<PluginReload>,
    /// Which plugin answers which number; the first match wins.
    pub routes: Vec<Route>,
}

/// A connector.
#[derive(Debug)]
pub enum ConnectorReload {
    /// The one of this name stays as it is.
    Keep(String),
    /// It starts, instead of the one of its name, if there is one.
    Start(Box<ConnectorConfig>),
}

/// A plugin.
#[derive(Debug)]
pub enum PluginReload {
    /// The one of this name stays as it is.
    Keep(String),
    /// The one of this name stays, and the next call is made so.
    Renew {
        /// Which one.
        name: String,
        /// What its guests are started with.
        setup: GuestSetup,
        /// What is done when a guest fails.
        faults: Arc<[FaultStep]>,
        /// Calls at once.
        calls_max: usize,
    },
    /// It is new.
    Host(PluginConfig),
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadRefused {
    /// It makes no sense any more.
    #[error("the host is draining")]
    Draining,
    /// What shall be kept is not there.
    #[error("{0} is not there to be kept")]
    Unknown(String),
}

/// What starts connectors, and their tasks.
pub(crate) struct Works {
    dialer: Arc<dyn Dial>,
    observer: Arc<dyn Observer>,
    board: Board,
    clock: Clock,
    lanes: Lanes,
    /// Never looked at, so that whoever gets a copy hears of each change.
    phase: watch::Receiver<Phase>,
    placer: Placer,
    at_work: Mutex<AtWork>,
}

struct AtWork {
    tasks: JoinSet<()>,
    seeds: fastrand::Rng,
}

/// A connector that is about to start.
struct Starting {
    tenant: Arc<Tenant>,
    config: ConnectorConfig,
    desk: Desk,
}

impl Works {
    /// Starts what a configuration has.
    pub(crate) fn open(
        config: ExchangeConfig,
        board: &Board,
        phase: watch::Receiver<Phase>,
        placer: Placer,
    ) -> Arc<Self> {
        let ExchangeConfig { tenants, dialer, seed, observer } = config;
        let at_work = Mutex::new(AtWork { tasks: JoinSet::new(), seeds: fastrand::Rng::with_seed(seed) });
        let (board, clock, lanes) = (board.clone(), Clock(now()), Lanes::of_runtime());
        let works = Self { dialer, observer, board, clock, lanes, phase, placer, at_work };
        works.host(Reload { tenants: tenants.into_iter().map(TenantReload::from).collect() });
        Arc::new(works)
    }

    /// Changes what is hosted, or nothing.
    pub(crate) fn reload(&self, reload: Reload) -> Result<(), ReloadRefused> {
        if self.placer.phase() != Phase::Open {
            return Err(ReloadRefused::Draining);
        }
        let running = self.placer.tenants();
        match reload.tenants.iter().find_map(|tenant| unknown(tenant, find(&running, &tenant.name))) {
            Some(unknown) => Err(ReloadRefused::Unknown(unknown)),
            None => {
                self.host(reload);
                Ok(())
            }
        }
    }

    pub(crate) fn poll_join_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<(), JoinError>>> {
        self.at_work.lock().tasks.poll_join_next(cx)
    }

    /// Under one lock, so that reloads follow one another.
    fn host(&self, reload: Reload) {
        let mut at_work = self.at_work.lock();
        let running = self.placer.tenants();
        let mut starting = Vec::new();
        let hosted = reload.tenants.into_iter().map(|tenant| {
            let before = find(&running, &tenant.name);
            self.tenant(tenant, before, &mut starting)
        });
        let hosted: Vec<TenantLines> = hosted.collect();
        self.placer.host(hosted);
        let AtWork { tasks, seeds } = &mut *at_work;
        for Starting { tenant, config, desk } in starting {
            let span = tracing::info_span!("connector", tenant = tenant.name, connector = config.name);
            let (phase, placer) = (self.phase.clone(), self.placer.clone());
            let connector = Connector::new(tenant, config, phase, desk, placer, seeds.u64(..));
            tasks.spawn(connector.run().instrument(span));
        }
        for lines in &*running {
            retire(lines, find(&self.placer.tenants(), &lines.tenant.name));
        }
        while let Some(joined) = tasks.try_join_next() {
            told(joined);
        }
    }

    fn tenant(&self, wanted: TenantReload, before: Option<&TenantLines>, starting: &mut Vec<Starting>) -> TenantLines {
        let TenantReload { name, quota, connectors, plugins, routes } = wanted;
        let lines = match before {
            Some(before) => {
                before.tenant.quotas.set(&quota);
                before.clone()
            }
            None => {
                let quotas = Arc::new(Quotas::new(&quota, self.lanes.clone(), self.clock));
                let (dialer, board, observer) = (self.dialer.clone(), self.board.clone(), self.observer.clone());
                TenantLines::new(Arc::new(Tenant::new(name, quotas, dialer, board, observer)))
            }
        };
        let tenant = lines.tenant.clone();
        let answering = tenant.answering();
        let slot = |plugin: PluginReload| slot(plugin, &answering.plugins, &tenant.quotas);
        let slots = plugins.into_iter().filter_map(slot).collect();
        tenant.answer_by(Answering { plugins: Shelf::new(slots), routes });
        let doors = connectors.into_iter().filter_map(|connector| match connector {
            ConnectorReload::Keep(name) => lines.doors().iter().find(|door| door.name() == name).cloned(),
            ConnectorReload::Start(config) => {
                let (door, desk) = Door::new(&config.name);
                starting.push(Starting { tenant: tenant.clone(), config: *config, desk });
                Some(door)
            }
        });
        lines.with(doors.collect())
    }
}

fn find<'a>(hosted: &'a [TenantLines], name: &str) -> Option<&'a TenantLines> {
    hosted.iter().find(|lines| lines.tenant.name == name)
}

/// What a reload would keep that is not there.
fn unknown(wanted: &TenantReload, before: Option<&TenantLines>) -> Option<String> {
    let answering = before.map(|lines| lines.tenant.answering());
    let plugin = |name: &str| answering.as_ref().is_some_and(|answering| answering.plugins.find(name).is_some());
    let door = |name: &str| before.is_some_and(|lines| lines.doors().iter().any(|door| door.name() == name));
    let connector = wanted.connectors.iter().find_map(|connector| match connector {
        ConnectorReload::Keep(name) if !door(name) => Some(format!("connector {name} of {}", wanted.name)),
        ConnectorReload::Keep(_) | ConnectorReload::Start(_) => None,
    });
    connector.or_else(|| {
        wanted.plugins.iter().find_map(|wanted_plugin| match wanted_plugin {
            PluginReload::Keep(name) | PluginReload::Renew { name, .. } if !plugin(name) => {
                Some(format!("plugin {name} of {}", wanted.name))
            }
            PluginReload::Keep(_) | PluginReload::Renew { .. } | PluginReload::Host(_) => None,
        })
    })
}

fn slot(plugin: PluginReload, before: &Shelf, quotas: &Arc<Quotas>) -> Option<Arc<PluginSlot>> {
    match plugin {
        PluginReload::Keep(name) => before.find(&name).cloned(),
        PluginReload::Renew { name, setup, faults, calls_max } => {
            let slot = before.find(&name)?;
            slot.renew(setup, faults, calls_max);
            Some(slot.clone())
        }
        PluginReload::Host(config) => Some(Arc::new(PluginSlot::new(config, quotas.clone()))),
    }
}

/// Takes the connectors off that are not there any more.
fn retire(before: &TenantLines, after: Option<&TenantLines>) {
    let doors = || after.into_iter().flat_map(TenantLines::doors);
    for door in before.doors().iter().filter(|door| !doors().any(|kept| Arc::ptr_eq(door, kept))) {
        door.retire(doors().find(|successor| successor.name() == door.name()).map(Arc::as_ref));
    }
}

/// A connector's task is over.
pub(crate) fn told(joined: Result<(), JoinError>) {
    if let Err(error) = joined {
        tracing::error!(%error, "a connector's task failed");
    }
}

impl From<TenantConfig> for TenantReload {
    fn from(config: TenantConfig) -> Self {
        let TenantConfig { name, quota, connectors, plugins, routes } = config;
        let connectors = connectors.into_iter().map(|connector| ConnectorReload::Start(Box::new(connector))).collect();
        let plugins = plugins.into_iter().map(PluginReload::Host).collect();
        Self { name, quota, connectors, plugins, routes }
    }
}

//! The whole of it: starts the connectors' tasks, drains them, joins them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::board::{Board, CallView};
use crate::clock::now;
use crate::config::{ExchangeConfig, TenantConfig};
use crate::connector::{Connector, Phase, Tenant};
use crate::counters::{ConnectorView, Counted};
use crate::handle::{Handle, TenantFacts};
use crate::limits::{CUT_MS_MAX, LEAVE_MS_MAX};
use crate::outbound::{OutboundCall, PlaceRefused, PlacedCall, Placer, TenantLines};
use crate::quota::Quotas;
use crate::share::Clock;
use crate::shelf::Shelf;

/// A running exchange. Dropping it aborts every call; [`Exchange::drain`] is the polite way.
pub struct Exchange {
    phase: watch::Sender<Phase>,
    tasks: JoinSet<()>,
    board: Board,
    handle: Handle,
    placer: Placer,
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every call ended by itself.
    Clean,
    /// So many calls were cut at the deadline.
    Cut(usize),
}

impl Exchange {
    /// Starts a task for every connector on the present runtime.
    pub fn start(config: ExchangeConfig) -> Self {
        let (phase, watching) = watch::channel(Phase::Open);
        let board = Board::default();
        let mut seeds = fastrand::Rng::with_seed(config.seed);
        let clock = Clock(now());
        let mut tasks = JoinSet::new();
        let mut lines = Vec::new();
        let mut hosted = Vec::new();
        for tenant in config.tenants {
            let TenantConfig { name, quota, connectors, plugins, routes } = tenant;
            let quotas = Arc::new(Quotas::new(&quota, clock));
            let tenant = Arc::new(Tenant {
                name,
                plugins: Shelf::new(plugins, &quotas),
                quotas,
                routes,
                dialer: config.dialer.clone(),
                board: board.clone(),
                observer: config.observer.clone(),
            });
            let mut doors = TenantLines::new(tenant.clone());
            let at_desk = |connector: crate::ConnectorConfig| (doors.open(&connector.name), connector);
            let desks: Vec<_> = connectors.into_iter().map(at_desk).collect();
            lines.push(doors);
            hosted.push((tenant, desks));
        }
        let placer = Placer::new(watching.clone(), lines);
        let mut tenants = Vec::new();
        for (tenant, desks) in hosted {
            let mut known = Vec::new();
            for (desk, connector) in desks {
                let span = tracing::info_span!("connector", tenant = tenant.name, connector = connector.name);
                let name = connector.name.clone();
                let (watching, placer) = (watching.clone(), placer.clone());
                let task = Connector::new(tenant.clone(), connector, watching, desk, placer, seeds.u64(..));
                known.push(Counted { tenant: tenant.name.clone(), name, counters: task.counters() });
                tasks.spawn(task.run().instrument(span));
            }
            tenants.push(TenantFacts { tenant, connectors: known });
        }
        let handle = Handle::new(board.clone(), phase.clone(), tenants, placer.clone());
        Self { phase, tasks, board, handle, placer }
    }

    /// Places a call and waits until the carrier has given it a session, as [`Placer::place`] does.
    ///
    /// # Errors
    /// [`PlaceRefused`]: there is no call, and will be none.
    pub async fn place(&self, call: &OutboundCall) -> Result<PlacedCall, PlaceRefused> {
        self.placer.place(call).await
    }

    /// What places calls, for whoever outlives a borrow of the exchange.
    pub fn placer(&self) -> Placer {
        self.placer.clone()
    }

    /// The calls that are here.
    pub fn calls(&self) -> Vec<CallView> {
        self.handle.calls()
    }

    /// A way in for others.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The connectors, and what each has counted so far.
    pub fn connectors(&self) -> Vec<ConnectorView> {
        self.handle.tenants().into_iter().flat_map(|tenant| tenant.connectors).collect()
    }

    /// Takes no more calls and lets the present ones end for as long as `deadline` allows. Of those that are left the handlers
    /// go, and their fault policies do what they can for the callers. Then the rest is cut, chats are left to other hosts, the
    /// links are closed and every task is joined. Dropping this future leaves the drain going; awaiting another continues it.
    pub async fn drain(&mut self, deadline: Duration) -> Drained {
        self.go_on_to(Phase::Draining);
        let clean = tokio::time::timeout(deadline, self.board.until_empty()).await.is_ok();
        let cut = if clean { 0 } else { self.board.attending() };
        if !clean {
            self.go_on_to(Phase::Leaving);
            let _ = tokio::time::timeout(Duration::from_millis(CUT_MS_MAX), self.board.until_empty()).await;
            let _ = tokio::time::timeout(Duration::from_millis(LEAVE_MS_MAX), self.board.until_none_helped()).await;
        }
        self.end(cut).await
    }

    /// Cuts the calls at once, and ends as [`drain`](Exchange::drain) does.
    pub async fn cut(&mut self) -> Drained {
        let cut = self.board.attending();
        self.end(cut).await
    }

    async fn end(&mut self, cut: usize) -> Drained {
        self.go_on_to(Phase::Cutting);
        // What does not leave in time is aborted with its connector's task.
        let _ = tokio::time::timeout(Duration::from_millis(CUT_MS_MAX), self.board.until_empty()).await;
        // Chats have no end to wait for, and live on at the server.
        let _ = tokio::time::timeout(Duration::from_millis(CUT_MS_MAX), self.board.until_no_chat()).await;
        self.go_on_to(Phase::Closed);
        while let Some(joined) = self.tasks.join_next().await {
            if let Err(error) = joined {
                tracing::error!(%error, "a connector's task failed");
            }
        }
        if cut == 0 { Drained::Clean } else { Drained::Cut(cut) }
    }

    /// Never back.
    fn go_on_to(&self, next: Phase) {
        self.phase.send_if_modified(|phase| {
            let further = next > *phase;
            if further {
                *phase = next;
            }
            further
        });
    }
}

//! The whole of it: starts the connectors' tasks, drains them, joins them.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::board::{Board, CallView};
use crate::config::ExchangeConfig;
use crate::connector::Phase;
use crate::counters::ConnectorView;
use crate::handle::Handle;
use crate::limits::{CUT_MS_MAX, LEAVE_MS_MAX};
use crate::outbound::{OutboundCall, PlaceRefused, PlacedCall, Placer};
use crate::reload::{Works, told};

/// A running exchange. Dropping it aborts every call; [`Exchange::drain`] is the polite way.
pub struct Exchange {
    phase: watch::Sender<Phase>,
    board: Board,
    handle: Handle,
    placer: Placer,
    works: Arc<Works>,
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
        let (board, placer) = (Board::default(), Placer::new(watching.clone()));
        let works = Works::open(config, &board, watching, placer.clone());
        let handle = Handle::new(board.clone(), phase.clone(), placer.clone(), Arc::downgrade(&works));
        Self { phase, board, handle, placer, works }
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
        while let Some(joined) = poll_fn(|cx| self.works.poll_join_next(cx)).await {
            told(joined);
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

//! What all connectors of a tenant share, and what answers its calls at the moment.

use std::sync::Arc;

use carriers::Dial;
use parking_lot::RwLock;

use crate::board::Board;
use crate::quota::Quotas;
use crate::record::Observer;
use crate::route::Route;
use crate::shelf::Shelf;

/// One tenant.
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) dialer: Arc<dyn Dial>,
    pub(crate) board: Board,
    pub(crate) observer: Arc<dyn Observer>,
    /// Looked at for each session that is announced, never on a frame's way.
    answering: RwLock<Arc<Answering>>,
}

/// Plugins and the routes to them. They change together, so that no route leads to a plugin that is not there.
#[derive(Debug, Default)]
pub(crate) struct Answering {
    pub(crate) plugins: Shelf,
    pub(crate) routes: Vec<Route>,
}

impl Tenant {
    /// One that answers nobody yet.
    pub(crate) fn new(
        name: String,
        quotas: Arc<Quotas>,
        dialer: Arc<dyn Dial>,
        board: Board,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self { name, quotas, dialer, board, observer, answering: RwLock::default() }
    }

    /// What answers, as it stands.
    pub(crate) fn answering(&self) -> Arc<Answering> {
        self.answering.read().clone()
    }

    /// Has these answer whoever rings from now on.
    pub(crate) fn answer_by(&self, answering: Answering) {
        // What goes is dropped after the lock.
        let _gone = std::mem::replace(&mut *self.answering.write(), Arc::new(answering));
    }
}

//! Every task of a simulator: named in its span, joined at shut-down.

use std::future::Future;

use parking_lot::Mutex;
use tokio::task::JoinSet;
use tracing::Instrument;

/// The tasks of one simulator.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: Mutex<JoinSet<()>>,
}

impl Tasks {
    /// Spawns `task` on the current runtime and reaps those that ended. A panic of one goes on here:
    /// a simulator that is broken must not pass for a quiet one.
    pub(crate) fn spawn(&self, name: &'static str, number: u64, task: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock();
        while let Some(ended) = running.try_join_next() {
            resume_panic(ended);
        }
        running.spawn(task.instrument(tracing::debug_span!("sim", task = name, number)));
    }

    /// Waits for all tasks, those spawned meanwhile included. A panic of a task goes on here.
    pub(crate) async fn join(&self) {
        loop {
            let mut running = std::mem::take(&mut *self.running.lock());
            if running.is_empty() {
                return;
            }
            while let Some(ended) = running.join_next().await {
                resume_panic(ended);
            }
        }
    }
}

fn resume_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

//! The few threads that may wait for the disk, so that nobody else has to.
//!
//! They are borrowed from the runtime while there is something to do. Where there is no runtime any more, what is left is done at
//! once by whoever leaves it: a recording is never lost because the host stops.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use call::{Failure, Stored, code};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::limits::{ANSWER_MS_MAX, JOBS_MAX, WRITERS_MAX};

type Job = Box<dyn FnOnce() + Send>;

/// The threads and what waits for them.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    desk: Mutex<Desk>,
    /// Jobs that were taken and are not done.
    open: watch::Sender<usize>,
}

#[derive(Default)]
struct Desk {
    jobs: VecDeque<Job>,
    workers: usize,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { desk: Mutex::default(), open: watch::Sender::new(0) }))
    }

    /// Does something that nobody waits for. Its maker bounds how often.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let mut desk = self.0.desk.lock();
        desk.jobs.push_back(Box::new(job));
        self.0.open.send_modify(|open| *open += 1);
        if desk.workers >= WRITERS_MAX {
            return;
        }
        desk.workers += 1;
        drop(desk);
        let worker = Worker(self.clone());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(worker));
        }
    }

    /// Does something and answers, within [`ANSWER_MS_MAX`]. Not done at all when nobody waits for the answer any more; an
    /// answer that comes too late is dropped.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Stored<T> {
        let (told, answer) = oneshot::channel();
        if self.0.desk.lock().jobs.len() >= JOBS_MAX {
            let failure = Failure::new(code::STORAGE, "too much waits for the host's disk");
            return Box::pin(async { Err(failure) });
        }
        self.run(move || {
            if !told.is_closed() {
                // Nobody waits any more.
                let _ = told.send(job());
            }
        });
        Box::pin(in_time(answer))
    }

    /// Waits until everything is done.
    pub(crate) async fn until_idle(&self) {
        let mut open = self.0.open.subscribe();
        // The sender lives as long as the pool, so the wait cannot fail.
        let _ = open.wait_for(|open| *open == 0).await;
    }

    fn work(&self) {
        loop {
            let mut desk = self.0.desk.lock();
            let Some(job) = desk.jobs.pop_front() else {
                desk.workers -= 1;
                return;
            };
            drop(desk);
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("writing a recording failed by a fault of the host: the recording is incomplete");
            }
            self.0.open.send_modify(|open| *open -= 1);
        }
    }
}

/// Waits for the disk as long as a handler may.
pub(crate) async fn in_time<T>(answer: oneshot::Receiver<Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Failure::new(code::STORAGE, "the host failed at this recording")),
        Err(_) => {
            let message = format!("the host's disk did not answer within {ANSWER_MS_MAX} ms");
            Err(Failure::new(code::STORAGE, message))
        }
    }
}

/// Works when it is dropped: on a thread of its own, or, when a runtime that stops throws it away, right there.
struct Worker(Pool);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.work();
    }
}

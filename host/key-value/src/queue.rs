//! What waits for the disk, and the one thread that is borrowed to do it.
//!
//! Whatever waits when the thread comes back is done together: reads of one moment, changes in one transaction.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use call::{Failure, Stored, code};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::book::Book;
use crate::change::{Change, Owner};
use crate::clock::Clock;
use crate::limits::{ANSWER_MS_MAX, BATCH_BYTES_MAX, BATCH_MAX, WAITING_MAX};

/// Requests to one database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    /// None once the store is closed.
    book: Mutex<Option<Book>>,
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    waiting: VecDeque<Asked>,
    working: bool,
}

/// One request, and who waits for its answer.
#[derive(Debug)]
enum Asked {
    Read(Owner, String, oneshot::Sender<Result<Option<Vec<u8>>, Failure>>),
    Change(Owner, Change, oneshot::Sender<Result<bool, Failure>>),
}

impl Queue {
    pub(crate) fn new(book: Book, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { clock, book: Mutex::new(Some(book)), desk: Mutex::default() }))
    }

    pub(crate) fn read(&self, owner: Owner, key: String) -> Stored<Option<Vec<u8>>> {
        let (told, answer) = oneshot::channel();
        self.ask(Asked::Read(owner, key, told), answer)
    }

    pub(crate) fn change(&self, owner: Owner, change: Change) -> Stored<bool> {
        let (told, answer) = oneshot::channel();
        self.ask(Asked::Change(owner, change, told), answer)
    }

    /// Closes the database. May block, for as long as a batch takes.
    pub(crate) fn close(&self) {
        let book = self.0.book.lock().take();
        drop(book);
    }

    fn ask<T: Send + 'static>(&self, asked: Asked, answer: oneshot::Receiver<Result<T, Failure>>) -> Stored<T> {
        let mut desk = self.0.desk.lock();
        if desk.waiting.len() >= WAITING_MAX {
            return refused(Failure::new(code::STORAGE, "too much waits for the host's disk"));
        }
        desk.waiting.push_back(asked);
        if !desk.working {
            desk.working = true;
            drop(desk);
            let worker = Worker(self.clone());
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || drop(worker))),
                Err(_) => drop(worker),
            }
        }
        Box::pin(in_time(answer))
    }

    fn work(&self) {
        loop {
            let batch = {
                let mut desk = self.0.desk.lock();
                let batch = take_batch(&mut desk.waiting);
                if batch.is_empty() {
                    desk.working = false;
                    return;
                }
                batch
            };
            self.answer(batch);
        }
    }

    fn answer(&self, batch: Vec<Asked>) {
        let (mut keys, mut readers, mut changes, mut changers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for asked in batch {
            match asked {
                Asked::Read(_, _, told) if told.is_closed() => {}
                Asked::Read(owner, key, told) => {
                    keys.push((owner, key));
                    readers.push(told);
                }
                Asked::Change(_, _, told) if told.is_closed() => {}
                Asked::Change(owner, change, told) => {
                    changes.push((owner, change));
                    changers.push(told);
                }
            }
        }
        let mut book = self.0.book.lock();
        // Whoever waits is told that the host failed at it.
        let Some(book) = &mut *book else { return };
        if !keys.is_empty() {
            let read = book.read(&keys, self.0.clock.unix_ms()).map_err(|fault| storage(&fault.0));
            tell(readers, read.map(|values| values.into_iter().map(Ok).collect()));
        }
        if !changes.is_empty() {
            let changed = book.change(&changes, self.0.clock.unix_ms()).map_err(|fault| storage(&fault.0));
            tell(changers, changed);
        }
    }
}

/// The requests that are answered together.
fn take_batch(waiting: &mut VecDeque<Asked>) -> Vec<Asked> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH_MAX
        && bytes < BATCH_BYTES_MAX
        && let Some(asked) = waiting.pop_front()
    {
        if let Asked::Change(_, Change { value: Some(value), .. }, _) = &asked {
            bytes += value.len();
        }
        batch.push(asked);
    }
    batch
}

fn tell<T>(waiting: Vec<oneshot::Sender<Result<T, Failure>>>, answers: Result<Vec<Result<T, Failure>>, Failure>) {
    match answers {
        Ok(answers) => waiting.into_iter().zip(answers).for_each(|(told, answer)| {
            // A guest that is gone does not wait.
            let _ = told.send(answer);
        }),
        Err(failure) => waiting.into_iter().for_each(|told| {
            let _ = told.send(Err(failure.clone()));
        }),
    }
}

/// The handler is not told what the disk says: paths are the operator's.
fn storage(why: &str) -> Failure {
    tracing::warn!(why, "the key-value store fails: handlers are told STORAGE");
    Failure::new(code::STORAGE, "the host's disk failed")
}

pub(crate) fn refused<T: Send + 'static>(failure: Failure) -> Stored<T> {
    Box::pin(async { Err(failure) })
}

async fn in_time<T>(answer: oneshot::Receiver<Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Failure::new(code::STORAGE, "the host failed at this request")),
        Err(_) => {
            let message = format!("the host's disk did not answer within {ANSWER_MS_MAX} ms");
            Err(Failure::new(code::STORAGE, message))
        }
    }
}

/// Works when it is dropped: on a thread of its own, or, when a runtime that stops throws it away, right there.
struct Worker(Queue);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.work();
    }
}

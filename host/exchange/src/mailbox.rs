//! The way of words from a connector's task to a call's.
//!
//! There are a handful of them in a call's life and fifty turns a second, so a turn looks at one flag and not into the
//! channel. A full mailbox drops what comes: its sender repeats itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio::sync::mpsc;

use crate::call_task::ToCall;
use crate::limits::MAILBOX_MESSAGES_MAX;

/// The connector's end, and that of the board.
#[derive(Clone)]
pub(crate) struct Post {
    mail: mpsc::Sender<ToCall>,
    bell: Arc<Bell>,
}

/// The call's end.
pub(crate) struct Mailbox {
    mail: mpsc::Receiver<ToCall>,
    bell: Arc<Bell>,
}

/// A word that found no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mailbox is full, or its call is gone")]
pub(crate) struct Dropped;

#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    waker: AtomicWaker,
}

/// Both ends.
pub(crate) fn mailbox() -> (Post, Mailbox) {
    let (sender, receiver) = mpsc::channel(MAILBOX_MESSAGES_MAX);
    // Rung, so that the first turn looks and leaves its waker.
    let bell = Arc::new(Bell { rung: AtomicBool::new(true), waker: AtomicWaker::new() });
    (Post { mail: sender, bell: bell.clone() }, Mailbox { mail: receiver, bell })
}

impl Post {
    /// Puts a word in.
    ///
    /// # Errors
    /// It found no place.
    pub(crate) fn send(&self, mail: ToCall) -> Result<(), Dropped> {
        self.mail.try_send(mail).map_err(|_| Dropped)?;
        self.bell.rung.store(true, Ordering::Release);
        self.bell.waker.wake();
        Ok(())
    }

    /// How many more words have a place.
    pub(crate) fn capacity(&self) -> usize {
        self.mail.capacity()
    }
}

impl Mailbox {
    /// Waits for a word; `None` when there is nobody left who could send one.
    pub(crate) async fn recv(&mut self) -> Option<ToCall> {
        self.mail.recv().await
    }

    /// The next word, if there is one. The task is woken for the next.
    pub(crate) fn take(&mut self, cx: &Context<'_>) -> Option<ToCall> {
        if !self.bell.rung.load(Ordering::Acquire) {
            return None;
        }
        // Whoever rings after this wakes the task, and what was put in before is found below.
        self.bell.waker.register(cx.waker());
        self.bell.rung.store(false, Ordering::Release);
        let mail = self.mail.try_recv().ok();
        if mail.is_some() {
            self.bell.rung.store(true, Ordering::Release);
        }
        mail
    }
}

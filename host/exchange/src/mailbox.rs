//! The way of words from a connector's task to a call's.
//!
//! There are a handful of them in a call's life and fifty turns a second, so a turn looks at one flag and not into the
//! channel. A full mailbox drops what comes: its sender repeats itself. What becomes of calls that the handler placed comes
//! the same way, past the channel: that nothing of it is lost, and how much there can be, is seen to where they are placed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use call::Placed;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use sandbox::Piece;
use tokio::sync::mpsc;

use crate::call_task::ToCall;
use crate::limits::MAILBOX_MESSAGES_MAX;

/// The connector's end, and that of the board.
#[derive(Clone)]
pub(crate) struct Post {
    mail: mpsc::Sender<ToCall>,
    bell: Arc<Bell>,
}

/// What comes for a call.
pub(crate) enum Mail {
    Word(ToCall),
    /// What became of something that its handler placed.
    Placed(u32, Placed),
}

/// Where the steps of what a call's handler placed are put in.
#[derive(Clone)]
pub(crate) struct Slit(Arc<Bell>);

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
    placed: Mutex<VecDeque<(u32, Placed)>>,
}

/// Both ends.
pub(crate) fn mailbox() -> (Post, Mailbox) {
    let (sender, receiver) = mpsc::channel(MAILBOX_MESSAGES_MAX);
    // Rung, so that the first turn looks and leaves its waker.
    let bell = Arc::new(Bell { rung: AtomicBool::new(true), waker: AtomicWaker::new(), placed: Mutex::default() });
    (Post { mail: sender, bell: bell.clone() }, Mailbox { mail: receiver, bell })
}

impl Post {
    /// Puts a word in.
    ///
    /// # Errors
    /// It found no place.
    pub(crate) fn send(&self, mail: ToCall) -> Result<(), Dropped> {
        self.mail.try_send(mail).map_err(|_| Dropped)?;
        self.bell.ring();
        Ok(())
    }

    /// How many more words have a place.
    pub(crate) fn capacity(&self) -> usize {
        self.mail.capacity()
    }
}

impl Slit {
    /// Puts a step in.
    pub(crate) fn put(&self, request: u32, step: Placed) {
        self.0.placed.lock().push_back((request, step));
        self.0.ring();
    }
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Mailbox {
    pub(crate) fn slit(&self) -> Slit {
        Slit(self.bell.clone())
    }

    /// Where that lies which each turn looks at.
    pub(crate) fn piece(&self) -> Piece {
        Piece::of(&*self.bell)
    }

    /// Waits for a word; `None` when there is nobody left who could send one.
    pub(crate) async fn recv(&mut self) -> Option<ToCall> {
        self.mail.recv().await
    }

    /// What is next, if there is something. The task is woken for what comes after it.
    pub(crate) fn take(&mut self, cx: &Context<'_>) -> Option<Mail> {
        if !self.bell.rung.load(Ordering::Acquire) {
            return None;
        }
        // Whoever rings after this wakes the task, and what was put in before is found below.
        self.bell.waker.register(cx.waker());
        self.bell.rung.store(false, Ordering::Release);
        let placed = || self.bell.placed.lock().pop_front().map(|(request, step)| Mail::Placed(request, step));
        let mail = self.mail.try_recv().ok().map(Mail::Word).or_else(placed);
        if mail.is_some() {
            self.bell.rung.store(true, Ordering::Release);
        }
        mail
    }
}

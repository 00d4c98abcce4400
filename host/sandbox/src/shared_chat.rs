//! What a chat's guest, its task and its connector's task share: the chat, and where the guest waits.
//!
//! Two tasks use it, each for a moment: the lock is never held across an await or while the guest runs.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{Chat, ChatEvent, Failure, Stored};
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};

use crate::network::Connections;
use crate::prefetch::Near;
use crate::wait::{Wait, Waited};

/// The chat under its lock.
pub type ChatGuard<'a> = MappedMutexGuard<'a, Chat>;

/// A chat as its tasks and its guest see it.
#[derive(Clone)]
pub struct SharedChat(Arc<Mutex<Desk>>);

struct Desk {
    chat: Chat,
    wait: Wait,
    connections: Connections,
}

impl SharedChat {
    /// Shares a chat.
    pub fn new(chat: Chat) -> Self {
        let wait = Wait::new(chat.now());
        Self(Arc::new(Mutex::new(Desk { chat, wait, connections: Connections::default() })))
    }

    /// The chat, for as long as the guard lives. Not to be held across an await.
    pub fn lock(&self) -> ChatGuard<'_> {
        MutexGuard::map(self.0.lock(), |desk| &mut desk.chat)
    }

    /// Wakes a guest that is not polled by its chat's task, when what it waits for is there, and moves its connections on.
    pub fn wake_guest(&self, cx: &mut Context<'_>) {
        let Desk { chat, wait, connections } = &mut *self.0.lock();
        connections.poll(cx, chat);
        wait.wake(chat.now(), || chat.has_event());
    }

    /// Processor time that the guest's connections took since somebody asked last.
    pub fn take_network_time(&self) -> Duration {
        self.0.lock().connections.take_unbilled()
    }

    /// Whether what the guest waits for is there, and only its next poll is missing.
    pub fn guest_is_due(&self) -> bool {
        let Desk { chat, wait, .. } = &*self.0.lock();
        wait.is_due(chat.now(), || chat.has_event())
    }

    /// When the chat or the waiting guest wants the next turn at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let Desk { chat, wait, .. } = &*self.0.lock();
        chat.poll_timeout().into_iter().chain(wait.until()).min()
    }

    /// A guest takes its place. One that was there before is gone.
    pub(crate) fn seat(&self) {
        let Desk { chat, wait, .. } = &mut *self.0.lock();
        *wait = Wait::new(chat.now());
    }

    pub(crate) fn asked(&self) -> bool {
        self.0.lock().wait.asked()
    }

    /// How often the guest was given an event, or waited for one; since when it does not wait for one; what time it is.
    pub(crate) fn progress(&self) -> (u64, Option<Instant>, Instant) {
        let Desk { chat, wait, .. } = &*self.0.lock();
        (wait.progress(), wait.silent_since(), chat.now())
    }

    pub(crate) fn begin_wait(&self, within: Option<Duration>) {
        let Desk { chat, wait, .. } = &mut *self.0.lock();
        wait.begin(chat.now(), within, Near::default());
    }

    pub(crate) fn poll_wait(&self, cx: &Context<'_>, register: bool) -> Poll<Waited<ChatEvent>> {
        let Desk { chat, wait, .. } = &mut *self.0.lock();
        let next = chat.next();
        wait.look(chat.now(), next, cx, register)
    }

    /// Waits for the disk, which does not count as the guest's silence. The store answers within a bounded time.
    pub(crate) async fn paused<T>(&self, answer: Stored<T>) -> Result<T, Failure> {
        self.set_paused(true);
        let answer = answer.await;
        self.set_paused(false);
        answer
    }

    fn set_paused(&self, paused: bool) {
        let Desk { chat, wait, .. } = &mut *self.0.lock();
        wait.set_paused(paused, chat.now());
    }

    /// The guest's connections.
    pub(crate) fn connections(&self) -> MappedMutexGuard<'_, Connections> {
        MutexGuard::map(self.0.lock(), |desk| &mut desk.connections)
    }
}

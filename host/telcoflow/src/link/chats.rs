//! Chats whose socket was lost: they are claimed again on the next one. Row `SM-18`.
//!
//! They are claimed in the order in which they were claimed first, a bounded number at a time, and made ready again
//! when they were before. One that is not granted is over.

use std::collections::VecDeque;

use crate::limits::RECLAIMS_OPEN_MAX;

struct Lost {
    session_id: String,
    /// `session.ready` was sent, or asked for since.
    ready: bool,
    /// A claim is under way.
    asked: bool,
}

#[derive(Default)]
pub(super) struct Chats(VecDeque<Lost>);

impl Chats {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, session_id: &str) -> bool {
        self.place(session_id).is_some()
    }

    /// The socket is gone: what was being claimed again must be asked for once more, and these too.
    pub(super) fn lost(&mut self, chats: Vec<(String, bool)>) {
        self.0.iter_mut().for_each(|chat| chat.asked = false);
        self.0.extend(chats.into_iter().map(|(session_id, ready)| Lost { session_id, ready, asked: false }));
    }

    /// The next to be claimed, unless enough are.
    pub(super) fn next(&mut self) -> Option<String> {
        if self.0.iter().filter(|chat| chat.asked).count() >= RECLAIMS_OPEN_MAX {
            return None;
        }
        let chat = self.0.iter_mut().find(|chat| !chat.asked)?;
        chat.asked = true;
        Some(chat.session_id.clone())
    }

    /// It is to be ready once it is claimed. Whether it is one of these.
    pub(super) fn readied(&mut self, session_id: &str) -> bool {
        let chat = self.0.iter_mut().find(|chat| chat.session_id == session_id);
        chat.map(|chat| chat.ready = true).is_some()
    }

    /// Forgets one; `Some(ready)` when it was one of these.
    pub(super) fn take(&mut self, session_id: &str) -> Option<bool> {
        let place = self.place(session_id)?;
        self.0.remove(place).map(|chat| chat.ready)
    }

    pub(super) fn take_all(&mut self) -> impl Iterator<Item = String> {
        std::mem::take(&mut self.0).into_iter().map(|chat| chat.session_id)
    }

    fn place(&self, session_id: &str) -> Option<usize> {
        self.0.iter().position(|chat| chat.session_id == session_id)
    }
}

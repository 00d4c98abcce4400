//! `calls`: for guests whose plugin has the grant. What they place is somebody else's from then on.

use call::Contact;

use super::granted::{Granted, not_granted};
use crate::bindings::calls;
use crate::state::GuestState;

impl calls::Host for GuestState {
    fn place(&mut self, to: String, plugin: String) -> Granted<u32> {
        self.place_for(Contact::Call, &to, &plugin)
    }

    fn begin_chat(&mut self, to: String, plugin: String) -> Granted<u32> {
        self.place_for(Contact::Chat, &to, &plugin)
    }
}

impl GuestState {
    fn place_for(&mut self, contact: Contact, to: &str, plugin: &str) -> Granted<u32> {
        let Some(placer) = &self.placer else { return not_granted("calls") };
        let placed = match &self.chat {
            Some(chat) => chat.lock().place(&**placer, contact, to, plugin),
            None => self.call()?.lock().place(&**placer, contact, to, plugin),
        };
        Ok(placed.map_err(Into::into))
    }
}

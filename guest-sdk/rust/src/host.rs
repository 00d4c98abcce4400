//! Where the host's functions come from: the imports of the component, or the host in memory of a native test.

#[cfg(not(all(feature = "testing", not(target_arch = "wasm32"))))]
mod imports {
    pub(crate) use crate::bindings::chatting::switchhook::handler::{chat, messages};
    pub use crate::bindings::plain::switchhook::handler::{call, calls, http, playout, websocket};
    pub(crate) use crate::bindings::plain::switchhook::handler::{config, events, key_value, log, recording, timers};
}
#[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
use crate::testing::imports;

pub use imports::{call, calls, http, playout, websocket};
pub(crate) use imports::{chat, config, events, key_value, log, messages, recording, timers};

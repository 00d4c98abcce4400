//! The host side of the handler contract, one file an interface. Each function is one step on the shared call.

mod audio_kit;
mod by_hand;
mod call;
mod calls;
mod chat;
mod convert;
mod events;
mod granted;
mod key_value;
mod network;
mod playout;
mod recording;
mod small;
mod wasi_http;

pub(crate) use by_hand::bind_by_hand;
pub(crate) use chat::chat_info;
pub(crate) use convert::call_info;
pub(crate) use wasi_http::{WasiHttpState, bind_wasi_http};

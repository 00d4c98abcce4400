//! The interfaces whose grant cannot be given yet: every function answers `NOT_GRANTED`.

use crate::bindings::{http, types, websocket};
use crate::state::GuestState;

pub(super) type Refused<T> = wasmtime::Result<Result<T, types::Failure>>;

pub(super) fn not_granted<T>(what: &str) -> Refused<T> {
    let message = format!("this plugin has no grant for {what}");
    Ok(Err(types::Failure { code: "NOT_GRANTED".to_string(), message }))
}

impl websocket::Host for GuestState {
    fn open(&mut self, _url: String, _headers: Vec<types::Field>) -> Refused<u32> {
        not_granted("websocket")
    }

    fn send(&mut self, _socket: u32, _message: types::Payload) -> Refused<()> {
        not_granted("websocket")
    }

    fn close(&mut self, _socket: u32, _code: u16, _reason: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl http::Host for GuestState {
    fn request(&mut self, _method: String, _url: String, _headers: Vec<types::Field>, _body: Vec<u8>) -> Refused<u32> {
        not_granted("http")
    }

    fn cancel(&mut self, _request: u32) -> wasmtime::Result<()> {
        Ok(())
    }
}

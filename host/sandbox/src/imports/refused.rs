//! The interfaces whose grant cannot be given yet: every function answers `NOT_GRANTED`.

use crate::bindings::{http, key_value, types, websocket};
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

impl key_value::Host for GuestState {
    fn get(&mut self, _key: String) -> Refused<Option<Vec<u8>>> {
        not_granted("key_value")
    }

    fn set(&mut self, _key: String, _value: Vec<u8>, _ttl_s: Option<u32>) -> Refused<()> {
        not_granted("key_value")
    }

    fn delete(&mut self, _key: String) -> Refused<()> {
        not_granted("key_value")
    }

    fn compare_and_set(
        &mut self,
        _key: String,
        _expected: Option<Vec<u8>>,
        _value: Vec<u8>,
        _ttl_s: Option<u32>,
    ) -> Refused<bool> {
        not_granted("key_value")
    }
}

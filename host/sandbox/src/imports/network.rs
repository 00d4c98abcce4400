//! `websocket` and `http`: for guests whose plugin may reach some host. Each is one step on the guest's connections.

use call::{Failure, NetworkEvent, Payload, Reach, code};

use super::convert::fields;
use super::granted::{Granted, not_granted};
use crate::bindings::{chat, http, types, websocket};
use crate::state::GuestState;

impl websocket::Host for GuestState {
    fn open(&mut self, url: String, headers: Vec<types::Field>) -> Granted<u32> {
        self.begin_reaching(|reach| reach.open(&url, &pairs(headers)))
    }

    fn send(&mut self, socket: u32, message: types::Payload) -> Granted<()> {
        let payload = match message {
            types::Payload::Text(text) => Payload::Text(text),
            types::Payload::Binary(bytes) => Payload::Binary(bytes),
        };
        self.begin_reaching(|reach| reach.send(socket, payload))
    }

    fn close(&mut self, socket: u32, code: u16, reason: String) -> wasmtime::Result<()> {
        self.reach(|reach| reach.close(socket, code, &reason)).map(drop)
    }
}

impl http::Host for GuestState {
    fn request(&mut self, method: String, url: String, headers: Vec<types::Field>, body: Vec<u8>) -> Granted<u32> {
        self.begin_reaching(|reach| reach.request(&method, &url, &pairs(headers), body))
    }

    fn cancel(&mut self, request: u32) -> wasmtime::Result<()> {
        self.reach(|reach| reach.cancel(request)).map(drop)
    }
}

impl GuestState {
    /// What may be refused, and begins nothing once the call is over.
    fn begin_reaching<T>(&mut self, ask: impl FnOnce(&mut dyn Reach) -> Result<T, Failure>) -> Granted<T> {
        if self.network.is_none() {
            return not_granted("hosts");
        }
        if self.served()?.is_over() {
            return Ok(Err(Failure::new(code::ENDED, "the call is over").into()));
        }
        if !self.memory.admits_network() {
            let text = "the tenant's guests have all the memory that they may have";
            return Ok(Err(Failure::new(code::FULL, text).into()));
        }
        let asked = self.reach(ask)?;
        Ok(asked.unwrap_or_else(|| Err(Failure::new(code::NOT_GRANTED, ""))).map_err(Into::into))
    }

    /// `None` without the grant.
    fn reach<T>(&mut self, ask: impl FnOnce(&mut dyn Reach) -> T) -> wasmtime::Result<Option<T>> {
        let Some(network) = &self.network else { return Ok(None) };
        Ok(Some(self.served()?.reach(&**network, ask)))
    }
}

fn pairs(fields: Vec<types::Field>) -> Vec<(String, String)> {
    fields.into_iter().map(|field| (field.name, field.value)).collect()
}

fn message(socket: u32, payload: Payload) -> types::SocketMessage {
    let payload = match payload {
        Payload::Text(text) => types::Payload::Text(text),
        Payload::Binary(bytes) => types::Payload::Binary(bytes),
    };
    types::SocketMessage { socket, payload }
}

fn head(request: u32, status: u16, headers: &[(String, String)]) -> types::HttpHead {
    types::HttpHead { request, status, headers: fields(headers) }
}

fn end(request: u32, value: Result<(), Failure>) -> types::HttpEnd {
    types::HttpEnd { request, value: value.map_err(Into::into) }
}

/// Both kinds of handlers are told the same.
macro_rules! told_as {
    ($event:ty) => {
        impl From<NetworkEvent> for $event {
            fn from(event: NetworkEvent) -> Self {
                match event {
                    NetworkEvent::SocketOpen(socket) => Self::SocketOpen(socket),
                    NetworkEvent::SocketMessage(socket, payload) => Self::SocketMessage(message(socket, payload)),
                    NetworkEvent::SocketWritable(socket) => Self::SocketWritable(socket),
                    NetworkEvent::SocketClosed(socket, code, reason) => {
                        Self::SocketClosed(types::SocketClosed { socket, code, reason })
                    }
                    NetworkEvent::HttpHead(request, status, headers) => Self::HttpHead(head(request, status, &headers)),
                    NetworkEvent::HttpBody(request, data) => Self::HttpBody(types::HttpBody { request, data }),
                    NetworkEvent::HttpEnd(request, value) => Self::HttpEnd(end(request, value)),
                }
            }
        }
    };
}

told_as!(types::Event);
told_as!(chat::ChatEvent);

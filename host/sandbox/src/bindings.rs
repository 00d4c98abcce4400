//! The handler contract as generated code: all worlds, one set of types and traits.
#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code; the WIT carries the documentation")]

pub mod plain {
    wasmtime::component::bindgen!({
        path: "../../wit/handler-0.1.0",
        world: "call-handler",
        imports: {
            "switchhook:handler/events": async | trappable,
            "switchhook:handler/recording": async | trappable,
            "switchhook:handler/key-value": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

pub mod awaiting {
    wasmtime::component::bindgen!({
        path: "../../wit/handler-0.1.0",
        world: "call-handler-async",
        exports: { default: async },
        with: { "switchhook:handler": crate::bindings::plain::switchhook::handler },
    });
}

pub mod chatting {
    wasmtime::component::bindgen!({
        path: "../../wit/handler-0.1.0",
        world: "message-handler",
        imports: {
            "switchhook:handler/chat": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: {
            "switchhook:handler/types": crate::bindings::plain::switchhook::handler::types,
            "switchhook:handler/timers": crate::bindings::plain::switchhook::handler::timers,
            "switchhook:handler/log": crate::bindings::plain::switchhook::handler::log,
            "switchhook:handler/config": crate::bindings::plain::switchhook::handler::config,
            "switchhook:handler/websocket": crate::bindings::plain::switchhook::handler::websocket,
            "switchhook:handler/http": crate::bindings::plain::switchhook::handler::http,
            "switchhook:handler/key-value": crate::bindings::plain::switchhook::handler::key_value,
            "switchhook:handler/audio-kit": crate::bindings::plain::switchhook::handler::audio_kit,
            "switchhook:handler/calls": crate::bindings::plain::switchhook::handler::calls,
        },
    });
}

pub use chatting::switchhook::handler::{chat, messages};
pub use plain::switchhook::handler::*;

//! The handler contract as generated code: both worlds, one set of types and traits.
#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code; the WIT carries the documentation")]

pub mod plain {
    wasmtime::component::bindgen!({
        path: "../../wit/handler-0.1.0",
        world: "call-handler",
        imports: {
            "switchhook:handler/events": async | trappable,
            "switchhook:handler/recording": async | trappable,
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

pub use plain::switchhook::handler::*;

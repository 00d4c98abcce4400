//! What `wit-bindgen` makes of `wit/handler-0.1.0`, untouched. The rest of the crate is the layer over it.

#![allow(missing_docs, reason = "the texts come from the .wit files, and not every item there has one")]
#![allow(unsafe_code, reason = "generated: the canonical ABI passes raw pointers")]
#![allow(unreachable_pub, reason = "generated: visibility is decided by the re-exports in lib.rs")]
#![allow(clippy::all, reason = "generated")]

/// The world `call-handler`.
pub mod plain {
    wit_bindgen::generate!({
        path: "../../wit/handler-0.1.0",
        world: "call-handler",
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_plain",
        default_bindings_module: "switchhook_guest::bindings::plain",
    });
}

/// The world `call-handler-async`: the same imports, so it borrows them, and an export that awaits.
#[cfg(feature = "async")]
pub mod awaiting {
    wit_bindgen::generate!({
        path: "../../wit/handler-0.1.0",
        world: "call-handler-async",
        with: {
            "switchhook:handler/types@0.1.0": super::plain::switchhook::handler::types,
            "switchhook:handler/events@0.1.0": super::plain::switchhook::handler::events,
            "switchhook:handler/call@0.1.0": super::plain::switchhook::handler::call,
            "switchhook:handler/playout@0.1.0": super::plain::switchhook::handler::playout,
            "switchhook:handler/timers@0.1.0": super::plain::switchhook::handler::timers,
            "switchhook:handler/log@0.1.0": super::plain::switchhook::handler::log,
            "switchhook:handler/config@0.1.0": super::plain::switchhook::handler::config,
            "switchhook:handler/recording@0.1.0": super::plain::switchhook::handler::recording,
            "switchhook:handler/websocket@0.1.0": super::plain::switchhook::handler::websocket,
            "switchhook:handler/http@0.1.0": super::plain::switchhook::handler::http,
            "switchhook:handler/key-value@0.1.0": super::plain::switchhook::handler::key_value,
            "switchhook:handler/audio-kit@0.1.0": super::plain::switchhook::handler::audio_kit,
            "switchhook:handler/calls@0.1.0": super::plain::switchhook::handler::calls,
        },
        pub_export_macro: true,
        export_macro_name: "export_awaiting",
        default_bindings_module: "switchhook_guest::bindings::awaiting",
    });
}

/// The world `message-handler`: what it shares with calls, it borrows.
pub mod chatting {
    wit_bindgen::generate!({
        path: "../../wit/handler-0.1.0",
        world: "message-handler",
        additional_derives: [PartialEq, Eq],
        with: {
            "switchhook:handler/types@0.1.0": super::plain::switchhook::handler::types,
            "switchhook:handler/timers@0.1.0": super::plain::switchhook::handler::timers,
            "switchhook:handler/log@0.1.0": super::plain::switchhook::handler::log,
            "switchhook:handler/config@0.1.0": super::plain::switchhook::handler::config,
            "switchhook:handler/websocket@0.1.0": super::plain::switchhook::handler::websocket,
            "switchhook:handler/http@0.1.0": super::plain::switchhook::handler::http,
            "switchhook:handler/key-value@0.1.0": super::plain::switchhook::handler::key_value,
            "switchhook:handler/audio-kit@0.1.0": super::plain::switchhook::handler::audio_kit,
            "switchhook:handler/calls@0.1.0": super::plain::switchhook::handler::calls,
        },
        pub_export_macro: true,
        export_macro_name: "export_chatting",
        default_bindings_module: "switchhook_guest::bindings::chatting",
    });
}

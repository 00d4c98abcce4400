//! How a function becomes the component's export.

/// Makes a function the handler of this component: `handler!(handle)` for a
/// `fn handle(call: CallInfo) -> Result<(), Failure>`.
///
/// Returning `Ok` while the call lives closes it. Returning `Err`, or panicking, hands the call to the operator's fault
/// policy. Returning without ever asking for an event counts as the fault `HANDLER_RETURNED`.
#[macro_export]
macro_rules! handler {
    ($handle:path) => {
        const _: () = {
            struct Handler;
            impl $crate::bindings::plain::Guest for Handler {
                fn handle(call: $crate::CallInfo) -> ::std::result::Result<(), $crate::Failure> {
                    $handle(call)
                }
            }
            $crate::bindings::plain::export_plain!(Handler);
        };
    };
}

/// Makes a function the chat handler of this component: `chat_handler!(handle)` for a
/// `fn handle(chat: ChatInfo) -> Result<(), Failure>`. A component may have this beside one of the others.
///
/// Returning `Ok` while the chat lives closes it, and so does returning `Err`, or panicking, as a fault. Returning without
/// ever asking for an event counts as the fault `HANDLER_RETURNED`.
#[macro_export]
macro_rules! chat_handler {
    ($handle:path) => {
        const _: () = {
            struct Handler;
            impl $crate::bindings::chatting::Guest for Handler {
                fn handle_chat(chat: $crate::chat::ChatInfo) -> ::std::result::Result<(), $crate::Failure> {
                    $handle(chat)
                }
            }
            $crate::bindings::chatting::export_chatting!(Handler);
        };
    };
}

/// Makes an `async fn` the handler of this component: `async_handler!(handle)` for an
/// `async fn handle(call: aio::Call) -> Result<(), Failure>`. It runs in the plain world `call-handler`, on the executor
/// of [`aio`](crate::aio).
///
/// Returning `Ok` while the call lives closes it; what was queued and not yet heard is lost then. Returning `Err`, or
/// panicking, hands the call to the operator's fault policy; `ENDED` and `LINK_LOST` of a call that is over do not.
#[macro_export]
macro_rules! async_handler {
    ($handle:path) => {
        const _: () = {
            struct Handler;
            impl $crate::bindings::plain::Guest for Handler {
                fn handle(call: $crate::CallInfo) -> ::std::result::Result<(), $crate::Failure> {
                    $crate::aio::run(call, $handle)
                }
            }
            $crate::bindings::plain::export_plain!(Handler);
        };
    };
}

/// Makes an `async fn` the handler of this component: `handler_async!(handle)` for an
/// `async fn handle(call: CallInfo) -> Result<(), Failure>`, in the world `call-handler-async`.
///
/// Waiting for events is the same plain function as in [`handler!`]; what the world adds is that `handle` may await.
/// Most handlers that await are better off with [`async_handler!`], which awaits the call itself.
#[cfg(feature = "async")]
#[macro_export]
macro_rules! handler_async {
    ($handle:path) => {
        const _: () = {
            struct Handler;
            impl $crate::bindings::awaiting::Guest for Handler {
                async fn handle(call: $crate::CallInfo) -> ::std::result::Result<(), $crate::Failure> {
                    $handle(call).await
                }
            }
            $crate::bindings::awaiting::export_awaiting!(Handler);
        };
    };
}

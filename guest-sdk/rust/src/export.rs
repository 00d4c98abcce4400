//! How a function becomes the component's export.

use crate::{Failure, code, events};

/// What a handler's return means, as the macros below tell it the host: a handler that gave up because the call is over
/// (`ENDED`, `LINK_LOST`) has ended well. The events up to the end are taken first, as the contract wishes.
///
/// # Errors
/// Any other failure of the handler.
pub fn settle(returned: Result<(), Failure>) -> Result<(), Failure> {
    match returned {
        Err(failure) if failure.is(code::ENDED) || failure.is(code::LINK_LOST) => {
            while events::next().is_some() {}
            Ok(())
        }
        other => other,
    }
}

/// Makes a function the handler of this component: `handler!(handle)` for a
/// `fn handle(call: CallInfo) -> Result<(), Failure>`.
///
/// Returning `Ok` while the call lives closes it. Returning `Err`, or panicking, hands the call to the operator's fault
/// policy; `ENDED` and `LINK_LOST` of a call that is over do not. Returning without ever asking for an event counts as the fault `HANDLER_RETURNED`.
#[macro_export]
macro_rules! handler {
    ($handle:path) => {
        const _: () = {
            struct Handler;
            impl $crate::bindings::plain::Guest for Handler {
                fn handle(call: $crate::CallInfo) -> ::std::result::Result<(), $crate::Failure> {
                    $crate::settle($handle(call))
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
                    $crate::settle($handle(call).await)
                }
            }
            $crate::bindings::awaiting::export_awaiting!(Handler);
        };
    };
}

//! The echo as native code in the host: what is left of its cost is the sandbox's.

use std::sync::Arc;

use call::{CommandKind, Event};
use sandbox::{GuestEnd, Plugin, Sandbox, SharedCall};

/// The same program as `plugins/echo`, without the sandbox around it.
pub fn echo(sandbox: &Arc<Sandbox>) -> Plugin {
    Plugin::native(sandbox, "native-echo", |call| Box::pin(serve(call)))
}

async fn serve(call: SharedCall) -> GuestEnd {
    if let Err(failure) = call.lock().command(CommandKind::Answer) {
        return GuestEnd::Failed(failure);
    }
    while let Some(event) = call.next().await {
        if let Event::Audio { channel: 0, pcm, .. } = event {
            // As in the component: what does not fit is dropped, and after the end nothing is taken.
            let _ = call.lock().play(&pcm);
        }
    }
    GuestEnd::Returned
}

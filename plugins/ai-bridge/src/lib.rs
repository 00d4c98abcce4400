//! ai-bridge: the caller talks with a realtime voice model.
//!
//! The model is reached while it rings, and the call is answered when it is ready: who cannot be reached fails the handler, and
//! the operator's fault policy has the call. The key to the model is put in by the host, and is never seen here.

mod bridge;
mod dialect;
mod playback;
mod settings;
mod sound;
mod tools;

use std::time::Duration;

use switchhook_guest::aio::{Call, Socket, timeout};
use switchhook_guest::{Failure, info};

use bridge::{Bridge, Left};
use settings::Settings;

switchhook_guest::async_handler!(ai_bridge);

/// For the goodbye to be heard. Longer: the call is closed all the same.
const GOODBYE_S_MAX: u64 = 30;

async fn ai_bridge(call: Call) -> Result<(), Failure> {
    let settings = Settings::read(&call)?;
    let socket = Socket::open(&settings.url, &[]).await?;
    let mut bridge = Bridge::new(call.clone(), settings, socket);
    bridge.ready().await?;
    call.answer().await?;
    bridge.begin();
    match bridge.talk().await? {
        Left::Ended => Ok(()),
        Left::Connected => {
            bridge.close().await;
            call.close().await
        }
        Left::Goodbye => {
            // Heard to its end: a mark behind it tells.
            if timeout(Duration::from_secs(GOODBYE_S_MAX), bridge.heard_out()).await.is_err() {
                info!("the goodbye takes too long");
            }
            bridge.close().await;
            call.close().await
        }
    }
}

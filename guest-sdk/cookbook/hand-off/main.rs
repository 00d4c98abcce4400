//! Hands the caller to a person and goes: by `transfer` where the carrier can, else to the number that was called.

use std::time::Duration;

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio, config, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    call.say(&audio::tone(440.0, 0.3, call.sample_rate_hz(), 500)).await?;
    let ring_time = Duration::from_secs(20);
    let handed = match config::get("person") {
        // Not every carrier can: ask, or be told `NOT_SUPPORTED`.
        Some(person) if call.can("transfer") => call.transfer(&person, ring_time).await,
        _ => call.connect(ring_time).await,
    };
    if let Err(failure) = handed {
        info!("nobody took the call: {}", failure.code);
        return call.hang_up().await;
    }
    // Connected parties stay together when their handler goes.
    call.close().await
}

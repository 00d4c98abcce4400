//! Takes no call of a number on the operator's list: `config = { blocked = "+15550111, +15550122" }`.

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio, config, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    let blocked = config::get("blocked").unwrap_or_default();
    if blocked.split(',').any(|number| number.trim() == call.info().caller) {
        info!("a blocked number");
        // Before the answer this ends the call: it is over for the caller, and was never answered.
        return call.close().await;
    }
    call.answer().await?;
    call.say(&audio::tone(880.0, 0.3, call.sample_rate_hz(), 500)).await?;
    call.close().await
}

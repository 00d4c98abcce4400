//! Records what the caller says until they press the hash key, and plays it to them. Needs the grant `recording`.

use std::time::Duration;

use switchhook_guest::aio::{Call, select, sleep};
use switchhook_guest::recording::{self, Side};
use switchhook_guest::{Failure, audio, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let mut keys = call.keys();
    call.say(&audio::tone(1_000.0, 0.3, call.sample_rate_hz(), 400)).await?;
    // The host writes the file; it is complete whatever becomes of the call.
    let reference = recording::start(Side::Heard)?;
    let hash = async { while keys.next().await != '#' {} };
    select(hash, sleep(Duration::from_secs(30))).await;
    recording::stop()?;
    info!("recorded {reference}");
    recording::play(&reference)?;
    call.heard().await?;
    call.close().await
}

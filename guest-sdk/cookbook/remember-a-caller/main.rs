//! Counts the calls of each number for thirty days. Needs the grant `key_value`.

use std::time::Duration;

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio, info, key_value};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let key = format!("calls/{}", call.info().caller);
    let month = Duration::from_secs(30 * 24 * 3_600);
    // Two calls of one number at once come to two: what came between is seen, and the change is made anew.
    let count = key_value::update(&key, Some(month), |before| {
        let before: u32 = before.and_then(|text| str::from_utf8(text).ok()?.parse().ok()).unwrap_or(0);
        (before + 1).to_string().into_bytes()
    })?;
    info!("this is call {} of this number", String::from_utf8_lossy(&count));
    let greeting_hz = if count == b"1" { 440.0 } else { 880.0 };
    call.say(&audio::tone(greeting_hz, 0.3, call.sample_rate_hz(), 500)).await?;
    call.close().await
}

//! Answers, says a tone, and says each key that the caller presses back.

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let rate_hz = call.sample_rate_hz();
    let mut keys = call.keys();
    call.say(&audio::tone(440.0, 0.3, rate_hz, 500)).await?;
    // A caller who hangs up ends this loop: nothing waits any longer than its call.
    loop {
        let key = keys.next().await;
        info!("the caller pressed {key}");
        call.say(&audio::dtmf::key_tone(key, 0.2, rate_hz, 200)).await?;
    }
}

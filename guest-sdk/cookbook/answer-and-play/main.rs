//! Answers, says a file, and hangs up.

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio};

switchhook_guest::async_handler!(handle);

const WELCOME: &[u8] = include_bytes!("../../../plugins/prompts/menu-welcome.wav");

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    // A file of any usual rate, at the rate of this call.
    let welcome = audio::Wav::read(WELCOME)?.at(call.sample_rate_hz());
    // Resolves when it was heard, not when it was queued.
    call.say(&welcome).await?;
    call.close().await
}

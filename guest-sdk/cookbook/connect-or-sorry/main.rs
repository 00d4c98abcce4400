//! Rings the number that was called; when nobody picks up, answers and says so.

use std::time::Duration;

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio, code};

switchhook_guest::async_handler!(handle);

const SORRY: &[u8] = include_bytes!("../../../plugins/prompts/menu-unanswered.wav");

async fn handle(call: Call) -> Result<(), Failure> {
    match call.connect(Duration::from_secs(15)).await {
        // The parties stay connected without this handler.
        Ok(()) => call.close().await,
        // A value like any other: the call is as it was.
        Err(failure) if failure.is(code::CALL_UNANSWERED) => {
            call.answer().await?;
            call.say(&audio::Wav::read(SORRY)?.at(call.sample_rate_hz())).await?;
            call.close().await
        }
        Err(failure) => Err(failure),
    }
}

//! Tells another service who called. Its key is put in by the host: it is not in here, and never will be.

use serde_json::json;
use switchhook_guest::aio::{Call, Request, timeout};
use switchhook_guest::{Failure, audio, warn};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let note = json!({ "caller": call.info().caller, "wants": "to be called back" }).to_string();
    // `authorization` is the host's: a handler that sets it here is refused with `INVALID`.
    let request = Request::post("https://notes.example.com/v1/notes", note).header("content-type", "application/json");
    let taken = match timeout(std::time::Duration::from_secs(3), request.send()).await {
        Ok(Ok(answer)) => answer.status == 201,
        Ok(Err(failure)) => {
            warn!("nobody took the note: {} {}", failure.code, failure.message);
            false
        }
        Err(_) => false,
    };
    let word_hz = if taken { 880.0 } else { 440.0 };
    call.say(&audio::tone(word_hz, 0.3, call.sample_rate_hz(), 500)).await?;
    call.close().await
}

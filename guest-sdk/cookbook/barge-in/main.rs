//! Falls silent as soon as the caller speaks, and knows what they can have heard by then.

use switchhook_guest::aio::{Call, Either, select};
use switchhook_guest::{Failure, audio, info};

switchhook_guest::async_handler!(handle);

const QUESTION: &[u8] = include_bytes!("../../../plugins/prompts/menu-welcome.wav");

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let question = audio::Wav::read(QUESTION)?.at(call.sample_rate_hz());
    match select(call.say(&question), call.speech()).await {
        Either::First(said) => drop(said?),
        // The one that lost was dropped, and an utterance that is dropped falls silent.
        Either::Second(()) => {
            let heard_ms = call.position().heard * 1_000 / u64::from(call.sample_rate_hz());
            info!("interrupted after {heard_ms} ms");
        }
    }
    info!("the call ended: {}", call.ended().await);
    Ok(())
}

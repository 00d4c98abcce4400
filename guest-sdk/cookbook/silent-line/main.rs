//! Hangs up on a line on which nobody has spoken for ten seconds.

use switchhook_guest::aio::Call;
use switchhook_guest::audio::{Voice, tone};
use switchhook_guest::{Failure, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let mut voice = Voice::new(call.sample_rate_hz());
    let mut audio = call.audio();
    while let Some(frame) = audio.next().await {
        // Single legs come on channels of their own beside the call's.
        if frame.channel == 0 && !voice.hear(&frame.pcm) && voice.quiet_ms() >= 10_000 {
            info!("nobody speaks; they spoke for {} ms", voice.spoken_ms());
            call.say(&tone(440.0, 0.3, call.sample_rate_hz(), 500)).await?;
            return call.hang_up().await;
        }
    }
    Ok(())
}

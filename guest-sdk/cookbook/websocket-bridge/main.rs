//! Gives the call's audio to a service behind a WebSocket, and says what comes back. Needs the grant of the host.

use switchhook_guest::aio::{Call, Either, Socket, select};
use switchhook_guest::{Failure, Payload, code, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    let rate = call.sample_rate_hz().to_string();
    let mut socket = Socket::open("wss://voice.example.com/v1/talk", &[("x-sample-rate-hz", &rate)]).await?;
    call.answer().await?;
    let mut audio = call.audio();
    loop {
        match select(audio.next(), socket.next()).await {
            Either::First(Some(frame)) if frame.channel == 0 => match socket.try_send(&Payload::Binary(frame.pcm)) {
                // A service that is behind misses this frame, and hears the next in time.
                Err(failure) if failure.is(code::FULL) => {}
                sent => sent?,
            },
            Either::First(Some(_)) => {}
            Either::First(None) => break,
            Either::Second(Some(Payload::Binary(pcm))) => drop(call.play(&pcm)?),
            // The service was interrupted: what is queued is not said any more.
            Either::Second(Some(Payload::Text(text))) if text == "clear" => drop(call.clear()),
            Either::Second(Some(Payload::Text(text))) => info!("it says {text}"),
            Either::Second(None) => {
                call.heard().await?;
                return call.close().await;
            }
        }
    }
    socket.close(1000, "the call is over").await;
    Ok(())
}

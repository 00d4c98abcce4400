//! The echo in the world `call-handler-async`: what differs is that `handle` may await.

use switchhook_guest::{AudioFrame, CallInfo, Event, Failure, call, events, play};

switchhook_guest::handler_async!(echo);

async fn echo(_call: CallInfo) -> Result<(), Failure> {
    call::answer()?;
    for event in events() {
        if let Event::Audio(frame) = event {
            say_back(frame).await;
        }
    }
    Ok(())
}

/// What is refused (the queue is full, the call is over) is let go.
async fn say_back(frame: AudioFrame) {
    if frame.channel == 0 {
        drop(play(&frame.pcm));
    }
}

//! The echo in the world `call-handler-async`: what differs is that `handle` may await.
//!
//! With the key `record` = `true` it records both sides of its call and logs `async-echo recorded`.

use switchhook_guest::recording::{self, Side};
use switchhook_guest::{AudioFrame, CallInfo, Event, Failure, call, config, events, info, play};

switchhook_guest::handler_async!(echo);

async fn echo(_call: CallInfo) -> Result<(), Failure> {
    call::answer()?;
    let recorded = config::parse("record").unwrap_or(false);
    if recorded {
        recording::start(Side::Both)?;
    }
    for event in events() {
        if let Event::Audio(frame) = event {
            say_back(frame).await;
        }
    }
    if recorded {
        recording::stop()?;
        info!("async-echo recorded");
    }
    Ok(())
}

/// What is refused (the queue is full, the call is over) is let go.
async fn say_back(frame: AudioFrame) {
    if frame.channel == 0 {
        drop(play(&frame.pcm));
    }
}

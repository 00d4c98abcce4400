//! The echo in the world `call-handler-async`: what differs is that `handle` may await.
//!
//! With the key `record` = `true` it records both sides of its call and logs `async-echo recorded`. With `remember` = `true` it
//! sets a key, reads it again and logs `async-echo remembers VALUE`. With `reach` = a URL it opens a WebSocket, sends `hello`
//! and logs `async-echo heard TEXT`. With `steps` it first asks other hosts by `wasi:http`, as the guest `wasi-http` does.

#[path = "../../wasi-http/src/steps/mod.rs"]
mod steps;

use switchhook_guest::recording::{self, Side};
use switchhook_guest::{AudioFrame, CallInfo, Event, Failure, Payload};
use switchhook_guest::{call, config, events, info, key_value, play, websocket};

switchhook_guest::handler_async!(echo);

async fn echo(_call: CallInfo) -> Result<(), Failure> {
    call::answer()?;
    let recorded = config::parse("record").unwrap_or(false);
    if recorded {
        recording::start(Side::Both)?;
    }
    if config::parse("remember").unwrap_or(false) {
        key_value::set("async", b"kept", None)?;
        let value = key_value::get("async")?.unwrap_or_default();
        info!("async-echo remembers {}", String::from_utf8_lossy(&value));
    }
    if let Some(url) = config::get("reach") {
        websocket::open(&url, &[])?;
    }
    if config::get("steps").is_some() {
        steps::run();
    }
    for event in events() {
        match event {
            Event::Audio(frame) => say_back(frame).await,
            Event::SocketOpen(socket) => websocket::send(socket, &Payload::Text("hello".into()))?,
            Event::SocketMessage(message) => {
                if let Payload::Text(text) = message.payload {
                    info!("async-echo heard {text}");
                }
            }
            _ => {}
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

//! A menu: a key cuts the question short; without one it is asked again, three times.

use std::time::Duration;

use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, audio, info};

switchhook_guest::async_handler!(handle);

async fn handle(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let tone = |hz| audio::tone(hz, 0.3, call.sample_rate_hz(), 600);
    let (question, thanks) = (tone(440.0), tone(880.0));
    // Keys that are pressed before they are asked for are kept.
    let mut keys = call.keys();
    for _ in 0..3 {
        match call.ask(&question, &mut keys, Duration::from_secs(4)).await? {
            Some(key @ ('1' | '2')) => {
                info!("the caller chose {key}");
                call.say(&thanks).await?;
                break;
            }
            Some(key) => info!("there is nothing behind {key}"),
            None => info!("no key came"),
        }
    }
    call.close().await
}

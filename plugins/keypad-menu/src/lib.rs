//! A menu by keys: a person, who may not pick up, or the opening hours.
//!
//! Keys are heard in band. The operator may set `ring_time_s`, `key_time_ms` and `misses`.

use std::time::Duration;

use switchhook_guest::aio::{Call, Either, select, sleep};
use switchhook_guest::{Failure, audio, code, config, info};

switchhook_guest::async_handler!(menu);

const WELCOME: &[u8] = include_bytes!("../../prompts/menu-welcome.wav");
const HOURS: &[u8] = include_bytes!("../../prompts/menu-hours.wav");
const INVALID: &[u8] = include_bytes!("../../prompts/menu-invalid.wav");
const UNANSWERED: &[u8] = include_bytes!("../../prompts/menu-unanswered.wav");
const GOODBYE: &[u8] = include_bytes!("../../prompts/goodbye.wav");

async fn menu(call: Call) -> Result<(), Failure> {
    let patience = Duration::from_millis(config::parse("key_time_ms").unwrap_or(4_000));
    let misses_max = config::parse("misses").unwrap_or(3);
    call.answer().await?;
    let mut keys = call.keys();
    let welcome = prompt(&call, WELCOME)?;
    let mut misses = 0;
    while misses < misses_max {
        match call.ask(&welcome, &mut keys, patience).await? {
            Some('1') => return reach_a_person(&call).await,
            Some('2') => {
                misses = 0;
                say(&call, HOURS).await?;
            }
            Some(key) => {
                misses += 1;
                info!("there is nothing behind the key {key}");
                say(&call, INVALID).await?;
            }
            None => misses += 1,
        }
    }
    say(&call, GOODBYE).await?;
    call.close().await
}

async fn reach_a_person(call: &Call) -> Result<(), Failure> {
    let ring_time = Duration::from_secs(config::parse("ring_time_s").unwrap_or(20));
    let connected = match select(call.connect(ring_time), ringing(call)).await {
        Either::First(outcome) => outcome,
        Either::Second(failure) => return Err(failure),
    };
    match connected {
        // The parties stay connected; this handler is needed no longer.
        Ok(()) => call.close().await,
        Err(failure) if failure.is(code::CALL_UNANSWERED) => {
            say(call, UNANSWERED).await?;
            call.close().await
        }
        Err(failure) => Err(failure),
    }
}

/// What is heard while it rings elsewhere: without end, until it is dropped, which silences it.
async fn ringing(call: &Call) -> Failure {
    let ring = audio::tone(425.0, 0.1, call.sample_rate_hz(), 1_000);
    loop {
        if let Err(failure) = call.say(&ring).await {
            return failure;
        }
        sleep(Duration::from_secs(4)).await;
    }
}

async fn say(call: &Call, file: &[u8]) -> Result<(), Failure> {
    let words = prompt(call, file)?;
    call.say(&words).await.map(drop)
}

fn prompt(call: &Call, file: &[u8]) -> Result<Vec<i16>, Failure> {
    Ok(audio::Wav::read(file)?.at(call.sample_rate_hz()))
}

#[cfg(test)]
mod tests;

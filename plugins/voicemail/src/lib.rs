//! Voicemail: a greeting that yields to whoever speaks, a message that the host records, and a word about it.
//!
//! Needs the grant `recording`. The operator may set `message_s_max`, `quiet_ms` and `key_time_ms`.

use std::time::Duration;

use switchhook_guest::aio::{Call, Either, Either3, Keys, select, select3, sleep};
use switchhook_guest::audio::Voice;
use switchhook_guest::recording::{self, Side};
use switchhook_guest::{Failure, audio, code, config, info, warn};

switchhook_guest::async_handler!(voicemail);

const GREETING: &[u8] = include_bytes!("../../prompts/voicemail-greeting.wav");
const OPTIONS: &[u8] = include_bytes!("../../prompts/voicemail-options.wav");
const DELETED: &[u8] = include_bytes!("../../prompts/voicemail-deleted.wav");
const KEPT: &[u8] = include_bytes!("../../prompts/voicemail-kept.wav");
const GOODBYE: &[u8] = include_bytes!("../../prompts/goodbye.wav");

/// Less than this is no message: a cough, or the key that ends it.
const MESSAGE_MS_MIN: u32 = 300;
/// How often the options are offered.
const OFFERS_MAX: u32 = 3;

async fn voicemail(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    // Whoever speaks into the greeting is leaving a message: dropped, the greeting falls silent, and no tone follows.
    if let Either::First(greeted) = select(greet(&call), call.speech()).await {
        greeted?;
    }
    let mut keys = call.keys();
    let reference = recording::start(Side::Heard)?;
    // From here on the host leaves a valid file, whatever becomes of the call or of this handler.
    let spoken_ms = message(&call, &mut keys).await;
    recording::stop()?;
    if spoken_ms < MESSAGE_MS_MIN {
        info!("no message");
        recording::delete(&reference)?;
        return leave(&call, GOODBYE).await;
    }
    info!("message {reference}");
    offer(&call, &mut keys, &reference).await
}

async fn greet(call: &Call) -> Result<(), Failure> {
    say(call, GREETING).await?;
    let tone = audio::tone(1_000.0, 0.3, call.sample_rate_hz(), 400);
    call.say(&tone).await.map(drop)
}

/// Listens until the hash key, a long silence, the end of the call, or the longest message. How long somebody spoke, ms.
async fn message(call: &Call, keys: &mut Keys) -> u32 {
    let longest = Duration::from_secs(config::parse("message_s_max").unwrap_or(20));
    let quiet_ms = config::parse("quiet_ms").unwrap_or(3_000);
    let mut voice = Voice::new(call.sample_rate_hz());
    let mut audio = call.audio();
    let silence = async {
        while let Some(frame) = audio.next().await {
            if frame.channel == 0 && !voice.hear(&frame.pcm) && voice.quiet_ms() >= quiet_ms {
                return;
            }
        }
    };
    let hash = async { while keys.next().await != '#' {} };
    match select3(hash, silence, sleep(longest)).await {
        Either3::First(()) => info!("ended by a key"),
        Either3::Second(()) => info!("ended by silence, or by the end of the call"),
        Either3::Third(()) => info!("ended by its length"),
    }
    voice.spoken_ms()
}

/// Lets the caller hear or delete the message.
async fn offer(call: &Call, keys: &mut Keys, reference: &str) -> Result<(), Failure> {
    let options = prompt(call, OPTIONS)?;
    let patience = Duration::from_millis(config::parse("key_time_ms").unwrap_or(4_000));
    let mut offers = 0;
    let mut pressed = None;
    while offers < OFFERS_MAX || pressed.is_some() {
        let key = match pressed.take() {
            Some(key) => Some(key),
            None => {
                offers += 1;
                call.ask(&options, keys, patience).await?
            }
        };
        match key {
            Some('1') => pressed = replay(call, keys, reference).await?,
            Some('3') => {
                recording::delete(reference)?;
                info!("deleted {reference}");
                return leave(call, DELETED).await;
            }
            Some(_) | None => {}
        }
    }
    leave(call, KEPT).await
}

/// Plays the message. A key silences it, and is given back.
async fn replay(call: &Call, keys: &mut Keys, reference: &str) -> Result<Option<char>, Failure> {
    match recording::play(reference) {
        Ok(()) => {}
        Err(failure) if failure.is(code::FULL) => {
            warn!("the message is longer than what can be played: {}", failure.message)
        }
        Err(failure) => return Err(failure),
    }
    match select(call.heard(), keys.next()).await {
        Either::First(heard) => heard.map(|_| None),
        Either::Second(key) => {
            call.clear();
            Ok(Some(key))
        }
    }
}

async fn leave(call: &Call, file: &[u8]) -> Result<(), Failure> {
    say(call, file).await?;
    call.close().await
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

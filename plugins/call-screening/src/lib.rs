//! Screens a number's calls: asks who calls and why, whispers that to the callee, and lets a key of theirs decide.
//!
//! Needs the grants `recording` and `key_value`, and `audio_mode = "isolated"`. README.md names its settings.

use std::time::Duration;

use switchhook_guest::aio::{Call, Either, Keys, select, sleep};
use switchhook_guest::audio::Voice;
use switchhook_guest::recording::{self, Side};
use switchhook_guest::{CallInfo, Failure, audio, code, config, info, key_value, warn};

switchhook_guest::async_handler!(screen);

const ASK: &[u8] = include_bytes!("../../prompts/screen-ask.wav");
const HOLD: &[u8] = include_bytes!("../../prompts/screen-hold.wav");
const SAYS: &[u8] = include_bytes!("../../prompts/screen-says.wav");
const OPTIONS: &[u8] = include_bytes!("../../prompts/screen-options.wav");
const REFUSED: &[u8] = include_bytes!("../../prompts/screen-refused.wav");
const MESSAGE: &[u8] = include_bytes!("../../prompts/screen-message.wav");
const UNANSWERED: &[u8] = include_bytes!("../../prompts/menu-unanswered.wav");
const KEPT: &[u8] = include_bytes!("../../prompts/voicemail-kept.wav");
const GOODBYE: &[u8] = include_bytes!("../../prompts/goodbye.wav");

/// The channel of the callee's leg.
const CALLEE: u8 = 2;
/// Less than this is no word: a cough, ms.
const WORDS_MS_MIN: u32 = 300;
/// Who has not begun to speak after so long says nothing, ms.
const BEGIN_MS_MAX: u32 = 5_000;
/// How often the callee is asked.
const OFFERS_MAX: u32 = 2;
/// What is remembered of a caller.
const ALLOW: &str = "allow";
const BLOCK: &str = "block";

async fn screen(call: Call) -> Result<(), Failure> {
    if !call.info().audio.channels.contains(&CALLEE) {
        return Err(Failure::new(code::NOT_SUPPORTED, "the callee's keys need audio_mode = \"isolated\""));
    }
    let entry = entry(call.info());
    match known(entry.as_deref())?.as_deref() {
        Some(BLOCK) => {
            info!("this caller is blocked");
            return call.hang_up().await;
        }
        Some(ALLOW) => return put_through(&call).await,
        _ => {}
    }
    call.answer().await?;
    say(&call, ASK).await?;
    let Some(words) = record(&call, "words_s_max", 8).await? else { return leave(&call, GOODBYE).await };
    say(&call, HOLD).await?;
    let mut keys = call.keys_on(CALLEE);
    match select(call.connect(ring_time()), ringing(&call)).await {
        Either::First(Err(failure)) if failure.is(code::CALL_UNANSWERED) => return take_message(&call).await,
        Either::First(connected) => connected?,
        Either::Second(failure) => return Err(failure),
    }
    call.whisper().await?;
    match decide(&call, &mut keys, &words).await? {
        Some('1') => take(&call, &words).await,
        Some('2') => {
            remember(entry.as_deref(), ALLOW);
            take(&call, &words).await
        }
        Some('4') => {
            remember(entry.as_deref(), BLOCK);
            discard(&words);
            refuse(&call, GOODBYE).await
        }
        _ => refuse(&call, REFUSED).await,
    }
}

/// The name under which a caller is remembered, for this callee alone. A number that is withheld has none.
fn entry(info: &CallInfo) -> Option<String> {
    let shown = info.caller.chars().any(|letter| letter.is_ascii_digit());
    shown.then(|| format!("{}/{}", info.callee, info.caller))
}

/// What was decided for good. A store that fails is no reason to refuse a call.
fn known(entry: Option<&str>) -> Result<Option<String>, Failure> {
    match entry.map_or(Ok(None), key_value::get) {
        Err(failure) if !failure.is(code::NOT_GRANTED) => {
            warn!("the lists cannot be read: {}", failure.code);
            Ok(None)
        }
        value => value.map(|value| value.and_then(|bytes| String::from_utf8(bytes).ok())),
    }
}

fn remember(entry: Option<&str>, decision: &str) {
    if let Some(Err(failure)) = entry.map(|entry| key_value::set(entry, decision.as_bytes(), None)) {
        warn!("{decision} is not remembered: {}", failure.code);
    }
}

/// Rings at once, without a question. The caller hears the telephone ring.
async fn put_through(call: &Call) -> Result<(), Failure> {
    match call.connect(ring_time()).await {
        Err(failure) if failure.is(code::CALL_UNANSWERED) => {
            call.answer().await?;
            take_message(call).await
        }
        connected => {
            connected?;
            call.close().await
        }
    }
}

/// Says a tone, and records what the caller says then: the reference, if it was something.
async fn record(call: &Call, setting: &str, s_max: u64) -> Result<Option<String>, Failure> {
    call.say(&audio::tone(1_000.0, 0.3, call.sample_rate_hz(), 400)).await?;
    let longest = Duration::from_secs(config::parse(setting).unwrap_or(s_max));
    let quiet_ms = config::parse("quiet_ms").unwrap_or(1_500);
    let mut voice = Voice::new(call.sample_rate_hz());
    let mut audio = call.audio();
    // From here on the host leaves a valid file, whatever becomes of the call or of this handler.
    let reference = recording::start(Side::Heard)?;
    let silence = async {
        while let Some(frame) = audio.next().await {
            let enough_ms = if voice.spoken_ms() == 0 { BEGIN_MS_MAX } else { quiet_ms };
            if frame.channel == 0 && !voice.hear(&frame.pcm) && voice.quiet_ms() >= enough_ms {
                return;
            }
        }
    };
    select(silence, sleep(longest)).await;
    recording::stop()?;
    if voice.spoken_ms() < WORDS_MS_MIN {
        discard(&reference);
        return Ok(None);
    }
    info!("said {reference}");
    Ok(Some(reference))
}

fn discard(words: &str) {
    if let Err(failure) = recording::delete(words) {
        warn!("{words} is not deleted: {}", failure.code);
    }
}

/// Whispers who calls and what can be done. The key of the callee, if one came.
async fn decide(call: &Call, keys: &mut Keys, words: &str) -> Result<Option<char>, Failure> {
    let patience = Duration::from_millis(config::parse("key_time_ms").unwrap_or(5_000));
    for _ in 0..OFFERS_MAX {
        let offer = async {
            say(call, SAYS).await?;
            recording::play(words)?;
            call.heard().await?;
            say(call, OPTIONS).await?;
            sleep(patience).await;
            Ok::<(), Failure>(())
        };
        match select(keys.next(), offer).await {
            Either::First(key) => {
                call.clear();
                info!("the callee pressed {key}");
                if ('1'..='4').contains(&key) {
                    return Ok(Some(key));
                }
            }
            Either::Second(over) => over?,
        }
    }
    Ok(None)
}

/// Leaves the two to themselves.
async fn take(call: &Call, words: &str) -> Result<(), Failure> {
    discard(words);
    call.close().await
}

/// Both hear it: there is no way to speak to the caller alone.
async fn refuse(call: &Call, file: &[u8]) -> Result<(), Failure> {
    call.barge().await?;
    say(call, file).await?;
    call.disconnect().await
}

async fn take_message(call: &Call) -> Result<(), Failure> {
    say(call, UNANSWERED).await?;
    say(call, MESSAGE).await?;
    let message = record(call, "message_s_max", 60).await?;
    leave(call, if message.is_some() { KEPT } else { GOODBYE }).await
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

fn ring_time() -> Duration {
    Duration::from_secs(config::parse("ring_time_s").unwrap_or(20))
}

async fn leave(call: &Call, file: &[u8]) -> Result<(), Failure> {
    say(call, file).await?;
    call.close().await
}

async fn say(call: &Call, file: &[u8]) -> Result<(), Failure> {
    let words = audio::Wav::read(file)?.at(call.sample_rate_hz());
    call.say(&words).await.map(drop)
}

#[cfg(test)]
mod tests;

//! Calls back whoever asks for it: by a key in a call, or by a word in a chat.
//!
//! It needs the grant `calls`. The operator may set `plugin` (who handles the call back, this plugin unless set), `word`,
//! `api_version` and `ring_time_s`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Value, json};
use switchhook_guest::aio::Call;
use switchhook_guest::chat::{self, ChatEvent, ChatInfo};
use switchhook_guest::{Failure, PlacedStep, audio, calls, code, config, info, warn};

switchhook_guest::async_handler!(handle);
switchhook_guest::chat_handler!(write);

/// Who handles the call back, unless it is configured.
const PLUGIN: &str = "call-back";

async fn handle(call: Call) -> Result<(), Failure> {
    if call.info().outbound { talk(call).await } else { take_wish(call).await }
}

/// Two tones ask for the key 1. The call back is placed when this call is over, for until then their line is busy.
async fn take_wish(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    let mut keys = call.keys();
    let question = tones(&call, &[440.0, 660.0]);
    let wished = call.ask(&question, &mut keys, Duration::from_secs(8)).await? == Some('1');
    call.say(&tones(&call, if wished { &[660.0, 880.0] } else { &[440.0, 330.0] })).await?;
    let closed = call.close().await;
    if wished {
        call.place(&call.info().caller, &plugin()).map(drop).unwrap_or_else(|failure| {
            warn!("nobody is called back: {} {}", failure.code, failure.message);
        });
    }
    closed
}

/// They picked up: they are greeted, and connected.
async fn talk(call: Call) -> Result<(), Failure> {
    call.answer().await?;
    call.say(&tones(&call, &[660.0, 880.0])).await?;
    let ring_time = Duration::from_secs(config::parse("ring_time_s").unwrap_or(20));
    match call.connect(ring_time).await {
        Ok(()) => call.close().await,
        Err(failure) if failure.is(code::CALL_UNANSWERED) => {
            call.say(&tones(&call, &[440.0, 330.0])).await?;
            call.close().await
        }
        Err(failure) => Err(failure),
    }
}

fn tones(call: &Call, frequencies_hz: &[f32]) -> Vec<i16> {
    frequencies_hz.iter().flat_map(|hz| audio::tone(*hz, 0.3, call.sample_rate_hz(), 250)).collect()
}

/// A word asks for the call; what becomes of it is written.
fn write(chat: ChatInfo) -> Result<(), Failure> {
    let word = config::get("word").unwrap_or_else(|| "call".to_owned());
    for event in chat::events() {
        match event {
            ChatEvent::Message(message) if asks(&message.content, &word) => {
                let text = match calls::place(&chat.remote, &plugin()) {
                    Ok(_) => "We are calling you.",
                    Err(failure) => {
                        warn!("nobody is called: {} {}", failure.code, failure.message);
                        "We cannot call you at the moment."
                    }
                };
                say(text)?;
            }
            ChatEvent::Placed(step) => tell(&step)?,
            ChatEvent::Outcome(outcome) => {
                if let Err(failure) = outcome.value {
                    warn!("{} failed: {}", outcome.name, failure.code);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn asks(content: &str, word: &str) -> bool {
    let content = serde_json::from_str::<Value>(content).unwrap_or_default();
    let text = content["text"].as_str().or_else(|| content["text"]["body"].as_str()).unwrap_or_default();
    text.split(|letter: char| !letter.is_alphanumeric()).any(|said| said.eq_ignore_ascii_case(word))
}

fn tell(step: &PlacedStep) -> Result<(), Failure> {
    match &step.value {
        Err(failure) => {
            info!("they could not be reached: {}", failure.code);
            say("We could not reach you.")
        }
        Ok(_) if step.step == "ended" => say("Thank you for the call."),
        Ok(_) => Ok(()),
    }
}

fn say(text: &str) -> Result<(), Failure> {
    let api_version = config::get("api_version").unwrap_or_else(|| "v1".to_owned());
    match chat::send(&api_version, &json!({ "text": text }).to_string()) {
        // The chat is ending, or too much is under way.
        Err(failure) if [code::ENDED, code::NOT_NOW, code::FULL].iter().any(|code| failure.is(code)) => Ok(()),
        other => other.map(drop),
    }
}

fn plugin() -> String {
    config::get("plugin").unwrap_or_else(|| PLUGIN.to_owned())
}

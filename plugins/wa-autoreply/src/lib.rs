//! Answers chat messages by keyword, and closes the chat when somebody says goodbye.

mod replies;
#[cfg(test)]
mod tests;

use serde_json::Value;
use switchhook_guest::chat::{self, ChatEvent, ChatInfo};
use switchhook_guest::{Failure, code, config, info, warn};

use replies::Replies;

/// Version of the messages' form, unless `api_version` is configured.
const API_VERSION: &str = "v1";

switchhook_guest::chat_handler!(answer);

fn answer(chat: ChatInfo) -> Result<(), Failure> {
    let get = |key: &str| config::get(key).unwrap_or_default();
    let replies = Replies::new(&get("replies"), config::get("otherwise"));
    let goodbye = config::get("goodbye").unwrap_or_else(|| "bye".to_owned());
    let api_version = config::get("api_version").unwrap_or_else(|| API_VERSION.to_owned());
    info!("a chat on {} begins", chat.network);
    for event in chat::events() {
        match event {
            ChatEvent::Message(message) => {
                let Ok(content) = serde_json::from_str::<Value>(&message.content) else { continue };
                let Some(text) = replies::text_of(&content) else { continue };
                if let Some(reply) = replies.to(text) {
                    let reply = replies::in_form_of(&content, reply).to_string();
                    refused(chat::send(&api_version, &reply))?;
                }
                if replies::says(text, &goodbye) {
                    refused(chat::close())?;
                }
            }
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

/// What is refused because the chat is ending, or because too much is under way, is left out.
fn refused(accepted: Result<u32, Failure>) -> Result<(), Failure> {
    match accepted {
        Err(failure) if [code::ENDED, code::NOT_NOW, code::FULL].iter().any(|code| failure.is(code)) => Ok(()),
        other => other.map(drop),
    }
}

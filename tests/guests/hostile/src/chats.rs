//! Chats that go wrong, or do one small thing.

use std::time::Duration;

use switchhook_guest::chat::{self, ChatEvent, ChatInfo};
use switchhook_guest::{Failure, config, info};

pub(crate) fn run(_chat: ChatInfo) -> Result<(), Failure> {
    match config::get("mode").unwrap_or_default().as_str() {
        "chat-echo" => echo(),
        "chat-spin" => loop {
            std::hint::black_box(());
        },
        "chat-deaf" => {
            // It asks for one event and then never again, though it lets the time pass.
            chat::next();
            std::thread::sleep(Duration::from_secs(3_600));
            Ok(())
        }
        "chat-remember" => crate::remember::in_chat(),
        "chat-reach" => crate::reach::in_chat(),
        "chat-place" => crate::placing::from_chat(),
        "chat-flood" => flood(),
        "chat-return" => chat::next().map_or(Ok(()), |_| Ok(())),
        "chat-wrong-interface" => {
            chat::next();
            switchhook_guest::call::answer().map(drop)
        }
        other => Err(Failure::new("UNKNOWN_MODE", format!("no chat mode `{other}`"))),
    }
}

fn echo() -> Result<(), Failure> {
    let mut waiting = std::collections::VecDeque::new();
    let mut goodbye = false;
    for event in chat::events() {
        match event {
            ChatEvent::Message(message) => {
                if message.lost > 0 {
                    info!("lost {}", message.lost);
                }
                goodbye |= message.content.contains("\"bye\"");
                waiting.push_back(message.content);
            }
            ChatEvent::Outcome(outcome) => {
                info!("outcome {} {}", outcome.name, outcome.value.map_or_else(|f| f.code, |_| "OK".into()));
            }
            ChatEvent::Closed(why) => info!("closed {why}"),
            _ => {}
        }
        while chat::room() > 0
            && let Some(content) = waiting.pop_front()
        {
            if let Err(failure) = chat::send("v1", &content) {
                info!("refused {}", failure.code);
            }
        }
        if goodbye && waiting.is_empty() {
            goodbye = false;
            drop(chat::close());
        }
    }
    Ok(())
}

/// Sends until it is refused, for ever.
fn flood() -> Result<(), Failure> {
    chat::next();
    let mut taken = 0;
    loop {
        match chat::send("v1", "{\"text\":\"flood\"}") {
            Ok(_) => taken += 1,
            Err(failure) => {
                info!("flood {taken} then {}", failure.code);
                if chat::events().any(|event| matches!(event, ChatEvent::Closed(_))) {
                    return Ok(());
                }
            }
        }
    }
}

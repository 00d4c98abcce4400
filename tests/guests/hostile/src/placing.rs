//! Placing calls and chats: one and what becomes of it, or as many as the host takes.

use switchhook_guest::chat::{self, ChatEvent};
use switchhook_guest::{Event, Failure, PlacedStep, RequestId, calls, config, events, info};

use crate::support::{answered, until_the_end};

/// One call, or chat, as the configuration says, and every step of it.
pub(crate) fn place() -> Result<(), Failure> {
    answered()?;
    if place_configured().is_none() {
        until_the_end();
    }
    for event in events() {
        if let Event::Placed(step) = event {
            tell(&step);
        }
    }
    Ok(())
}

/// The same, when its own call is over.
pub(crate) fn place_late() -> Result<(), Failure> {
    answered()?;
    until_the_end();
    place_configured();
    Ok(())
}

/// Until it is refused.
pub(crate) fn flood() -> Result<(), Failure> {
    answered()?;
    let mut taken = 0;
    let refused = loop {
        match place_one() {
            Ok(_) => taken += 1,
            Err(failure) => break failure,
        }
    };
    info!("placed {taken} then {}", refused.code);
    until_the_end();
    Ok(())
}

/// From a chat, for each message.
pub(crate) fn from_chat() -> Result<(), Failure> {
    for event in chat::events() {
        match event {
            ChatEvent::Message(_) => drop(place_configured()),
            ChatEvent::Placed(step) => tell(&step),
            _ => {}
        }
    }
    Ok(())
}

fn place_configured() -> Option<RequestId> {
    match place_one() {
        Ok(request) => Some(request),
        Err(failure) => {
            info!("placing refused {}", failure.code);
            None
        }
    }
}

fn place_one() -> Result<RequestId, Failure> {
    let get = |key: &str| config::get(key).unwrap_or_default();
    let (to, plugin) = (get("to"), get("plugin"));
    if config::get("chat").is_some() { calls::begin_chat(&to, &plugin) } else { calls::place(&to, &plugin) }
}

fn tell(step: &PlacedStep) {
    match &step.value {
        Ok(detail) => info!("step {} {} {detail}", step.request, step.step),
        Err(failure) => info!("step {} {} {}", step.request, step.step, failure.code),
    }
}

//! Asks other hosts by `wasi:http` instead of the contract's `http`, as code does that was not written for calls.
//!
//! The key `steps` is a list of what it does once the call is answered; README.md has the steps and what they log.

mod steps;

use switchhook_guest::chat::{self, ChatInfo};
use switchhook_guest::{CallInfo, Event, Failure, call, events, play};

switchhook_guest::handler!(run);
switchhook_guest::chat_handler!(run_chat);

fn run(_: CallInfo) -> Result<(), Failure> {
    let answer = call::answer()?;
    for event in events() {
        if matches!(event, Event::Outcome(outcome) if outcome.command == answer) {
            break;
        }
    }
    steps::run();
    for event in events() {
        if let Event::Audio(frame) = &event {
            drop(play(&frame.pcm));
        }
    }
    Ok(())
}

fn run_chat(_: ChatInfo) -> Result<(), Failure> {
    chat::next();
    steps::run();
    while chat::next().is_some() {}
    Ok(())
}

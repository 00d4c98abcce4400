//! Asks other hosts by `wasi:http` instead of the contract's `http`, as code does that was not written for calls.
//!
//! The key `steps` is a list of what it does once the call is answered; README.md has the steps and what they log.

mod ask;
mod hoard;

use std::time::Duration;

use switchhook_guest::chat::{self, ChatInfo};
use switchhook_guest::{CallInfo, Event, Failure, call, config, events, info, next, play};

use ask::Asker;

switchhook_guest::handler!(run);
switchhook_guest::chat_handler!(run_chat);

fn run(_: CallInfo) -> Result<(), Failure> {
    let answer = call::answer()?;
    for event in events() {
        if matches!(event, Event::Outcome(outcome) if outcome.command == answer) {
            break;
        }
    }
    steps();
    for event in events() {
        if let Event::Audio(frame) = &event {
            drop(play(&frame.pcm));
        }
    }
    Ok(())
}

fn run_chat(_: ChatInfo) -> Result<(), Failure> {
    chat::next();
    steps();
    while chat::next().is_some() {}
    Ok(())
}

fn steps() {
    let mut asker = Asker::default();
    for step in config::get("steps").unwrap_or_default().split_whitespace() {
        let (name, argument) = step.split_once(':').unwrap_or((step, ""));
        match name {
            "header" => asker.header(argument),
            "body" => asker.body(argument.parse().unwrap_or(0)),
            "unfinished" => asker.unfinished(),
            "within" => asker.within(Duration::from_millis(argument.parse().unwrap_or(0))),
            "get" | "post" | "trace" => info!("wasi-http {name} {}", asker.ask(name, argument)),
            "begin" => info!("wasi-http begin {}", asker.begin(argument)),
            "drop" => asker.forget(),
            "next" => info!("wasi-http next {}", if next().is_some() { "event" } else { "over" }),
            "long" => info!("wasi-http long {}", hoard::long()),
            "hoard" => hoard::fields(),
            other => info!("wasi-http has no step {other}"),
        }
    }
    info!("wasi-http done");
}

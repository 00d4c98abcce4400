//! Keys and values, step by step, in a call or a chat.

use std::time::Duration;

use switchhook_guest::chat::{self, ChatEvent};
use switchhook_guest::{Event, Failure, config, events, info, key_value, timers};

use crate::support::{answered, code, until_the_end};

/// Answers, runs the steps, and stays to the end.
pub(crate) fn in_call() -> Result<(), Failure> {
    answered()?;
    steps(|id| drop(events().find(|event| matches!(event, Event::Timer(timer) if *timer == id))));
    until_the_end();
    Ok(())
}

/// The same in a chat, once somebody writes.
pub(crate) fn in_chat() -> Result<(), Failure> {
    chat::next();
    steps(|id| drop(chat::events().find(|event| matches!(event, ChatEvent::Timer(timer) if *timer == id))));
    while chat::next().is_some() {}
    Ok(())
}

/// Runs the comma-separated list in the key `steps`: `get:KEY`, `set:KEY=VALUE`, `brief:KEY=VALUE` (for ten seconds),
/// `delete:KEY`, `swap:KEY=OLD>NEW` (without OLD: absent), `long-key:BYTES`, `long-value:BYTES`, `count:TIMES` (adds one to `count`, so often),
/// `flood:KEYS` (of a kibibyte, one after the other, until one is refused), `wait:MS`. Logs `remember NAME CODE`, and of
/// what was read `remember get VALUE`, or `remember get -`.
fn steps(wait_for: impl Fn(u32)) {
    for step in config::get("steps").unwrap_or_default().split(',') {
        let (name, argument) = step.trim().split_once(':').unwrap_or((step.trim(), ""));
        let (key, value) = argument.split_once('=').unwrap_or((argument, ""));
        let number = argument.parse().unwrap_or_default();
        let done = match name {
            "get" => match key_value::get(key) {
                Ok(value) => {
                    let value = value.map_or_else(|| "-".into(), |value| String::from_utf8_lossy(&value).into_owned());
                    info!("remember get {value}");
                    continue;
                }
                Err(failure) => Err(failure),
            },
            "set" => key_value::set(key, value.as_bytes(), None),
            "brief" => key_value::set(key, value.as_bytes(), Some(Duration::from_secs(10))),
            "delete" => key_value::delete(key),
            "swap" => {
                let (old, new) = value.split_once('>').unwrap_or(("", value));
                let old = (!old.is_empty()).then_some(old.as_bytes());
                let swapped = key_value::compare_and_set(key, old, new.as_bytes(), None);
                swapped.map(|swapped| info!("remember swapped {swapped}"))
            }
            "long-key" => key_value::set(&"k".repeat(number), b"v", None),
            "long-value" => key_value::set("long", &vec![b'v'; number], None),
            "count" => (0..number).try_for_each(|_| count()),
            "flood" => flood(number),
            "wait" => timers::after(Duration::from_millis(number as u64)).map(&wait_for),
            other => Err(Failure::new("UNKNOWN_STEP", format!("the list names `{other}`"))),
        };
        info!("remember {name} {}", code(&done));
    }
    info!("remember done");
}

/// Adds one to what others add to as well.
fn count() -> Result<(), Failure> {
    let counted = key_value::update("count", None, |before| {
        let text = before.and_then(|text| std::str::from_utf8(text).ok());
        let next = text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default() + 1;
        next.to_string().into_bytes()
    });
    counted.map(drop)
}

fn flood(keys: usize) -> Result<(), Failure> {
    (0..keys).try_for_each(|key| key_value::set(&key.to_string(), &[b'v'; 1_024], None))
}

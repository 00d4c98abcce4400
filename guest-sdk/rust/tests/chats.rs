//! Handlers of chats, over the host in memory.

use std::time::Duration;

use switchhook_guest::chat::{self, ChatEvent, ChatInfo, ChatWaited};
use switchhook_guest::testing::Person;
use switchhook_guest::{Failure, calls, code, config, info, timers};

fn echo(_chat: ChatInfo) -> Result<(), Failure> {
    for event in chat::events() {
        if let ChatEvent::Message(message) = event {
            chat::send("v1", &message.content)?;
        }
    }
    Ok(())
}

#[test]
fn messages_are_answered_in_order() {
    let report =
        Person::new().writes("one").writes("two").is_answered().writes("three").waits_ms(100).leaves().run(echo);
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.read(), ["one", "two", "three"]);
    assert_eq!(report.end, "session-closed");
}

#[test]
fn one_message_is_under_way_at_a_time() {
    let report = Person::new().answers(1_000, Ok(None)).answers(500, Ok(None)).run(|_| {
        let first = chat::send("v1", "{}")?;
        let second = chat::send("v1", "{}")?;
        let close = chat::close()?;
        assert!(chat::send("v1", "{}").expect_err("it is being closed").is(code::NOT_NOW));
        let outcomes = chat::events().filter_map(|event| match event {
            ChatEvent::Outcome(outcome) => Some(outcome.command),
            _ => None,
        });
        assert_eq!(outcomes.collect::<Vec<_>>(), [first, second, close]);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.duration, Duration::from_millis(1_520));
    assert_eq!((report.end.as_str(), report.closes), ("closed", 1));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let report = Person::new().run(|_| {
        for bad in ["", "1", "{", "[]", "\"text\""] {
            assert!(chat::send("v1", bad).expect_err(bad).is(code::INVALID));
        }
        assert!(chat::send("v1", &format!("{{\"a\":\"{}\"}}", "x".repeat(64 << 10))).is_err());
        while chat::send("v1", "{}").is_ok() {}
        assert_eq!(chat::room(), 0);
        Ok(())
    });
    assert_eq!(report.sent.len(), 32);
}

#[test]
fn a_failed_message_and_a_refused_close_are_told() {
    let refused = Failure::new("INVALID_PAYLOAD", "{}");
    let report = Person::new().answers(50, Err(refused.clone())).refuses_close(refused).run(|_| {
        chat::send("v1", "{}")?;
        chat::close()?;
        for event in chat::events() {
            if let ChatEvent::Outcome(outcome) = event {
                info!("{} {}", outcome.name, outcome.value.is_ok());
                if outcome.name == "close" && outcome.value.is_err() {
                    chat::close()?;
                }
            }
        }
        Ok(())
    });
    let lines: Vec<&str> = report.log.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(lines, ["send false", "close false", "close true"]);
    assert!(report.read().is_empty());
}

#[test]
fn time_passes_while_it_waits() {
    let report = Person::new().config("pause_ms", "1500").gives_up_after_ms(10_000).run(|_| {
        let pause_ms: u64 = config::parse("pause_ms").expect("a number");
        timers::after(Duration::from_millis(pause_ms))?;
        assert!(matches!(chat::next_within(Duration::from_secs(1)), ChatWaited::TimedOut));
        assert!(matches!(chat::next(), Some(ChatEvent::Timer(_))));
        assert!(matches!(chat::next(), Some(ChatEvent::Closed(reason)) if reason == "idle"));
        assert!(chat::next().is_none());
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.duration, Duration::from_secs(10));
}

#[test]
fn a_chat_starts_a_call() {
    let person = Person::new().grants_calls().placed_talks(2_000, 3_000).writes("call me");
    let report = person.run(|chat| {
        for event in chat::events() {
            match event {
                ChatEvent::Message(_) => drop(calls::place(&chat.remote, "greeter")?),
                ChatEvent::Placed(step) => info!("{}", step.step),
                _ => {}
            }
        }
        Ok(())
    });
    let lines: Vec<&str> = report.log.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(lines, ["claimed", "answered", "ended"]);
    assert_eq!(report.placed[0].to, "+15550100");
}

//! What holds for every chat: order, bounds, outcomes and ends.

use std::time::{Duration, Instant};

use call::limits::{CHAT_INBOX_MESSAGES_MAX, COMMANDS_OPEN_MAX, MESSAGE_OUT_BYTES_MAX, MESSAGE_WAIT_MS_MAX};
use call::{Chat, ChatConfig, ChatEnd, ChatEvent, ChatInfo, CommandId, Failure, Next, code};

const S: Duration = Duration::from_secs(1);
const TEXT: &str = r#"{"text":"hello"}"#;

fn chat() -> Chat {
    Chat::new(ChatConfig { info: ChatInfo::default(), idle_max: 3_600 * S }, Instant::now())
}

fn events(chat: &mut Chat) -> Vec<ChatEvent> {
    let next = || match chat.next() {
        Next::Event(event) => Some(event),
        Next::Wait | Next::Over => None,
    };
    std::iter::from_fn(next).collect()
}

/// The ids and codes of outcomes, in their order.
fn outcomes(chat: &mut Chat) -> Vec<(CommandId, String)> {
    let outcome = |event| match event {
        ChatEvent::Outcome { command, result, .. } => {
            Some((command, result.map_or_else(|failure| failure.code.into_owned(), |_| "OK".to_owned())))
        }
        _ => None,
    };
    events(chat).into_iter().filter_map(outcome).collect()
}

fn send(chat: &mut Chat) -> CommandId {
    chat.send("v1", TEXT).expect("taken")
}

#[test]
fn messages_leave_one_after_another_in_their_order() {
    let mut chat = chat();
    let ids: Vec<_> = (0..5).map(|_| send(&mut chat)).collect();
    for id in &ids {
        let message = chat.poll_message().expect("the next");
        assert_eq!((message.id, message.content["text"].as_str()), (*id, Some("hello")));
        assert_eq!(chat.poll_message(), None, "one at a time");
        chat.handle_sent(*id, Ok(Some("{}".into())));
        chat.handle_sent(*id, Ok(None));
    }
    assert_eq!(outcomes(&mut chat), ids.iter().map(|id| (*id, "OK".to_owned())).collect::<Vec<_>>());
    assert_eq!(chat.stats().outcomes_ignored, 5, "a result counts once");
}

#[test]
fn what_is_no_message_is_refused() {
    let mut chat = chat();
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(MESSAGE_OUT_BYTES_MAX));
    let deep = "{\"a\":".repeat(10_000);
    for content in ["", "no json", "[]", "\"text\"", "{} {}", &long, &deep] {
        assert_eq!(chat.send("v1", content).expect_err("refused").code, code::INVALID);
    }
    assert_eq!(chat.send(&"v".repeat(65), TEXT).expect_err("refused").code, code::INVALID);
    assert_eq!(chat.poll_message(), None);
    assert_eq!(chat.stats().sends, 0);
}

#[test]
fn so_many_are_under_way_and_no_more() {
    let mut chat = chat();
    for left in (0..COMMANDS_OPEN_MAX).rev() {
        send(&mut chat);
        assert_eq!(chat.room(), left);
    }
    assert_eq!(chat.send("v1", TEXT).expect_err("refused").code, code::FULL);
    assert_eq!(chat.close().expect_err("refused").code, code::FULL);
    let id = chat.poll_message().expect("the first").id;
    chat.handle_sent(id, Ok(None));
    assert_eq!(chat.room(), 0, "its outcome waits");
    assert_eq!(outcomes(&mut chat), [(id, "OK".to_owned())]);
    send(&mut chat);
}

#[test]
fn a_handler_that_is_behind_is_told_what_it_missed() {
    let mut chat = chat();
    for n in 0..CHAT_INBOX_MESSAGES_MAX {
        assert!(chat.handle_message("a".into(), n.to_string()));
    }
    for _ in 0..3 {
        assert!(!chat.handle_message("a".into(), "dropped".into()));
    }
    let kept = events(&mut chat);
    assert_eq!(kept.len(), CHAT_INBOX_MESSAGES_MAX + 1);
    assert!(matches!(kept.last(), Some(ChatEvent::Warning(failure)) if failure.code == "OVERFLOW"), "one warning");
    for (n, event) in kept[..CHAT_INBOX_MESSAGES_MAX].iter().enumerate() {
        assert!(matches!(event, ChatEvent::Message { content, lost: 0, .. } if *content == n.to_string()));
    }
    assert!(chat.handle_message("a".into(), "next".into()));
    assert!(matches!(events(&mut chat).as_slice(), [ChatEvent::Message { lost: 3, .. }]));
    assert_eq!((chat.stats().messages_in, chat.stats().messages_lost), (CHAT_INBOX_MESSAGES_MAX as u64 + 4, 3));
}

#[test]
fn long_messages_are_bounded_together_but_one_always_fits() {
    let mut chat = chat();
    assert!(chat.handle_message("a".into(), "x".repeat(2 << 20)));
    assert!(!chat.handle_message("a".into(), "x".into()));
    events(&mut chat);
    assert!(chat.handle_message("a".into(), "x".repeat(600 << 10)));
    assert!(!chat.handle_message("a".into(), "x".repeat(600 << 10)));
    assert!(chat.handle_message("a".into(), "x".into()));
}

#[test]
fn messages_wait_while_the_link_is_away_and_not_for_ever() {
    let start = Instant::now();
    let mut chat = chat();
    chat.handle_timeout(start);
    let first = send(&mut chat);
    assert_eq!(chat.poll_message().map(|message| message.id), Some(first));
    chat.handle_detached();
    chat.handle_sent(first, Err(Failure::new("LINK_LOST", "")));
    let second = send(&mut chat);
    chat.handle_timeout(start + 20 * S);
    let third = send(&mut chat);
    assert_eq!(chat.poll_message(), None);
    chat.handle_timeout(start + 31 * S);
    assert_eq!(outcomes(&mut chat), [(first, "LINK_LOST".to_owned()), (second, "TIMEOUT".to_owned())]);
    chat.handle_attached();
    assert_eq!(chat.poll_message().map(|message| message.id), Some(third));
}

#[test]
fn a_message_that_the_link_has_no_place_for_is_tried_again_until_its_time_is_up() {
    let start = Instant::now();
    let mut chat = chat();
    chat.handle_timeout(start);
    let (first, second) = (send(&mut chat), send(&mut chat));
    let mut now = start;
    let mut tries = 0;
    while now < start + Duration::from_millis(MESSAGE_WAIT_MS_MAX) {
        if let Some(message) = chat.poll_message() {
            assert_eq!(message.id, first, "still the first");
            chat.handle_unsent(first, S);
            tries += 1;
        }
        now = chat.poll_timeout().expect("a time").max(now);
        chat.handle_timeout(now);
    }
    assert_eq!(tries, 30);
    assert_eq!(outcomes(&mut chat), [(first, "TIMEOUT".to_owned()), (second, "TIMEOUT".to_owned())]);
}

#[test]
fn a_close_waits_for_what_was_taken_and_is_one() {
    let mut chat = chat();
    let message = send(&mut chat);
    chat.poll_message();
    let close = chat.close().expect("taken");
    assert_eq!(chat.close().expect_err("refused").code, code::NOT_NOW);
    assert_eq!(chat.send("v1", TEXT).expect_err("refused").code, code::NOT_NOW);
    assert!(!chat.poll_close(), "a message is under way");
    chat.handle_sent(message, Ok(None));
    assert!(chat.poll_close());
    assert!(!chat.poll_close(), "once");
    chat.handle_close(Ok(()));
    chat.handle_end(ChatEnd::SessionClosed);
    assert_eq!(chat.end(), Some(ChatEnd::Closed), "as it was asked for");
    let expected = ["OK", "OK"].map(str::to_owned);
    assert_eq!(outcomes(&mut chat).into_iter().map(|(_, code)| code).collect::<Vec<_>>(), expected);
    assert_eq!(chat.next(), Next::Over);
    assert_eq!(close, message + 1);
}

#[test]
fn a_close_that_fails_can_be_asked_for_again() {
    let mut chat = chat();
    let close = chat.close().expect("taken");
    assert!(chat.poll_close());
    chat.handle_close(Err(Failure::new("FORBIDDEN", "")));
    assert_eq!(outcomes(&mut chat), [(close, "FORBIDDEN".to_owned())]);
    assert_eq!(chat.end(), None);
    send(&mut chat);
    let message = chat.poll_message().expect("it goes on");
    chat.handle_sent(message.id, Ok(None));
    chat.close().expect("taken");
    assert!(chat.poll_close());
    // The confirmation of the server may come before the answer.
    chat.handle_end(ChatEnd::SessionClosed);
    chat.handle_close(Ok(()));
    assert_eq!(outcomes(&mut chat).len(), 2, "one outcome each");
}

#[test]
fn everything_is_answered_before_the_end() {
    for (end, expected) in
        [(ChatEnd::Lost, "LINK_LOST"), (ChatEnd::SessionClosed, "ENDED"), (ChatEnd::Drained, "ENDED")]
    {
        let mut chat = chat();
        chat.handle_message("a".into(), "{}".into());
        let ids = [send(&mut chat), send(&mut chat)];
        chat.poll_message();
        chat.set_timer(S, true).expect("taken");
        chat.handle_end(end);
        chat.handle_end(ChatEnd::HostStopped);
        assert!(!chat.handle_message("a".into(), "{}".into()));
        let told = events(&mut chat);
        assert!(matches!(told[0], ChatEvent::Message { .. }), "what was there stays");
        assert_eq!(told.last(), Some(&ChatEvent::Closed(end)));
        let codes = told.iter().filter_map(|event| match event {
            ChatEvent::Outcome { command, result: Err(failure), .. } => Some((*command, failure.code.as_ref())),
            _ => None,
        });
        assert_eq!(codes.collect::<Vec<_>>(), ids.map(|id| (id, expected)));
        assert_eq!((chat.next(), chat.poll_timeout(), chat.stats().late), (Next::Over, None, 1));
        assert_eq!(chat.send("v1", TEXT).expect_err("refused").code, code::ENDED);
        assert_eq!(chat.close().expect_err("refused").code, code::ENDED);
        assert_eq!(chat.set_timer(S, false).expect_err("refused").code, code::ENDED);
    }
}

#[test]
fn a_chat_in_which_nobody_writes_is_closed() {
    let start = Instant::now();
    let config = ChatConfig { info: ChatInfo::default(), idle_max: 10 * S };
    let mut chat = Chat::new(config, start);
    chat.handle_timeout(start + 9 * S);
    chat.handle_message("a".into(), "{}".into());
    chat.handle_timeout(start + 18 * S);
    assert!(!chat.poll_close());
    chat.handle_timeout(start + 19 * S);
    assert!(chat.poll_close());
    chat.handle_close(Err(Failure::new("FORBIDDEN", "")));
    assert_eq!(chat.end(), Some(ChatEnd::Idle), "what the host wants happens");
}

#[test]
fn debug_shows_no_contents() {
    let mut chat = chat();
    chat.handle_message("+15550104477".into(), "a secret".into());
    let shown = format!("{:?} {chat:?}", events(&mut chat));
    assert!(!shown.contains("secret") && !shown.contains("5550104477"), "{shown}");
}

//! A handler fails and another takes its place: what the first had open, and what the second finds.

use std::time::Duration;

use call::{
    Chat, ChatConfig, ChatEvent, ChatInfo, CommandKind, EndReason, Event, Failure, Happening, Next, State, code,
};

use crate::kit::{answered, audio, code as code_of, commands, events, frames, pass, ringing};

#[test]
fn what_the_first_had_open_is_put_away() {
    let mut call = answered();
    call.play(&audio(500)).unwrap();
    call.mark("theirs").unwrap();
    call.notify_below(1);
    let timer = call.set_timer(Duration::from_millis(10), true).unwrap();
    call.handle_dtmf("5", 0);
    call.handle_audio(0, &audio(40));
    call.handle_warning(Failure::new("ODD", "said once"));
    pass(&mut call, 10);
    let digits = call.command(CommandKind::SendDigits { digits: "1".into() }).unwrap();
    call.note_fault("TRAPPED", "retry");
    call.handle_handler_lost();
    assert!(call.info().resumed);
    let sent = commands(&mut call);
    assert!(sent.iter().any(|(_, kind)| *kind == CommandKind::Interrupt), "what plays is stopped: {sent:?}");
    for (id, _) in sent {
        call.handle_outcome(id, Ok(None));
    }
    pass(&mut call, 1_000);
    call.handle_credit(100_000, None);
    assert!(frames(&mut call).is_empty(), "nothing of it leaves");
    let left = events(&mut call);
    assert!(matches!(&left[..], [Event::Dtmf { .. }, Event::Warning(_)]), "{left:?}");
    assert_eq!(call.position().queued, 0);
    assert_eq!(call.stats().samples_lost, 640, "40 ms were heard and not taken");
    assert_ne!(call.set_timer(Duration::from_millis(10), true).unwrap(), timer, "no id comes twice");
    call.handle_audio(0, &audio(20));
    let Next::Event(Event::Audio { at_sample: 640, lost_samples: 640, .. }) = call.next() else {
        panic!("positions go on, and the gap is told");
    };
    let told = |what: &Happening| matches!(what, Happening::Fault { code, then: "retry" } if code == "TRAPPED");
    assert!(call.journal().entries().iter().any(|entry| told(&entry.what)));
    assert!(call.command(CommandKind::SendDigits { digits: "1".into() }).unwrap() > digits);
}

#[test]
fn a_successor_may_answer_an_answered_call_once() {
    let mut call = answered();
    call.handle_handler_lost();
    let answer = call.command(CommandKind::Answer).unwrap();
    assert!(commands(&mut call).iter().all(|(_, kind)| *kind == CommandKind::Interrupt), "the carrier is not asked");
    assert_eq!(events(&mut call), [Event::Outcome { command: answer, name: "answer", result: Ok(None) }]);
    assert_eq!(code_of(call.command(CommandKind::Answer)), code::NOT_NOW);
    assert_eq!(call.state(), State::Answered);
}

#[test]
fn a_command_under_way_becomes_the_successors_when_it_asks_for_it() {
    let mut call = ringing();
    let first = call.command(CommandKind::Answer).unwrap();
    call.handle_handler_lost();
    let second = call.command(CommandKind::Answer).unwrap();
    assert_eq!(first, second);
    assert_eq!(commands(&mut call).len(), 1, "it is sent once");
    assert_eq!(code_of(call.command(CommandKind::Answer)), code::NOT_NOW, "adopted once");
    call.handle_outcome(first, Ok(None));
    assert_eq!(events(&mut call), [Event::Outcome { command: first, name: "answer", result: Ok(None) }]);
    assert_eq!(call.state(), State::Answered);
}

#[test]
fn one_that_nobody_asks_for_moves_the_call_and_is_not_told() {
    let mut call = answered();
    let connect = call.command(CommandKind::Connect { ring_time_s: 5 }).unwrap();
    call.handle_handler_lost();
    commands(&mut call);
    call.handle_outcome(connect, Ok(None));
    assert_eq!((call.state(), events(&mut call).len()), (State::Connected, 0));
    assert_eq!(code_of(call.command(CommandKind::Connect { ring_time_s: 5 })), code::NOT_NOW);
}

#[test]
fn the_end_of_the_call_tells_the_successor_nothing_of_the_first() {
    let mut call = answered();
    call.command(CommandKind::Connect { ring_time_s: 5 }).unwrap();
    call.mark("theirs").unwrap();
    call.handle_handler_lost();
    call.handle_ended(EndReason::Terminated);
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Terminated)]);
    call.handle_handler_lost();
    assert_eq!(call.next(), Next::Over, "after the end nothing changes");
}

#[test]
fn a_chats_messages_are_kept_and_its_commands_are_not_told() {
    let info = ChatInfo { id: "s1".into(), ..ChatInfo::default() };
    let mut chat = Chat::new(ChatConfig { info, idle_max: Duration::from_secs(60) }, std::time::Instant::now());
    chat.handle_message("+15550100".into(), "{}".into());
    chat.set_timer(Duration::ZERO, false).unwrap();
    let first = chat.send("v1", "{}").unwrap();
    let second = chat.send("v1", "{}").unwrap();
    chat.handle_handler_lost();
    for id in [first, second] {
        assert_eq!(chat.poll_message().unwrap().id, id, "what was said leaves");
        chat.handle_sent(id, Ok(None));
    }
    let Next::Event(ChatEvent::Message { .. }) = chat.next() else { panic!("the message is the successor's") };
    assert_eq!(chat.next(), Next::Wait);
    let own = chat.send("v1", "{}").unwrap();
    chat.poll_message();
    chat.handle_sent(own, Ok(None));
    assert_eq!(chat.next(), Next::Event(ChatEvent::Outcome { command: own, name: "send", result: Ok(None) }));
    assert!(chat.info().resumed);
}

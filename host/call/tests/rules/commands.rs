//! What is accepted when, and what becomes of it.

use call::{Ability, Capabilities, CommandKind, Event, Failure, Next, State};

use crate::kit::{answered, code, commands, connected, events, frames, ringing, ringing_with, succeed};

const CONNECT: CommandKind = CommandKind::Connect { ring_time_s: 30 };

/// Every command of a handler.
pub(crate) fn every_command() -> Vec<CommandKind> {
    vec![
        CommandKind::Answer,
        CONNECT,
        CommandKind::Whisper,
        CommandKind::Barge,
        CommandKind::Spy,
        CommandKind::Disconnect,
        CommandKind::Close,
        CommandKind::Transfer { to: "+15550100".into(), ring_time_s: 30 },
        CommandKind::SendDigits { digits: "12#".into() },
    ]
}

#[test]
fn success_moves_the_state() {
    assert_eq!(ringing().state(), State::Pending);
    assert_eq!(answered().state(), State::Answered);
    assert_eq!(connected().state(), State::Connected, "connect needs no answer before it");
    assert_eq!(succeed(answered(), CONNECT).state(), State::Connected);
    for kind in [CommandKind::Whisper, CommandKind::Barge, CommandKind::Spy] {
        assert_eq!(succeed(connected(), kind).state(), State::Connected);
    }
}

#[test]
fn a_late_answer_does_not_lead_back() {
    let mut call = ringing();
    let answer = call.command(CommandKind::Answer).unwrap();
    let connect = call.command(CONNECT).unwrap();
    call.handle_outcome(connect, Ok(None));
    call.handle_outcome(answer, Ok(None));
    assert_eq!(call.state(), State::Connected);
}

#[test]
fn failure_leaves_the_call_as_it_was() {
    let mut call = answered();
    let id = call.command(CONNECT).unwrap();
    let failure = Failure::new("CALL_UNANSWERED", "nobody picked up");
    call.handle_outcome(id, Err(failure.clone()));
    assert_eq!(call.state(), State::Answered);
    assert_eq!(events(&mut call), [Event::Outcome { command: id, name: "connect", result: Err(failure) }]);
    call.command(CONNECT).unwrap();
}

#[test]
fn the_same_command_waits_for_its_outcome() {
    let mut call = connected();
    let whisper = call.command(CommandKind::Whisper).unwrap();
    assert_eq!(code(call.command(CommandKind::Whisper)), "NOT_NOW");
    call.command(CommandKind::Barge).unwrap();
    call.handle_outcome(whisper, Ok(None));
    call.command(CommandKind::Whisper).unwrap();
}

#[test]
fn a_call_that_is_being_left_takes_no_commands_until_that_failed() {
    for (leave, name) in [(CommandKind::Close, "close"), (CommandKind::Disconnect, "disconnect")] {
        let mut call = answered();
        let id = call.command(leave).unwrap();
        for kind in [CommandKind::Close, CommandKind::Disconnect, CONNECT] {
            let refused = call.command(kind).unwrap_err();
            assert_eq!((refused.code.as_ref(), refused.message), ("NOT_NOW", format!("{name} is under way")));
        }
        call.play(&[0; 2]).unwrap();
        call.handle_outcome(id, Err(Failure::new("INVALID_COMMAND", "")));
        assert_eq!(call.state(), State::Answered);
        call.command(CONNECT).unwrap();
    }
}

#[test]
fn what_the_carrier_cannot_do_is_not_supported() {
    for kind in every_command() {
        let mut call = ringing_with(Capabilities::NONE, 0);
        assert_eq!(code(call.command(kind)), "NOT_SUPPORTED");
    }
    assert_eq!(code(answered().command(CommandKind::Interrupt)), "NOT_SUPPORTED");
}

#[test]
fn arguments_are_checked() {
    let refused = |kind: CommandKind| code(answered().command(kind));
    let transfer = |to: String, ring_time_s| CommandKind::Transfer { to, ring_time_s };
    for ring_time_s in [0, 121, u32::MAX] {
        assert_eq!(refused(CommandKind::Connect { ring_time_s }), "INVALID");
        assert_eq!(refused(transfer("+15550100".into(), ring_time_s)), "INVALID");
    }
    for ring_time_s in [1, 120] {
        answered().command(CommandKind::Connect { ring_time_s }).unwrap();
    }
    assert_eq!(refused(transfer(String::new(), 30)), "INVALID");
    assert_eq!(refused(transfer("1".repeat(129), 30)), "INVALID");
    for digits in ["", "1 2", "x", &"1".repeat(129)] {
        assert_eq!(refused(CommandKind::SendDigits { digits: digits.into() }), "INVALID");
    }
}

#[test]
fn outcomes_that_were_not_taken_are_still_under_way() {
    let mut call = answered();
    for _ in 0..32 {
        let id = call.command(CONNECT).unwrap();
        call.handle_outcome(id, Err(Failure::new("CALL_UNANSWERED", "")));
    }
    assert_eq!(code(call.command(CONNECT)), "FULL");
    assert!(matches!(call.next(), Next::Event(Event::Outcome { .. })));
    call.command(CONNECT).unwrap();
    assert_eq!(code(call.command(CommandKind::Close)), "FULL");
}

#[test]
fn outcomes_of_nothing_open_are_counted() {
    let mut call = answered();
    let id = call.command(CONNECT).unwrap();
    call.handle_outcome(id + 1, Ok(None));
    call.handle_outcome(id, Ok(Some("{}".into())));
    call.handle_outcome(id, Ok(None));
    assert_eq!(events(&mut call).len(), 1);
    assert_eq!(call.stats().outcomes_ignored, 2);
}

#[test]
fn a_command_that_finished_before_it_was_sent_is_not_sent() {
    let mut call = answered();
    let id = call.command(CONNECT).unwrap();
    call.handle_outcome(id, Err(Failure::new("LINK_LOST", "")));
    assert_eq!(call.poll_command(), None);
}

#[test]
fn what_a_carrier_says_is_bounded() {
    let mut call = connected();
    let long = call.command(CommandKind::Whisper).unwrap();
    let failed = call.command(CommandKind::Spy).unwrap();
    call.handle_outcome(long, Ok(Some("x".repeat(20_000))));
    call.handle_outcome(failed, Err(Failure::new("x".repeat(20_000), "x".repeat(20_000))));
    let taken = events(&mut call);
    assert_eq!(taken[0], Event::Outcome { command: long, name: "whisper", result: Ok(None) });
    let Event::Outcome { result: Err(failure), .. } = &taken[1] else { panic!("{taken:?}") };
    assert_eq!((failure.code.len(), failure.message.len()), (64, 1_024));
    assert_eq!(call.stats().details_dropped, 1);
}

#[test]
fn an_interrupt_is_the_hosts_own() {
    let mut call = answered();
    call.clear();
    let sent = commands(&mut call);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, CommandKind::Interrupt);
    call.handle_outcome(sent[0].0, Err(Failure::new("TIMEOUT", "")));
    assert_eq!(call.next(), Next::Wait, "the handler does not see its outcome");
    assert_eq!(call.stats().interrupts_failed, 1);
}

#[test]
fn interrupts_are_coalesced() {
    let mut call = answered();
    for _ in 0..3 {
        call.clear();
    }
    assert_eq!(commands(&mut call).len(), 1, "one that was not sent yet serves all");

    let mut open = Vec::new();
    for _ in 0..20 {
        call.clear();
        open.extend(commands(&mut call));
    }
    assert_eq!(open.len(), 7, "eight are open at the most");
    call.handle_outcome(open[0].0, Ok(None));
    assert_eq!(commands(&mut call).len(), 1, "one more follows an answer");
    call.handle_outcome(open[1].0, Ok(None));
    assert_eq!(commands(&mut call).len(), 0, "and only one");
}

#[test]
fn audio_does_not_overtake_the_interrupt_of_an_earlier_clear() {
    let mut call = answered();
    call.handle_credit(64, Some(32));
    call.clear();
    call.play(&[1; 64]).unwrap();
    assert_eq!(frames(&mut call).len(), 0);
    assert!(call.has_output());
    commands(&mut call);
    assert_eq!(frames(&mut call), [[1; 64]]);
}

#[test]
fn audio_waits_for_an_interrupt_that_is_still_owed() {
    let mut call = answered();
    let mut open = Vec::new();
    for _ in 0..9 {
        call.clear();
        open.extend(commands(&mut call));
    }
    call.handle_credit(64, Some(32));
    call.play(&[1; 64]).unwrap();
    assert!(!call.has_output());
    assert_eq!(frames(&mut call).len(), 0);
    call.handle_outcome(open[0].0, Ok(None));
    commands(&mut call);
    assert_eq!(frames(&mut call).len(), 1);
}

#[test]
fn a_carrier_without_interrupt_is_not_asked_for_it() {
    let capabilities = Capabilities::of(&[Ability::Answer]);
    let mut call = succeed(ringing_with(capabilities, 1_000), CommandKind::Answer);
    call.play(&[0; 100]).unwrap();
    assert_eq!(call.clear().dropped, 50);
    assert!(!call.has_output());
}

#[test]
fn nothing_is_interrupted_before_the_answer() {
    let mut call = ringing();
    call.clear();
    assert!(!call.has_output());
}

//! The host ends a call over its handler's head.

use call::{Ability, Capabilities, Command, CommandKind, EndReason, Event, Failure, State};

use crate::kit::{answered, events, ringing, ringing_with};

fn refused() -> Result<Option<String>, Failure> {
    Err(Failure::new("INVALID_COMMAND", "not at this point"))
}

/// The one command that waits to be sent.
fn sent(call: &mut call::Call) -> (u32, CommandKind) {
    let Command { id, kind } = call.poll_command().unwrap();
    assert_eq!(call.poll_command(), None);
    (id, kind)
}

#[test]
fn the_handler_sees_the_end_and_no_outcome() {
    let mut call = answered();
    call.leave();
    call.leave();
    let (id, kind) = sent(&mut call);
    assert_eq!(kind, CommandKind::Disconnect);
    assert!(events(&mut call).is_empty());
    call.handle_outcome(id, Ok(None));
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Disconnected)]);
    call.leave();
    assert!(!call.has_output());
}

#[test]
fn a_carrier_that_refuses_is_asked_to_close_and_then_left() {
    let mut call = ringing();
    call.leave();
    let (id, _) = sent(&mut call);
    call.handle_outcome(id, refused());
    let (id, kind) = sent(&mut call);
    assert_eq!(kind, CommandKind::Close);
    assert_eq!(call.state(), State::Pending);
    call.handle_outcome(id, refused());
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Disconnected)]);
}

#[test]
fn an_end_that_the_handler_asked_for_is_waited_for() {
    let mut call = answered();
    let own = call.command(CommandKind::Close).unwrap();
    assert_eq!(sent(&mut call).0, own);
    call.leave();
    assert!(!call.has_output(), "one end at a time");
    call.handle_outcome(own, refused());
    let (id, kind) = sent(&mut call);
    assert_eq!(kind, CommandKind::Disconnect, "close was tried already");
    assert!(matches!(events(&mut call)[..], [Event::Outcome { command, .. }] if command == own));
    call.handle_outcome(id, refused());
    assert_eq!(call.end_reason(), Some(EndReason::Disconnected));
}

#[test]
fn a_carrier_that_can_neither_is_left_at_once() {
    let mut call = ringing_with(Capabilities::of(&[Ability::Answer]), 1 << 16);
    call.leave();
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Disconnected)]);
}

#[test]
fn a_lost_link_ends_it_without_an_outcome_too() {
    let mut call = answered();
    call.leave();
    call.handle_ended(EndReason::VoiceLost);
    assert_eq!(events(&mut call), [Event::Ended(EndReason::VoiceLost)]);
}

#[test]
fn a_failure_of_the_handlers_own_leaves_the_hosts_command_hidden() {
    let mut call = answered();
    let connect = call.command(CommandKind::Connect { ring_time_s: 1 }).unwrap();
    sent(&mut call);
    call.leave();
    let (id, kind) = sent(&mut call);
    assert_eq!(kind, CommandKind::Disconnect);
    call.handle_outcome(connect, refused());
    assert!(matches!(events(&mut call).as_slice(), [Event::Outcome { name: "connect", .. }]));
    call.handle_outcome(id, refused());
    assert!(events(&mut call).is_empty(), "the handler did not ask for it");
    let (id, _) = sent(&mut call);
    call.handle_outcome(id, Ok(None));
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Closed)]);
}

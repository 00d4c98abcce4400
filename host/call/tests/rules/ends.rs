//! How a call ends: once, in order, with nothing left open.

use std::time::Duration;

use call::{CommandKind, EndReason, Event, Failure, Next, State};

use crate::kit::{answered, audio, code, commands, connected, events, frames, mark, pass, ringing};

#[test]
fn close_and_disconnect_end_the_call() {
    for (kind, name, reason) in [
        (CommandKind::Close, "close", EndReason::Closed),
        (CommandKind::Disconnect, "disconnect", EndReason::Disconnected),
    ] {
        for make in [ringing, answered, connected] {
            let mut call = make();
            let command = call.command(kind.clone()).unwrap();
            call.handle_outcome(command, Ok(None));
            assert_eq!((call.state(), call.end_reason()), (State::Ended, Some(reason)));
            assert_eq!(events(&mut call), [Event::Outcome { command, name, result: Ok(None) }, Event::Ended(reason)]);
        }
    }
}

#[test]
fn the_first_reason_wins_and_the_end_comes_once() {
    let mut call = answered();
    call.handle_ended(EndReason::Terminated);
    call.handle_ended(EndReason::VoiceLost);
    assert_eq!(call.end_reason(), Some(EndReason::Terminated));
    assert!(call.has_event());
    assert_eq!(call.next(), Next::Event(Event::Ended(EndReason::Terminated)));
    for _ in 0..3 {
        assert!(call.has_event(), "a handler that asks again is told at once");
        assert_eq!(call.next(), Next::Over);
    }
}

#[test]
fn what_is_open_finishes_before_the_end() {
    for (reason, expected) in [
        (EndReason::Terminated, "ENDED"),
        (EndReason::SessionClosed, "ENDED"),
        (EndReason::VoiceLost, "LINK_LOST"),
        (EndReason::VoiceUnreachable, "LINK_LOST"),
    ] {
        let mut call = connected();
        let sent = call.command(CommandKind::Whisper).unwrap();
        call.clear();
        commands(&mut call);
        let unsent = call.command(CommandKind::Spy).unwrap();
        call.play(&audio(20)).unwrap();
        call.mark("a").unwrap();
        call.mark("b").unwrap();
        call.handle_audio(0, &[1, 2]);
        call.handle_ended(reason);
        call.handle_audio(0, &[3, 4]);

        let taken = events(&mut call);
        assert!(matches!(taken[0], Event::Audio { .. }), "what was heard comes first");
        for (event, id) in taken[1..3].iter().zip([sent, unsent]) {
            let Event::Outcome { command, result: Err(failure), .. } = event else { panic!("{event:?}") };
            assert_eq!((*command, failure.code.as_ref()), (id, expected));
        }
        assert_eq!(taken[3..], [mark("a", false), mark("b", false), Event::Ended(reason)]);
        assert_eq!(call.poll_command(), None);
        assert_eq!(call.stats().late, 1);
    }
}

#[test]
fn nothing_is_legal_after_the_end() {
    let mut call = answered();
    call.handle_ended(EndReason::Terminated);
    assert_eq!(code(call.command(CommandKind::Close)), "ENDED");
    assert_eq!(code(call.command(CommandKind::Spy)), "ENDED");
    assert_eq!(code(call.play(&[0; 2])), "ENDED");
    assert_eq!(code(call.play(&[0; 1])), "ENDED");
    assert_eq!(code(call.play_samples(&[0])), "ENDED");
    assert_eq!(code(call.mark("m")), "ENDED");
    assert_eq!(code(call.set_timer(Duration::ZERO, false)), "ENDED");
    call.notify_below(100);
    call.flush();
    call.clear();
    call.handle_warning(Failure::new("W", ""));
    call.handle_error(Failure::new("E", ""));
    call.handle_dtmf("1", 0);
    assert!(!call.has_output());
    assert_eq!(call.stats().late, 3);
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Terminated)]);
}

#[test]
fn what_was_not_sent_is_dropped_and_the_ledger_still_adds_up() {
    let mut call = answered();
    call.play(&audio(100)).unwrap();
    call.handle_credit(640, Some(640));
    frames(&mut call);
    pass(&mut call, 10);
    call.handle_credit(1_000, None);
    call.handle_ended(EndReason::Terminated);
    call.handle_credit(10, None);
    let ledger = call.position();
    assert_eq!((ledger.queued, ledger.sent, ledger.heard, ledger.dropped), (0, 320, 160, 1_280));
    assert_eq!(call.stats().credit_dropped, 1_010);
    pass(&mut call, 10_000);
    assert_eq!(call.position(), ledger);
}

#[test]
fn timers_stop_at_the_end_and_fired_ones_still_come() {
    let mut call = answered();
    let fired = call.set_timer(Duration::from_millis(5), true).unwrap();
    call.set_timer(Duration::from_millis(50), false).unwrap();
    pass(&mut call, 5);
    call.handle_ended(EndReason::Drained);
    pass(&mut call, 100);
    assert_eq!(call.poll_timeout(), None);
    assert_eq!(events(&mut call), [Event::Timer(fired), Event::Ended(EndReason::Drained)]);
    pass(&mut call, 100);
    assert_eq!(call.poll_timeout(), None);
}

#[test]
fn a_timer_can_be_cancelled_after_the_end() {
    let mut call = answered();
    let fired = call.set_timer(Duration::ZERO, false).unwrap();
    call.handle_ended(EndReason::Terminated);
    call.cancel_timer(fired);
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Terminated)]);
}

//! A call whose way to the carrier breaks and comes back goes on as it stood.

use std::time::Duration;

use call::{CommandKind, EndReason, Event, State};

use crate::kit::{answered, audio, code, connected, events, frames, pass, ringing};

fn warnings(events: &[Event]) -> Vec<&str> {
    let codes = events.iter().filter_map(|event| match event {
        Event::Warning(failure) => Some(failure.code.as_ref()),
        _ => None,
    });
    codes.collect()
}

#[test]
fn what_is_queued_stays_and_what_was_not_heard_is_forgotten() {
    let mut call = answered();
    call.play(&audio(100)).unwrap();
    call.mark("heard").unwrap();
    call.play(&audio(100)).unwrap();
    call.mark("sent").unwrap();
    call.play(&audio(100)).unwrap();
    call.mark("queued").unwrap();
    call.handle_credit(32 * 200, Some(640));
    frames(&mut call);
    pass(&mut call, 120);
    events(&mut call);

    call.handle_credit(10_000, None);
    call.handle_voice_lost();
    let told = events(&mut call);
    assert_eq!(told[0], Event::Mark { name: "sent".into(), played: false });
    assert_eq!(warnings(&told), ["VOICE_LOST"]);
    assert_eq!(told.len(), 2, "{told:?}");
    let ledger = call.position();
    assert_eq!((ledger.queued, ledger.sent, ledger.heard, ledger.dropped), (1_600, 3_200, 1_920, 0));
    assert!(!call.has_output(), "nothing is owed to a carrier that is gone");
    assert_eq!(call.stats().credit_dropped, 10_000);

    pass(&mut call, 1_000);
    assert_eq!(call.position().heard, 1_920, "what was forgotten is not heard later");
    call.handle_voice_back();
    assert_eq!(warnings(&events(&mut call)), ["VOICE_BACK"]);
    call.handle_credit(32 * 100, Some(640));
    assert_eq!(frames(&mut call).concat(), audio(100));
    pass(&mut call, 100);
    assert_eq!(events(&mut call), [Event::Mark { name: "queued".into(), played: true }]);
    assert_eq!(call.position().heard, 1_920 + 1_600);
}

#[test]
fn state_and_timers_go_on() {
    for (mut call, state) in [(answered(), State::Answered), (connected(), State::Connected)] {
        let timer = call.set_timer(Duration::from_millis(500), false).unwrap();
        call.handle_voice_lost();
        assert_eq!(call.state(), state);
        pass(&mut call, 500);
        assert!(events(&mut call).contains(&Event::Timer(timer)));
        call.play(&audio(20)).unwrap();
        call.handle_voice_back();
        assert_eq!((call.state(), call.end_reason()), (state, None));
        assert!(call.command(CommandKind::Close).is_ok());
    }
}

#[test]
fn it_may_end_without_its_voice_and_ends_once() {
    let mut call = ringing();
    call.handle_voice_lost();
    assert_eq!(code(call.play(&audio(20))), "NOT_NOW", "it still rings");
    call.handle_ended(EndReason::VoiceLost);
    call.handle_voice_lost();
    call.handle_voice_back();
    let told = events(&mut call);
    assert_eq!(warnings(&told), ["VOICE_LOST"]);
    assert_eq!(told.last(), Some(&Event::Ended(EndReason::VoiceLost)));
    assert_eq!(call.stats().late, 1, "a warning after the end");
}

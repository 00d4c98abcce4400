use switchhook_guest::testing::{Caller, Person};
use switchhook_guest::{Failure, code};

use super::{handle, write};

#[test]
fn the_key_is_answered_by_a_call_when_the_line_is_free() {
    let report = Caller::new().grants_calls().hears_out().presses("1").run(handle);
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.commands(), ["answer", "close"]);
    let placed: Vec<_> = report.placed.iter().map(|placed| (placed.to.as_str(), placed.plugin.as_str())).collect();
    assert_eq!(placed, [("+15550100", "call-back")]);
    assert!(report.placed[0].at >= report.duration, "their line is busy before");
}

#[test]
fn who_does_not_ask_is_not_called() {
    for caller in [Caller::new(), Caller::new().presses("2"), Caller::new().waits_ms(500).hangs_up()] {
        let report = caller.grants_calls().run(handle);
        assert_eq!((report.result, report.placed.len()), (Ok(()), 0));
    }
}

#[test]
fn a_refusal_is_logged() {
    let report = Caller::new().presses("1").run(handle);
    assert_eq!(report.result, Ok(()));
    assert!(report.logged("NOT_GRANTED"));
}

#[test]
fn who_picks_up_is_connected() {
    let outbound = || Caller::new().info(|info| info.outbound = true);
    let report = outbound().run(handle);
    assert_eq!(report.commands(), ["answer", "connect 20", "close"]);
    let report = outbound().nobody_answers().run(handle);
    assert_eq!(report.commands(), ["answer", "connect 20", "close"]);
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_chat_asks_for_a_call_and_learns_what_became_of_it() {
    let person = Person::new().grants_calls().config("plugin", "greeter").placed_talks(1_000, 2_000);
    let report = person.writes("Hello").writes("please CALL me!").waits_ms(5_000).leaves().run(write);
    assert_eq!(report.read(), ["We are calling you.", "Thank you for the call."]);
    assert_eq!((report.placed[0].to.as_str(), report.placed[0].plugin.as_str()), ("+15550100", "greeter"));
    let person = Person::new().grants_calls().placed_fails(2_000, Failure::new(code::CALL_UNANSWERED, "nobody"));
    let report = person.writes("call").waits_ms(5_000).leaves().run(write);
    assert_eq!(report.read(), ["We are calling you.", "We could not reach you."]);
    let report = Person::new().writes("call").is_answered().leaves().run(write);
    assert_eq!(report.read(), ["We cannot call you at the moment."]);
}

//! Commands and their outcomes.

use std::cell::RefCell;
use std::time::Duration;

use switchhook_guest::aio::{Call, join, sleep, timeout};
use switchhook_guest::limits::COMMANDS_MAX;
use switchhook_guest::{Event, Failure, call, code};

use crate::caller;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_outcome_is_a_value() {
    let report = caller().nobody_answers().run(async |call: Call| {
        call.answer().await?;
        let failure = call.connect(Duration::from_millis(2_100)).await.expect_err("nobody is there");
        assert!(failure.is(code::CALL_UNANSWERED));
        assert_eq!(call.state(), "answered", "the call is as it was");
        call.connect(SECOND).await?;
        assert_eq!(call.state(), "connected");
        call.whisper().await?;
        call.barge().await?;
        call.spy().await?;
        call.disconnect().await
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.commands(), ["answer", "connect 3", "connect 1", "whisper", "barge", "spy", "disconnect"]);
    assert_eq!(report.end, "disconnected");
    assert!(report.duration > Duration::from_secs(4));
}

#[test]
fn a_refusal_is_an_outcome_too() {
    let report = caller().run(async |call: Call| {
        assert!(call.whisper().await.expect_err("not now").is(code::NOT_NOW));
        assert!(call.connect(Duration::ZERO).await.expect_err("no time").is(code::INVALID));
        assert!(call.transfer("+15550111", SECOND).await.expect_err("not here").is(code::NOT_SUPPORTED));
        assert!(!call.can("transfer") && call.can("connect"));
        let first = call.answer();
        assert!(call.answer().await.expect_err("it is under way").is(code::NOT_NOW));
        first.await
    });
    assert_eq!((report.result, report.end.as_str()), (Ok(()), "closed"));
}

#[test]
fn the_detail_comes_with_the_outcome() {
    let detail = Some("{\"leg\":1}".to_owned());
    let report = caller().answers("answer", 10, Ok(detail.clone())).run(async |call: Call| {
        assert_eq!(call.answer().detail().await?, detail);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_command_begins_when_it_is_made_and_others_go_on_meanwhile() {
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let ringing = call.connect(20 * SECOND);
        sleep(SECOND / 2).await;
        assert_eq!(call.state(), "answered");
        let (connected, ()) = join(ringing, sleep(SECOND / 4)).await;
        connected
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.duration, Duration::from_millis(1_020));
}

#[test]
fn the_outcome_of_a_dropped_command_is_still_booked() {
    let report = caller().nobody_answers().run(async |call: Call| {
        call.answer().await?;
        let mut events = call.events();
        assert!(timeout(SECOND, call.connect(3 * SECOND)).await.is_err());
        assert!(call.connect(SECOND).await.expect_err("it goes on").is(code::NOT_NOW));
        let Some(Event::Outcome(outcome)) = events.next().await else { panic!("an outcome") };
        assert_eq!(outcome.name, "connect");
        assert!(outcome.value.expect_err("nobody").is(code::CALL_UNANSWERED));
        // And it takes no room for ever.
        call.connect(SECOND).await?;
        for _ in 0..2 * COMMANDS_MAX {
            drop(call.spy());
            assert!(matches!(events.next().await, Some(Event::Outcome(_))));
        }
        call.spy().await
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn outcomes_that_nobody_awaits_are_bounded() {
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        call.connect(SECOND).await?;
        let mut held = Vec::new();
        for _ in 0..COMMANDS_MAX {
            held.push(call.spy());
            sleep(Duration::from_millis(30)).await;
        }
        assert!(call.spy().await.expect_err("too many are held").is(code::FULL));
        for command in held {
            command.await?;
        }
        call.spy().await
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn plain_functions_and_futures_mix() {
    let seen = RefCell::new(Vec::new());
    let report = caller().run(async |call: Call| {
        let mut events = call.events();
        let id = call::answer()?;
        while let Some(event) = events.next().await {
            if let Event::Outcome(outcome) = event {
                seen.borrow_mut().push((outcome.command == id, outcome.name));
                return Ok::<(), Failure>(());
            }
        }
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(seen.into_inner(), [(true, "answer".to_owned())]);
}

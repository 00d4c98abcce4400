//! Calls that a handler places.

use std::time::Duration;

use switchhook_guest::aio::{Call, sleep};
use switchhook_guest::testing::Caller;
use switchhook_guest::{Event, Failure, calls, code, events};

#[test]
fn a_placed_call_is_awaited_step_by_step() {
    let report = Caller::new().grants_calls().placed_talks(2_000, 5_000).run(async |call: Call| {
        call.answer().await?;
        let mut placed = call.place("+15550142", "echo")?;
        assert_eq!(placed.next().await.map(|step| step.step).as_deref(), Some("claimed"));
        assert_eq!(placed.answered().await.as_deref(), Ok("placed-1"));
        assert_eq!(placed.ended().await.as_deref(), Ok("terminated"));
        call.close().await
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.placed.len(), 1);
    assert_eq!((report.placed[0].to.as_str(), report.placed[0].plugin.as_str()), ("+15550142", "echo"));
    assert!(report.duration > Duration::from_secs(7), "{:?}", report.duration);
}

#[test]
fn a_failure_keeps_the_carriers_code() {
    let busy = Failure::new("BUSY", "they are on the telephone");
    let report = Caller::new().grants_calls().placed_fails(1_000, busy).run(async |call: Call| {
        let failure = call.place("+15550142", "echo")?.answered().await.expect_err("it fails");
        assert!(failure.is("BUSY"));
        let failure = call.begin_chat("+1 555", "echo").expect_err("no number");
        assert!(failure.is(code::INVALID));
        call.begin_chat("+1555", "chat")?.ended().await.map(drop)
    });
    assert_eq!(report.result, Ok(()));
    assert!(report.placed[1].chat);
}

#[test]
fn the_end_of_the_own_call_ends_the_waiting_and_not_the_call() {
    let report = Caller::new().grants_calls().waits_ms(100).hangs_up().run(async |call: Call| {
        call.answer().await?;
        let mut placed = call.place("+15550142", "echo")?;
        let failure = placed.answered().await.expect_err("they hung up");
        assert!(failure.is(code::ENDED));
        assert!(call.place("+15550143", "echo").is_ok(), "what is placed needs no call");
        Err(failure)
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.placed.len(), 2);
}

#[test]
fn what_nobody_awaits_comes_as_events() {
    let report = Caller::new().grants_calls().run(async |call: Call| {
        let mut events = call.events();
        drop(call.place("+15550142", "echo")?);
        let mut steps = Vec::new();
        while steps.len() < 3 {
            if let Some(Event::Placed(step)) = events.next().await {
                steps.push(step.step);
            }
        }
        assert_eq!(steps, ["claimed", "answered", "ended"]);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn what_may_be_placed_is_bounded() {
    let report = Caller::new().run(async |call: Call| call.place("+15550142", "echo").map(drop));
    assert!(report.result.expect_err("no grant").is(code::NOT_GRANTED));
    let report = Caller::new().grants_calls().run(async |call: Call| {
        let mut events = call.events();
        let mut count = 0;
        while call.place("+15550142", "echo").is_ok() {
            count += 1;
        }
        assert_eq!(count, 10, "at once");
        // Those that ended are not counted any longer, once their last steps are taken.
        while count < 16 {
            sleep(Duration::from_millis(500)).await;
            call.place("+15550142", "echo")?;
            count += 1;
        }
        assert!(call.place("+15550142", "echo").expect_err("16 are under way").is(code::FULL));
        while !matches!(events.next().await, Some(Event::Placed(step)) if step.step == "ended") {}
        call.place("+15550142", "echo").map(drop)
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn an_event_loop_places_too() {
    let report = Caller::new().grants_calls().run_plain(|_| {
        let request = calls::place("+15550142", "echo")?;
        let mut steps = Vec::new();
        for event in events() {
            if let Event::Placed(step) = event {
                assert_eq!(step.request, request);
                steps.push(step.step);
            }
        }
        assert_eq!(steps, ["claimed", "answered", "ended"]);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

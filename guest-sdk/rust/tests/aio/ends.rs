//! What a hang-up does to a handler, wherever it is.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use switchhook_guest::aio::{Call, Either, Played, select, sleep};
use switchhook_guest::{Event, Failure, code, events, playout};

use crate::{caller, marked};

/// Tells when it is dropped.
struct Dropped(Rc<Cell<bool>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn a_handler_that_waits_for_what_never_comes_is_dropped_with_its_destructors() {
    let dropped = Rc::new(Cell::new(false));
    let held = Rc::clone(&dropped);
    let report = caller().waits_ms(500).hangs_up().run(async move |call: Call| {
        let _held = Dropped(held);
        call.answer().await?;
        sleep(Duration::from_secs(3_600)).await;
        panic!("nobody waits for an hour");
    });
    assert!(dropped.get());
    assert_eq!((report.result, report.end.as_str(), report.timers_left), (Ok(()), "terminated", 0));
}

#[test]
fn the_end_can_be_awaited() {
    let report = caller().waits_ms(700).hangs_up().run(async |call: Call| {
        call.answer().await?;
        assert!(call.pause(Duration::from_millis(300)).await);
        let Either::First(reason) = select(call.ended(), pending::<()>()).await else { panic!("the end") };
        assert_eq!(reason, "terminated");
        assert_eq!(call.ended().await, "terminated", "it stays so");
        assert!(!call.pause(Duration::from_millis(300)).await);
        assert_eq!(call.audio().next().await, None);
        assert_eq!(call.events().next().await, None);
        assert!(call.close().await.expect_err("over").is(code::ENDED));
        assert!(call.say(&[0_i16; 8]).await.expect_err("over").is(code::ENDED));
        assert!(call.heard().await.expect_err("over").is(code::ENDED));
        Err(Failure::new("MY_OWN", "a failure of the handler's stays one"))
    });
    assert_eq!(report.result.expect_err("its own").code, "MY_OWN");
}

#[test]
fn a_question_mark_on_a_hang_up_is_no_fault() {
    let long = marked(80_000);
    for ms in [0, 10, 400, 1_030] {
        let report = caller().waits_ms(ms).hangs_up().run(async |call: Call| {
            call.answer().await?;
            loop {
                assert_eq!(call.say(&long).await?, Played::Whole);
            }
        });
        assert_eq!((report.result, report.end.as_str()), (Ok(()), "terminated"), "{ms}");
    }
    let rang = caller().rings_for_ms(50).answers("answer", 100, Ok(None));
    let report = rang.run(async |call: Call| call.answer().await);
    assert_eq!((report.result, report.answered_at), (Ok(()), None));
}

#[test]
fn a_failure_while_the_call_lives_is_a_fault() {
    let report = caller().run(async |call: Call| call.say(&[1_i16; 8]).await.map(drop));
    assert_eq!(report.result.expect_err("not answered yet").code, code::NOT_NOW);
}

#[test]
fn the_end_is_the_last_of_the_events() {
    let report = caller().waits_ms(100).signals('4').hangs_up().run(async |call: Call| {
        let mut events = call.events();
        call.answer().await?;
        call.play(&marked(8_000))?;
        playout::mark("mine")?;
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(match event {
                Event::Dtmf(dtmf) => dtmf.digit,
                Event::Mark(mark) => format!("{} {}", mark.name, mark.played),
                Event::Ended(reason) => reason,
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(seen, ["4", "mine false", "terminated"]);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn one_that_wakes_itself_does_not_keep_the_events_out() {
    let report = caller().signals('7').run(async |call: Call| {
        let mut events = call.events();
        call.answer().await?;
        let mut polls = 0_u32;
        let busy = std::future::poll_fn(|context| {
            polls += 1;
            assert!(polls < 1_000, "the key waits in the host, and is not fetched");
            context.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        });
        let Either::Second(Some(Event::Dtmf(key))) = select(busy, events.next()).await else { panic!("a key") };
        assert_eq!(key.digit, "7");
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_panic_leaves_nothing_behind() {
    let panicked = std::panic::catch_unwind(|| caller().run(async |_call: Call| panic!("as it was told")));
    assert!(panicked.is_err());
    let report = caller().run(async |call: Call| call.answer().await);
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_plain_handler_runs_in_the_same_host() {
    let report = caller().waits_ms(100).hangs_up().run_plain(|info| {
        assert_eq!(info.caller, "+15550100");
        switchhook_guest::call::answer()?;
        let last = events().last();
        assert_eq!(last, Some(Event::Ended("terminated".into())));
        assert_eq!(switchhook_guest::next(), None);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_plain_handler_that_gives_up_because_the_call_is_over_has_ended_well() {
    let report = caller().waits_ms(100).hangs_up().run_plain(|_info| {
        switchhook_guest::call::answer()?;
        assert!(events().any(|event| matches!(event, Event::Ended(_))));
        switchhook_guest::call::close().map(drop)
    });
    assert_eq!(report.result, Ok(()));
    let report = caller().waits_ms(100).hangs_up().run_plain(|_info| Err(Failure::new(code::FULL, "of its own")));
    assert_eq!(report.result.expect_err("a failure of its own is one").code, code::FULL);
}

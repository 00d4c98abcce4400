//! Timers and what is built of them.

use std::time::Duration;

use switchhook_guest::aio::{Call, Either, TimedOut, join, join3, select, sleep, timeout};
use switchhook_guest::{Event, timers};

use crate::caller;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_sleep_counts_from_its_making() {
    let report = caller().gives_up_after_ms(3_600_000).run(async |_call: Call| {
        let (long, short) = (sleep(20 * SECOND), sleep(SECOND));
        short.await;
        long.await;
        join(sleep(5 * SECOND), sleep(7 * SECOND)).await;
        Ok(())
    });
    assert_eq!((report.result, report.duration), (Ok(()), 27 * SECOND));
}

#[test]
fn whoever_loses_stops_its_timer() {
    let report = caller().run(async |_call: Call| {
        for _ in 0..1_000 {
            let first = select(sleep(Duration::from_millis(2)), sleep(SECOND)).await;
            assert_eq!(first, Either::First(()));
        }
        Ok(())
    });
    assert_eq!((report.result, report.duration, report.timers_left), (Ok(()), 2 * SECOND, 0));
}

#[test]
fn a_timeout_is_in_time_or_not() {
    let report = caller().run(async |_call: Call| {
        assert_eq!(timeout(SECOND, async { 5 }).await, Ok(5));
        assert_eq!(timeout(SECOND, sleep(2 * SECOND)).await, Err(TimedOut));
        assert_eq!(timeout(SECOND, sleep(SECOND)).await, Ok(()), "ready at the very moment is in time");
        Ok(())
    });
    assert_eq!((report.result, report.duration), (Ok(()), 2 * SECOND));
}

#[test]
fn more_sleeps_than_timers_take_their_turn() {
    let report = caller().run(async |_call: Call| {
        let many: Vec<_> = (0..300).map(|_| sleep(SECOND)).collect();
        for one in many {
            one.await;
        }
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert!(report.duration >= 2 * SECOND);
}

#[test]
fn timers_of_ones_own_come_as_events() {
    let report = caller().run(async |call: Call| {
        let mut events = call.events();
        let mine = timers::every(SECOND / 4)?;
        let ticks = async {
            for _ in 0..4 {
                assert_eq!(events.next().await, Some(Event::Timer(mine)));
            }
        };
        let (first, (), ()) = join3(timeout(2 * SECOND, ticks), sleep(SECOND / 3), sleep(SECOND / 2)).await;
        assert_eq!(first, Ok(()));
        timers::cancel(mine);
        Ok(())
    });
    assert_eq!((report.result, report.duration, report.timers_left), (Ok(()), SECOND, 0));
}

#[test]
#[should_panic(expected = "async_handler!")]
fn a_sleep_outside_of_a_handler_says_so() {
    drop(sleep(SECOND));
}

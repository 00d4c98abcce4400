//! Utterances: back-pressure, turns, silence by dropping.

use std::cell::RefCell;
use std::time::Duration;

use switchhook_guest::aio::{Call, Either, Played, join, join3, select, sleep, timeout};
use switchhook_guest::limits::UTTERANCES_MAX;
use switchhook_guest::{code, playout};

use crate::{caller, marked};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_is_said_is_heard_whole_and_in_its_time() {
    let words = marked(4_000);
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        assert_eq!(call.say(&words).await?, Played::Whole);
        assert_eq!(call.position().heard, 4_000);
        Ok(())
    });
    assert_eq!(report.heard_at_ms(&words), Some(0));
    assert_eq!(report.duration, Duration::from_millis(520));
}

#[test]
fn long_audio_is_queued_a_second_ahead_and_has_no_gap() {
    let words = marked(8_000 * 30);
    let bytes: Vec<u8> = words.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    for playout_bytes_max in [1 << 20, 10_000] {
        let report = caller().playout_bytes_max(playout_bytes_max).run(async |call: Call| {
            call.answer().await?;
            let mut most = 0;
            let watch = async {
                loop {
                    most = most.max(call.position().queued);
                    sleep(Duration::from_millis(10)).await;
                }
            };
            let said = async { call.say(&bytes).await };
            assert_eq!(select(said, watch).await, Either::First(Ok(Played::Whole)));
            assert!((3_000..=8_000).contains(&most), "{most}");
            Ok(())
        });
        assert_eq!(report.result, Ok(()));
        assert_eq!(report.heard_at_ms(&words), Some(0), "no sample is missing, no gap is in between");
    }
}

#[test]
fn play_all_resolves_when_all_is_queued_and_what_is_queued_stays() {
    let words = marked(8_000 * 3);
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        assert_eq!(call.play_all(&words).await?, Played::Whole);
        let queued = call.position().queued;
        assert!((1..=8_000).contains(&queued), "{queued}");
        assert_eq!(call.heard().await?, Played::Whole);
        assert!(timeout(SECOND, call.play_all(&words)).await.is_err());
        assert_eq!(call.heard().await?, Played::Whole);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    let again = report.heard[24_000..].windows(9_000).any(|heard| heard == &words[..9_000]);
    assert!(again, "what was queued when it was dropped is heard");
    assert!(report.clears.is_empty());
}

#[test]
fn dropping_what_is_said_is_silence() {
    let words = marked(8_000 * 5);
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        assert!(timeout(SECOND, call.say(&words)).await.is_err());
        assert_eq!(call.position().queued, 0);
        sleep(SECOND).await;
        Ok(())
    });
    assert_eq!(report.clears.len(), 1);
    assert_eq!(report.heard[..8_000], words[..8_000]);
    assert!(report.heard[8_000..].iter().all(|sample| *sample == 0));
    let late = caller().run(async |call: Call| {
        call.answer().await?;
        drop(call.say(&words));
        let whole = call.say(&[5_i16; 80]).await?;
        assert_eq!(whole, Played::Whole);
        Ok(())
    });
    assert!(late.clears.is_empty(), "what did not speak, or was heard, clears nothing");
}

#[test]
fn what_is_cleared_knows_it_and_stops() {
    let words = marked(8_000 * 5);
    for after_ms in [100, 1_500, 4_500] {
        let report = caller().run(async |call: Call| {
            call.answer().await?;
            let hush = async {
                sleep(Duration::from_millis(after_ms)).await;
                call.clear();
            };
            let (played, ()) = join(call.say(&words), hush).await;
            assert_eq!(played?, Played::Cleared);
            sleep(SECOND).await;
            Ok(())
        });
        assert_eq!(report.result, Ok(()));
        let said = after_ms as usize * 8;
        assert_eq!(report.heard[..said], words[..said], "{after_ms}");
        assert!(report.heard[said..].iter().all(|sample| *sample == 0), "{after_ms}");
    }
}

#[test]
fn a_clear_by_the_plain_function_stops_it_too() {
    let words = marked(8_000 * 5);
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let hush = async {
            sleep(SECOND).await;
            playout::clear();
        };
        let (played, ()) = join(call.play_all(&words), hush).await;
        assert_eq!(played?, Played::Cleared);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn utterances_take_turns() {
    let (one, two) = (marked(12_000), marked(16_000)[12_000..].to_vec());
    let order = RefCell::new(Vec::new());
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let tell = |name| order.borrow_mut().push(name);
        let first = async { call.say(&one).await.inspect(|_| tell("one")) };
        let second = async { call.say(&two).await.inspect(|_| tell("two")) };
        let third = async { call.play_all(&one).await.inspect(|_| tell("three")) };
        let (one, two, three) = join3(first, second, third).await;
        assert_eq!((one?, two?, three?), (Played::Whole, Played::Whole, Played::Whole));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(order.into_inner(), ["one", "two", "three"]);
    assert_eq!((report.heard_at_ms(&one), report.heard_at_ms(&two)), (Some(0), Some(1_500)));
}

#[test]
fn one_that_waits_for_its_turn_may_be_dropped_without_harm() {
    let words = marked(8_000);
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let impatient = async { timeout(SECOND / 10, call.say(&[1_i16; 800])).await.is_err() };
        let (whole, gone, last) = join3(call.say(&words), impatient, call.say(&[7_i16; 80])).await;
        assert_eq!((whole?, gone, last?), (Played::Whole, true, Played::Whole));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert!(report.clears.is_empty());
}

#[test]
fn utterances_are_bounded_and_refusals_are_values() {
    let report = caller().playout_bytes_max(100).run(async |call: Call| {
        assert!(call.say(&[0_i16; 8]).await.expect_err("before the answer").is(code::NOT_NOW));
        call.answer().await?;
        assert!(call.play(&[0_u8; 3]).expect_err("half a sample").is(code::INVALID));
        assert!(call.play_all(&[0_u8; 3]).await.expect_err("half a sample").is(code::INVALID));
        assert!(call.play(&[0_i16; 51]).expect_err("too much").is(code::FULL));
        assert!(call.play_all(&[0_i16; 800]).await.expect_err("not 20 ms fit").is(code::FULL));
        let waiting: Vec<_> = (0..UTTERANCES_MAX).map(|_| call.say(&[0_i16; 8])).collect();
        assert!(call.say(&[0_i16; 8]).await.expect_err("too many").is(code::FULL));
        drop(waiting);
        assert_eq!(call.say(&[0_i16; 8]).await?, Played::Whole);
        assert_eq!(call.say(&[] as &[i16]).await?, Played::Whole);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

//! Audio, events, keys and speech as streams.

use std::time::Duration;

use switchhook_guest::aio::{Call, Either, Either3, join, select, select3, sleep, timeout};
use switchhook_guest::limits::{AUDIO_QUEUE_MS_MAX, EVENT_QUEUE_MAX, STREAMS_MAX};
use switchhook_guest::{Event, audio};

use crate::{caller, marked, warning};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn audio_comes_in_order_to_each_stream() {
    let words = marked(8_000);
    let report = caller().says(&words).hangs_up().run(async |call: Call| {
        let (mut one, mut two) = (call.audio(), call.audio());
        call.answer().await?;
        let all = async |audio: &mut switchhook_guest::aio::Audio| {
            let mut heard = Vec::new();
            while let Some(frame) = audio.next().await {
                assert_eq!(frame.at_sample, heard.len() as u64);
                heard.extend(audio::samples(&frame.pcm));
            }
            heard
        };
        let (one, two) = join(all(&mut one), all(&mut two)).await;
        assert_eq!(one[..8_000], words);
        assert_eq!(one, two);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn a_stream_begins_when_it_is_made() {
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        sleep(SECOND).await;
        let first = call.audio().next().await.expect("the call lives");
        assert_eq!(first.at_sample, 8_000);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn audio_that_nobody_reads_loses_its_oldest_and_says_so() {
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let mut audio = call.audio();
        sleep(5 * SECOND).await;
        let first = audio.next().await.expect("the call lives");
        let kept = u64::from(AUDIO_QUEUE_MS_MAX) * 8;
        assert_eq!(first.at_sample, 5 * 8_000 - kept);
        assert_eq!(u64::from(first.lost_samples), first.at_sample);
        assert_eq!(audio.dropped(), first.at_sample / 160);
        assert_eq!(audio.next().await.map(|next| next.lost_samples), Some(0));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn events_that_nobody_reads_lose_their_oldest_and_count() {
    let mut script = caller();
    for index in 0..EVENT_QUEUE_MAX + 10 {
        script = script.happens(warning(&index.to_string()));
    }
    let report = script.run(async |call: Call| {
        let mut events = call.events();
        call.answer().await?;
        sleep(SECOND).await;
        let Some(Event::Warning(first)) = events.next().await else { panic!("a warning") };
        assert_eq!((first.code.as_str(), events.dropped()), ("10", 10));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn too_many_streams_end_at_once() {
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let mut streams: Vec<_> = (0..STREAMS_MAX).map(|_| call.audio()).collect();
        assert_eq!(call.audio().next().await, None);
        streams.pop();
        assert!(call.audio().next().await.is_some());
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert!(report.logged("one more ends at once"));
}

#[test]
fn a_next_that_is_dropped_loses_nothing() {
    let report = caller().run(async |call: Call| {
        call.answer().await?;
        let mut audio = call.audio();
        let mut at_sample = 0;
        for _ in 0..100 {
            match select(audio.next(), sleep(Duration::from_millis(7))).await {
                Either::First(frame) => {
                    assert_eq!(frame.expect("the call lives").at_sample, at_sample);
                    at_sample += 160;
                }
                Either::Second(()) => {}
            }
        }
        assert!(at_sample > 0);
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn keys_are_heard_in_band_and_out_of_band_in_their_order() {
    let script = caller().presses("12").signals('3').waits_ms(50).presses("#").waits_ms(3_000);
    let report = script.run(async |call: Call| {
        call.answer().await?;
        let mut keys = call.keys();
        let mut pressed = String::new();
        while let Ok(key) = timeout(SECOND, keys.next()).await {
            pressed.push(key);
        }
        assert_eq!(pressed, "123#");
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn keys_wait_until_they_are_asked_for_and_can_be_forgotten() {
    let report =
        caller().presses("1").waits_ms(2_000).presses("2").waits_ms(500).presses("3").run(async |call: Call| {
            let mut keys = call.keys();
            call.answer().await?;
            sleep(SECOND).await;
            assert_eq!(keys.next().await, '1');
            sleep(2 * SECOND).await;
            keys.forget();
            assert_eq!(keys.next().await, '3');
            Ok(())
        });
    assert_eq!(report.result, Ok(()));
}

#[test]
fn speech_interrupts_what_is_said_within_60_ms() {
    let words = audio::tone(300.0, 0.3, 8_000, 10_000);
    let report = caller().waits_ms(1_000).says(&marked(8_000)).run(async |call: Call| {
        call.answer().await?;
        let mut keys = call.keys();
        let first = select3(call.say(&words), keys.next(), call.speech()).await;
        assert_eq!(first, Either3::Third(()));
        sleep(SECOND).await;
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert!(report.heard_dbfs(900, 1_000) > -20.0);
    assert!(report.heard_dbfs(1_060, 2_000) < -90.0);
}

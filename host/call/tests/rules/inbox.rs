//! What waits for the handler, and what a late handler loses.

use call::limits::INBOX_UNKNOWN_CHANNELS_MAX;
use call::{Event, Failure, Next};

use crate::kit::{answered, audio, events, isolated, pass, ringing};

/// Channel, position, lost samples and samples of each audio event.
fn heard(events: &[Event]) -> Vec<(u8, u64, u32, usize)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Audio { channel, at_sample, lost_samples, pcm } => {
                Some((*channel, *at_sample, *lost_samples, pcm.len() / 2))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn positions_count_on_each_channel() {
    let mut call = answered();
    call.handle_audio(0, &audio(20));
    call.handle_audio(2, &audio(10));
    call.handle_audio(0, &audio(20));
    assert_eq!(heard(&events(&mut call)), [(0, 0, 0, 320), (2, 0, 0, 160), (0, 320, 0, 320)]);
}

#[test]
fn audio_is_delivered_as_it_came_also_while_it_rings() {
    let mut call = ringing();
    call.handle_audio(3, &[1, 2, 3, 4]);
    let expected = Event::Audio { channel: 3, at_sample: 0, lost_samples: 0, pcm: vec![1, 2, 3, 4] };
    assert_eq!(call.next(), Next::Event(expected));
    assert_eq!(call.next(), Next::Wait);
}

#[test]
fn half_a_sample_is_dropped_and_counted() {
    let mut call = answered();
    call.handle_audio(0, &[1, 2, 3]);
    call.handle_audio(0, &[9]);
    call.handle_audio(0, &[]);
    assert_eq!(heard(&events(&mut call)), [(0, 0, 0, 1)]);
    let stats = call.stats();
    assert_eq!((stats.frames_in, stats.samples_in, stats.odd_bytes), (1, 1, 2));
}

#[test]
fn each_leg_has_its_two_seconds() {
    let mut call = answered();
    for _ in 0..110 {
        for channel in 0..3 {
            call.handle_audio(channel, &audio(20));
        }
    }
    let taken = heard(&events(&mut call));
    for leg in 0..3 {
        let of_leg: Vec<_> = taken.iter().filter(|frame| frame.0 == leg).collect();
        assert_eq!(of_leg.len(), 100);
        assert_eq!(*of_leg[0], (leg, 10 * 320, 10 * 320, 320));
    }
}

#[test]
fn a_peer_with_many_channels_shares_what_a_call_can_have() {
    let mut call = answered();
    // Twice: what was refused once stays so, what was heard once stays so too.
    for channel in (0..=255).chain(0..=255).rev() {
        call.handle_audio(channel, &audio(2_000));
    }
    let taken = heard(&events(&mut call));
    let channels: Vec<u8> = taken.iter().map(|frame| frame.0).collect();
    assert_eq!(channels, [255, 254, 0], "two strangers, and the call itself though it came last");
    let dropped = 2 * (256 - 1 - INBOX_UNKNOWN_CHANNELS_MAX as u64);
    assert_eq!(call.stats().frames_unheard, dropped);
    assert_eq!(call.stats().samples_lost, (dropped + 3) * 32_000, "of those heard, one of two frames was late");
}

#[test]
fn legs_that_are_known_are_heard_whoever_else_talks() {
    let mut call = isolated();
    for (channel, taken) in [(9, true), (8, true), (7, false), (9, true), (2, true), (1, true), (0, true)] {
        assert_eq!(call.handle_audio(channel, &audio(20)), taken, "{channel}");
    }
    let channels: Vec<u8> = heard(&events(&mut call)).iter().map(|frame| frame.0).collect();
    assert_eq!(channels, [9, 8, 9, 2, 1, 0]);
}

#[test]
fn two_seconds_are_kept_and_the_oldest_is_lost() {
    let mut call = answered();
    for _ in 0..110 {
        call.handle_audio(0, &audio(20));
    }
    let taken = heard(&events(&mut call));
    assert_eq!(taken.len(), 100);
    assert_eq!(taken[0], (0, 10 * 320, 10 * 320, 320), "the loss is told, and positions are times");
    assert_eq!(taken[1], (0, 11 * 320, 0, 320));
    assert_eq!(call.stats().samples_lost, 10 * 320);
    call.handle_audio(0, &audio(20));
    assert_eq!(heard(&events(&mut call)), [(0, 110 * 320, 0, 320)], "it is told once");
}

#[test]
fn the_loss_is_told_on_the_channel_that_suffered_it() {
    let mut call = answered();
    call.handle_audio(1, &audio(500));
    call.handle_audio(0, &audio(1_000));
    call.handle_audio(0, &audio(1_000));
    call.handle_audio(0, &audio(500));
    call.handle_audio(1, &audio(10));
    let taken = heard(&events(&mut call));
    let kept = [(1, 0, 0, 8_000), (0, 16_000, 16_000, 16_000), (0, 32_000, 0, 8_000), (1, 8_000, 0, 160)];
    assert_eq!(taken, kept, "the other channel lost nothing");
}

#[test]
fn a_frame_that_is_too_long_keeps_its_end() {
    let mut call = answered();
    call.handle_audio(0, &audio(20));
    let mut long = audio(3_000);
    *long.last_mut().unwrap() = 77;
    call.handle_audio(0, &long);
    let taken = events(&mut call);
    assert_eq!(heard(&taken), [(0, 16_320, 16_320, 32_000)]);
    let Event::Audio { pcm, .. } = &taken[0] else { panic!("{taken:?}") };
    assert_eq!(pcm.last(), Some(&77));
}

#[test]
fn very_short_frames_are_bounded_by_number() {
    let mut call = answered();
    for _ in 0..1_500 {
        call.handle_audio(0, &[0, 0]);
    }
    let taken = heard(&events(&mut call));
    assert_eq!(taken.len(), 1_024);
    assert_eq!(taken[0], (0, 476, 476, 1));
}

#[test]
fn a_late_handler_loses_audio_and_nothing_else() {
    let mut call = answered();
    call.handle_dtmf("5", 0);
    call.mark("m").unwrap();
    for _ in 0..500 {
        call.handle_audio(0, &audio(20));
    }
    call.handle_error(Failure::new("TTS_SESSION_ERROR", "no voice"));
    let taken = events(&mut call);
    assert_eq!(taken[0], Event::Dtmf { digit: "5".into(), channel: 0 });
    assert_eq!(taken[1], Event::Mark { name: "m".into(), played: true });
    assert_eq!(heard(&taken).len(), 100);
    assert_eq!(taken[102], Event::CallError(Failure::new("TTS_SESSION_ERROR", "no voice")));
}

#[test]
fn audio_and_control_keep_their_order() {
    let mut call = answered();
    call.handle_audio(0, &[1, 0]);
    call.handle_dtmf("1", 0);
    call.handle_dtmf("2", 1);
    call.handle_audio(0, &[2, 0]);
    call.handle_dtmf("3", 0);
    let order: Vec<String> = events(&mut call)
        .into_iter()
        .map(|event| match event {
            Event::Audio { pcm, .. } => format!("audio {}", pcm[0]),
            Event::Dtmf { digit, channel } => format!("key {digit} of {channel}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, ["audio 1", "key 1 of 0", "key 2 of 1", "audio 2", "key 3 of 0"]);
}

#[test]
fn notices_of_one_code_are_counted_into_the_first() {
    let mut call = answered();
    for attempt in 0..4 {
        call.handle_warning(Failure::new("LATE", format!("attempt {attempt}")));
        call.handle_error(Failure::new("LATE", "an error is no warning"));
    }
    let taken = events(&mut call);
    assert_eq!(
        taken,
        [
            Event::Warning(Failure::new("LATE", "attempt 0 (and 3 more)")),
            Event::CallError(Failure::new("LATE", "an error is no warning (and 3 more)")),
        ]
    );
    assert_eq!(call.stats().notices_coalesced, 6);
    call.handle_warning(Failure::new("LATE", "again"));
    assert_eq!(events(&mut call), [Event::Warning(Failure::new("LATE", "again"))]);
}

#[test]
fn different_notices_are_bounded() {
    let mut call = answered();
    for number in 0..40 {
        call.handle_warning(Failure::new(format!("W{number}"), "x".repeat(5_000)));
    }
    let taken = events(&mut call);
    assert_eq!(taken.len(), 16);
    let Event::Warning(first) = &taken[0] else { panic!("{taken:?}") };
    assert_eq!(first.message.len(), 1_024);
    assert_eq!(call.stats().notices_dropped, 24);
    call.handle_warning(Failure::new("W0", ""));
    assert_eq!(events(&mut call).len(), 1);
}

#[test]
fn keys_are_bounded_in_number_and_length() {
    let mut call = answered();
    for _ in 0..300 {
        call.handle_dtmf(&"9".repeat(1_000), 0);
    }
    let taken = events(&mut call);
    assert_eq!(taken.len(), 256);
    assert_eq!(taken[0], Event::Dtmf { digit: "9".repeat(16), channel: 0 });
    assert_eq!(call.stats().keys_dropped, 44);
    call.handle_dtmf("1", 0);
    assert_eq!(events(&mut call).len(), 1);
}

#[test]
fn has_event_says_whether_next_waits() {
    let mut call = answered();
    assert!(!call.has_event());
    call.handle_audio(0, &[0, 0]);
    assert!(call.has_event());
    call.next();
    assert!(!call.has_event());
    pass(&mut call, 1);
    assert!(!call.has_event());
}

//! What is recorded, and that each sample stands at its time.

use std::time::Duration;

use call::{Call, CommandKind, Deadline, EndReason, Next, RecordingFormat, Side};
use proptest::prelude::*;

use crate::kit::{PLAYOUT_BYTES_MAX, RATE_HZ, answered, code, frames, isolated, pass, ringing_with, succeed};

/// Samples of a millisecond.
const MS: usize = RATE_HZ as usize / 1_000;

/// So many milliseconds of one value.
fn level(value: i16, ms: usize) -> Vec<u8> {
    value.to_le_bytes().repeat(ms * MS)
}

/// Lets time pass, and takes what the tape hands out.
fn run(call: &mut Call, ms: u64, out: &mut Vec<u8>) {
    pass(call, ms);
    out.extend(call.poll_tape().unwrap_or_default());
}

fn stop(call: &mut Call, mut out: Vec<u8>) -> Vec<i16> {
    out.extend(call.stop_tape().unwrap());
    out.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Where each value begins and how long it lasts, in milliseconds; silence left out.
fn runs(samples: &[i16]) -> Vec<(i16, usize, usize)> {
    let mut runs: Vec<(i16, usize, usize)> = Vec::new();
    for (index, &value) in samples.iter().enumerate() {
        match runs.last_mut() {
            Some((last, start, length)) if *last == value && *start + *length == index => *length += 1,
            _ => runs.push((value, index, 1)),
        }
    }
    runs.retain(|(value, ..)| *value != 0);
    runs.into_iter().map(|(value, start, length)| (value, start / MS, length / MS)).collect()
}

#[test]
fn what_is_heard_stands_at_its_time() {
    let mut call = answered();
    assert_eq!(call.start_tape(Side::Heard), Ok(RecordingFormat { sample_rate_hz: RATE_HZ, channels: 1 }));
    let mut out = Vec::new();
    for value in [1, 2] {
        run(&mut call, 20, &mut out);
        call.handle_audio(0, &level(value, 20));
        call.handle_audio(3, &level(9, 20));
    }
    run(&mut call, 500, &mut out);
    call.handle_audio(0, &level(3, 20));
    run(&mut call, 100, &mut out);
    let samples = stop(&mut call, out);
    assert_eq!(samples.len(), 640 * MS);
    assert_eq!(runs(&samples), [(1, 0, 20), (2, 20, 20), (3, 520, 20)]);
}

#[test]
fn what_was_spoken_before_is_left_out() {
    let mut call = answered();
    call.start_tape(Side::Heard).unwrap();
    pass(&mut call, 5);
    call.handle_audio(0, &level(1, 20));
    pass(&mut call, 20);
    call.handle_audio(0, &level(2, 20));
    assert_eq!(runs(&stop(&mut call, Vec::new())), [(1, 0, 5), (2, 5, 20)]);
}

#[test]
fn what_a_network_held_up_is_put_where_it_belongs() {
    let mut call = answered();
    call.start_tape(Side::Heard).unwrap();
    let mut out = Vec::new();
    run(&mut call, 20, &mut out);
    call.handle_audio(0, &level(1, 20));
    // Nothing for a second and a half, then all of it at once.
    run(&mut call, 1_500, &mut out);
    for value in 2..77 {
        call.handle_audio(0, &level(value, 20));
    }
    run(&mut call, 20, &mut out);
    call.handle_audio(0, &level(77, 20));
    let samples = stop(&mut call, out);
    let expected: Vec<_> = (1..78).map(|value| (value, (value as usize - 1) * 20, 20)).collect();
    assert_eq!(runs(&samples), expected);
    assert_eq!(call.stats().tape_lost, 0);
}

#[test]
fn what_is_later_than_that_is_left_out_and_counted() {
    let mut call = answered();
    call.start_tape(Side::Heard).unwrap();
    let mut out = Vec::new();
    for _ in 0..5 {
        run(&mut call, 1_000, &mut out);
    }
    for value in 1..251 {
        call.handle_audio(0, &level(value, 20));
    }
    run(&mut call, 20, &mut out);
    call.handle_audio(0, &level(251, 20));
    let runs = runs(&stop(&mut call, out));
    let (&(first, first_ms, _), &(last, last_ms, _)) = (runs.first().unwrap(), runs.last().unwrap());
    assert!((150..=151).contains(&first) && (3_000..=3_020).contains(&first_ms), "the last two seconds are there");
    assert!(last == 251 && (5_000..=5_020).contains(&last_ms), "what follows is at its time again: {last_ms} ms");
    let lost_ms = call.stats().tape_lost / MS as u64;
    assert!((2_980..=3_000).contains(&lost_ms), "{lost_ms} ms");
}

#[test]
fn a_little_jitter_is_no_gap() {
    let mut call = answered();
    call.start_tape(Side::Heard).unwrap();
    let mut out = Vec::new();
    for turn in 0..100 {
        run(&mut call, if turn % 2 == 0 { 32 } else { 8 }, &mut out);
        call.handle_audio(0, &level(1, 20));
    }
    let runs = runs(&stop(&mut call, out));
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert!(runs[0].1 <= 12 && runs[0].2 >= 1_960, "{runs:?}");
}

#[test]
fn what_is_said_stands_where_it_is_heard() {
    let mut call = answered();
    call.start_tape(Side::Said).unwrap();
    let mut out = Vec::new();
    run(&mut call, 100, &mut out);
    // Sent at once, heard at the pace of speech.
    call.handle_credit(640 * 10, Some(640));
    call.play(&level(1, 100)).unwrap();
    call.play(&level(2, 100)).unwrap();
    assert!(!frames(&mut call).is_empty());
    for _ in 0..20 {
        run(&mut call, 50, &mut out);
    }
    let samples = stop(&mut call, out);
    assert_eq!(samples.len(), 1_100 * MS);
    assert_eq!(runs(&samples), [(1, 100, 100), (2, 200, 100)]);
}

#[test]
fn what_is_not_heard_was_not_said() {
    let clear = |call: &mut Call| assert_eq!(call.clear().sent, 1_000 * MS as u64);
    for leave in [clear, |call: &mut Call| call.handle_ended(EndReason::Terminated)] {
        let mut call = answered();
        call.start_tape(Side::Said).unwrap();
        call.handle_credit(640 * 50, Some(640));
        call.play(&level(1, 1_000)).unwrap();
        assert!(!frames(&mut call).is_empty());
        let mut out = Vec::new();
        run(&mut call, 250, &mut out);
        leave(&mut call);
        assert_eq!(runs(&stop(&mut call, out)), [(1, 0, 250)]);
    }
}

#[test]
fn both_sides_share_one_time() {
    let mut call = answered();
    assert_eq!(call.start_tape(Side::Both), Ok(RecordingFormat { sample_rate_hz: RATE_HZ, channels: 2 }));
    let mut out = Vec::new();
    for _ in 0..150 {
        run(&mut call, 20, &mut out);
        call.handle_credit(640, Some(640));
        call.handle_audio(0, &level(1, 20));
        call.play(&level(2, 20)).unwrap();
        frames(&mut call);
    }
    run(&mut call, 20, &mut out);
    assert!(!out.is_empty(), "batches came while it ran");
    let samples = stop(&mut call, out);
    let side = |side: usize| -> Vec<i16> { samples.iter().skip(side).step_by(2).copied().collect() };
    assert_eq!(samples.len(), 2 * 3_020 * MS);
    assert_eq!(runs(&side(0)), [(1, 0, 3_000)]);
    assert_eq!(runs(&side(1)), [(2, 20, 3_000)]);
}

/// Channel 0 alone for a second, then the legs for two: beside a mix, or instead of one.
fn legs(call: &mut Call, side: Side, mix: bool) -> Vec<i16> {
    call.start_tape(side).unwrap();
    let mut out = Vec::new();
    for turn in 0..150 {
        run(call, 20, &mut out);
        let apart = turn >= 50;
        if apart {
            call.handle_audio(1, &level(1, 20));
            call.handle_audio(2, &level(2, 20));
            call.handle_audio(3, &level(9, 20));
        }
        if mix || !apart {
            call.handle_audio(0, &level(if apart { 3 } else { 1 }, 20));
        }
    }
    stop(call, out)
}

#[test]
fn each_leg_stands_on_its_own_side() {
    for mix in [true, false] {
        let samples = legs(&mut isolated(), Side::Legs, mix);
        let side = |side: usize| -> Vec<i16> { samples.iter().skip(side).step_by(2).copied().collect() };
        assert_eq!(samples.len(), 2 * 3_000 * MS);
        assert_eq!(runs(&side(0)), [(1, 0, 3_000)], "until they come apart, the call is the first leg");
        assert_eq!(runs(&side(1)), [(2, 1_000, 2_000)]);
    }
}

#[test]
fn what_is_heard_of_a_call_is_all_of_it_with_and_without_a_mix() {
    for mix in [true, false] {
        let samples = legs(&mut isolated(), Side::Heard, mix);
        assert_eq!(runs(&samples), [(1, 0, 1_000), (3, 1_000, 2_000)], "mix {mix}");
    }
}

#[test]
fn a_call_whose_legs_stay_together_has_no_recording_of_them() {
    assert_eq!(code(answered().start_tape(Side::Legs)), "NOT_SUPPORTED");
}

#[test]
fn a_batch_is_due_every_second_and_the_end_ends_it() {
    let mut call = answered();
    let start = call.now();
    call.start_tape(Side::Said).unwrap();
    for second in 1..4 {
        let (at, why) = call.poll_timeout().unwrap();
        assert_eq!((at, why), (start + Duration::from_secs(second), Deadline::Tape));
        call.handle_timeout(at);
        assert_eq!(call.poll_tape().map(|pcm| pcm.len()), Some(2 * 1_000 * MS));
        assert_eq!(call.poll_tape(), None);
    }
    call.handle_ended(EndReason::Terminated);
    assert_eq!(call.poll_timeout(), None);
    pass(&mut call, 5_000);
    assert_eq!(call.stop_tape().map(|pcm| pcm.len()), Some(0), "nothing happens behind the end");
    assert_eq!(code(call.start_tape(Side::Said)), "ENDED");
}

#[test]
fn there_is_one_tape() {
    let mut call = answered();
    assert_eq!(call.stop_tape(), None);
    call.start_tape(Side::Heard).unwrap();
    assert_eq!(code(call.start_tape(Side::Both)), "NOT_NOW");
    assert!(call.stop_tape().is_some());
    assert_eq!(call.stop_tape(), None);
    assert!(call.start_tape(Side::Both).is_ok());
}

#[test]
fn a_tape_is_bounded_when_the_carrier_takes_far_ahead() {
    let mut call = succeed(ringing_with(call::Capabilities::of(&call::Ability::ALL), 4 << 20), CommandKind::Answer);
    call.start_tape(Side::Said).unwrap();
    call.handle_credit(16 << 20, None);
    call.play(&level(1, 60_000)).unwrap();
    frames(&mut call);
    let mut out = Vec::new();
    for _ in 0..40 {
        run(&mut call, 1_000, &mut out);
    }
    let (value, start, length) = runs(&stop(&mut call, out))[0];
    assert!((value, start) == (1, 0) && (29_000..=30_000).contains(&length), "{length}");
    assert!(call.stats().tape_lost >= 30_000 * MS as u64);
}

#[derive(Clone, Debug)]
enum Act {
    Pass(u64),
    Hear(u8, usize),
    Play(usize),
    Pull(u64),
    Clear,
    Take,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..100_u64).prop_map(Act::Pass),
        1 => (0..4_000_u64).prop_map(Act::Pass),
        4 => (0..4_u8, 0..60_usize).prop_map(|(channel, ms)| Act::Hear(channel, ms)),
        3 => (0..200_usize).prop_map(Act::Play),
        3 => (0..20_000_u64).prop_map(Act::Pull),
        1 => Just(Act::Clear),
        4 => Just(Act::Take),
    ]
}

proptest! {
    /// Whatever happens, a recording is as long as it lasted, and both sides are within it.
    #[test]
    fn a_recording_is_as_long_as_it_lasted(acts in prop::collection::vec(act(), 1..200), side in 0..4_usize) {
        let side = [Side::Heard, Side::Said, Side::Both, Side::Legs][side];
        let mut call = isolated();
        let start = call.now();
        call.start_tape(side).unwrap();
        let mut out = Vec::new();
        for act in acts {
            match act {
                Act::Pass(ms) => pass(&mut call, ms),
                Act::Hear(channel, ms) => assert!(call.handle_audio(channel, &level(1, ms))),
                Act::Play(ms) => drop(call.play(&level(2, ms.min(PLAYOUT_BYTES_MAX / 32)))),
                Act::Pull(bytes) => call.handle_credit(bytes, None),
                Act::Clear => assert!(!call.clear().exact),
                Act::Take => out.extend(call.poll_tape().unwrap_or_default()),
            }
            frames(&mut call);
        }
        let lasted = (call.now() - start).as_millis() as usize;
        let samples = stop(&mut call, out);
        let frames = samples.len() / usize::from(side.channels());
        // Heard audio may run ahead by what is taken for jitter.
        prop_assert!((lasted * MS..=(lasted + 20) * MS).contains(&frames), "{frames} samples in {lasted} ms");
        while !matches!(call.next(), Next::Wait) {}
    }
}

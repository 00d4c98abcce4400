//! The pull rule, the tail, and clear.

use std::time::Duration;

use call::{CommandKind, Deadline, Ledger};

use crate::kit::{
    PLAYOUT_BYTES_MAX, answered, audio, code, commands, connected, frame_sizes, frames, ledger_ms, pass, ringing,
    ringing_with, succeed,
};

#[test]
fn play_is_all_or_nothing() {
    assert_eq!(code(ringing().play(&[0; 2])), "NOT_NOW");
    assert_eq!(code(ringing().play_samples(&[0])), "NOT_NOW");
    connected().play(&[0; 2]).unwrap();
    let mut call = answered();
    assert_eq!(code(call.play(&[0; 3])), "INVALID");
    call.play(&vec![0; PLAYOUT_BYTES_MAX - 2]).unwrap();
    assert_eq!(code(call.play(&[0; 4])), "FULL");
    assert_eq!(code(call.play_samples(&[0; 2])), "FULL");
    let ledger = call.play_samples(&[0]).unwrap();
    assert_eq!(ledger, Ledger { queued: PLAYOUT_BYTES_MAX as u64 / 2, ..Ledger::default() });
    call.play(&[]).unwrap();
    assert_eq!(call.stats().playout_bytes_peak, PLAYOUT_BYTES_MAX as u64);
}

#[test]
fn samples_and_bytes_are_the_same_audio() {
    let mut call = answered();
    call.play_samples(&[0x0102, -2]).unwrap();
    call.play(&[5, 6]).unwrap();
    call.handle_credit(6, Some(2));
    assert_eq!(frames(&mut call), [[2, 1, 0xfe, 0xff, 5, 6]]);
}

#[test]
fn nothing_leaves_that_was_not_asked_for() {
    let mut call = answered();
    call.play(&audio(100)).unwrap();
    assert!(frame_sizes(&mut call).is_empty());
    call.handle_credit(640, Some(640));
    assert_eq!(frame_sizes(&mut call), [640]);
    call.handle_credit(0, None);
    assert!(frame_sizes(&mut call).is_empty());
    assert_eq!(call.stats().bytes_out, 640);
}

#[test]
fn a_frame_carries_all_that_is_there_and_owed() {
    let mut call = answered();
    call.play(&audio(100)).unwrap();
    call.handle_credit(2_000, Some(640));
    assert_eq!(frame_sizes(&mut call), [2_000], "one frame, as in the SDK");
    call.handle_credit(6_400, Some(640));
    assert_eq!(frame_sizes(&mut call), [1_200]);
}

#[test]
fn a_frame_waits_for_the_preferred_size_or_what_is_owed() {
    let mut call = answered();
    call.handle_credit(2_000, Some(640));
    call.play(&[1; 638]).unwrap();
    assert!(frame_sizes(&mut call).is_empty());
    call.play(&[1; 2]).unwrap();
    assert_eq!(frame_sizes(&mut call), [640]);
    call.play(&[1; 1_280]).unwrap();
    assert_eq!(frame_sizes(&mut call), [1_280]);
    call.play(&[1; 78]).unwrap();
    assert!(frame_sizes(&mut call).is_empty());
    call.play(&[1; 2]).unwrap();
    assert_eq!(frame_sizes(&mut call), [80], "the last of a request is as short as what is owed");
}

#[test]
fn the_carrier_that_prefers_nothing_gets_960_bytes() {
    for frame_bytes in [None, Some(0)] {
        let mut call = answered();
        call.handle_credit(10_000, frame_bytes);
        call.play(&[1; 958]).unwrap();
        assert!(frame_sizes(&mut call).is_empty());
        call.play(&[1; 2]).unwrap();
        assert_eq!(frame_sizes(&mut call), [960]);
    }
}

#[test]
fn requests_are_fulfilled_one_after_the_other() {
    let mut call = answered();
    call.handle_credit(100, Some(640));
    call.handle_credit(300, Some(200));
    call.play(&[1; 350]).unwrap();
    assert_eq!(frame_sizes(&mut call), [100, 250]);
}

#[test]
fn frames_are_whole_samples() {
    let mut call = answered();
    call.handle_credit(1, None);
    call.handle_credit(101, Some(51));
    call.play(&[1; 50]).unwrap();
    assert!(frame_sizes(&mut call).is_empty(), "51 bytes are 52 in whole samples");
    call.play(&[1; 2]).unwrap();
    assert_eq!(frame_sizes(&mut call), [52]);
    call.play(&[1; 100]).unwrap();
    assert_eq!(frame_sizes(&mut call), [48]);
    assert_eq!(call.stats().credit_dropped, 2);
}

#[test]
fn a_frame_is_at_most_64_kib() {
    let mut call = succeed(ringing_with(call::Capabilities::of(&call::Ability::ALL), 1 << 20), CommandKind::Answer);
    call.handle_credit(150_000, Some(u32::MAX));
    call.play(&[1; 65_534]).unwrap();
    assert!(frame_sizes(&mut call).is_empty());
    call.play(&[1; 84_466]).unwrap();
    assert_eq!(frame_sizes(&mut call), [65_536, 65_536, 18_928]);
}

#[test]
fn a_preferred_frame_larger_than_the_playout_does_not_lock_up() {
    let mut call = succeed(ringing_with(call::Capabilities::of(&[call::Ability::Answer]), 501), CommandKind::Answer);
    call.handle_credit(10_000, None);
    call.play(&[1; 500]).unwrap();
    assert_eq!(frame_sizes(&mut call), [500]);
}

#[test]
fn credit_is_bounded() {
    let mut call = answered();
    call.handle_credit(u64::MAX, None);
    call.handle_credit(u64::MAX, None);
    let stats = call.stats();
    assert_eq!(stats.bytes_requested, u64::MAX);
    assert_eq!(stats.credit_dropped, u64::MAX);
    call.play(&audio(100)).unwrap();
    assert_eq!(frame_sizes(&mut call), [3_200]);
}

#[test]
fn the_tail_leaves_40_ms_after_the_last_audio() {
    let mut call = answered();
    call.handle_credit(2_000, Some(640));
    call.play(&[7; 100]).unwrap();
    pass(&mut call, 30);
    call.play(&[7; 100]).unwrap();
    let due = call.now() + Duration::from_millis(40);
    assert_eq!(call.poll_timeout(), Some((due, Deadline::Tail)));
    pass(&mut call, 39);
    assert!(frame_sizes(&mut call).is_empty());
    call.handle_timeout(due);
    let sent = frames(&mut call);
    assert_eq!(sent, [[vec![7; 200], vec![0; 440]].concat()]);
    assert_eq!((call.stats().padding_samples, call.position().sent), (220, 100));
    assert_eq!(call.poll_timeout(), None);
}

#[test]
fn the_tail_is_padded_to_no_more_than_what_is_owed() {
    let mut call = answered();
    call.handle_credit(300, Some(640));
    call.play(&[7; 200]).unwrap();
    call.flush();
    assert_eq!(frame_sizes(&mut call), [300]);
    call.play(&[7; 200]).unwrap();
    call.flush();
    assert!(frame_sizes(&mut call).is_empty());
    call.handle_credit(2_000, Some(640));
    assert_eq!(frame_sizes(&mut call), [640], "it leaves as soon as it is asked for");
}

#[test]
fn a_flush_lets_go_only_what_was_queued() {
    let mut call = answered();
    call.play(&[1; 700]).unwrap();
    call.flush();
    call.handle_credit(640, Some(640));
    assert_eq!(frame_sizes(&mut call), [640], "more than a frame needs no padding");
    call.handle_credit(5_000, Some(640));
    assert_eq!(frame_sizes(&mut call), [640]);
    call.play(&[1; 100]).unwrap();
    assert!(frame_sizes(&mut call).is_empty(), "the next utterance is held back again");
    assert_eq!(call.stats().padding_samples, 290);
}

#[test]
fn a_flush_without_credit_wakes_nobody() {
    let mut call = answered();
    call.play(&[1; 100]).unwrap();
    assert_eq!(call.poll_timeout(), None);
    pass(&mut call, 40);
    assert!(!call.has_output());
    call.handle_credit(1_000, Some(200));
    assert_eq!(frame_sizes(&mut call), [200]);
}

#[test]
fn clear_drops_what_is_queued_and_keeps_the_credit() {
    let mut call = answered();
    call.handle_credit(6_400, Some(640));
    call.play(&audio(20)).unwrap();
    frames(&mut call);
    call.play(&audio(10)).unwrap();
    assert_eq!(ledger_ms(call.clear()), [0, 20, 0, 10]);
    commands(&mut call);
    call.play(&audio(200)).unwrap();
    assert_eq!(frame_sizes(&mut call), [5_760]);
}

#[test]
fn odd_configurations_are_survived() {
    for (playout_bytes_max, heard) in [(0, 0), (1, 0), (2, 1), (usize::MAX, 51)] {
        let info = call::CallInfo { sample_rate_hz: 0, ..call::CallInfo::default() };
        let capabilities = call::Capabilities::of(&call::Ability::ALL);
        let config = call::CallConfig { info, capabilities, playout_bytes_max };
        let mut call = succeed(call::Call::new(config, std::time::Instant::now()), CommandKind::Answer);
        assert_eq!(call.play(&[1; 100]).is_ok(), playout_bytes_max == usize::MAX);
        call.play(&[1; 2]).ok();
        call.mark("m").unwrap();
        call.handle_credit(10_000, None);
        call.handle_audio(0, &[0; 100]);
        pass(&mut call, 40);
        frames(&mut call);
        pass(&mut call, 1_000_000);
        assert_eq!(call.position().heard, heard);
    }
}

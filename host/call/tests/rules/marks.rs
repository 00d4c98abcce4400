//! The heard estimate, marks, and the level of the queue.

use std::time::Duration;

use call::{Deadline, Event};

use crate::kit::{answered, audio, code, commands, events, frames, ledger_ms, mark, pass, ringing};

#[test]
fn what_was_sent_is_heard_in_real_time() {
    let mut call = answered();
    call.handle_credit(3_200, Some(640));
    call.play(&audio(200)).unwrap();
    frames(&mut call);
    assert_eq!(ledger_ms(call.position()), [100, 100, 0, 0]);
    pass(&mut call, 60);
    assert_eq!(ledger_ms(call.position()), [100, 100, 60, 0]);
    call.handle_credit(3_200, Some(640));
    frames(&mut call);
    pass(&mut call, 60);
    assert_eq!(ledger_ms(call.position()), [0, 200, 120, 0]);
    pass(&mut call, 1_000);
    assert_eq!(ledger_ms(call.position()), [0, 200, 200, 0]);
    assert!(!call.position().exact);
}

#[test]
fn after_a_clear_the_unheard_is_never_heard() {
    let mut call = answered();
    call.handle_credit(10_000, Some(640));
    call.play(&audio(100)).unwrap();
    frames(&mut call);
    pass(&mut call, 30);
    call.clear();
    commands(&mut call);
    pass(&mut call, 1_000);
    assert_eq!(ledger_ms(call.position()), [0, 100, 30, 0]);
    call.play(&audio(40)).unwrap();
    frames(&mut call);
    pass(&mut call, 15);
    assert_eq!(ledger_ms(call.position()), [0, 140, 45, 0]);
}

#[test]
fn marks_are_reported_when_their_audio_was_heard() {
    let mut call = answered();
    call.mark("nothing before it").unwrap();
    assert_eq!(events(&mut call), [mark("nothing before it", true)]);
    call.play(&audio(60)).unwrap();
    call.mark("a").unwrap();
    call.mark("b").unwrap();
    call.play(&audio(60)).unwrap();
    call.mark("c").unwrap();
    assert_eq!(call.poll_timeout(), None, "nothing was sent");
    call.handle_credit(3_200, Some(640));
    frames(&mut call);
    let start = call.now();
    assert_eq!(call.poll_timeout(), Some((start + Duration::from_millis(60), Deadline::Mark)));
    pass(&mut call, 59);
    assert!(events(&mut call).is_empty());
    pass(&mut call, 1);
    assert_eq!(events(&mut call), [mark("a", true), mark("b", true)]);
    assert_eq!(call.poll_timeout(), None, "the audio before c has not all been sent");
    pass(&mut call, 1_000);
    call.handle_credit(3_200, Some(640));
    frames(&mut call);
    pass(&mut call, 20);
    assert_eq!(events(&mut call), [mark("c", true)]);
}

#[test]
fn padding_delays_the_marks_behind_it() {
    let mut call = answered();
    call.handle_credit(10_000, Some(640));
    call.play(&audio(5)).unwrap();
    call.flush();
    frames(&mut call);
    call.play(&audio(20)).unwrap();
    call.mark("behind 15 ms of padding").unwrap();
    frames(&mut call);
    pass(&mut call, 39);
    assert!(events(&mut call).is_empty());
    pass(&mut call, 1);
    assert_eq!(events(&mut call).len(), 1);
}

#[test]
fn clear_reports_the_marks_that_were_not_reached() {
    let mut call = answered();
    call.handle_credit(640, Some(640));
    call.play(&audio(20)).unwrap();
    call.mark("sent, unheard").unwrap();
    call.play(&audio(20)).unwrap();
    call.mark("queued").unwrap();
    frames(&mut call);
    pass(&mut call, 10);
    call.clear();
    assert_eq!(events(&mut call), [mark("sent, unheard", false), mark("queued", false)]);
    call.mark("after").unwrap();
    assert_eq!(events(&mut call), [mark("after", true)]);
}

#[test]
fn marks_are_bounded() {
    let mut call = answered();
    call.mark(&"n".repeat(128)).unwrap();
    assert_eq!(code(call.mark(&"n".repeat(129))), "INVALID");
    call.play(&[0; 2]).unwrap();
    for _ in 1..1_024 {
        call.mark("m").unwrap();
    }
    assert_eq!(code(call.mark("one too many")), "FULL");
    assert_eq!(events(&mut call).len(), 1);
    call.mark("m").unwrap();
    call.clear();
    assert_eq!(code(call.mark("their events wait")), "FULL");
    assert_eq!(events(&mut call).len(), 1_024);
    call.mark("m").unwrap();
}

fn lows(call: &mut call::Call) -> Vec<u64> {
    events(call)
        .into_iter()
        .map(|event| match event {
            Event::PlayoutLow(ledger) => ledger.queued,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn playout_low_comes_once_when_the_queue_falls_under_the_level() {
    let mut call = answered();
    call.play(&[0; 2_000]).unwrap();
    call.notify_below(500);
    assert!(lows(&mut call).is_empty());
    call.handle_credit(1_000, Some(640));
    frames(&mut call);
    assert!(lows(&mut call).is_empty(), "500 are not fewer than 500");
    call.handle_credit(2, None);
    frames(&mut call);
    assert_eq!(lows(&mut call), [499]);
    call.handle_credit(2, None);
    frames(&mut call);
    assert!(lows(&mut call).is_empty());
}

#[test]
fn playout_low_comes_at_once_when_it_is_so_already() {
    let mut call = ringing();
    call.notify_below(1);
    assert_eq!(lows(&mut call), [0]);
    call.notify_below(0);
    assert!(lows(&mut call).is_empty());
}

#[test]
fn a_later_notify_below_replaces_an_earlier_one() {
    let mut call = answered();
    for _ in 0..100 {
        call.notify_below(10);
    }
    assert_eq!(lows(&mut call), [0], "one event, however often it is asked for");
    call.notify_below(10);
    call.notify_below(0);
    assert!(lows(&mut call).is_empty(), "0 cancels one that waits");
    call.play(&[0; 100]).unwrap();
    call.notify_below(10);
    call.notify_below(20);
    call.clear();
    assert_eq!(lows(&mut call), [0]);
}

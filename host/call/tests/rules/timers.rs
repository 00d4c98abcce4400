//! Timers, and the deadlines that a driver waits for.

use std::time::Duration;

use call::{Deadline, Event};

use crate::kit::{answered, audio, code, events, frames, pass, ringing};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_timer_fires_once_at_its_time() {
    let mut call = ringing();
    let id = call.set_timer(30 * MS, false).unwrap();
    assert_eq!(call.poll_timeout(), Some((call.now() + 30 * MS, Deadline::Timer)));
    pass(&mut call, 29);
    assert!(events(&mut call).is_empty());
    pass(&mut call, 1);
    assert_eq!(events(&mut call), [Event::Timer(id)]);
    assert_eq!(call.poll_timeout(), None);
    pass(&mut call, 1_000);
    assert!(events(&mut call).is_empty());
}

#[test]
fn a_timer_without_delay_fires_at_once() {
    let mut call = ringing();
    let id = call.set_timer(Duration::ZERO, false).unwrap();
    assert_eq!(events(&mut call), [Event::Timer(id)]);
}

#[test]
fn a_repeating_timer_queues_one_event_and_keeps_its_rhythm() {
    let mut call = ringing();
    let start = call.now();
    let id = call.set_timer(20 * MS, true).unwrap();
    for _ in 0..10 {
        pass(&mut call, 13);
    }
    assert_eq!(call.poll_timeout(), None, "a handler that does not come costs no wake-ups");
    assert_eq!(events(&mut call), [Event::Timer(id)]);
    assert_eq!(call.poll_timeout(), Some((start + 140 * MS, Deadline::Timer)));
    pass(&mut call, 10);
    assert_eq!(events(&mut call), [Event::Timer(id)]);
}

#[test]
fn a_repeating_timer_without_period_does_not_spin() {
    let mut call = ringing();
    let id = call.set_timer(Duration::ZERO, true).unwrap();
    assert!(events(&mut call).is_empty());
    for _ in 0..10 {
        let (at, _) = call.poll_timeout().unwrap();
        assert_eq!(at, call.now() + MS);
        call.handle_timeout(at);
        assert_eq!(events(&mut call), [Event::Timer(id)]);
    }
}

#[test]
fn cancelling_removes_the_event_that_waits() {
    let mut call = ringing();
    let first = call.set_timer(MS, false).unwrap();
    let second = call.set_timer(MS, true).unwrap();
    let third = call.set_timer(MS, false).unwrap();
    pass(&mut call, 1);
    call.cancel_timer(second);
    call.cancel_timer(99);
    assert_eq!(events(&mut call), [Event::Timer(first), Event::Timer(third)]);
    let never = call.set_timer(MS, true).unwrap();
    call.cancel_timer(never);
    assert_eq!(call.poll_timeout(), None);
}

#[test]
fn timers_are_bounded() {
    let mut call = ringing();
    let ids: Vec<u32> = (0..256).map(|_| call.set_timer(MS, false).unwrap()).collect();
    assert_eq!(code(call.set_timer(MS, false)), "FULL");
    call.cancel_timer(ids[7]);
    call.set_timer(MS, false).unwrap();
    pass(&mut call, 1);
    assert_eq!(code(call.set_timer(MS, false)), "FULL", "their events wait");
    assert_eq!(events(&mut call).len(), 256);
    call.set_timer(MS, false).unwrap();
    assert_eq!(code(call.set_timer(Duration::MAX, false)), "INVALID");
}

#[test]
fn the_earliest_deadline_is_told_with_its_reason() {
    let mut call = answered();
    let start = call.now();
    call.handle_credit(1_000, Some(640));
    call.play(&audio(20)).unwrap();
    call.mark("m").unwrap();
    frames(&mut call);
    call.play(&audio(5)).unwrap();
    call.set_timer(100 * MS, false).unwrap();
    assert_eq!(call.poll_timeout(), Some((start + 20 * MS, Deadline::Mark)));
    call.handle_timeout(start + 20 * MS);
    assert_eq!(call.poll_timeout(), Some((start + 40 * MS, Deadline::Tail)));
    call.handle_timeout(start + 40 * MS);
    assert_eq!(call.poll_timeout(), Some((start + 100 * MS, Deadline::Timer)));
}

#[test]
fn time_does_not_run_backwards() {
    let mut call = ringing();
    pass(&mut call, 100);
    let now = call.now();
    call.handle_timeout(now - 50 * MS);
    assert_eq!(call.now(), now);
}

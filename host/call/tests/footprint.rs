//! What a call costs in memory: what an idle one holds, and how often a live one allocates.
//!
//! Allocations are counted by thread, and each test is one thread.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, Event, Happening, Next};

thread_local! {
    static HELD_BYTES: Cell<i64> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[allow(unsafe_code, reason = "a global allocator is an unsafe trait; each method only counts and passes on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        unsafe { System.realloc(memory, layout, size) }
    }
}

fn count(allocations: u64, bytes: i64) {
    ALLOCATIONS.set(ALLOCATIONS.get() + allocations);
    HELD_BYTES.set(HELD_BYTES.get() + bytes);
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RATE_HZ: u32 = 16_000;
const FRAME_BYTES: usize = 640;
/// What an idle call may hold besides itself: the first places of a few queues.
const IDLE_BYTES_MAX: i64 = 6 * 1_024;

fn answered() -> Call {
    let info = CallInfo { sample_rate_hz: RATE_HZ, ..CallInfo::default() };
    let capabilities = Capabilities::of(&Ability::ALL);
    let mut call = Call::new(CallConfig { info, capabilities, playout_bytes_max: 1 << 20 }, Instant::now());
    let id = call.command(CommandKind::Answer).unwrap();
    call.poll_command();
    call.handle_outcome(id, Ok(None));
    call.next();
    call
}

/// One turn of a call that plays back what it hears, as the two pollers of a call task take it.
fn echo_turn(call: &mut Call, heard: &[u8], frame: &mut Vec<u8>) {
    call.handle_timeout(call.now() + Duration::from_millis(20));
    call.handle_audio(0, heard);
    call.handle_credit(heard.len() as u64, Some(heard.len() as u32));
    while let Next::Event(Event::Audio { pcm, .. }) = call.next() {
        call.play(&pcm).unwrap();
    }
    frame.clear();
    frame.push(0);
    assert!(call.poll_audio(frame));
    assert_eq!(frame[1..], *heard);
    assert!(call.poll_timeout().is_none());
}

/// Held bytes that `work` left behind, and the allocations it made.
fn measure<T>(work: impl FnOnce() -> T) -> (T, i64, u64) {
    let (held, allocations) = (HELD_BYTES.get(), ALLOCATIONS.get());
    let result = work();
    (result, HELD_BYTES.get() - held, ALLOCATIONS.get() - allocations)
}

#[test]
fn the_echo_path_allocates_two_buffers_a_frame() {
    let mut call = answered();
    let heard = [7; FRAME_BYTES];
    let mut frame = Vec::with_capacity(2 * FRAME_BYTES);
    for _ in 0..100 {
        echo_turn(&mut call, &heard, &mut frame);
    }
    let ((), held, allocations) = measure(|| {
        for _ in 0..1_000 {
            echo_turn(&mut call, &heard, &mut frame);
        }
    });
    assert_eq!(
        allocations, 2_000,
        "the one that an inbox frame is moved in, and the ring, which a drained playout gives back"
    );
    assert_eq!(held, 0);
}

#[test]
fn an_idle_call_holds_little() {
    assert!(size_of::<Call>() < 2 * 1_024, "{} bytes", size_of::<Call>());
    let (call, held, _) = measure(answered);
    assert!(held < 1_024, "a call that was answered holds {held} bytes");
    drop(call);

    let mut frame = Vec::with_capacity(2 * FRAME_BYTES);
    let (call, held, _) = measure(|| {
        let mut call = answered();
        for _ in 0..1_000 {
            echo_turn(&mut call, &[7; FRAME_BYTES], &mut frame);
        }
        call
    });
    assert!(held <= IDLE_BYTES_MAX, "a call that echoed holds {held} bytes");
    drop(call);
}

#[test]
fn a_call_gives_back_what_a_peak_needed() {
    let mut frame = Vec::with_capacity(128 * 1_024);
    let speech = vec![7; 1 << 20];
    let (call, held, _) = measure(|| {
        let mut call = answered();
        call.play(&speech).unwrap();
        for number in 0..1_000 {
            call.mark(&format!("mark {number}")).unwrap();
            call.handle_audio(0, &speech[..FRAME_BYTES]);
            call.handle_credit(2_000, Some(640));
        }
        call.flush();
        while call.poll_audio(&mut frame) {
            frame.clear();
        }
        call.handle_timeout(call.now() + Duration::from_secs(60));
        while let Next::Event(_) = call.next() {}
        assert_eq!(call.position().heard, (1 << 20) / 2);
        // The second utterance uses up what is still asked for, and the rest of it is dropped.
        call.play(&speech).unwrap();
        while call.poll_audio(&mut frame) {
            frame.clear();
        }
        call.clear();
        call.poll_command();
        call
    });
    assert_eq!(call.position().queued, 0);
    // The journal is kept for whoever looks at the call afterwards.
    let entries = call.journal().entries();
    let names = entries.iter().map(|entry| if let Happening::Mark { name, .. } = &entry.what { name.len() } else { 0 });
    let journal = size_of_val(entries) + names.sum::<usize>();
    assert!(journal < 32 * 1_024, "{journal} bytes of journal");
    assert!(held <= IDLE_BYTES_MAX + journal as i64, "after its peak the call holds {held} bytes");
    drop(call);
}

#[test]
fn an_ended_call_holds_little_before_its_handler_returns() {
    let speech = vec![7; 1 << 20];
    let (call, held, _) = measure(|| {
        let mut call = answered();
        call.play(&speech).unwrap();
        call.mark("m").unwrap();
        for _ in 0..1_000 {
            call.handle_credit(1, None);
            call.handle_credit(2_000, None);
            call.set_timer(Duration::from_secs(1), true).ok();
        }
        call.handle_ended(call::EndReason::Terminated);
        while let Next::Event(_) = call.next() {}
        call
    });
    assert!(held <= 1_024, "an ended call holds {held} bytes");
    drop(call);
}

//! The ways to go wrong. The key `when` chooses the moment: `start` (default), `answered`, or `audio` (the first frame
//! after the answer).

use std::hint::black_box;
use std::io::Write;

use switchhook_guest::{Event, Failure, config, events, next};

use crate::support::{answered, echo_until_the_end, until_the_end};

/// Waits for the moment, then goes wrong as `mode` says.
pub(crate) fn run(mode: &str) -> Result<(), Failure> {
    let when = config::get("when").unwrap_or_default();
    if when == "answered" || when == "audio" || mode == "spin-after-answer" {
        answered()?;
    }
    if when == "audio" {
        drop(events().find(|event| matches!(event, Event::Audio(_))));
    }
    match mode {
        "trap" => std::process::abort(),
        "panic" => panic!("a hostile guest panics"),
        "recurse" => drop(black_box(recurse(0, black_box(u64::MAX)))),
        "allocate" => allocate(),
        "spin" | "spin-after-answer" => spin(),
        "fail" => return Err(Failure::new("HOSTILE", "a hostile guest gives up")),
        "ignore-end" => ignore_end()?,
        "stdout" => stdout()?,
        _ => {}
    }
    Ok(())
}

/// Deep on the machine's stack, not on the one in linear memory: its locals are all in registers. The rotation keeps
/// the compiler from making it a loop.
fn recurse(depth: u64, stop: u64) -> u64 {
    if depth == stop {
        return depth;
    }
    recurse(depth + 1, stop).rotate_left(7) ^ depth
}

fn allocate() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![0x5a_u8; 1 << 20]);
        black_box(&hoard);
    }
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Echoes, and asks for more for ever once nothing will come.
fn ignore_end() -> Result<(), Failure> {
    answered()?;
    echo_until_the_end();
    loop {
        black_box(next());
    }
}

/// Three lines on each, the last without its end; nothing that a host does with them is the guest's fault.
fn stdout() -> Result<(), Failure> {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    drop(out.write_all(b"first line on standard output\nsecond line on standard output\nno end"));
    drop(out.flush());
    drop(err.write_all(b"first line on standard error\nsecond line on standard error \xff\nno end"));
    drop(err.flush());
    answered()?;
    until_the_end();
    Ok(())
}

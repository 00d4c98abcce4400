//! Arbitrary interleavings of all that can happen to a call, judged by invariants and by a slow reference model of its
//! playout, inbox and outcomes.
//!
//! A failing case is printed shrunk, and its seed is kept in `tests/proptest-regressions/`. More cases: `PROPTEST_CASES=100000`.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod action;
mod commands;
mod playout;
mod world;

use action::{Action, actions};
use call::{EndReason, Event};
use proptest::prelude::*;
use world::World;

/// Runs a case to its end: the call ends, everything is taken, the books are closed.
fn run(sample_rate_hz: u32, answered: bool, actions: &[Action]) {
    let mut world = World::new(sample_rate_hz, answered);
    for action in actions {
        world.act(action);
        world.check();
    }
    world.finish();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_whatever_happens(
            sample_rate_hz in prop::sample::select(vec![8_000_u32, 16_000, 24_000]),
            answered in prop::bool::weighted(0.8),
            actions in actions(),
        ) {
            run(sample_rate_hz, answered, &actions);
    }
}

/// The world's own checks must be able to fail: a call that says nothing of its end is noticed.
#[test]
#[should_panic(expected = "the end comes once")]
fn a_missing_end_would_be_noticed() {
    let mut world = World::new(8_000, true);
    world.act(&Action::End(EndReason::Terminated));
    world.note(Event::Ended(EndReason::Terminated));
    world.finish();
}

/// Nor would audio go missing unnoticed.
#[test]
#[should_panic(expected = "positions are contiguous")]
fn lost_audio_would_be_noticed() {
    let mut world = World::new(8_000, true);
    world.note(Event::Audio { channel: 0, at_sample: 7, lost_samples: 6, pcm: vec![0; 2] });
}

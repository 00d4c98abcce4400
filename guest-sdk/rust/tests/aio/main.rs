//! The layer that awaits, over the host in memory.

mod commands;
mod ends;
mod network;
mod placing;
mod speaking;
mod streams;
mod time;

use switchhook_guest::Event;
use switchhook_guest::testing::Caller;

/// Samples that repeat in no two places.
fn marked(samples: usize) -> Vec<i16> {
    let mut rng = fastrand::Rng::with_seed(5);
    (0..samples).map(|_| rng.i16(-8_000..=8_000)).collect()
}

/// A caller at 8 kHz.
fn caller() -> Caller {
    Caller::new().sample_rate_hz(8_000)
}

fn warning(code: &str) -> Event {
    Event::Warning(switchhook_guest::Failure::new(code, "for a test"))
}

//! The echo: it comes back whole, single legs are not doubled, and a call of hours needs no more memory than a short one.

use std::sync::Arc;

use ::call::EndReason;
use libtest_mimic::Trial;
use sandbox::{GuestEnd, GuestLimits, GuestSetup, Plugin, Sandbox, SandboxConfig};
use sim::{Caller, Outcome, Step};
use switchhook_tests::components;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

use super::Language;
use crate::calls::assert_whole_echo;

/// A long call in each run of the suite, ms: 45,000 frames, 7 MiB each way.
const LONG_MS: u32 = 15 * 60_000;
/// The longest one, by hand, ms: 540,000 frames.
const HOURS_MS: u32 = 3 * 3_600_000;
/// What one step of a script says at the most, ms.
const PART_MS: u32 = 600_000;

pub(super) fn trials(language: Language) -> Vec<Trial> {
    vec![
        simulated(language.test("echo_at_8_khz"), move |_| whole(language, 8_000, 3_000)),
        simulated(language.test("echo_at_24_khz"), move |_| whole(language, 24_000, 3_000)),
        simulated(language.test("echo_finds_room_where_there_is_one_place"), move |_| one_place(language)),
        simulated(language.test("echo_needs_no_more_memory_in_a_long_call"), move |_| whole(language, 8_000, LONG_MS)),
        simulated(language.test("echo_needs_no_more_memory_in_three_hours"), move |_| whole(language, 8_000, HOURS_MS))
            .with_ignored_flag(true),
    ]
}

/// Some engines bring more than one memory each.
async fn one_place(language: Language) {
    let sandbox = Arc::new(Sandbox::new(&SandboxConfig { guests_max: 1 }).expect("a sandbox for one guest"));
    let echo = components::bytes(&language.component("echo"));
    let plugin = Plugin::load(&sandbox, "echo", &echo).expect("a built component loads");
    let guest = plugin.prepare(GuestSetup::default()).await;
    assert!(guest.is_ok(), "{:?}", guest.err());
}

/// The guest's memory is limited to what a short call needs.
async fn whole(language: Language, sample_rate_hz: u32, ms: u32) {
    let limits = GuestLimits { memory_bytes_max: language.memory_bytes, ..GuestLimits::default() };
    let config = WorldConfig::with(&language.component("echo"), &[]);
    let mut world = World::simulated(WorldConfig { sample_rate_hz, limits, ..config }).await;
    // One step of a script says ten minutes at the most.
    let parts = (0..ms).step_by(PART_MS as usize).map(|from| Step::Marked { ms: PART_MS.min(ms - from) });
    let script = [vec![Step::WaitAnswered], parts.collect(), vec![Step::WaitEcho, Step::HangUp]].concat();
    let caller = Caller { script, give_up_ms: ms + 60_000, ..Caller::echo(0) };
    let report = world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
    assert_whole_echo(&report);
    assert_eq!(report.bytes_said, u64::from(sample_rate_hz) / 1_000 * u64::from(ms) * 2);
    assert_eq!(report.outcome, Outcome::CallerHungUp);
    world.close().await;
}

//! The echo: it comes back whole, single legs are not doubled, and a call of hours needs no more memory than a short one.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ::call::EndReason;
use exchange::Quota;
use libtest_mimic::Trial;
use sandbox::{GuestEnd, GuestLimits, GuestSetup, Plugin, Sandbox, SandboxConfig};
use sim::{Caller, Outcome, Step};
use switchhook_tests::components;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use tokio::time::Instant;

use super::Language;
use crate::calls::assert_whole_echo;

/// The longest call, ms: 540,000 frames.
const HOURS_MS: u32 = 3 * 3_600_000;
/// How often it is looked how much memory there is, and for how long it may grow at first.
const LOOK_EVERY: Duration = Duration::from_secs(600);
const WARM_LOOKS: usize = 3;
/// Audio that waits for the carrier is counted in lots, of which there is one more or less at any time.
const PLAYOUT_LOT_BYTES: u64 = sandbox::limits::PLAYOUT_LOT_BYTES;
/// What one step of a script says at the most, ms.
const PART_MS: u32 = 600_000;

pub(super) fn trials(language: Language) -> Vec<Trial> {
    vec![
        simulated(language.test("echo_at_8_khz"), move |_| whole(language, 8_000, 3_000)),
        simulated(language.test("echo_at_24_khz"), move |_| whole(language, 24_000, 3_000)),
        simulated(language.test("echo_finds_room_where_there_is_one_place"), move |_| one_place(language)),
        simulated(language.test("echo_needs_no_more_memory_in_three_hours"), move |_| three_hours(language)),
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

/// All of it comes back.
async fn whole(language: Language, sample_rate_hz: u32, ms: u32) {
    let config = WorldConfig { sample_rate_hz, ..WorldConfig::with(&language.component("echo"), &[]) };
    let mut world = World::simulated(config).await;
    let report = world.sim.place_call(Caller::echo(ms)).finished().await;
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
    assert_whole_echo(&report);
    assert_eq!(report.bytes_said, u64::from(sample_rate_hz) / 1_000 * u64::from(ms) * 2);
    assert_eq!(report.outcome, Outcome::CallerHungUp);
    world.close().await;
}

/// The guest may have no more memory than a short call needs, and what it has is looked at: it is what it was.
async fn three_hours(language: Language) {
    let limits = GuestLimits { memory_bytes_max: language.memory_bytes, ..GuestLimits::default() };
    let quota = Quota { memory_bytes_max: Some(1 << 30), ..Quota::default() };
    let config = WorldConfig::with(&language.component("echo"), &[]);
    let mut world = World::simulated(WorldConfig { sample_rate_hz: 8_000, limits, quota, ..config }).await;
    let parts = (0..HOURS_MS).step_by(PART_MS as usize).map(|from| Step::Marked { ms: PART_MS.min(HOURS_MS - from) });
    let script = [vec![Step::WaitAnswered], parts.collect(), vec![Step::WaitEcho, Step::HangUp]].concat();
    let caller = Caller { script, give_up_ms: HOURS_MS + 60_000, record: false, ..Caller::echo(0) };
    let mut looks = Vec::new();
    let mut ticks = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    let mut finished = pin!(world.sim.place_call(caller).finished());
    let report = loop {
        tokio::select! {
            report = &mut finished => break report,
            _ = ticks.tick() => looks.push(world.exchange.handle().tenants()[0].quota.memory_bytes),
        }
    };
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
    assert_whole_echo(&report);
    assert_eq!((report.frames_sent, report.frames_unsent), (u64::from(HOURS_MS) / 20, 0));
    assert_eq!(looks.len(), (HOURS_MS / 600_000) as usize, "{looks:?}");
    let (warm, rest) = looks.split_at(WARM_LOOKS);
    let most = |looks: &[u64]| looks.iter().max().copied().unwrap_or_default();
    assert!(most(warm) > 0 && most(rest) <= most(warm) + PLAYOUT_LOT_BYTES, "it grew: {looks:?}");
    world.close().await;
}

//! The voice socket that does not come to be: unreachable, refused, a downgrade, or no handler to talk on it.

use std::sync::Arc;

use ::call::EndReason;
use libtest_mimic::Trial;
use sandbox::GuestLimits;
use sim::{CallFaults, Caller, Outcome, Simulator};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{PipeDialer, World, WorldConfig};

use super::{assert_goes_on, assert_warned, faulty_echo};
use crate::written;

pub(crate) fn trials() -> Vec<Trial> {
    let unreachable = || CallFaults { voice_unreachable: true, ..CallFaults::default() };
    let refused = || CallFaults { refuse_token: true, ..CallFaults::default() };
    vec![
        real("refusals::an_unreachable_voice_url", move |log| async move {
            no_voice(&log, unreachable(), "the voice server is unreachable: cannot reach 127.0.0.1:1").await;
        }),
        real("refusals::a_refused_token", move |log| async move {
            no_voice(&log, refused(), "the voice server refused with 401: the voice token is not valid").await;
        }),
        simulated("refusals::an_unusable_voice_url", |log| async move { unusable(&log).await }),
        simulated("refusals::ws_under_wss_is_a_downgrade", |log| async move { downgrade(&log).await }),
        simulated("refusals::ws_under_wss_can_be_allowed", |log| async move { allowed(&log).await }),
        simulated("refusals::a_handler_that_does_not_start", |log| async move { no_start(&log).await }),
        real("refusals::a_handler_that_does_not_start_in_time", |log| async move { slow_start(&log).await }),
    ]
}

async fn no_voice(log: &TestLog, faults: CallFaults, trouble: &str) {
    let mut world = World::real(WorldConfig::default()).await;
    let caller = Caller { ring_ms: 500, ..faulty_echo(200, faults) };
    let refused = u32::from(faults_refuse(&caller));
    let report = world.sim.place_call(caller).finished().await;
    assert_eq!((report.outcome, report.voice_sockets, report.voice_refusals), (Outcome::Unanswered, 0, refused));
    let record = world.record().await;
    assert_eq!((record.end, record.guest, record.stats), (EndReason::VoiceUnreachable, None, None));
    assert!(record.trouble.as_deref().is_some_and(|said| said.starts_with(trouble)), "{:?}", record.trouble);
    assert_warned(log, 1, trouble);
    assert_warned(log, 1, "");
    assert_goes_on(&mut world).await;
    world.close().await;
}

fn faults_refuse(caller: &Caller) -> bool {
    caller.faults.as_ref().is_some_and(|faults| faults.refuse_token)
}

async fn unusable(log: &TestLog) {
    let mut world = World::simulated(WorldConfig::default()).await;
    let bases = [
        ("not a url", "it is not a URL"),
        ("http://pipe.test", "its scheme is neither ws nor wss"),
        ("ws://elsewhere.test", "the voice server is unreachable: cannot reach an address outside the simulation"),
    ];
    for (base, trouble) in bases {
        world.sim.set_public_base(base);
        world.sim.place_call(Caller { ring_ms: 500, ..Caller::echo(200) }).finished().await;
        let record = world.record().await;
        assert_eq!(record.end, EndReason::VoiceUnreachable, "{base}");
        assert!(record.trouble.as_deref().is_some_and(|said| said.contains(trouble)), "{:?}", record.trouble);
        assert_warned(log, 1, trouble);
    }
    world.sim.set_public_base("ws://pipe.test");
    assert_goes_on(&mut world).await;
    world.close().await;
}

/// The pipes do without TLS, so that only the URLs tell.
async fn secure(allow_ws_voice_url: bool) -> World {
    let config = WorldConfig { allow_ws_voice_url, ..WorldConfig::default() };
    let sim = Simulator::new(config.sim.clone());
    sim.set_public_base("ws://pipe.test");
    let world = World::start_unready(config, sim.clone(), Arc::new(PipeDialer(sim)), "wss://pipe.test");
    world.sim.session_managers(1).await;
    world
}

async fn downgrade(log: &TestLog) {
    let mut world = secure(false).await;
    let report = world.sim.place_call(Caller { ring_ms: 500, ..Caller::echo(200) }).finished().await;
    assert_eq!((report.voice_sockets, report.voice_refusals), (0, 0), "it is not even dialled");
    let record = world.record().await;
    assert_eq!(record.end, EndReason::VoiceUnreachable);
    assert!(record.trouble.as_deref().is_some_and(|said| said.contains("downgrade")), "{:?}", record.trouble);
    assert_warned(log, 1, "allow_ws_voice_url = true permits it");
    world.sim.set_public_base("wss://pipe.test");
    assert_goes_on(&mut world).await;
    world.close().await;
}

async fn allowed(log: &TestLog) {
    let mut world = secure(true).await;
    assert_goes_on(&mut world).await;
    assert_warned(log, 0, "");
    world.close().await;
}

/// A claimed call cannot be given back: it is closed as soon as there is a socket to say so on.
async fn closes_what_it_cannot_serve(log: &TestLog, mut world: World, why: &str) {
    let report = world.sim.place_call(Caller::echo(200)).finished().await;
    assert_eq!(report.outcome, Outcome::AgentClosed);
    assert_eq!(report.commands, [("call.close".to_string(), None)]);
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Closed, None));
    assert!(record.trouble.as_deref().is_some_and(|said| said.contains(why)), "{:?}", record.trouble);
    assert_warned(log, 1, "the handler did not start: the call will be closed");
    assert!(world.exchange.calls().is_empty());
    world.close().await;
}

async fn no_start(log: &TestLog) {
    let limits = GuestLimits { memory_bytes_max: 64 << 10, ..GuestLimits::default() };
    let world = World::simulated(WorldConfig { limits, ..WorldConfig::default() }).await;
    closes_what_it_cannot_serve(log, world, "65536 are allowed").await;
}

async fn slow_start(log: &TestLog) {
    written::know();
    let limits = GuestLimits { start_ms_max: 50, ..GuestLimits::default() };
    let world = World::real(WorldConfig { plugin: "start-spins".into(), limits, ..WorldConfig::default() }).await;
    closes_what_it_cannot_serve(log, world, "not instantiated within 50 ms").await;
}

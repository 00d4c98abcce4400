//! Several hosts of one connector: each session is taken by one of them, and nobody minds.

use std::collections::BTreeMap;
use std::time::Duration;

use exchange::{CallRecord, ConnectorCounts};
use fastrand::Rng;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sim::{Caller, LinkFaults, Outcome, SimConfig, Stall};
use switchhook_tests::clock;
use switchhook_tests::logs::{API_KEY, TestLog};
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{CONNECTOR, World, WorldConfig};
use tracing::Level;

use crate::calls::assert_whole_echo;
use crate::conformance::sdk::{SdkClient, python};

/// Seeds of the races.
const SEEDS: [u64; 6] = [41, 42, 43, 44, 45, 46];

pub(crate) fn trials() -> Vec<Trial> {
    let races = SEEDS.map(|seed| {
        simulated(format!("several::each_call_is_served_by_one_of_seed_{seed}"), move |log| async move {
            race(seed, &log).await;
        })
    });
    let without_sdk = python().is_none();
    let beside_sdk = real("several::a_host_beside_the_sdk", |log| async move { beside_sdk(&log).await });
    let kind = if without_sdk { "needs the SDK: cargo xtask test" } else { "" };
    let others = vec![
        real("several::each_call_is_served_by_one_over_sockets", |log| async move { over_sockets(&log).await }),
        simulated("several::one_that_is_full_leaves_all_to_the_other", |_| full()),
        simulated("several::one_that_drains_leaves_all_to_the_other", |_| drains()),
        simulated("several::each_chat_is_served_by_one", |log| async move { chats(&log).await }),
        beside_sdk.with_kind(kind).with_ignored_flag(without_sdk),
    ];
    races.into_iter().chain(others).collect()
}

fn config(seed: u64, calls_max: usize) -> WorldConfig {
    let base = WorldConfig::default();
    WorldConfig { sim: SimConfig { seed, ..base.sim }, calls_max, ..base }
}

/// Two hosts, both with their links up.
async fn two(first: World, config: WorldConfig) -> (World, World) {
    let second = first.beside(config);
    first.sim.session_managers(2).await;
    link_up(&second).await;
    (first, second)
}

/// The host's own side of the link is up a moment after the server's.
async fn link_up(world: &World) {
    clock::until(|| world.exchange.connectors()[0].up).await;
}

fn counts(world: &World) -> ConnectorCounts {
    world.exchange.connectors()[0].counts.clone()
}

/// Waits until both links have said what became of every announcement.
async fn settled(worlds: [&World; 2], announced: u64) {
    for world in worlds {
        clock::until(|| counts(world).claims + counts(world).claims_failed >= announced).await;
    }
}

/// Answers come late, and each link stalls for a while: now one host is first, now the other.
async fn race(seed: u64, log: &TestLog) {
    const CALLS: usize = 200;
    let base = config(seed, 500);
    let mut random = Rng::with_seed(seed);
    let mut link = |at_ms| LinkFaults {
        response_ms: Some((0, random.u32(1..20))),
        stall: Some(Stall { at_ms, for_ms: random.u32(800..1_500) }),
        ..LinkFaults::default()
    };
    let links = vec![link(200), link(2_000)];
    let sim = SimConfig { faults: sim::Faults { links, ..Default::default() }, ..base.sim.clone() };
    let first = World::simulated(WorldConfig { sim, ..base }).await;
    let (mut first, mut second) = two(first, config(!seed, 500)).await;
    let mut placed = Vec::new();
    for _ in 0..CALLS {
        placed.push(first.sim.place_call(Caller { record: false, ..Caller::echo(random.u32(1..20) * 20) }));
        clock::pass(Duration::from_millis(random.u64(1..40))).await;
    }
    let mut served: BTreeMap<String, usize> = BTreeMap::new();
    for call in placed {
        let report = call.finished().await;
        assert_whole_echo(&report);
        assert_eq!((report.outcome, report.voice_sockets), (Outcome::CallerHungUp, 1), "seed {seed}");
        served.insert(report.session_id, 0);
    }
    settled([&first, &second], CALLS as u64).await;
    clock::pass(Duration::from_secs(10)).await;
    let both = [drained_records(&mut first), drained_records(&mut second)];
    for record in both.iter().flatten() {
        *served.get_mut(&record.session_id).expect("a call that was placed") += 1;
    }
    assert!(served.values().all(|times| *times == 1), "seed {seed}: {served:?}");
    assert!(both.iter().all(|records| records.len() > CALLS / 20), "seed {seed}: one host took hardly any");
    let (one, other) = (counts(&first), counts(&second));
    assert_eq!((one.claims + other.claims, one.claims_failed + other.claims_failed), (CALLS as u64, CALLS as u64));
    assert_eq!(log.lines_at(Level::WARN, ""), Vec::<String>::new(), "seed {seed}: the loser is quiet");
    let tenants = [first.exchange.handle().tenants(), second.exchange.handle().tenants()];
    assert!(tenants.iter().all(|tenants| tenants[0].plugins[0].calls == 0), "seed {seed}: a place is left");
    second.leave().await;
    first.close().await;
}

fn drained_records(world: &mut World) -> Vec<CallRecord> {
    std::iter::from_fn(|| world.try_record()).collect()
}

async fn over_sockets(log: &TestLog) {
    const CALLS: usize = 40;
    let first = World::real(config(1, 500)).await;
    let (mut first, mut second) = two(first, config(2, 500)).await;
    let placed: Vec<_> = (0..CALLS).map(|_| first.sim.place_call(Caller::echo(100))).collect();
    for call in placed {
        assert_whole_echo(&call.finished().await);
    }
    settled([&first, &second], CALLS as u64).await;
    let mut sessions: Vec<String> = Vec::new();
    while sessions.len() < CALLS {
        let record = tokio::select! {
            record = first.record() => record,
            record = second.record() => record,
        };
        sessions.push(record.session_id);
    }
    sessions.sort();
    sessions.dedup();
    assert_eq!(sessions.len(), CALLS, "no call was served twice");
    assert_eq!(log.lines_at(Level::WARN, ""), Vec::<String>::new());
    second.leave().await;
    first.close().await;
}

/// Whether a call is taken is decided before it is claimed: the full host asks for nothing.
async fn full() {
    let first = World::simulated(config(1, 2)).await;
    let (mut first, mut second) = two(first, config(2, 500)).await;
    let placed: Vec<_> = (0..20).map(|_| first.sim.place_call(Caller::echo(2_000))).collect();
    for call in placed {
        assert_whole_echo(&call.finished().await);
    }
    clock::pass(Duration::from_secs(10)).await;
    let (one, other) = (counts(&first), counts(&second));
    assert!(one.claims <= 2, "{one:?}");
    assert_eq!(one.claims + other.claims, 20);
    assert_eq!(drained_records(&mut first).len() + drained_records(&mut second).len(), 20);
    second.leave().await;
    first.close().await;
}

async fn drains() {
    let first = World::simulated(config(1, 500)).await;
    let (mut first, mut second) = two(first, config(2, 500)).await;
    let before: Vec<_> = (0..20).map(|_| first.sim.place_call(Caller::echo(3_000))).collect();
    clock::pass(Duration::from_millis(500)).await;
    let (sim, had) = (first.sim.clone(), counts(&first).claims);
    let (drained, after) = tokio::join!(first.exchange.drain(Duration::from_secs(30)), async {
        clock::pass(Duration::from_millis(10)).await;
        let after: Vec<_> = (0..20).map(|_| sim.place_call(Caller::echo(200))).collect();
        let mut reports = Vec::new();
        for call in after {
            reports.push(call.finished().await);
        }
        reports
    });
    assert_eq!(drained, exchange::Drained::Clean);
    after.iter().for_each(assert_whole_echo);
    for call in before {
        assert_whole_echo(&call.finished().await);
    }
    clock::pass(Duration::from_secs(10)).await;
    assert_eq!(counts(&first).claims, had, "the drain took nothing");
    assert_eq!(counts(&second).claims, 40 - had);
    assert_eq!(drained_records(&mut second).len() as u64, 40 - had);
    second.leave().await;
    first.sim.shutdown().await;
}

/// Each chat has one answer to each message, and goes on at the other host when its own leaves.
async fn chats(log: &TestLog) {
    let echoing =
        |seed| WorldConfig { sim: config(seed, 500).sim, ..WorldConfig::with("hostile", &[("mode", "chat-echo")]) };
    let first = World::simulated(echoing(1)).await;
    let (first, second) = two(first, echoing(2)).await;
    let sim = first.sim.clone();
    let mut chats: Vec<_> = (0..10).map(|n| sim.open_chat(&format!("+15550104{n:03}"), "+15550100")).collect();
    for round in ["one", "two"] {
        for chat in &mut chats {
            chat.say(round);
            assert_eq!(chat.heard().await.expect("an echo").data["text"], round);
        }
    }
    clock::pass(Duration::from_secs(1)).await;
    assert!(chats.iter_mut().all(|chat| chat.try_heard().is_none()), "nobody was answered twice");
    assert_eq!(sim.counts().claims, 10, "each chat was claimed once");
    assert_eq!(log.lines_at(Level::WARN, ""), Vec::<String>::new());
    second.leave().await;
    for chat in &mut chats {
        chat.say("three");
        assert_eq!(chat.heard().await.expect("the other host goes on").data["text"], "three");
        chat.close(telcoflow::frame::manager::CloseReason::ForceClose);
    }
    first.close().await;
}

/// The SDK claims every call that it is told of, as this host does; some are its, the others ours.
async fn beside_sdk(log: &TestLog) {
    const CALLS: usize = 20;
    let mut world = World::real(config(1, 500)).await;
    let base = world.sim.public_base();
    let job = json!({
        "base_url": base, "api_key": API_KEY, "connector_uuid": CONNECTOR, "cert_path": null, "key_path": null,
        "sample_rate_hz": 16_000, "audio_mode": "mixed", "scenario": "several", "calls": CALLS, "may_lose": true,
        "agent": [{"do": "answer"}, {"do": "echo"}],
    });
    let mut client = SdkClient::run("sdk_client.py", &job, None).await;
    world.sim.session_managers(2).await;
    let mut of_sdk = 0;
    for _ in 0..CALLS {
        let report = world.sim.place_call(Caller::echo(100)).finished().await;
        assert_whole_echo(&report);
        assert_eq!(report.voice_sockets, 1);
        let said = client.report().await;
        of_sdk += usize::from(said["ok"] == true);
        assert!(said["ok"] == true || is_busy(&said), "{said}");
    }
    client.end().await;
    let claims = usize::try_from(counts(&world).claims).expect("a few");
    assert_eq!(claims + of_sdk, CALLS);
    for _ in 0..claims {
        world.record().await;
    }
    assert!(world.try_record().is_none());
    assert_eq!(log.lines_at(Level::WARN, ""), Vec::<String>::new());
    world.close().await;
}

fn is_busy(said: &Value) -> bool {
    said["error"].as_str().is_some_and(|error| error.starts_with("WSSSessionBusy"))
}

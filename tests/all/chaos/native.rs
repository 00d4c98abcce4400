//! Thousands of calls with everything going wrong at once: a world of some hundred callers and people who write, a server that
//! breaks links, voices and promises, one host or two, and a handler in native code that does anything and keeps books.
//!
//! All choices follow from the seed. The same seed gives the same calls, the same frames at the same times and the same
//! records, down to one number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use exchange::{Drained, Pattern};
use fastrand::Rng;
use futures_util::future::join_all;
use libtest_mimic::Trial;
use sandbox::GuestLimits;
use serde_json::{Value, json};
use sim::{
    CallFaults, Callee, CalleeAnswer, Caller, FaultMix, Faults, Garbage, LinkFaults, SimConfig, Stall, Step, Switches,
};
use stats_alloc::Region;
use switchhook_tests::components;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig, pairs};
use telcoflow::frame::AudioMode;
use tokio::task::JoinSet;

use super::agent;
use super::operator::{self, Operator};
use super::people::{self, People};
use super::served::{Case, Written, check, hash, hash_of, hash_text, holds};
use crate::ALLOCATOR;
use crate::load::measure;

/// Calls of one seed.
const CALLS: usize = 1_000;
/// Those of a seed that is run twice.
const CALLS_TWICE: usize = 200;
/// How many may talk at once; some more are left to ring.
const CALLS_MAX: usize = 60;
/// Seeds of every run of the suite.
const SEEDS: [u64; 8] = [11, 12, 13, 14, 15, 16, 17, 18];
/// The world that is run again and again to see what it leaves: its seed and calls, how often before memory is looked at, since
/// what is made once must be there by then, and how often after.
const MEMORY_SEED: u64 = 21;
const MEMORY_CALLS: usize = 200;
const MEMORY_WARM_ROUNDS: usize = 2;
const MEMORY_ROUNDS: usize = 50;
/// Less than seven bytes for each of ten thousand calls.
const MEMORY_GROWTH_BYTES_MAX: i64 = 64 << 10;
/// A placed call may wait that long for a `call.in` that does not come.
const DRAIN_S_MAX: u64 = 150;
/// One chat begins for so many calls.
const CALLS_PER_CHAT: u32 = 40;
/// The handler's names, one for each host.
const AGENTS: [&str; 2] = ["chaos-agent", "chaos-agent-beside"];

pub(super) fn trials(asked: Option<u64>) -> Vec<Trial> {
    let seeds = || SEEDS.into_iter().chain(asked);
    let once = |seed| {
        simulated(format!("chaos::native_of_seed_{seed}"), move |_| async move {
            run(seed, CALLS, 0).await;
        })
    };
    let twice = |seed| {
        simulated(format!("chaos::replay_of_seed_{seed}"), move |_| async move {
            let (first, again) = (run(seed, CALLS_TWICE, 1).await, run(seed, CALLS_TWICE, 1).await);
            if first != again {
                let at = first.iter().zip(&again).position(|(first, again)| first != again);
                panic!("seed {seed} does not repeat: {at:?} of {} and {} differ first", first.len(), again.len());
            }
        })
    };
    let memory = Trial::test("chaos::no_memory_is_left", || {
        no_memory_left();
        Ok(())
    });
    seeds().map(once).chain(seeds().map(twice)).chain([memory]).collect()
}

/// Whole worlds, one after another: what the later ones leave behind, in a process of its own.
pub(crate) async fn memory() -> Value {
    for _ in 0..MEMORY_WARM_ROUNDS {
        run(MEMORY_SEED, MEMORY_CALLS, 2).await;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..MEMORY_ROUNDS {
        run(MEMORY_SEED, MEMORY_CALLS, 2).await;
    }
    let change = region.change();
    json!({"allocated": change.bytes_allocated, "freed": change.bytes_deallocated})
}

fn no_memory_left() {
    let measured = measure("chaos");
    let bytes = |field: &str| measured[field].as_i64().expect("a number");
    let growth = bytes("allocated") - bytes("freed");
    assert!(
        bytes("allocated") > 0 && growth <= MEMORY_GROWTH_BYTES_MAX,
        "{growth} bytes are left of {MEMORY_ROUNDS} times {MEMORY_CALLS} calls"
    );
}

/// Runs a world to its end and checks everything; one number for what each call was, in the order of the calls.
async fn run(seed: u64, calls: usize, round: u64) -> Vec<u64> {
    components::native(AGENTS[0], agent::handler);
    components::native(AGENTS[1], agent::handler_beside);
    let mut random = Rng::with_seed(seed);
    // The number that is called carries the seed of the handler. The caller's number is this world's: others run beside it.
    let mine = format!("+18{round}{seed:06}");
    // Some connectors have two hosts, that take each other's calls.
    let hosts_wanted = if seed.is_multiple_of(3) { 2 } else { 1 };
    let mut people = People::new(seed, hosts_wanted, CALLS_PER_CHAT);
    let before = random.clone();
    let first = WorldConfig { observer: people.observer(0), ..config(seed, &mut random, &mine) };
    let redials = first.sim.open_points.voice_redial && first.voice_redial_ms_max > 0 && calls == CALLS;
    let mut hosts = vec![World::simulated(first).await];
    if hosts_wanted == 2 {
        let beside = config(seed, &mut before.clone(), &mine);
        let sim = SimConfig { seed: !seed, ..beside.sim };
        let plugin = AGENTS[1].to_owned();
        hosts.push(hosts[0].beside(WorldConfig { sim, plugin, observer: people.observer(1), ..beside }));
    }
    let sim = hosts[0].sim.clone();
    let mut operator = Operator::new(seed);
    let mut calls_open = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    for call in 0..calls {
        let caller = Caller { from: mine.clone(), to: format!("+19{seed:06}{call:05}"), ..draw(&mut random) };
        let placed = sim.place_call(caller);
        calls_open.spawn(placed.finished());
        operator.act(&mut random, &hosts);
        people.act(&mut random, &sim).await;
        let taken = hosts.iter().flat_map(places).max().unwrap_or_default();
        holds!(Case { seed, call: call as u64 }, taken <= CALLS_MAX, "{taken} places are taken");
        match random.u32(0..400) {
            0 => sim.cut_session_managers(),
            1 => sim.restart(Duration::from_millis(random.u64(0..4_000))),
            2..6 => sim.announce_again(10),
            _ => {}
        }
        for _ in 0..random.u32(0..120) {
            clock.tick().await;
        }
    }
    let mut reports = BTreeMap::new();
    while let Some(report) = calls_open.join_next().await {
        let report = report.expect("a call is reported");
        reports.insert(report.ordinal, report);
    }
    let whole = Case { seed, call: 0 };
    people.end(&sim).await;
    let drains = hosts.iter_mut().map(|host| host.exchange.drain(Duration::from_secs(DRAIN_S_MAX)));
    let drained = join_all(drains).await;
    holds!(whole, drained.iter().all(|drained| *drained == Drained::Clean), "{drained:?}: calls are left in a host");
    let complaints = operator.end(&sim).await;
    holds!(whole, complaints.is_empty(), "{complaints:#?}");
    let counts = sim.counts();
    let unread = (counts.bad_frames, counts.early_frames, counts.unknown_frames);
    holds!(whole, unread == (0, 0, 0), "frames that no server can use: {counts:?}");
    holds!(whole, hosts.iter().all(|host| host.exchange.calls().is_empty()), "a call is left on a board");
    holds!(whole, hosts.iter().flat_map(places).all(|taken| taken == 0), "places are left");
    let redialled: u64 = hosts.iter().map(|host| host.exchange.connectors()[0].counts.voices_regained).sum();
    holds!(whole, redialled > 0 || !redials, "no voice was dialled again");
    let mut written = Written::of(&mut hosts);
    let taken = written.sessions.values().map(Vec::len).sum::<usize>();
    // A server that is hardly ever there leaves many to ring in vain.
    holds!(whole, taken > calls / 4, "only {taken} calls were taken");
    let mut hashes = Vec::new();
    for (call, report) in reports {
        let served = written.take(Case { seed, call }, &mine, &report.session_id);
        check(Case { seed, call }, &report, &served);
        hashes.push(hash(&report, &served));
    }
    // What is left was placed from here.
    let left: BTreeSet<String> = written.sessions.keys().map(|(session, _)| session.clone()).collect();
    holds!(whole, left.len() <= operator.placed, "{} records of no call: {left:?}", left.len());
    for session in left {
        let served = written.take(whole, &mine, &session);
        served.iter().for_each(|served| served.check(whole));
        hashes.push(hash_of(&served));
    }
    holds!(whole, written.moved.is_empty(), "calls came from nowhere: {:?}", written.moved.keys());
    holds!(whole, agent::unread(&mine) == 0, "a guest served no call");
    let (complaints, chats) = people.verdict();
    holds!(whole, complaints.is_empty(), "{complaints:#?}");
    hashes.extend(chats.iter().map(|chat| hash_text(chat)));
    drop(people);
    for host in hosts.drain(1..) {
        host.leave().await;
    }
    drop(sim);
    hosts.remove(0).close().await;
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    holds!(whole, tasks == 0, "{tasks} tasks are left");
    hashes
}

/// A server with its open points and its faults, all drawn.
fn config(seed: u64, random: &mut Rng, mine: &str) -> WorldConfig {
    let config = WorldConfig::default();
    let open_points = Switches {
        voice_redial: random.bool(),
        keep_after_voice_lost_ms: [0, 3_000, 8_000][random.usize(0..3)],
        voice_survives_link_loss: random.u8(0..3) > 0,
        new_token_after_resume: random.bool(),
        interrupt_cancels_credit: random.bool(),
        terminated_after_command: random.bool(),
        pull_before_answer: random.bool(),
        disconnect_while_answered: random.bool(),
        requests_for_legs: random.bool(),
        call_in_before_pick_up: random.bool(),
        ..Switches::default()
    };
    let mix = FaultMix {
        cut_voice: 0.1,
        stall: 0.1,
        late_responses: 0.1,
        lost_response: 0.03,
        duplicate_notify: 0.2,
        second_call_in: 0.1,
        refuse_token: 0.03,
        voice_unreachable: 0.03,
        garbage: 0.2,
        refuse_claim: 0.03,
    };
    let (chats, keys) = people::ECHO;
    let links = (0..40).map(|_| link_faults(random)).collect();
    let faults = Faults { links, mix };
    WorldConfig {
        sim: SimConfig {
            seed,
            open_points,
            faults,
            command_ms: random.u32(0..100),
            outbound: operator::numbers(random, seed, mine),
            ..config.sim
        },
        hold: Duration::from_millis(random.u64(500..3_000)),
        hold_to: Pattern::Suffix("7".into()),
        audio_mode: [AudioMode::Mixed, AudioMode::Isolated][random.usize(0..2)],
        plugin: AGENTS[0].into(),
        others: vec![(Pattern::Exact(people::NUMBER.into()), chats.into(), pairs(keys))],
        limits: GuestLimits { grace_ms_max: 500, ..GuestLimits::default() },
        calls_max: CALLS_MAX,
        voice_redial_ms_max: [0, 2_000, 5_000][random.usize(0..3)],
        ..config
    }
}

/// Most links live for some seconds only, so that a call sees several.
fn link_faults(random: &mut Rng) -> LinkFaults {
    let mut one_in = |n: u32| random.u32(0..n) == 0;
    let (cut, silent, late, deaf, refused, twice, binary) =
        (one_in(2), one_in(12), one_in(3), one_in(15), one_in(8), one_in(3), one_in(3));
    let (loses, too_late) = (one_in(4), one_in(8));
    LinkFaults {
        cut_at_ms: cut.then(|| random.u32(0..20_000)),
        // Ten minutes are a half-open socket: no pong comes.
        stall: silent.then(|| Stall { at_ms: random.u32(0..5_000), for_ms: [3_000, 600_000][random.usize(0..2)] }),
        // Some come when nobody waits for them any more.
        response_ms: late.then_some((0, if too_late { 40_000 } else { 1_500 })),
        lost_responses_percent: if loses { random.u32(1..20) } else { 0 },
        setup_done_after_ms: random.u32(0..300),
        drop_setup_done: deaf,
        duplicate_notify: twice,
        duplicate_responses: twice,
        json_in_binary: binary,
        refuse: refused.then(|| (503, "busy".to_owned())),
        garbage: vec![(random.u32(0..5_000), Garbage::HARMLESS[random.usize(..Garbage::HARMLESS.len())])],
    }
}

fn draw(random: &mut Rng) -> Caller {
    let ms = random.u32(1..60) * 20;
    // Whatever step it meets: the claim, the guest, the voice, the answer, the talk.
    let hang_up = vec![Step::Wait { ms: random.u32(0..400) }, Step::HangUp];
    let ends = [Step::HangUp, Step::ServerHangUp, Step::CutVoice, Step::Wait { ms: random.u32(1..20) * 1_000 }];
    let mut script = vec![Step::WaitAnswered, Step::Marked { ms }];
    if random.u8(0..4) == 0 {
        script.push(Step::CallError { code: "TTS_SESSION_ERROR".into(), message: None });
        script.push(Step::Silence { ms });
    }
    script.push(ends[random.usize(..ends.len())].clone());
    let answer = match random.u8(0..3) {
        0 => CalleeAnswer::Never,
        1 => CalleeAnswer::Refused { ms: random.u32(0..900), code: "BUSY".into() },
        _ => CalleeAnswer::After { ms: random.u32(0..900) },
    };
    let faults = (random.u8(0..3) == 0).then(|| draw_faults(random));
    Caller {
        script: if random.u8(0..5) == 0 { hang_up } else { script },
        callee: Callee { answer, ..Callee::default() },
        faults,
        ring_ms: 20_000,
        give_up_ms: 30_000,
        ..Caller::default()
    }
}

/// What the simulator's own odds do not draw.
fn draw_faults(random: &mut Rng) -> CallFaults {
    let mut one_in = |n: u32| random.u32(0..n) == 0;
    let (mute, slow, twice, loud) = (one_in(20), one_in(4), one_in(3), one_in(10));
    let loud = loud.then_some(if random.bool() { Garbage::TooLong } else { Garbage::OddBinary });
    CallFaults {
        // A minute is a half-open socket: no pong comes.
        stall: mute.then(|| Stall { at_ms: random.u32(0..1_000), for_ms: 60_000 }),
        slow_reader_ms: slow.then(|| random.u32(1..60)),
        duplicate_responses: twice,
        duplicate_notify: twice,
        garbage: loud.map(|frame| (random.u32(0..1_500), frame)).into_iter().collect(),
        ..CallFaults::default()
    }
}

/// Places that are taken of each plugin.
fn places(world: &World) -> Vec<usize> {
    let tenants = world.exchange.handle().tenants();
    tenants.iter().flat_map(|tenant| &tenant.plugins).map(|plugin| plugin.calls).collect()
}

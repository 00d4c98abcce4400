//! Thousands of calls with everything going wrong at once: a world of some hundred callers, a server that breaks links, voices
//! and promises, and a handler in native code that does anything and keeps books.
//!
//! All choices follow from the seed. The same seed gives the same calls, the same frames at the same times and the same
//! records, down to one number.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use ::call::{EndReason, Stats};
use exchange::{CallRecord, Drained, Pattern};
use fastrand::Rng;
use libtest_mimic::Trial;
use sandbox::GuestLimits;
use serde_json::{Value, json};
use sim::{
    CallFaults, CallReport, Callee, CalleeAnswer, Caller, FaultMix, Faults, Garbage, LinkFaults, Milestone, SimConfig,
    Stall, Step, Switches,
};
use stats_alloc::Region;
use switchhook_tests::components;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use telcoflow::frame::AudioMode;
use tokio::task::JoinSet;

use super::agent::{self, Books};
use super::operator::{self, Operator};
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
/// The handler's name.
const AGENT: &str = "chaos-agent";

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

/// A failed assertion names its case and how to repeat it.
macro_rules! holds {
    ($case:expr, $condition:expr, $($what:tt)+) => {
        if !$condition {
            let Case { seed, call } = $case;
            let what = format!($($what)+);
            panic!("{what}\nseed {seed}, call {call}: repeat with SWITCHHOOK_SEED={seed} cargo xtask test chaos::native_of_seed_{seed}");
        }
    };
}

#[derive(Clone, Copy)]
struct Case {
    seed: u64,
    call: u64,
}

/// Runs a world to its end and checks everything; one number for what each call was, in the order of the calls.
async fn run(seed: u64, calls: usize, round: u64) -> Vec<u64> {
    components::native(AGENT, agent::handler);
    let mut random = Rng::with_seed(seed);
    // The number that is called carries the seed of the handler. The caller's number is this world's: others run beside it.
    let mine = format!("+18{round}{seed:06}");
    let config = config(seed, &mut random, &mine);
    let redials = config.sim.open_points.voice_redial && config.voice_redial_ms_max > 0 && calls == CALLS;
    let mut world = World::simulated(config).await;
    let mut operator = Operator::new(seed);
    let mut calls_open = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    for call in 0..calls {
        let caller = Caller { from: mine.clone(), to: format!("+19{seed:06}{call:05}"), ..draw(&mut random) };
        let placed = world.sim.place_call(caller);
        calls_open.spawn(placed.finished());
        operator.act(&mut random, &world.exchange);
        let (taken, _) = places(&world);
        holds!(Case { seed, call: call as u64 }, taken <= CALLS_MAX, "{taken} places are taken");
        match random.u32(0..400) {
            0 => world.sim.cut_session_managers(),
            1 => world.sim.restart(Duration::from_millis(random.u64(0..4_000))),
            2..6 => world.sim.announce_again(10),
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
    let drained = world.exchange.drain(Duration::from_secs(DRAIN_S_MAX)).await;
    holds!(whole, drained == Drained::Clean, "{drained:?}: calls are left in the host");
    let complaints = operator.end(&world.sim).await;
    holds!(whole, complaints.is_empty(), "{complaints:#?}");
    let counts = world.sim.counts();
    let unread = (counts.bad_frames, counts.early_frames, counts.unknown_frames);
    holds!(whole, unread == (0, 0, 0), "frames that no server can use: {counts:?}");
    holds!(whole, world.exchange.calls().is_empty(), "a call is left on the board");
    holds!(whole, places(&world).0 == 0, "{} places are left", places(&world).0);
    let redialled = world.exchange.connectors()[0].counts.voices_regained;
    holds!(whole, redialled > 0 || !redials, "no voice was dialled again");
    let mut records: BTreeMap<String, Vec<CallRecord>> = BTreeMap::new();
    let mut moved_records: BTreeMap<String, Vec<CallRecord>> = BTreeMap::new();
    while let Some(record) = world.try_record() {
        let (by, key) = match record.session_id.is_empty() {
            true => (&mut moved_records, record.id.clone()),
            false => (&mut records, record.session_id.clone()),
        };
        by.entry(key).or_default().push(record);
    }
    let taken: usize = records.values().map(Vec::len).sum();
    // A server that is hardly ever there leaves many to ring in vain.
    holds!(whole, taken > calls / 4, "only {taken} calls were taken");
    let mut hashes = Vec::new();
    for (call, report) in reports {
        let case = Case { seed, call };
        let mut ends = records.remove(&report.session_id).unwrap_or_default();
        let mut books = agent::books(&mine, &report.session_id);
        // A call that moved is known by its own id where it went.
        let moved: BTreeSet<String> =
            ends.iter().filter(|end| end.end == EndReason::HandedOver).map(|end| end.id.clone()).collect();
        for id in moved {
            ends.extend(moved_records.remove(&id).unwrap_or_default());
            books.extend(agent::books(&mine, &id));
        }
        check(case, &report, &ends, &books);
        hashes.push(hash(&report, &ends, &books));
    }
    // What is left was placed from here.
    holds!(whole, records.len() <= operator.placed, "{} records of no call: {:?}", records.len(), records.keys());
    for (session, ends) in records {
        let books = agent::books(&mine, &session);
        let talked: Vec<_> = ends.iter().filter(|record| record.stats.is_some()).collect();
        holds!(whole, talked.len() == books.len(), "{} guests served {ends:?}", books.len());
        for (record, books) in talked.iter().zip(&books) {
            check_guest(whole, record, &record.stats.unwrap_or_default(), books);
        }
        hashes.push(hash_of(&ends, &books));
    }
    holds!(whole, moved_records.is_empty(), "calls came from nowhere: {:?}", moved_records.keys());
    holds!(whole, agent::unread(&mine) == 0, "a guest served no call");
    let sim = world.sim.clone();
    world.close().await;
    drop(sim);
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
    };
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
        plugin: AGENT.into(),
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
    LinkFaults {
        cut_at_ms: cut.then(|| random.u32(0..20_000)),
        // Ten minutes are a half-open socket: no pong comes.
        stall: silent.then(|| Stall { at_ms: random.u32(0..5_000), for_ms: [3_000, 600_000][random.usize(0..2)] }),
        response_ms: late.then_some((0, 1_500)),
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

/// Places that are taken, and how many there are.
fn places(world: &World) -> (usize, usize) {
    let tenants = world.exchange.handle().tenants();
    let plugins = tenants.iter().flat_map(|tenant| &tenant.plugins);
    plugins.fold((0, 0), |(calls, calls_max), plugin| (calls + plugin.calls, calls_max + plugin.calls_max))
}

/// What holds for every call, whatever happened to it. Announced anew it may have been taken more than once.
fn check(case: Case, report: &CallReport, records: &[CallRecord], books: &[Books]) {
    let pull = &report.pull;
    let unasked = (pull.overrun_bytes, pull.odd_frames, pull.stray_frames, report.bad_frames);
    holds!(case, unasked == (0, 0, 0, 0), "sent what nobody asked for: {report:?}");
    let claimed = report.timeline.at(Milestone::Claimed).is_some();
    holds!(case, claimed || records.is_empty(), "a record of a call that nobody claimed: {records:?}");
    let talked: Vec<&CallRecord> = records.iter().filter(|record| record.stats.is_some()).collect();
    holds!(case, talked.len() == books.len(), "{} guests served {} calls", books.len(), talked.len());
    holds!(case, talked.len() <= report.voice_sockets as usize, "more calls than sockets: {records:?}");
    for record in records.iter().filter(|record| record.stats.is_none()) {
        let early = [EndReason::SessionClosed, EndReason::VoiceUnreachable, EndReason::HandedOver];
        holds!(case, early.contains(&record.end), "{record:?}");
    }
    let mut sum = Stats::default();
    for (record, books) in talked.iter().zip(books) {
        let stats = record.stats.unwrap_or_default();
        check_guest(case, record, &stats, books);
        sum.bytes_out += stats.bytes_out;
        sum.bytes_requested += stats.bytes_requested;
        sum.samples_in += stats.samples_in;
    }
    // What was on its way when a socket broke is missing at its receiver, and nothing was made up.
    holds!(case, sum.bytes_requested <= pull.bytes_requested, "{sum:?}, {pull:?}");
    holds!(case, sum.bytes_out >= pull.bytes_received, "{sum:?}, {pull:?}");
    holds!(case, sum.samples_in * 2 <= report.bytes_sent + 2, "{sum:?}, {} bytes sent", report.bytes_sent);
    if let [books] = books {
        check_heard(case, report, books);
    }
}

fn check_guest(case: Case, record: &CallRecord, stats: &Stats, books: &Books) {
    holds!(case, books.wrong.is_empty(), "{:#?}", books.wrong);
    let dropped_or_left = record.guest.as_ref().is_none_or(|end| end.is_fault()) || books.ends.is_empty();
    let ended_once = books.ends.as_slice() == [record.end.as_str()];
    holds!(case, ended_once || dropped_or_left, "told {:?} of {record:?}", books.ends);
    holds!(case, books.ends.len() <= 1, "ended {:?}", books.ends);
    holds!(case, stats.bytes_out <= stats.bytes_requested, "{stats:?}");
    let padded = stats.bytes_out / 2 - stats.padding_samples;
    holds!(case, padded >= books.ledger.sent && padded <= books.taken, "{stats:?}, {:?}", books.ledger);
    let ends = record.journal.iter().filter(|(_, what)| matches!(what, ::call::Happening::Ended(_))).count();
    holds!(case, ends == 1, "{ends} ends in the journal of {record:?}");
}

/// The caller's side has of the numbered samples a prefix, with gaps where something was taken back or a socket broke.
fn check_heard(case: Case, report: &CallReport, books: &Books) {
    let heard = agent::heard(&report.heard_raw);
    holds!(case, heard.is_some(), "what was said came out of order");
    let Some((count, missing)) = heard else { return };
    holds!(case, count + missing <= books.taken, "{count} heard and {missing} missing of {}", books.taken);
    let whole = books.clears == 0 && report.voice_sockets == 1;
    holds!(case, missing == 0 || !whole, "{missing} samples are missing, and nothing was cleared or cut");
    holds!(case, books.ledger.heard <= books.taken, "{:?}", books.ledger);
}

fn hash(report: &CallReport, records: &[CallRecord], books: &[Books]) -> u64 {
    let mut hasher = DefaultHasher::new();
    report.transcript.lines().iter().for_each(|line| format!("{line:?}").hash(&mut hasher));
    format!("{:?} {:?} {:?}", report.outcome, report.timeline, report.pull).hash(&mut hasher);
    report.heard_raw.hash(&mut hasher);
    hash_of(records, books).hash(&mut hasher);
    hasher.finish()
}

fn hash_of(records: &[CallRecord], books: &[Books]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for CallRecord { id, end, guest, trouble, setup, duration, stats, journal, .. } in records {
        format!("{id} {end:?} {guest:?} {trouble:?} {setup:?} {duration:?} {stats:?} {journal:?}").hash(&mut hasher);
    }
    books.iter().for_each(|books| format!("{:?} {} {:?}", books.told, books.taken, books.ledger).hash(&mut hasher));
    hasher.finish()
}

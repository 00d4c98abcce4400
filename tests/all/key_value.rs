//! What plugins remember, from the guest to the disk and back; and what they may not.

use std::path::Path;

use exchange::Pattern;
use key_value::KeyValueLimits;
use libtest_mimic::Trial;
use sim::{Caller, Step};
use switchhook_tests::clock;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{simulated, threaded};
use switchhook_tests::world::{Neighbour, World, WorldConfig, pairs};
use telcoflow::frame::manager::CloseReason;

use crate::calls::assert_whole_echo;

const FIRST: &str = "+15551000";
const OTHER_PLUGIN: &str = "+15550667";
const OTHER_TENANT: &str = "+15550666";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("key_value::what_one_call_sets_the_next_one_finds", |log| async move { next_call(&log).await }),
        simulated("key_value::another_host_on_the_same_folder_finds_it", |log| async move { restart(&log).await }),
        simulated("key_value::a_value_is_forgotten_by_the_virtual_clock", |log| async move { brief(&log).await }),
        simulated("key_value::others_see_and_change_nothing", |log| async move { walls(&log).await }),
        simulated("key_value::keys_and_values_have_lengths_and_a_quota", |log| async move { bounds(&log).await }),
        simulated("key_value::what_a_host_call_cannot_take_ends_the_call_alone", |log| async move { huge(&log).await }),
        simulated("key_value::calls_that_count_together_lose_no_count", |log| async move { count(&log).await }),
        simulated("key_value::a_chat_remembers_too", |log| async move { chat(&log).await }),
        threaded("key_value::floods_of_writes_beside_echoes", 2, |log| async move { flood(&log).await }),
    ]
}

fn steps(steps: &str) -> Vec<(String, String)> {
    pairs(&[("mode", "remember"), ("steps", steps)])
}

/// A world whose plugins may remember in a folder.
fn remembering(folder: &Path, plugin: &str, config: Vec<(String, String)>) -> WorldConfig {
    WorldConfig {
        plugin: plugin.into(),
        config,
        data_dir: Some(folder.to_owned()),
        remembers: Some(KeyValueLimits::default()),
        ..WorldConfig::default()
    }
}

/// One call to a number, for so long.
async fn call(world: &mut World, to: &str, ms: u32) {
    let script = vec![Step::WaitAnswered, Step::Marked { ms }, Step::HangUp];
    world.sim.place_call(Caller { to: to.into(), ..Caller::new(script) }).finished().await;
    world.record().await;
}

/// What the guests logged, in order, without what stands before it.
fn said(log: &TestLog) -> Vec<String> {
    let lines = log.lines_with("remember ");
    lines.iter().filter_map(|line| Some(line.split_once("remember ")?.1.to_owned())).collect()
}

async fn one_world(folder: &Path, list: &str) {
    let mut world = World::simulated(remembering(folder, "hostile", steps(list))).await;
    call(&mut world, FIRST, 30_000).await;
    world.close().await;
}

async fn next_call(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = "get:k,set:k=v,get:k,swap:k=x>y,swap:k=v>w,get:k,swap:new=1,delete:k,get:k,set:k=last";
    let mut world = World::simulated(remembering(folder.path(), "hostile", steps(list))).await;
    call(&mut world, FIRST, 1_000).await;
    let first = said(log);
    let expected = [
        "get -",
        "set OK",
        "get v",
        "swapped false",
        "swap OK",
        "swapped true",
        "swap OK",
        "get w",
        "swapped true",
        "swap OK",
        "delete OK",
        "get -",
        "set OK",
        "done",
    ];
    assert_eq!(first, expected);
    call(&mut world, FIRST, 1_000).await;
    assert_eq!(said(log)[expected.len()], "get last");
    world.close().await;
}

async fn restart(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    one_world(folder.path(), "set:k=kept").await;
    one_world(folder.path(), "get:k").await;
    assert_eq!(said(log), ["set OK", "done", "get kept", "done"]);
}

async fn brief(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    one_world(folder.path(), "brief:k=v,wait:9000,get:k,wait:1500,get:k").await;
    assert_eq!(said(log), ["brief OK", "wait OK", "get v", "wait OK", "get -", "done"]);
}

/// Three plugins use the same key: two of one tenant, one of another.
async fn walls(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let thief = "get:k,swap:k=secret>stolen,delete:k,set:k=mine";
    let thief = [("mode", "remember"), ("steps", thief)];
    let config = WorldConfig {
        answers: Pattern::Exact(FIRST.into()),
        neighbours: vec![Neighbour::with("thief", OTHER_TENANT, "hostile", &thief)],
        others: vec![(Pattern::Exact(OTHER_PLUGIN.into()), "hostile".into(), pairs(&thief))],
        ..remembering(folder.path(), "hostile", steps("get:k,set:k=secret,get:k"))
    };
    let mut world = World::simulated(config).await;
    for to in [FIRST, OTHER_PLUGIN, OTHER_TENANT, FIRST] {
        call(&mut world, to, 1_000).await;
    }
    world.close().await;
    let first = |before: &str| [before, "set OK", "get secret", "done"].map(str::to_owned);
    let thief = ["get -", "swapped false", "swap OK", "delete OK", "set OK", "done"].map(str::to_owned);
    let expected = [&first("get -")[..], &thief, &thief, &first("get secret")].concat();
    assert_eq!(said(log), expected);
}

async fn bounds(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let full =
        "long-key:0,long-key:512,long-key:513,long-value:262144,long-value:262145,flood:400,get:0,delete:0,set:k=v";
    let config = WorldConfig {
        answers: Pattern::Exact(FIRST.into()),
        others: vec![(Pattern::Exact(OTHER_PLUGIN.into()), "hostile".into(), steps("flood:100"))],
        remembers: Some(KeyValueLimits { keys_max: 1_000, bytes_max: 512 << 10 }),
        ..remembering(folder.path(), "hostile", steps(full))
    };
    let mut world = World::simulated(config).await;
    call(&mut world, FIRST, 30_000).await;
    call(&mut world, OTHER_PLUGIN, 30_000).await;
    world.close().await;
    let said = said(log);
    let lengths = ["long-key INVALID", "long-key OK", "long-key INVALID", "long-value OK", "long-value INVALID"];
    assert_eq!(said[..5], lengths);
    assert_eq!(said[5], "flood FULL");
    assert_eq!(said[6], format!("get {}", "v".repeat(1_024)));
    assert_eq!(said[7..], ["delete OK", "set OK", "done", "flood OK", "done"]);
}

async fn huge(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = remembering(folder.path(), "hostile", steps("set:k=v,long-value:4000000"));
    let mut world = World::simulated(config).await;
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 1_000 }, Step::HangUp];
    world.sim.place_call(Caller::new(script)).finished().await;
    let record = world.record().await;
    assert_eq!(record.guest.as_ref().map(|end| end.code()), Some("TRAPPED"), "{:?}", record.guest);
    world.close().await;
    assert_eq!(said(log), ["set OK"]);
    one_world(folder.path(), "get:k").await;
    assert_eq!(said(log)[1], "get v", "the store is whole");
}

async fn count(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = remembering(folder.path(), "hostile", steps("count:25"));
    let mut world = World::simulated(config).await;
    let script = || vec![Step::WaitAnswered, Step::Marked { ms: 60_000 }, Step::HangUp];
    let calls: Vec<_> =
        (0..8).map(|_| world.sim.place_call(Caller { record: false, ..Caller::new(script()) })).collect();
    for call in calls {
        call.finished().await;
        world.record().await;
    }
    world.close().await;
    assert_eq!(said(log).iter().filter(|line| *line == "count OK").count(), 8, "{:?}", said(log));
    one_world(folder.path(), "get:count").await;
    assert_eq!(said(log).iter().rev().nth(1).map(String::as_str), Some("get 200"));
}

async fn chat(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = "set:k=v,get:k,brief:b=1,wait:11000,get:b";
    let config = pairs(&[("mode", "chat-remember"), ("steps", list)]);
    let world = World::simulated(remembering(folder.path(), "hostile", config)).await;
    let mut chat = world.sim.open_chat("+15550104477", "+15550100");
    chat.say("hello");
    clock::until(|| said(log).last().is_some_and(|line| line == "done")).await;
    chat.close(CloseReason::ForceClose);
    chat.closed().await;
    world.close().await;
    assert_eq!(said(log), ["set OK", "get v", "brief OK", "wait OK", "get -", "done"]);
}

/// Twenty echoes, and beside them ten calls that write without a pause, each waiting for the disk every time.
async fn flood(log: &TestLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hog = [("mode", "remember"), ("steps", "flood:100000")];
    let config = WorldConfig {
        answers: Pattern::Prefix("+15551".into()),
        neighbours: vec![Neighbour::with("hog", OTHER_TENANT, "hostile", &hog)],
        ..remembering(folder.path(), "echo", Vec::new())
    };
    let mut world = World::real(config).await;
    let echo = || Caller { to: FIRST.into(), record: false, ..Caller::echo(3_000) };
    let flood = || {
        let script = vec![Step::WaitAnswered, Step::Wait { ms: 3_500 }, Step::HangUp];
        Caller { to: OTHER_TENANT.into(), record: false, ..Caller::new(script) }
    };
    let hogs: Vec<_> = (0..10).map(|_| world.sim.place_call(flood())).collect();
    let echoes: Vec<_> = (0..20).map(|_| world.sim.place_call(echo())).collect();
    for call in echoes {
        assert_whole_echo(&call.finished().await);
    }
    for call in hogs {
        call.finished().await;
    }
    for _ in 0..30 {
        let record = world.record().await;
        let lost = record.stats.as_ref().map_or(0, |stats| stats.samples_lost);
        assert!(record.tenant == "hog" || lost == 0, "{:?}", record.stats);
    }
    world.close().await;
    assert!(said(log).iter().all(|line| line != "flood OK"), "they wrote until the end of their calls");
    let folder = folder.path().join("key-value");
    let written = std::fs::read_dir(&folder).expect("a folder").flatten().filter_map(|file| file.metadata().ok());
    assert!(written.map(|file| file.len()).sum::<u64>() > 100 << 10, "they did write");
}

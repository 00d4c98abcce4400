//! A thousand components that are none, or are hostile: a clear refusal each, and calls do not notice.

use ::sandbox::{CompileLimits, LoadError, StartError};
use libtest_mimic::Trial;
use loader::LoadRefused;
use sim::Caller;
use switchhook_tests::components::bytes;
use switchhook_tests::run::threaded;
use switchhook_tests::world::{Neighbour, WorldConfig};

use super::kit::{Hot, variant};
use crate::calls::assert_whole_echo;
use crate::written;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        threaded("hot::a_thousand_bad_components_are_refused_one_by_one", 2, |_| thousand()),
        threaded("hot::a_stream_of_huge_components_costs_no_call", 2, |_| huge()),
    ]
}

/// Little time, so that what is expensive is refused soon.
fn limits() -> CompileLimits {
    CompileLimits { cpu_s_max: 1, ms_max: 10_000, memory_bytes_max: 512 << 20, ..CompileLimits::default() }
}

/// Components that are broken in some way, from real ones.
fn mutated(random: &mut fastrand::Rng) -> Vec<u8> {
    let name = ["echo", "async-echo", "wa-autoreply"][random.usize(..3)];
    let mut wasm = bytes(name);
    match random.u8(..5) {
        // Cut off, in the middle of something.
        0 => wasm.truncate(random.usize(1..wasm.len() - 1)),
        // Many bytes are others.
        1 => (0..300).for_each(|_| {
            let place = random.usize(8..wasm.len());
            wasm[place] ^= random.u8(1..);
        }),
        // Where its types stand is another piece of it.
        2 => {
            let length = random.usize(500..2_000);
            let from = random.usize(5_000..wasm.len() - length);
            wasm.copy_within(from..from + length, random.usize(8..500));
        }
        // A piece is missing.
        3 => {
            let length = random.usize(1..4_000);
            let from = random.usize(8..wasm.len() - length);
            wasm.drain(from..from + length);
        }
        // Its head is another's.
        _ => (0..8).for_each(|place| wasm[place] = random.u8(..)),
    }
    wasm
}

/// What is well formed, and still no handler or a hostile one.
fn hostile() -> Vec<(String, Vec<u8>)> {
    let module = |body: &str| format!("(core module $m {body}) (core instance $i (instantiate $m))");
    let handle = "(func (export \"handle\") (canon lift (core func $i \"f\")))";
    let start = |code: &str, memory: &str| {
        let module = module(&format!("{memory} (func $s {code}) (start $s) (func (export \"f\"))"));
        format!("{module} {handle}")
    };
    let nested = |depth: usize| format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
    let imports = |count: usize| (0..count).map(|n| format!("(import \"i{n}:a/b\" (instance))")).collect::<String>();
    let list = [
        ("no parameters", format!("{} {handle}", module("(func (export \"f\"))"))),
        (
            "a number",
            format!(
                "{} (func (export \"handle\") (param \"a\" u32) (result u32) (canon lift (core func $i \"f\")))",
                module("(func (export \"f\") (param i32) (result i32) local.get 0)")
            ),
        ),
        ("an endless start", start("(loop br 0)", "")),
        ("a start that traps", start("unreachable", "")),
        ("a start that overflows its stack", start("call $s", "")),
        ("a start that eats memory", start("(loop (drop (memory.grow (i32.const 64))) br 0)", "(memory 1)")),
        ("a huge memory", start("nop", "(memory 65536)")),
        ("many memories", start("nop", &"(memory 1)".repeat(40))),
        ("many tables", start("nop", &"(table 1 funcref)".repeat(200))),
        ("a huge table", start("nop", "(table 4000000000 funcref)")),
        ("nothing", String::new()),
        ("a handle that is a component", "(component $c) (export \"handle\" (component $c))".to_owned()),
        ("a handle that is an instance", "(instance $c) (export \"handle\" (instance $c))".to_owned()),
        ("deep nesting", nested(90)),
        ("many imports", format!("{} {} {handle}", imports(900), module("(func (export \"f\"))"))),
        (
            "an import of another version",
            format!(
                "(import \"switchhook:handler/events@9.9.9\" (instance)) {} {handle}",
                module("(func (export \"f\"))")
            ),
        ),
        (
            "an import of files",
            format!(
                "(import \"wasi:filesystem/types@0.2.0\" (instance (export \"steal\" (func)))) {} {handle}",
                module("(func (export \"f\"))")
            ),
        ),
        (
            "an import of sockets that does not exist",
            format!(
                "(import \"wasi:sockets/evil@0.2.0\" (instance (export \"steal\" (func)))) {} {handle}",
                module("(func (export \"f\"))")
            ),
        ),
    ];
    let built = |(name, text): (&str, String)| {
        let wasm = wat::parse_str(format!("(component {text})"));
        (name.to_owned(), wasm.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    let starts = written::starts().map(|(name, wasm)| (format!("a handler whose {name}"), wasm));
    list.into_iter().map(built).chain(starts).collect()
}

/// Whether whoever brought it learns that it is at fault.
fn blames_it(why: &LoadRefused) -> bool {
    matches!(
        why,
        LoadRefused::Component(
            LoadError::Inspect(_) | LoadError::Compile(_) | LoadError::Costs(_) | LoadError::Link(_),
        ) | LoadRefused::Start(StartError::Failed(_) | StartError::TooSlow(_) | StartError::Unfit(_))
            | LoadRefused::Unfit(_)
    )
}

async fn thousand() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let config = WorldConfig {
        limits: ::sandbox::GuestLimits { start_ms_max: 300, ..Default::default() },
        ..Default::default()
    };
    let hot = Hot::new(config, limits()).await;
    let good = hot.push(&variant("echo", 1, 0)).await.expect("it is good");
    hot.loader.promote("acme", "first", good.receipt.number, false).await.expect("it is good");
    let ms = 10_000;
    let calls: Vec<_> = (0..10).map(|_| hot.desk.world.sim.place_call(Caller::echo(ms))).collect();
    let hostile = hostile();
    let (mut refused, mut accepted) = (0, 0);
    while refused < 1_000 {
        let (name, wasm) = match hostile.get(refused) {
            Some((name, wasm)) => (name.clone(), wasm.clone()),
            None => (format!("seed {seed}, {refused} refused"), mutated(&mut random)),
        };
        match hot.push(&wasm).await {
            Err(why) => {
                assert!(blames_it(&why), "{name}: {why:?}");
                let words = why.to_string();
                assert!(words.len() > 10 && words.len() < 2_000 && !words.contains('\u{1b}'), "{name}: {words}");
                refused += 1;
            }
            // What only changes what a program says is a component like any other.
            Ok(_) if refused >= hostile.len() => accepted += 1,
            Ok(pushed) => panic!("{name}: accepted as {:?}", pushed.receipt),
        }
        assert!(accepted < 50, "seed {seed}: these mutations break nothing");
    }
    for call in calls {
        let report = call.finished().await;
        assert_whole_echo(&report);
        assert_eq!(report.frames_unsent, 0);
    }
    assert_eq!(hot.slot.live().and_then(|live| live.number()), Some(good.receipt.number));
    let call = hot.desk.world.sim.place_call(Caller::echo(200));
    assert_whole_echo(&call.finished().await);
    let left = std::fs::read_dir(hot.keep.folder.path().join("code")).expect("a folder").count();
    assert!(left < 40, "{left} files are left of what was refused");
    hot.close().await;
}

/// A component of so many functions, with an export `handle`.
fn large(functions: usize) -> Vec<u8> {
    let sum = "(local.set 0 (i32.add (i32.mul (local.get 0) (local.get 1)) (local.tee 1 (i32.load (local.get 0)))))";
    let function = format!("(func (param i32) (result i32) (local i32) {} (local.get 0))", sum.repeat(20));
    let text = format!(
        "(component (core module $m (memory 1) (func (export \"f\")) {}) (core instance $i (instantiate $m)) \
         (func (export \"handle\") (canon lift (core func $i \"f\"))))",
        function.repeat(functions)
    );
    wat::parse_str(text).expect("a component")
}

async fn huge() {
    let neighbours = vec![Neighbour::echoes()];
    let answers = exchange::Pattern::Prefix("+15551".into());
    let hot = Hot::new(WorldConfig { neighbours, answers, ..WorldConfig::default() }, limits()).await;
    let (heavy, long) = (large(25_000), variant("wrong-world", 1, 60 << 20));
    let calls = hot.desk.world.call_beside(20, 4_000);
    let mut costs = 0;
    for round in 0..3 {
        let (one, other) = tokio::join!(hot.push(&heavy), hot.push(&long));
        for refused in [one, other] {
            let why = refused.expect_err("it handles no call");
            assert!(blames_it(&why), "round {round}: {why:?}");
            costs += u32::from(matches!(why, LoadRefused::Component(LoadError::Costs(_))));
        }
    }
    assert!(costs > 0, "none was too expensive: the load is none");
    for call in calls {
        let report = call.finished().await;
        assert_whole_echo(&report);
        assert_eq!((report.frames_sent, report.frames_unsent), (200, 0));
    }
    hot.close().await;
}

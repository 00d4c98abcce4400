//! The scenario files of `plugins/NAME/scenarios`, against every build of that plugin: `plugins/NAME.wasm` from Rust and
//! `plugins/NAME.LANG.wasm` from the others. The same file for every language is what makes them alike.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use switchhook::scenario::{self, Scenario};
use switchhook_tests::components;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = of_folders("plugins", "");
    trials.push(Trial::test("scenarios::what_does_not_hold_is_told", what_does_not_hold_is_told));
    trials.push(Trial::test("scenarios::a_guest_reads_the_clock_of_the_call", a_guest_reads_the_clock_of_the_call));
    trials.push(Trial::test(
        "scenarios::a_handler_remembers_by_the_clock_of_the_call",
        a_handler_remembers_by_the_clock_of_the_call,
    ));
    trials.push(Trial::test("scenarios::what_is_remembered_is_told", what_is_remembered_is_told));
    trials.push(Trial::test("scenarios::calls_of_one_memory_follow_each_other", calls_of_one_memory_follow_each_other));
    for language in ["js", "python", "go", "c"] {
        for scenario in ["all", "legs"] {
            let file = components::root().join(format!("tests/languages/wrappers/{scenario}.toml"));
            let test = move || plays(&format!("wrappers.{language}"), &file);
            trials.push(Trial::test(format!("scenarios::wrappers::{language}::{scenario}"), test));
        }
    }
    trials.push(Trial::test("scenarios::other_hosts_answer_by_script", other_hosts_answer_by_script));
    trials.push(Trial::test("scenarios::other_hosts_answer_wasi_http_too", other_hosts_answer_wasi_http_too));
    trials.push(Trial::test("scenarios::what_other_hosts_miss_is_told", what_other_hosts_miss_is_told));
    trials
}

/// The scenarios of each folder in a folder, against what was built of it in each language. `shelf` is what stands before the
/// names of those components.
pub(crate) fn of_folders(folders: &str, shelf: &str) -> Vec<Trial> {
    let folders = inside(&components::root().join(folders));
    let folders = folders.into_iter().filter(|folder| folder.join("scenarios").is_dir());
    folders.flat_map(|folder| of_folder(&folder, shelf)).collect()
}

fn of_folder(folder: &Path, shelf: &str) -> Vec<Trial> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut trials = Vec::new();
    for language in languages(folder) {
        // What only one language does stands in a folder of its name.
        let own = folder.join("scenarios").join(language);
        let own = if own.is_dir() { inside(&own) } else { Vec::new() };
        let files = inside(&folder.join("scenarios")).into_iter().chain(own).filter(|file| !file.is_dir());
        let build = if language == "rust" { format!("{shelf}{name}") } else { format!("{shelf}{name}.{language}") };
        for file in files {
            let scenario = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let build = build.clone();
            trials.push(Trial::test(format!("scenarios::{build}::{scenario}"), move || plays(&build, &file)));
        }
    }
    trials
}

/// The languages in which there are sources: each must have been built.
fn languages(folder: &Path) -> impl Iterator<Item = &'static str> {
    std::iter::once("rust")
        .chain(["js", "python", "c", "go"].into_iter().filter(|language| folder.join(language).is_dir()))
}

/// What a folder holds, in the order of the names.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

fn plays(build: &str, file: &Path) -> Result<(), Failed> {
    let scenario = Scenario::load(file).map_err(|problems| problems.to_string())?;
    let plugin = components::plugin(build);
    let mut failures = Vec::new();
    for run in &scenario.runs {
        let played = scenario::play(&plugin, &scenario, run).map_err(|error| error.to_string())?;
        if !played.misses.is_empty() {
            let misses: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
            failures.push(format!("{}:\n{}\n{}", run.name, misses.join("\n"), played.timeline.join("\n")));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n\n").into()) }
}

/// Each kind of expectation, against an echo that does not meet it.
fn what_does_not_hold_is_told() -> Result<(), Failed> {
    let file = components::root().join("plugins/echo/scenarios/none.toml");
    let text = r##"
[caller]
does = [{ noise_ms = 1500, name = "speaks" }, { silence_ms = 500 }, { hang_up = true }]
[expect]
commands = ["answer", "close"]
end = "closed"
outcome = "agent-closed"
handler = "FAILED"
handler_says = "no such thing"
clears = 3
recordings = 1
log = ["never said"]
heard = [
  { file = "../../prompts/goodbye.wav" },
  { tone_hz = 425, to_ms = 500 },
  { dbfs_max = -60, to_ms = 1000 },
  { echo = true, from_ms = 5000 },
]
silence = [{ after = "speaks", within_ms = 100, for_ms = 1000 }]
recorded = [{ file = "../../prompts/goodbye.wav" }]
"##;
    let scenario = Scenario::parse(&file, text).map_err(|problems| problems.to_string())?;
    let played =
        scenario::play(&components::plugin("echo"), &scenario, &scenario.runs[0]).map_err(|e| e.to_string())?;
    let told: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    for line in [5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20] {
        assert!(told.contains(&format!("line {line}: ")), "line {line} is not told:\n{told}");
    }
    assert_eq!(played.misses.len(), 14, "{told}");
    let timeline = played.timeline.join("\n");
    for what in ["the call is answered", "says noise for 1500 ms", "answer: done", "is told the end: terminated"] {
        assert!(timeline.contains(what), "{what}:\n{timeline}");
    }
    Ok(())
}

/// What a handler remembers is forgotten by the clock of the call.
fn a_handler_remembers_by_the_clock_of_the_call() -> Result<(), Failed> {
    let file = components::root().join("tests/memory.toml");
    let text = |grants: &str, log: &str| {
        format!(
            "[plugin]\nconfig = {{ mode = \"remember\", steps = \"brief:k=v,wait:9000,get:k,wait:2000,get:k\" }}\n{grants}\n\
             [caller]\ndoes = [{{ wait_ms = 15000 }}, {{ hang_up = true }}]\n[expect]\nlog = [{log}]\n"
        )
    };
    let granted = text("grants = { key_value = true }", "\"remember get v\", \"remember get -\"");
    for text in [granted, text("", "\"remember get NOT_GRANTED\"")] {
        let scenario = Scenario::parse(&file, &text).map_err(|problems| problems.to_string())?;
        let played = scenario::play(&components::plugin("hostile"), &scenario, &scenario.runs[0]);
        let misses = played.map_err(|error| error.to_string())?.misses;
        let misses: Vec<String> = misses.iter().map(ToString::to_string).collect();
        assert!(misses.is_empty(), "{misses:?}");
    }
    Ok(())
}

/// What a plugin remembers before a call is there in it, and what it remembers at the end is looked at.
fn what_is_remembered_is_told() -> Result<(), Failed> {
    let file = components::root().join("tests/memory.toml");
    let text = |expect: &str| {
        format!(
            "[plugin]\nconfig = {{ mode = \"remember\", steps = \"get:old,set:new=v\" }}\ngrants = {{ key_value = true }}\n\
             remembers = {{ old = \"o\" }}\n[caller]\ndoes = [{{ wait_ms = 1000 }}, {{ hang_up = true }}]\n[expect]\n{expect}\n"
        )
    };
    let holds = "log = [\"remember get o\"]\nremembers = { old = \"o\", new = \"v\" }\nforgets = [\"none\"]";
    let misses = "remembers = { old = \"p\", none = \"v\" }\nforgets = [\"new\"]";
    for (expect, wanted) in [
        (holds, vec![]),
        (
            misses,
            vec![
                "line 8: remembers: \"none\" was to be \"v\"; there was nothing",
                "line 8: remembers: \"old\" was to be \"p\"; there was \"o\"",
                "line 9: forgets: \"new\" was not to be remembered; it is",
            ],
        ),
    ] {
        let scenario = Scenario::parse(&file, &text(expect)).map_err(|problems| problems.to_string())?;
        let played = scenario::play(&components::plugin("hostile"), &scenario, &scenario.runs[0]);
        let told = played.map_err(|error| error.to_string())?.misses;
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(told, wanted);
    }
    Ok(())
}

/// Several calls of a file have one memory, and each is judged by what is said of it.
fn calls_of_one_memory_follow_each_other() -> Result<(), Failed> {
    let file = components::root().join("tests/memory.toml");
    let text = |second: &str| {
        format!(
            "[plugin]\nconfig = {{ mode = \"remember\", steps = \"get:new,set:new=v\" }}\ngrants = {{ key_value = true }}\n\
             [[call]]\ncaller = {{ does = [{{ wait_ms = 1000 }}, {{ hang_up = true }}] }}\n\
             expect = {{ no_log = [\"remember get v\"], remembers = {{ new = \"v\" }} }}\n\
             [[call]]\nafter_s = 60\ncaller = {{ does = [{{ wait_ms = 1000 }}, {{ hang_up = true }}] }}\nexpect = {{ {second} }}\n"
        )
    };
    let wrong = "line 10: call 2 of 2: log: \"remember get w\" was to be logged; it was not";
    for (second, wanted) in [("log = [\"remember get v\"]", vec![]), ("log = [\"remember get w\"]", vec![wrong])] {
        let scenario = Scenario::parse(&file, &text(second)).map_err(|problems| problems.to_string())?;
        let played = scenario::play(&components::plugin("hostile"), &scenario, &scenario.runs[0])?;
        let told: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
        assert_eq!(told, wanted, "{}", played.timeline.join("\n"));
        let parts = played.timeline.iter().filter(|line| ["call 1 of 2:", "call 2 of 2:"].contains(&line.as_str()));
        assert_eq!(parts.count(), 2 * wanted.len());
    }
    Ok(())
}

/// A guest that reads WASI's clocks sees the time of the call, not that of the machine.
fn a_guest_reads_the_clock_of_the_call() -> Result<(), Failed> {
    let file = components::root().join("tests/clock.toml");
    let text = "starts_at = 2031-05-06T07:08:09Z\n[plugin]\nconfig = { mode = \"clock\" }\n\
                [caller]\ndoes = [{ wait_ms = 10000 }, { hang_up = true }]\n\
                [expect]\nlog = [\"it is 1935817689\", \"5000 ms have passed\"]\n";
    let scenario = Scenario::parse(&file, text).map_err(|problems| problems.to_string())?;
    let played =
        scenario::play(&components::plugin("hostile"), &scenario, &scenario.runs[0]).map_err(|e| e.to_string())?;
    let told: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}\n{}", told.join("\n"), played.timeline.join("\n"));
    Ok(())
}

/// What happens with two sockets and two requests of a guest: what it logs, and what there is to hold.
fn reaching(steps: &str, rest: &str) -> Result<scenario::Played, Failed> {
    played_by("hostile", steps, rest)
}

fn played_by(component: &str, steps: &str, rest: &str) -> Result<scenario::Played, Failed> {
    let file = components::root().join("plugins/echo/scenarios/others.toml");
    let text = format!(
        "[plugin]\nconfig = {{ mode = \"reach\", steps = \"{steps}\" }}\n\
         [caller]\ndoes = [{{ wait_ms = 15000 }}, {{ hang_up = true }}]\n{rest}"
    );
    let scenario = Scenario::parse(&file, &text).map_err(|problems| problems.to_string())?;
    Ok(scenario::play(&components::plugin(component), &scenario, &scenario.runs[0]).map_err(|e| e.to_string())?)
}

fn other_hosts_answer_wasi_http_too() -> Result<(), Failed> {
    let steps = "body:5 post:https://crm.example/people?q=1 get:https://crm.example/late \
                 get:https://elsewhere.example/ header:x-key=mine get:https://crm.example/keyed";
    let rest = r#"
[[http]]
url = "https://crm.example/people*"
method = "POST"
status = 404
headers = { X = "none" }
pieces = ["one", "two"]
every_ms = 300
[[http]]
url = "https://crm.example/late"
after_ms = 2000
fails = "TIMEOUT"
[[http]]
url = "https://crm.example/keyed"
secret_headers = ["X-Key"]

[expect]
log = [
  "wasi-http post 404 x=none 6 onetwo", "wasi-http get HttpResponseTimeout", "wasi-http get HttpRequestDenied",
  "wasi-http get INVALID: the host has a secret for x-key",
]
request = [{ url = "https://crm.example/people?q=1", method = "POST", body = "bbbbb" }, { method = "GET", times = 1 }]
"#;
    let played = played_by("wasi-http", steps, rest)?;
    let told: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
    // The one that is never asked is the host's to have a secret for.
    assert!(matches!(&told[..], [miss] if miss.contains("never asked")), "{told:?}");
    Ok(())
}

fn other_hosts_answer_by_script() -> Result<(), Failed> {
    let steps = "header:authorization=mine open:wss://model.example/v1 header:x-mode=voice open:wss://model.example/v1 \
                 next next send:{\\\"type\\\":\\\"hello\\\",\\\"ms\\\":950} next next next next close:1000 \
                 open:wss://gone.example/ next next \
                 post:https://crm.example/people?q=1 next next next next get:https://crm.example/late next \
                 get:https://elsewhere.example/";
    let rest = r#"
[[websocket]]
url = "wss://model.example/*"
secret_headers = ["Authorization"]
said_audio = { encoding = "mulaw", sample_rate_hz = 8000 }
does = [
  { says = { type = "ready", list = [1, 2.5, true] } },
  { hears = { type = "hello" } },
  { wait_ms = 1000 },
  { says = "plain words" },
  { says_audio = "../../prompts/goodbye.wav", piece_ms = 300 },
  { says_audio = "../../prompts/goodbye.wav", piece_ms = 10000, as = { type = "delta", delta = "$audio" } },
]
[[websocket]]
url = "wss://gone.example/"
refuses = "UNREACHABLE"
opens_after_ms = 500

[[http]]
url = "https://crm.example/people*"
method = "POST"
status = 404
headers = { X-Why = "none" }
pieces = ["one", "two"]
every_ms = 300
[[http]]
url = "https://crm.example/late"
after_ms = 2000
fails = "TIMEOUT"

[expect]
log = [
  "reach open INVALID", "reach open OK", "reach next open 1", "reach next {\"list\":[1,2.5,true],\"type\":\"ready\"}",
  "reach next plain words", "reach next binary 2400", "reach next binary 1743", "reach next closed 1006 UNREACHABLE: ", "reach next head 404 of 1",
  "reach next body 3", "reach next end OK", "reach next end TIMEOUT", "reach get NOT_GRANTED",
]
sent = [
  { message = { type = "hello" }, between = { ms = [900, 1000] }, times = 1, to = "wss://model", to_ms = 1000 },
  { message = "never", times = 0 },
]
socket = [
  { url = "wss://model.example/v1", headers = { x-mode = "voice" }, closed = 1000, times = 1 },
  { times = 2 },
]
request = [
  { url = "https://crm.example/people?q=1", method = "POST", body = "ello" },
  { method = "GET", times = 1 },
]
"#;
    let played = reaching(steps, rest)?;
    let told: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
    if told.is_empty() { Ok(()) } else { Err(format!("{}\n{}", told.join("\n"), played.timeline.join("\n")).into()) }
}

/// Each kind of what may be asked of other hosts, where it is not so.
fn what_other_hosts_miss_is_told() -> Result<(), Failed> {
    let steps =
        "open:wss://model.example/v1 next send:{\\\"type\\\":\\\"cut\\\",\\\"ms\\\":500} get:https://crm.example/a";
    let rest = r#"
[[websocket]]
url = "wss://model.example/v1"
does = [{ hears = { type = "cut" } }, { hears = "more" }]
[[websocket]]
url = "wss://never.example/"
[[http]]
url = "https://crm.example/*"
[[http]]
url = "https://never.example/"
[expect]
sent = [
  { message = { type = "cut" }, between = { ms = [900, 1000] } },
  { message = { type = "cut" }, from_ms = 9000 },
  { file = "../../prompts/goodbye.wav" },
]
socket = [{ closed = 1000 }]
request = [{ method = "POST" }]
"#;
    let played = reaching(steps, rest)?;
    let told: Vec<String> = played.misses.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    for (line, says) in [
        (8, "it still waits for \"more\"; the last that it was sent is {\"type\":\"cut\",\"ms\":500}"),
        (9, "websocket: the handler never opened it"),
        (13, "http: the handler never asked it"),
        (17, "with ms 900 to 1000: expected at least once from 0 ms on; there was "),
        (18, "expected at least once from 9000 ms on; there was "),
        (19, "goodbye.wav: expected at least once from 0 ms on; it was there nowhere"),
        (21, "socket: expected at least once; there were wss://model.example/v1 [] not closed by the handler"),
        (22, "request: expected at least once; there were GET https://crm.example/a []: "),
    ] {
        let there = told.lines().any(|miss| miss.starts_with(&format!("line {line}: ")) && miss.contains(says));
        assert!(there, "line {line}, {says:?}:\n{told}");
    }
    assert_eq!(played.misses.len(), 8, "{told}");
    let timeline = played.timeline.join("\n");
    for what in
        ["socket   is open: wss://model.example/v1", "socket   is sent {\"type\":\"cut\"", "http     is asked GET"]
    {
        assert!(timeline.contains(what), "{what}:\n{timeline}");
    }
    Ok(())
}

//! What may not stand in code, and why; and how long a file may be.

use libtest_mimic::Trial;

use super::floors::{HIGHEST_WITHOUT_IO, floor_of};
use super::{Finding, Source, proof};

/// Past this a file is two files.
const FILE_LINES_MAX: usize = 600;

/// A word, where it may not stand, and what to do instead.
const BANS: &[(&str, Where, &str)] = &[
    ("Instant::now", Where::GroundButTests, CLOCK),
    ("SystemTime::now", Where::Ground, CLOCK),
    ("tokio::", Where::Ground, "this floor does no IO: the shell on floor 2 drives it"),
    ("unbounded_channel", Where::Everywhere, UNBOUNDED),
    ("mpsc::unbounded", Where::Everywhere, UNBOUNDED),
    ("thread::sleep", Where::Tests, SLEEP),
    ("time::sleep", Where::Tests, SLEEP),
    ("todo!", Where::Everywhere, UNFINISHED),
    ("unimplemented!", Where::Everywhere, UNFINISHED),
    ("dbg!", Where::Everywhere, "remove it"),
    ("unsafe", Where::Everywhere, "find a safe way; what must be unsafe is an exception with its reason"),
    ("println!", Where::Libraries, PRINT),
    ("eprintln!", Where::Libraries, PRINT),
    ("print!", Where::Libraries, PRINT),
    ("eprint!", Where::Libraries, PRINT),
];

const CLOCK: &str = "this floor has no clock: take `now` as an argument";
const PRINT: &str = "a library does not print: return it, or use `tracing`";
const SLEEP: &str = "await the event itself, or advance the virtual clock: a sleep is either too short or too slow";
const UNBOUNDED: &str = "every queue has a limit that stands in limits.rs: use a bounded channel";
const UNFINISHED: &str = "finish it, or return an error that says what is not supported";

/// Where a ban applies.
#[derive(Clone, Copy)]
enum Where {
    Everywhere,
    /// The floors without IO, their tests included.
    Ground,
    /// The base of `Instant` arithmetic can only come from the clock, so tests may ask for one.
    GroundButTests,
    /// Files of tests, and what stands below `#[cfg(test)]`.
    Tests,
    /// What others link: not the programs, not tests.
    Libraries,
}

/// Word, file, reason. An exception that is used nowhere is itself a finding.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "unsafe",
        "host/call/tests/footprint.rs",
        "a global allocator that counts is an unsafe trait; it only forwards to the system's",
    ),
    (
        "unsafe",
        "host/sandbox/src/code/load.rs",
        "precompiled code is native code: it is loaded here only, from a type that is made of sealed files and of what \
         a compiling child of this process wrote",
    ),
    (
        "unsafe",
        "host/sandbox/src/prefetch.rs",
        "the processor's prefetch has no safe name; it is a hint that neither reads nor writes, whatever address it is given",
    ),
];

pub(crate) fn length(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.path.ends_with(".rs") && source.text.lines().count() > FILE_LINES_MAX)
        .map(|source| {
            let lines = source.text.lines().count();
            let what = format!("{lines} lines, and {FILE_LINES_MAX} is the limit: split it by topic");
            Finding::new(source, FILE_LINES_MAX + 1, what)
        })
        .collect()
}

pub(crate) fn bans(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for source in sources.iter().filter(|source| source.path.ends_with(".rs")) {
        let mut test = of_tests(&source.path);
        for (number, line) in source.text.lines().enumerate() {
            test |= line.trim() == "#[cfg(test)]";
            let code = code_of(line);
            for (word, place, instead) in BANS {
                if !has_word(&code, word) || !place.covers(&source.path, test) {
                    continue;
                }
                match EXCEPTIONS.iter().position(|(excepted, path, _)| excepted == word && *path == source.path) {
                    Some(exception) => used[exception] = true,
                    None => findings.push(Finding::new(source, number + 1, format!("`{word}`: {instead}"))),
                }
            }
        }
    }
    for ((word, path, _), used) in EXCEPTIONS.iter().zip(used) {
        if let Some(source) = sources.iter().find(|source| source.path == *path && !used) {
            let what = format!("`{word}` is excepted in tests/all/tidy/bans.rs but not used: remove the exception");
            findings.push(Finding::new(source, 1, what));
        }
    }
    findings
}

impl Where {
    fn covers(self, path: &str, test: bool) -> bool {
        let under = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
        let programs = under(&["host/xtask/", "host/switchhook/"]);
        let ground = !programs && floor_of(path).is_some_and(|floor| floor <= HIGHEST_WITHOUT_IO);
        match self {
            Self::Everywhere => true,
            Self::Ground => ground,
            Self::GroundButTests => ground && !test,
            Self::Tests => test,
            Self::Libraries => under(&["host/", "guest-sdk/", "plugins/"]) && !programs && !test,
        }
    }
}

fn of_tests(path: &str) -> bool {
    // What runs inside a guest cannot make a test flaky.
    let guest = path.starts_with("tests/guests/");
    let folder = path.starts_with("tests/") || path.contains("/tests/") || path.contains("/benches/");
    !guest && (folder || path.ends_with("/tests.rs") || path.ends_with("_tests.rs"))
}

/// Whether a word stands in code on its own: `print!` is not in `println!`, and `unsafe` not in `unsafe_code`.
fn has_word(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && (word.ends_with(':') || !after.is_some_and(part_of_name))
    })
}

/// A line without its strings and its comment. Strings over several lines are taken for code: spare them such words.
fn code_of(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    let mut quoted = false;
    let mut last = ' ';
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => drop(chars.next()),
            '"' if !quoted && last == '\'' => {}
            '"' => quoted = !quoted,
            _ if quoted => {}
            '/' if chars.peek() == Some(&'/') => break,
            _ => code.push(c),
        }
        last = c;
    }
    code
}

pub(crate) fn proofs() -> Vec<Trial> {
    let clock =
        "fn f() { Instant::now(); }\n#[cfg(test)]\nmod tests { fn g() { Instant::now(); SystemTime::now(); } }\n";
    let words =
        "// todo!()\nlet a = \"dbg!\"; // dbg!\n#![deny(unsafe_code)]\nlet quote = '\"'; todo!();\nunsafe { b() }\n";
    let prints = "fn f() { println!(\"x\"); }\n#[cfg(test)]\nmod tests { fn g() { println!(); } }\n";
    let sleeps = "tokio::time::sleep(ms).await;\nstd::thread::sleep(ms);\nlet (a, b) = mpsc::unbounded_channel();\n";
    static LONG: [u8; FILE_LINES_MAX + 1] = [b'\n'; FILE_LINES_MAX + 1];
    let long = std::str::from_utf8(&LONG).unwrap_or_default();
    vec![
        proof("clock_on_the_ground", bans, "host/call/src/lib.rs", clock, 2),
        proof("clock_above", bans, "host/carriers/src/lib.rs", clock, 0),
        proof("words_in_code_only", bans, "host/call/src/lib.rs", words, 2),
        proof("prints_in_a_library", bans, "host/sim/src/lib.rs", prints, 1),
        proof("prints_in_the_program", bans, "host/switchhook/src/main.rs", prints, 0),
        proof("sleeps_in_tests", bans, "tests/all/echo.rs", sleeps, 3),
        proof("sleeps_in_the_host", bans, "host/sim/src/pace.rs", sleeps, 1),
        proof("tokio_on_the_ground", bans, "host/audio/src/lib.rs", sleeps, 2),
        proof("a_long_file", length, "host/call/src/lib.rs", long, 1),
        proof("a_file_as_long_as_allowed", length, "host/call/src/lib.rs", &long[1..], 0),
    ]
}

//! What the echoes import: what an echo uses in that language, and what a tool chain puts in whatever a program does. Each
//! interface more is a grant that an operator wonders about, and code that is never run.

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};
use switchhook_tests::components;

/// An echo, the interfaces of the contract that it imports, and the packages of WASI.
struct Echo {
    build: &'static str,
    contract: &'static [&'static str],
    wasi: &'static [&'static str],
}

/// Rust's imports of `chat` are its types alone: its bindings are those of all worlds. The engine of JavaScript, CPython and
/// Go's runtime bring clocks, files and chance; CPython sockets too, which the host never grants.
const ECHOES: &[Echo] = &[
    Echo { build: "echo", contract: &["call", "chat", "events", "playout", "types"], wasi: &["cli", "io"] },
    Echo { build: "echo.c", contract: &["call", "events", "log", "playout", "types"], wasi: &[] },
    Echo {
        build: "echo.go",
        contract: &["call", "events", "playout", "types"],
        wasi: &["cli", "clocks", "filesystem", "io", "random"],
    },
    Echo {
        build: "echo.js",
        contract: &["call", "events", "log", "playout", "timers", "types"],
        wasi: &["cli", "clocks", "filesystem", "io", "random"],
    },
    Echo {
        build: "echo.python",
        contract: &["call", "events", "log", "playout", "timers", "types"],
        wasi: &["cli", "clocks", "filesystem", "io", "random", "sockets"],
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    ECHOES.iter().map(|echo| Trial::test(format!("imports::{}", echo.build), || imports(echo))).collect()
}

fn imports(echo: &Echo) -> Result<(), Failed> {
    let inspection = sandbox::inspect(&components::bytes(echo.build)).map_err(|error| error.to_string())?;
    let names: Vec<&str> = inspection.imports.iter().map(|import| import.name.as_str()).collect();
    let of = |begin: &str, end: char| -> BTreeSet<&str> {
        names.iter().filter_map(|name| name.strip_prefix(begin)?.split(end).next()).collect()
    };
    assert_eq!(of("switchhook:handler/", '@'), echo.contract.iter().copied().collect(), "{names:?}");
    assert_eq!(of("wasi:", '/'), echo.wasi.iter().copied().collect(), "{names:?}");
    let others = names.iter().filter(|name| !name.starts_with("switchhook:handler/") && !name.starts_with("wasi:"));
    assert_eq!(others.count(), 0, "{names:?}");
    assert_eq!(inspection.grants_wanted(), BTreeSet::new(), "an echo needs no grant");
    Ok(())
}

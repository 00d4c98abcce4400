//! What is known to go wrong with a component of its kind, told before it goes wrong.

use sandbox::Inspection;

/// A trap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trap {
    /// Whether calls fail by it for certain.
    pub fatal: bool,
    /// For programs.
    pub code: &'static str,
    /// For people: what happens, and what to do.
    pub text: &'static str,
}

const LEAKING_ENGINE: Trap = Trap {
    fatal: true,
    code: "leaking-javascript-engine",
    text: "its JavaScript engine (SpiderMonkey, StarlingMonkey) never frees the lists that cross: it ends with MEMORY_LIMIT after \
           minutes of a call. Build it with QuickJS (componentize-qjs, or `jco componentize --backend quickjs`)",
};
const LEAKING_BYTES: Trap = Trap {
    fatal: false,
    code: "leaking-byte-lists",
    text: "componentize-py never frees outgoing lists of bytes: use `play-samples`, which does not leak, instead of `play`",
};
const NEVER_WAITS: Trap = Trap {
    fatal: true,
    code: "never-waits",
    text: "it does not import `events`, so it can never ask for one: every call ends with HANDLER_RETURNED. Call `next`",
};
const NO_NETWORK: Trap = Trap {
    fatal: false,
    code: "no-network",
    text: "it imports WASI's sockets: the host grants none. Use the interfaces `http` and `websocket`, or wasi:http",
};
const WAITS_ELSEWHERE: Trap = Trap {
    fatal: false,
    code: "waits-elsewhere",
    text: "it imports wasi:http, whose answers are waited for elsewhere than in `next`: what is heard meanwhile is dropped after two \
           seconds, and ten seconds of such waiting end it. In calls use the interface `http`",
};

/// The traps that it is in, by what it says of itself and by its bytes.
pub fn traps(inspection: &Inspection, wasm: &[u8]) -> Vec<Trap> {
    let mut traps = Vec::new();
    let says = |word: &str| {
        let mut said = inspection.toolchains.iter().chain(&inspection.languages);
        said.any(|name| name.to_lowercase().contains(word))
    };
    let imports = |word: &str| inspection.imports.iter().any(|import| import.name.contains(word));
    let spidermonkey = ["spidermonkey", "starlingmonkey"].into_iter().any(says);
    if spidermonkey || contains(wasm, b"StarlingMonkey") || contains(wasm, b"SpiderMonkey") {
        traps.push(LEAKING_ENGINE);
    }
    // The SDK of this project keeps to `play-samples`, and its name is in what it is a part of.
    if says("componentize-py") && imports("/playout@") && !contains(wasm, b"switchhook_guest") {
        traps.push(LEAKING_BYTES);
    }
    if inspection.calls() && !imports("switchhook:handler/events@") {
        traps.push(NEVER_WAITS);
    }
    // CPython has them in it, whatever a program does.
    if imports("wasi:sockets/tcp") && !says("componentize-py") {
        traps.push(NO_NETWORK);
    }
    if inspection.calls() && imports("wasi:http/outgoing-handler") {
        traps.push(WAITS_ELSEWHERE);
    }
    traps
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use sandbox::{Import, World};

    use super::*;

    fn inspection(imports: &[&str], toolchains: &[&str]) -> Inspection {
        Inspection {
            world: World::CallHandler,
            chats: false,
            imports: imports.iter().map(|name| Import { name: name.to_string(), grant: None }).collect(),
            languages: Vec::new(),
            toolchains: toolchains.iter().map(ToString::to_string).collect(),
            size_bytes: 0,
        }
    }

    fn codes(imports: &[&str], toolchains: &[&str], wasm: &[u8]) -> Vec<&'static str> {
        traps(&inspection(imports, toolchains), wasm).iter().map(|trap| trap.code).collect()
    }

    const EVENTS: &str = "switchhook:handler/events@0.1.0";

    #[test]
    fn each_trap_is_known_by_its_sign() {
        assert_eq!(codes(&[EVENTS], &["wit-bindgen-rust 0.63.0"], b""), [""; 0]);
        assert_eq!(codes(&[], &[], b""), ["never-waits"]);
        assert_eq!(codes(&[EVENTS], &[], b"...StarlingMonkey 0.2..."), ["leaking-javascript-engine"]);
        assert_eq!(codes(&[EVENTS], &["SpiderMonkey 140"], b""), ["leaking-javascript-engine"]);
        let playout = "switchhook:handler/playout@0.1.0";
        assert_eq!(codes(&[EVENTS, playout], &["componentize-py 0.25.0"], b""), ["leaking-byte-lists"]);
        assert_eq!(codes(&[EVENTS, playout], &["componentize-py"], b"..switchhook_guest/call.py.."), [""; 0]);
        assert_eq!(codes(&[EVENTS, "wasi:sockets/tcp@0.2.6"], &[], b""), ["no-network"]);
        assert_eq!(codes(&[EVENTS, "wasi:sockets/tcp@0.2.6"], &["componentize-py"], b""), [""; 0]);
        assert_eq!(codes(&[EVENTS, "wasi:http/outgoing-handler@0.2.6"], &[], b""), ["waits-elsewhere"]);
    }
}

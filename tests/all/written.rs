//! Handlers written by hand, for what no compiler makes: starts that never end, tables and handles without end.

use switchhook_tests::components;

/// The types of `handle`.
const TYPES: &str = r#"
    (type $field0 (record (field "name" string) (field "value" string)))
    (export $field "field" (type $field0))
    (type $format0 (record (field "sample-rate-hz" u32) (field "channels" (list u8))))
    (export $format "audio-format" (type $format0))
    (type $info0 (record
        (field "id" string) (field "tenant" string) (field "carrier" string) (field "caller" string)
        (field "callee" string) (field "outbound" bool) (field "resumed" bool) (field "audio" $format)
        (field "fields" (list $field))))
    (export $info "call-info" (type $info0))
    (type $failure0 (record (field "code" string) (field "message" string)))
    (export $failure "failure" (type $failure0))
"#;

/// A handler of this core code: `imports` stand in the component, `with` gives them to the module.
pub(crate) fn handler(imports: &str, with: &str, code: &str) -> Vec<u8> {
    let text = format!(
        r#"(component {imports}
            (core module $m {code}
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $i (instantiate $m {with}))
            {TYPES}
            (func (export "handle") (param "call" $info) (result (result (error $failure)))
                (canon lift (core func $i "handle") (memory (core memory $i "memory"))
                    (realloc (core func $i "realloc")))))"#
    );
    wat::parse_str(text).expect("a component")
}

/// One that does this when it is instantiated, and nothing afterwards.
fn at_start(code: &str) -> Vec<u8> {
    let handle = "(func (export \"handle\") (param i32) (result i32) (i32.const 0))";
    handler("", "", &format!("{handle} (table 1 funcref) (func $s {code}) (start $s)"))
}

const GROW_TABLE: &str = "(loop (drop (table.grow 0 (ref.null func) (i32.const 1000))) br 0)";

/// Those that never come past their start, by their names.
pub(crate) fn starts() -> [(&'static str, Vec<u8>); 4] {
    [
        ("start-spins", at_start("(loop br 0)")),
        ("start-eats-memory", at_start("(loop (drop (memory.grow (i32.const 16))) br 0)")),
        ("start-eats-tables", at_start(GROW_TABLE)),
        ("start-recurses", at_start("(call $s)")),
    ]
}

/// Makes all of them known as components, each by its name.
pub(crate) fn know() {
    let handles = r#"(import "host" "subscribe" (func $subscribe (param i64) (result i32)))
        (func (export "handle") (param i32) (result i32)
            (loop (drop (call $subscribe (i64.const 1000000000))) br 0) unreachable)"#;
    let clock = r#"
        (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
        (alias export $poll "pollable" (type $pollable))
        (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
            (alias outer 1 $pollable (type $p))
            (export "pollable" (type $q (eq $p)))
            (export "subscribe-duration" (func (param "when" u64) (result (own $q))))))
        (core func $subscribe (canon lower (func $clock "subscribe-duration")))"#;
    let tables =
        format!("(table 1 funcref) (func (export \"handle\") (param i32) (result i32) {GROW_TABLE} unreachable)");
    let handles = handler(clock, "(with \"host\" (instance (export \"subscribe\" (func $subscribe))))", handles);
    for (name, wasm) in starts().into_iter().chain([("tables", handler("", "", &tables)), ("handles", handles)]) {
        components::known(name, &wasm);
    }
}

//! Components of later versions of the contract that is served, written by hand: a host takes them as long as it has all that they
//! take, with the same types, and else says what is missing first. wit/README.md, "Versions", promises it.

use libtest_mimic::{Failed, Trial};
use sandbox::{INTERFACE, LoadError, Plugin};
use switchhook_tests::components;

use crate::golden::VERSION;
use crate::written;

/// What a component takes, as the text of a WebAssembly component has it; `VERSION` stands for the version.
const FLUSH: &str = r#"(import "switchhook:handler/playout@VERSION" (instance (export "flush" (func))))"#;
const NOTIFY: &str = r#"(import "switchhook:handler/playout@VERSION" (instance
    (export "flush" (func)) (export "notify-below" (func (param "samples" u64)))))"#;
const CANCEL: &str =
    r#"(import "switchhook:handler/timers@VERSION" (instance (export "cancel" (func (param "id" u32)))))"#;

/// What was added to an interface that was there.
const FADE: &str = r#"(import "switchhook:handler/playout@VERSION" (instance
    (export "flush" (func)) (export "fade" (func (param "ms" u32)))))"#;
/// What is called as before and takes more.
const NOTIFY_MORE: &str = r#"(import "switchhook:handler/playout@VERSION" (instance
    (export "notify-below" (func (param "samples" u64) (param "channel" u8)))))"#;
/// An interface that was not there, and one that has types alone.
const SHOW: &str = r#"(import "switchhook:handler/video@VERSION" (instance (export "show" (func))))"#;
const SIZE: &str = r#"(import "switchhook:handler/video@VERSION" (instance
    (type $size (record (field "width" u32) (field "height" u32))) (export "size" (type (eq $size)))))"#;
/// A variant with other cases.
const OTHER_EVENT: &str = r#"(import "switchhook:handler/events@VERSION" (instance
    (type $cases (variant (case "later"))) (export "event" (type $event (eq $cases)))
    (export "next" (func (result (option $event))))))"#;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("versions::what_takes_only_what_was_there_is_loaded", loaded),
        Trial::test("versions::what_takes_more_is_refused_with_what_is_missing", refused),
    ]
}

fn loaded() -> Result<(), Failed> {
    for version in [VERSION, "0.1.1", "0.1.23"] {
        for imports in [&[FLUSH] as &[&str], &[CANCEL, NOTIFY], &[SIZE, FLUSH], &[]] {
            let plugin = load(imports, version).map_err(|error| format!("{version}, {imports:?}: {error}"))?;
            let told = plugin.inspection().interface();
            let built_for = if imports.is_empty() { VERSION } else { version };
            assert_eq!(told, format!("switchhook:handler@{built_for}"), "{imports:?}");
        }
    }
    let mixed = load(&[&FLUSH.replace("VERSION", "0.1.9"), CANCEL, &SIZE.replace("VERSION", "0.1.10")], VERSION);
    assert_eq!(mixed.map_err(|error| error.to_string())?.inspection().interface(), "switchhook:handler@0.1.10");
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let cases: &[(&[&str], &str, &str)] = &[
        (&[FADE], "playout", "fade"),
        (&[CANCEL, NOTIFY_MORE], "playout", "notify-below"),
        (&[FLUSH, SHOW], "video", "show"),
        (&[OTHER_EVENT], "events", "next"),
        // What comes first is named.
        (&[CANCEL, SHOW, FADE], "video", "show"),
    ];
    for (imports, interface, function) in cases {
        match load(imports, "0.1.1") {
            Err(error @ LoadError::Link(_)) => {
                let told = error.to_string();
                let missing = (format!("`switchhook:handler/{interface}@0.1.1`"), format!("`{function}`"));
                for word in [missing.0.as_str(), &missing.1, INTERFACE] {
                    assert!(told.contains(word), "{word} is not in: {told}");
                }
            }
            Err(error) => return Err(format!("{imports:?}: refused for another reason: {error}").into()),
            Ok(_) => return Err(format!("{imports:?}: loaded").into()),
        }
    }
    Ok(())
}

fn load(imports: &[&str], version: &str) -> Result<Plugin, LoadError> {
    let handle = r#"(func (export "handle") (param i32) (result i32) unreachable)"#;
    let wasm = written::handler(&imports.concat().replace("VERSION", version), "", handle);
    Plugin::load(components::sandbox(), "later", &wasm)
}

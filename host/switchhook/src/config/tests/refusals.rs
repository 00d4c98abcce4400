//! Each refusal by itself, in its words.

use super::{Desk, Sheet};

const GOOD: Sheet = Sheet::GOOD;

#[track_caller]
fn refused(sheet: Sheet, report: &str) {
    assert_eq!(Desk::new().problems(&sheet.text()), report);
}

#[test]
fn features_of_later_versions_are_refused_with_that_reason() {
    let later = |sheet: Sheet, place: &str, key: &str| {
        let name = key.rsplit('.').next().unwrap_or(key);
        let report = format!("t.toml:{place}: {key}: `{name}` is not supported by this version yet: remove it");
        refused(sheet, &report);
    };
    later(Sheet { top: "listen = { address = \"127.0.0.1:9700\" }", ..GOOD }, "1:1", "listen");
    later(Sheet { top: "listen = { address = \"127.0.0.1:9700\" }", ..GOOD }, "1:1", "listen");
    for key in ["twilio", "websocket"] {
        let line: &'static str = format!("{key} = {{}}").leak();
        later(Sheet { tenant: line, ..GOOD }, "4:1", &format!("tenant[0].{key}"));
    }
}

#[test]
fn an_oci_source_has_a_tag_a_place_to_be_kept_and_both_parts_of_a_login() {
    let place = "tenant[0].plugin[0]";
    let of = |source: &str, more: &str| {
        let text = GOOD.text().replace("source = \"echo.wasm\"", &format!("source = \"{source}\"\n{more}"));
        Desk::new().problems(&format!("data_dir = \"d\"\n{text}"))
    };
    let help = "write oci://HOST/NAME:TAG or oci://HOST/NAME@sha256:DIGEST";
    let report = format!("t.toml:13:10: {place}.source: \"oci://echo\" is not a reference: {help}");
    assert_eq!(of("oci://echo", ""), report);
    let report =
        format!("t.toml:13:10: {place}.source: `oci_user` and `oci_password` go together: give both, or neither");
    assert_eq!(of("oci://example.com/echo:1", "oci_user = \"u\""), report);
    let report = format!("t.toml:14:12: {place}.oci_user: `oci_user` is for `oci://` sources: leave it out");
    assert_eq!(of("echo.wasm", "oci_user = \"u\""), report);
    let text = GOOD.text().replace("echo.wasm", "oci://example.com/echo:1");
    let report = format!("t.toml:12:10: {place}.source: what is pulled has no place to be kept: set `data_dir`");
    assert_eq!(Desk::new().problems(&text), report);
    let login = "\noci_user = \"u\"\noci_password = \"p\"";
    let text = text.replace("echo:1\"", &format!("echo:1\"{login}"));
    let config = Desk::new().resolve(&format!("data_dir = \"d\"\n{text}")).expect("a good file");
    assert_eq!(config.tenants[0].plugins[0].source.to_string(), "oci://example.com/echo:1");
}

#[test]
fn a_key_that_resembles_nothing_lists_what_is_known() {
    refused(
        Sheet { route: "colour = \"red\"", ..GOOD },
        "t.toml:16:1: tenant[0].route[0].colour: there is no key `colour` here: \
         remove it; known here: to, from, channel, connector, plugin, hold_s",
    );
}

#[test]
fn calls_are_held_for_a_while_and_chats_not_at_all() {
    for bad in ["-1", "301"] {
        let line: &'static str = format!("hold_s = {bad}").leak();
        let report = format!("t.toml:16:10: tenant[0].route[0].hold_s: {bad} is out of range: use 0 to 300");
        refused(Sheet { route: line, ..GOOD }, &report);
    }
    refused(
        Sheet { route: "hold_s = 1\nchannel = \"WA\"", ..GOOD },
        "t.toml:16:10: tenant[0].route[0].hold_s: chats cannot be held: \
         remove it, or route calls: `channel = \"TELCO\"`",
    );
}

#[test]
fn a_single_bracket_is_explained() {
    let report = Desk::new().problems("[tenant]\nname = \"acme\"\n");
    let expected = "t.toml:1:1: tenant: expected an array of tables, found a table: start each one with `[[tenant]]`";
    assert_eq!(report, expected);
    let report = Desk::new().problems(&GOOD.text().replace("[[tenant.route]]", "[tenant.route]"));
    let expected = "t.toml:14:1: tenant[0].route: expected an array of tables, found a table: \
                    start each one with `[[tenant.route]]`";
    assert_eq!(report, expected);
}

#[test]
fn names_are_unique_and_safe_in_paths() {
    let text = format!("{}{}", GOOD.text(), GOOD.text());
    let report = "t.toml:19:8: tenant[1].name: the tenant of line 3 is called \"acme\" already: give it another name";
    assert_eq!(Desk::new().problems(&text), report);
    for bad in ["", "a/b", "..", "-x", "a b", &"x".repeat(65)] {
        let report = Desk::new().problems(&GOOD.text().replace("acme", bad));
        let expected = format!(
            "t.toml:3:8: tenant[0].name: {bad:?} is not a name: \
             use 1 to 64 letters, digits, `_`, `-` and `.`, with a letter or digit first"
        );
        assert_eq!(report, expected);
    }
}

#[test]
fn references_must_name_something() {
    refused(
        Sheet { route: "connector = \"mian\"", ..GOOD },
        "t.toml:16:13: tenant[0].route[0].connector: this tenant has no connector \"mian\": did you mean \"main\"?",
    );
    let text = GOOD.text().replace("plugin = \"echo\"", "plugin = \"voicemail\"");
    let report = "t.toml:15:10: tenant[0].route[0].plugin: this tenant has no plugin \"voicemail\": use one of echo";
    assert_eq!(Desk::new().problems(&text), report);
}

#[test]
fn sample_rates_are_those_of_the_wire() {
    for bad in [0, 8001, 11_025, 48_000, -16_000] {
        let line: &'static str = format!("sample_rate_hz = {bad}").leak();
        refused(
            Sheet { telcoflow: line, ..GOOD },
            &format!(
                "t.toml:9:18: tenant[0].telcoflow[0].sample_rate_hz: \
                 {bad} Hz is not a sample rate of Telcoflow: use 8000, 16000 or 24000"
            ),
        );
    }
}

#[test]
fn playout_is_a_positive_power_of_two_within_reason() {
    let place = "t.toml:9:21: tenant[0].telcoflow[0].playout_bytes_max";
    for (bad, why) in [
        ("0", "0 is not a positive power of two"),
        ("-1024", "-1024 is not a positive power of two"),
        ("1000", "1000 is not a positive power of two"),
        ("2147483648", "2147483648 is more than 1073741824"),
    ] {
        let line: &'static str = format!("playout_bytes_max = {bad}").leak();
        let report = format!("{place}: {why}: use one such as 1048576");
        refused(Sheet { telcoflow: line, ..GOOD }, &report);
    }
}

#[test]
fn bad_urls_are_refused_without_repeating_them() {
    for (bad, why) in [
        ("", "not a URL"),
        ("ws://", "not a URL"),
        ("ws://:80", "not a URL"),
        ("wss://host name", "not a URL"),
        ("example.com", "not a URL"),
        ("https://example.com", "the scheme must be `ws` or `wss`"),
        ("ws://user:pass@example.com", "a user or password does not belong here"),
        ("ws://example.com:0", "the port must be 1 to 65535"),
        ("ws://example.com:65536", "the port must be 1 to 65535"),
        ("wss://example.com?token=x", "`?` and `#` do not belong here"),
        ("wss://example.com/#x", "`?` and `#` do not belong here"),
    ] {
        let line: &'static str = format!("base_url = {bad:?}").leak();
        refused(
            Sheet { telcoflow: line, ..GOOD },
            &format!(
                "t.toml:9:12: tenant[0].telcoflow[0].base_url: {why}: \
                 write `wss://HOST`, `ws://HOST:PORT`, or leave it out for production"
            ),
        );
    }
}

#[test]
fn limits_have_ranges() {
    for (line, column, report) in [
        (
            "limits = { memory_bytes_max = 65535 }",
            31,
            "memory_bytes_max: 65535 is out of range: use 65536 to 134217728",
        ),
        ("limits = { calls_max = 1001 }", 24, "calls_max: 1001 is out of range: use 1 to 1000"),
        ("limits = { start_ms_max = 0 }", 27, "start_ms_max: 0 is out of range: use 1 to 600000"),
        ("limits = { run_ms_max = -1 }", 25, "run_ms_max: -1 is out of range: use 1 to 600000"),
        ("limits = { grace_ms_max = 600001 }", 27, "grace_ms_max: 600001 is out of range: use 1 to 600000"),
        ("limits = { calls_max = 9223372036854775808 }", 24, "calls_max: the number is too large: use one of 63 bits"),
        (
            "limits = { calls_max = 1.5 }",
            24,
            "calls_max: expected an integer, found a float: write a whole number without quotes",
        ),
    ] {
        refused(Sheet { plugin: line, ..GOOD }, &format!("t.toml:13:{column}: tenant[0].plugin[0].limits.{report}"));
    }
}

#[test]
fn a_source_must_be_a_readable_file() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("folder")).expect("the temporary folder is writable");
    let help = "correct the path (a relative one starts at the folder of this configuration), or build the plugin";
    let place = "t.toml:12:10: tenant[0].plugin[0].source";
    let report = desk.problems(&GOOD.text().replace("echo.wasm", "folder"));
    assert_eq!(report, format!("{place}: `folder` cannot be read: it is not a file: {help}"));
    let report = desk.problems(&GOOD.text().replace("echo.wasm", "https://example.com/echo.wasm"));
    assert_eq!(
        report,
        format!("{place}: a source is the path of a component's file, or `oci://HOST/NAME:TAG`: name one of these")
    );
}

#[test]
fn wrong_types_name_both_sides() {
    for (line, report) in [
        (
            "audio_mode = true",
            "t.toml:9:14: tenant[0].telcoflow[0].audio_mode: expected a string, found a boolean: put it in double quotes",
        ),
        (
            "call_flow = []",
            "t.toml:9:13: tenant[0].telcoflow[0].call_flow: expected a table, found an array: write `call_flow = { ... }`",
        ),
        (
            "allow_ws_voice_url = \"yes\"",
            "t.toml:9:22: tenant[0].telcoflow[0].allow_ws_voice_url: expected a boolean, found a string: write `true` or `false` without quotes",
        ),
    ] {
        refused(Sheet { telcoflow: line, ..GOOD }, report);
    }
}

//! Broken TOML: where it is broken, and what is still reported of the rest.

use super::{Desk, Sheet};

#[test]
fn a_broken_value_does_not_hide_the_other_mistakes() {
    let text = Sheet { telcoflow: "audio_mode = mixed", plugin: "limitz = {}", route: "to = \"+1555", ..Sheet::GOOD };
    let report = "\
t.toml:9:14: string values must be quoted: expected literal string
t.toml:13:1: tenant[0].plugin[0].limitz: there is no key `limitz` here: did you mean `limits`?
t.toml:16:12: invalid basic string: expected `\"`";
    assert_eq!(Desk::new().problems(&text.text()), report);
}

#[test]
fn a_broken_value_is_not_called_missing_as_well() {
    let text = Sheet::GOOD.text().replace("name = \"echo\"", "name = echo");
    let report = "t.toml:11:8: string values must be quoted: expected literal string";
    assert_eq!(Desk::new().problems(&text), report);
}

#[test]
fn after_a_broken_header_nothing_is_guessed() {
    let text = Sheet { tenant: "nmae = 1", ..Sheet::GOOD }.text().replace("[[tenant.plugin]]", "[[tenant.plugin");
    let report = "\
t.toml:4:1: tenant[0].nmae: there is no key `nmae` here: did you mean `name`?
t.toml:10:16: unclosed array table: expected `]]`";
    assert_eq!(Desk::new().problems(&text), report);
}

#[test]
fn an_open_bracket_blames_no_innocent_key() {
    let text = Sheet { telcoflow: "call_flow = { inbound_call = \"ALL\"", ..Sheet::GOOD }.text();
    let report = Desk::new().problems(&text);
    assert!(report.starts_with("t.toml:10:1: "), "{report}");
    assert!(!report.contains("there is no key"), "{report}");
}

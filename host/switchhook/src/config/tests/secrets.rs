//! Secrets: where they come from, what is refused, and that they are never shown.

use std::os::unix::ffi::OsStringExt;

use super::{Desk, Sheet};
use crate::config::Secret;

const SECRET: &str = "hunter2-hunter2";

fn with_key(key: &str) -> String {
    Sheet::GOOD.text().replace("api_key = \"k\"", &format!("api_key = {key}"))
}

#[track_caller]
fn key_of(desk: &Desk, key: &str) -> String {
    let config = desk.resolve(&with_key(key)).expect("a good file");
    config.tenants[0].connectors[0].credentials.key().expect("a key").api_key.expose().to_owned()
}

#[test]
fn the_three_sources() {
    let desk = Desk::new().env("KEY", SECRET);
    desk.put("key.txt", format!("{SECRET}\r\n").as_bytes());
    assert_eq!(key_of(&desk, "{ env = \"KEY\" }"), SECRET);
    assert_eq!(key_of(&desk, "{ file = \"key.txt\" }"), SECRET);
    assert_eq!(key_of(&desk, &format!("{SECRET:?}")), SECRET);
}

#[test]
fn a_secret_that_is_not_there_is_refused() {
    let desk = Desk::new().env("EMPTY", "").env("BINARY", std::ffi::OsString::from_vec(vec![0xff])).env("TWO", "a b");
    desk.put("empty.txt", b"\n");
    desk.put("long.txt", &[b'x'; 8193]);
    let path = "correct the path (a relative one starts at the folder of this configuration), or its permissions";
    let only = "put the key there, and nothing else";
    for (key, report) in [
        ("\"\"", format!("7:11: tenant[0].telcoflow[0].api_key: the secret is empty: {only}")),
        ("{ env = \"UNSET\" }", "7:19: tenant[0].telcoflow[0].api_key.env: the environment variable \"UNSET\" is not set: set it before the start".into()),
        ("{ env = \"EMPTY\" }", format!("7:19: tenant[0].telcoflow[0].api_key.env: the environment variable \"EMPTY\" is empty: {only}")),
        ("{ env = \"BINARY\" }", format!("7:19: tenant[0].telcoflow[0].api_key.env: the environment variable \"BINARY\" is not UTF-8: {only}")),
        ("{ env = \"TWO\" }", format!("7:19: tenant[0].telcoflow[0].api_key.env: the environment variable \"TWO\" has a space or a character in it that no header may carry: {only}")),
        ("{ file = \"none.txt\" }", format!("7:20: tenant[0].telcoflow[0].api_key.file: `none.txt` cannot be read: No such file or directory (os error 2): {path}")),
        ("{ file = \"empty.txt\" }", format!("7:20: tenant[0].telcoflow[0].api_key.file: the file \"empty.txt\" is empty: {only}")),
        ("{ file = \"long.txt\" }", format!("7:20: tenant[0].telcoflow[0].api_key.file: the file \"long.txt\" is longer than 8192 bytes: {only}")),
        ("{ }", "7:11: tenant[0].telcoflow[0].api_key: the secret has no source: write `{ env = \"NAME\" }` or `{ file = \"PATH\" }`".into()),
        ("{ envv = \"X\" }", "7:13: tenant[0].telcoflow[0].api_key.envv: there is no key `envv` here: did you mean `env`?".into()),
        ("{ env = \"X\", file = \"y\" }", "7:11: tenant[0].telcoflow[0].api_key: the secret has two sources: keep either `env` or `file`".into()),
        ("17", "7:11: tenant[0].telcoflow[0].api_key: expected a string or a table, found an integer: write `{ env = \"NAME\" }` or `{ file = \"PATH\" }`".into()),
    ] {
        assert_eq!(desk.problems(&with_key(key)), format!("t.toml:{report}"), "api_key = {key}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let secret = Secret::new(SECRET.to_owned());
    assert_eq!((format!("{secret:?}"), format!("{secret}")), ("Secret(hidden)".to_owned(), "hidden".to_owned()));
    let config = Desk::new().resolve(&with_key(&format!("{SECRET:?}"))).expect("a good file");
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn no_problem_repeats_a_secret() {
    let desk = Desk::new().env("KEY", format!("{SECRET} "));
    desk.put("key.txt", format!("{SECRET}\n{SECRET}").as_bytes());
    for wrong in [
        format!("api_key = \"{SECRET} \""),
        format!("api_key = [\"{SECRET}\"]"),
        format!("api_key = {SECRET}"),
        format!("api_key = \"{SECRET}"),
        format!("api_kee = \"{SECRET}\""),
        format!("api_key = {{ value = \"{SECRET}\" }}"),
        format!("api_key = \"{SECRET}\"\napi_key = \"{SECRET}\""),
        format!("api_key = \"{SECRET}\"\nbase_url = \"ws://{SECRET}@localhost\""),
        format!("api_key = \"{SECRET}\"\nbase_url = \"ws://localhost?key={SECRET}\""),
        "api_key = { env = \"KEY\" }".to_owned(),
        "api_key = { file = \"key.txt\" }".to_owned(),
    ] {
        let text = Sheet::GOOD.text().replace("api_key = \"k\"", &wrong);
        let problems = desk.resolve(&text).expect_err("something is wrong with it");
        let shown = format!("{problems}{problems:?}{}", serde_json::json!(problems.list()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

//! Files that are no text at all, and files that are cut or scrambled: a report, never a panic.

use super::{Desk, Sheet};
use crate::config::{ProblemKind, load};

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let desk = Desk::new();
    desk.put("binary.toml", &[0xff, 0xfe]);
    desk.put("long.toml", &vec![b'#'; (1 << 20) + 1]);
    for (name, report) in [
        ("none.toml", "cannot be read: No such file or directory (os error 2): correct the path or its permissions"),
        ("binary.toml", "cannot be read: stream did not contain valid UTF-8: correct the path or its permissions"),
        ("long.toml", "longer than 1048576 bytes: is it a configuration?"),
    ] {
        let path = desk.path(name);
        let problems = load(&path, &|_| None).expect_err("it cannot be read");
        assert_eq!(problems.list()[0].kind, ProblemKind::Unreadable);
        assert_eq!(problems.to_string(), format!("{}: {report}", path.display()));
    }
}

#[test]
fn a_file_cut_anywhere_is_good_or_reported() {
    let desk = Desk::new();
    let text = format!("# grüße\n{}", Sheet { plugin: "config = { a = '''b\nc''' }", ..Sheet::GOOD }.text());
    for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
        if let Err(problems) = desk.resolve(&text[..end]) {
            assert!(!problems.list().is_empty(), "cut at {end}");
        }
    }
}

#[test]
fn a_file_without_any_one_character_is_good_or_reported() {
    let desk = Desk::new();
    let text = Sheet { telcoflow: "sample_rate_hz = 8000", ..Sheet::GOOD }.text();
    for (at, gone) in text.char_indices() {
        let rest = format!("{}{}", &text[..at], &text[at + gone.len_utf8()..]);
        if let Err(problems) = desk.resolve(&rest) {
            let lines = text.lines().count() as u32 + 1;
            let known = |line: u32| (1..=lines).contains(&line);
            assert!(problems.list().iter().all(|p| p.place.as_ref().is_some_and(|p| known(p.line))), "{problems}");
        }
    }
}

#[test]
fn a_problem_is_one_line_whatever_is_in_a_key_or_a_path() {
    let desk = Desk::new();
    let sheet = Sheet { telcoflow: "\"a\\nb\\u001b\" = 1", plugin: "source = \"c\\nd\"", ..Sheet::GOOD };
    let text = sheet.text().replacen("source = \"echo.wasm\"\n", "", 1);
    let problems = desk.problems(&text);
    assert_eq!(problems.lines().count(), 2, "{problems}");
    assert!(problems.contains(r"a\nb\u{1b}") && problems.contains(r"`c\nd` cannot be read"), "{problems}");
}

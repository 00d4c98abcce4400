//! Scenario files: what is read, and what is refused with which advice.

use std::path::Path;

use sim::{CalleeAnswer, Party, Step};

use super::Scenario;

/// The problems of a text, a line each, without the file's name.
fn refused(text: &str) -> Vec<String> {
    let problems = Scenario::parse(Path::new("s.toml"), text).expect_err("it is wrong");
    problems.to_string().lines().map(|line| line.strip_prefix("s.toml:").unwrap_or(line).to_owned()).collect()
}

fn good(text: &str) -> Scenario {
    Scenario::parse(Path::new("s.toml"), text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_caller_waits_for_the_answer_unless_told_otherwise() {
    let scenario = good("[caller]\ndoes = [{ keys = \"1\" }, { hang_up = true }]\n[expect]\n");
    let [run] = &scenario.runs[..] else { panic!("one call") };
    let keys = Step::Keys { keys: "1".into(), tone_ms: 120, pause_ms: 120 };
    assert_eq!(run.calls[0].caller.script, [Step::WaitAnswered, keys, Step::HangUp]);
    assert_eq!((run.sample_rate_hz, run.name.as_str()), (16_000, "16000 Hz"));
    let scenario = good("[caller]\ndoes = [{ until = \"ringing\" }, { hang_up = true }]\n[expect]\n");
    assert_eq!(scenario.runs[0].calls[0].caller.script, [Step::Wait { ms: 0 }, Step::HangUp]);
}

#[test]
fn several_numbers_make_several_calls() {
    let text = "sample_rates_hz = [8000, 24000]\n[caller]\ngive_up_ms = { from = 0, to = 20, step = 10 }\n\
                does = [{ silence_ms = [3, 5], name = \"quiet\" }]\n[expect]\n";
    let scenario = good(text);
    assert_eq!(scenario.runs.len(), 2 * 3 * 2);
    let names: std::collections::BTreeSet<_> = scenario.runs.iter().map(|run| run.name.clone()).collect();
    assert_eq!(names.len(), 12, "{names:?}");
    assert!(names.contains("24000 Hz, give_up_ms 20, silence_ms 5"), "{names:?}");
    assert_eq!(scenario.runs[0].calls[0].names, [("quiet".to_owned(), Party::Caller, 1)]);
}

#[test]
fn several_calls_follow_each_other_in_each_run() {
    let text = "[[call]]\ncaller = { does = [{ wait_ms = [1, 2, 3], name = \"x\" }] }\nexpect = {}\n\
                [[call]]\nafter_s = 60\n[call.caller]\ndoes = [{ silence_ms = [4, 5] }]\n[call.expect]\n";
    let scenario = good(text);
    assert_eq!(scenario.parts.iter().map(|part| part.after.as_secs()).collect::<Vec<_>>(), [0, 60]);
    assert_eq!(scenario.runs.len(), 6);
    assert!(scenario.runs.iter().all(|run| run.calls.len() == 2 && run.calls[0].names.len() == 1));
    assert!(scenario.runs.iter().any(|run| run.name == "16000 Hz, wait_ms 3, silence_ms 4"));
}

#[test]
fn the_callee_answers_never_or_refuses() {
    let caller = |text: &str| good(&format!("[callee]\n{text}\n[expect]\n")).runs[0].calls[0].caller.clone();
    let answer = |text: &str| caller(text).callee.answer;
    assert_eq!(answer("never_answers = true"), CalleeAnswer::Never);
    assert_eq!(answer("answers_after_ms = 7"), CalleeAnswer::After { ms: 7 });
    assert_eq!(
        answer("refuses = \"BUSY\"\nanswers_after_ms = 9"),
        CalleeAnswer::Refused { ms: 9, code: "BUSY".into() }
    );
}

#[test]
fn wrong_keys_have_a_line_and_advice() {
    let text = "abuot = \"x\"\n[caller]\ndoes = [{ kyes = \"1\" }, { keys = \"x\" }]\n[expect]\ncomands = []\n";
    assert_eq!(
        refused(text),
        [
            "1:1: abuot: there is no key `abuot` here: did you mean `about`?",
            "3:11: caller.does[0].kyes: there is no key `kyes` here: did you mean `keys`?",
            "3:34: caller.does[1].keys: \"x\" are not keys: use `0` to `9`, `*`, `#` and `A` to `D`",
            "5:1: expect.comands: there is no key `comands` here: did you mean `commands`?",
        ]
    );
}

#[test]
fn wrong_values_say_what_is_right() {
    for (text, says) in [
        ("[expect]\nend = \"colsed\"\n", "did you mean \"closed\"?"),
        ("[expect]\nheard = [{ times = 1 }]\n", "what is to be heard is not said"),
        ("[expect]\nheard = [{ file = \"none.wav\" }]\n", "a relative path starts at the folder of this scenario"),
        ("[expect]\nheard = [{ tone_hz = 400, from_ms = 5, to_ms = 5 }]\n", "`to_ms` is not behind `from_ms`"),
        ("[expect]\nsilence = [{ after = \"x\" }]\n", "no step is called \"x\": give the step that is meant a `name`"),
        ("[expect]\nsilence = [{}]\n", "expect.silence[0].after: missing"),
        ("[caller]\ndoes = [{}]\n[expect]\n", "a step without a verb"),
        ("[caller]\ndoes = [{ keys = \"1\", wait_ms = 5 }]\n[expect]\n", "make several steps of it"),
        ("[caller]\ndoes = [{ wait_ms = -1 }]\n[expect]\n", "out of range"),
        ("[caller]\ndoes = [{ until = \"answerd\" }]\n[expect]\n", "did you mean \"answered\"?"),
        ("[caller]\ngive_up_ms = { from = 0, to = 9000, step = 1 }\n[expect]\n", "makes more than 500 calls"),
        ("sample_rates_hz = 44100\n[expect]\n", "use 8000, 16000 or 24000"),
        ("starts_at = \"noon\"\n[expect]\n", "write `2026-03-02T08:59:00Z`, without quotes"),
        ("starts_at = 2026-03-02\n[expect]\n", "is no point in time"),
        ("[plugin]\ngrants = { calls = true }\n[expect]\n", "`calls` is not supported by this version yet"),
        ("[plugin]\nremembers = { a = \"b\" }\n[expect]\n", "add `grants = { key_value = true }`"),
        ("[plugin]\ngrants = { hosts = [] }\n[expect]\n", "name whom the handler may reach by `[[websocket]]`"),
        ("websocket = [{ url = \"https://a\" }]\n[expect]\n", "begin it with `wss://` or `ws://`"),
        ("websocket = [{}]\n[expect]\n", "websocket[0].url: missing"),
        ("[[websocket]]\nurl = \"wss://a\"\ndoes = [{}]\n[expect]\n", "a step without a verb: use one of hears, "),
        ("[[websocket]]\nurl = \"wss://a\"\ndoes = [{ hears_voice = true }]\n[expect]\n", "add `sent_audio = "),
        ("[[websocket]]\nurl = \"wss://a\"\ndoes = [{ says = 1979-05-27 }]\n[expect]\n", "write a date as a string"),
        ("[[http]]\nurl = \"https://a\"\nbody = {}\npieces = [\"x\"]\n[expect]\n", "keep one of them"),
        ("[expect]\nsent = [{ times = 1 }]\n", "give one of `message`, perhaps with `between`, and `file`"),
        ("[expect]\nsent = [{ message = {}, between = { a = 5 } }]\n", "these are no bounds of numbers"),
        ("[expect]\n[[call]]\n[call.expect]\n", "write `[call.expect]`, or `[[call.expect]]`, below its `[[call]]`"),
        ("[[call]]\nafter_s = -1\n", "out of range"),
        ("[[call]]\n", "call[0].expect: missing: nothing would have to hold"),
        ("[[call]]\ncommands = []\n[call.expect]\n", "call[0].commands: there is no key `commands` here"),
        ("", "missing: nothing would have to hold: add `[expect]`"),
        ("[expect\n", "1:"),
    ] {
        let told = refused(text);
        assert!(told.iter().any(|line| line.contains(says)), "{text:?}: {told:?}");
    }
}

#[test]
fn the_calendar_starts_when_it_is_told() {
    let scenario = good("starts_at = 2026-03-02T08:59:00Z\n[expect]\n");
    assert_eq!(scenario.starts_at.as_secs(), 1_772_441_940);
}

use serde_json::json;
use switchhook_guest::testing::Person;
use switchhook_guest::{Failure, code};

use crate::answer;
use crate::replies::{Replies, in_form_of, says, text_of};

#[test]
fn the_first_word_that_is_there_is_answered() {
    let replies = Replies::new("hours: 9 to 5\nPrice: 10 euros\nno rule", Some("What do you mean?".into()));
    assert_eq!(replies.to("What are your HOURS, and the price?"), Some("9 to 5"));
    assert_eq!(replies.to("price"), Some("10 euros"));
    assert_eq!(replies.to("pricey"), Some("What do you mean?"));
    assert_eq!(Replies::new("", None).to("hello"), None);
    assert!(says("Bye!", "bye") && !says("goodbye", "bye"));
}

#[test]
fn an_answer_has_the_form_of_its_question() {
    for (content, answer) in [
        (json!({"text": "a"}), json!({"text": "b"})),
        (json!({"type": "text", "text": {"body": "a"}}), json!({"type": "text", "text": {"body": "b"}})),
    ] {
        assert_eq!(text_of(&content), Some("a"));
        assert_eq!(in_form_of(&content, "b"), answer);
    }
    assert_eq!(text_of(&json!({"image": 1})), None);
}

#[test]
fn a_chat_from_hello_to_goodbye() {
    let person = Person::new().config("replies", "hours: 9 to 5").config("otherwise", "Sorry?");
    let report = person.writes("Hello").writes("your hours?").is_answered().writes("Bye").writes("hello?").run(answer);
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.read(), ["Sorry?", "9 to 5", "Sorry?"]);
    assert_eq!((report.end.as_str(), report.closes), ("closed", 1));
    assert!(report.sent.iter().all(|sent| sent.api_version == "v1"));
}

#[test]
fn what_has_no_text_and_no_answer_is_left_alone() {
    let person = Person::new().config("api_version", "v20").writes_json("{\"image\": 1}").writes("hello").leaves();
    let report = person.run(answer);
    assert_eq!((report.result, report.sent.len(), report.end.as_str()), (Ok(()), 0, "session-closed"));
}

#[test]
fn a_failed_message_is_logged_and_a_flood_survived() {
    let person = Person::new().config("otherwise", "Sorry?").answers(1_000, Err(Failure::new(code::TIMEOUT, "late")));
    let person = (0..100).fold(person, |person, _| person.writes("hello"));
    let report = person.waits_ms(10_000).leaves().run(answer);
    assert_eq!(report.result, Ok(()));
    assert!(report.logged("send failed: TIMEOUT"));
    assert_eq!(report.sent.len(), 32, "the rest was refused");
}

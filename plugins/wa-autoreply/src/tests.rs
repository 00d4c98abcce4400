use serde_json::json;

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

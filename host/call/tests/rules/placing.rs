//! Calls and chats that a handler places: the books of them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use call::limits::{PLACED_MAX, PLACES_BURST_MAX, PLACES_PER_S_MAX};
use call::{
    CallPlacer, Chat, ChatConfig, ChatEnd, ChatEvent, ChatInfo, Contact, EndReason, Event, Failure, Next, Placed,
};

use crate::kit::{answered, code, events, pass};

/// Takes every order, or refuses every one.
#[derive(Debug, Default)]
struct Desk {
    taken: Mutex<Vec<(u32, Contact, String, String)>>,
    refuses: Option<&'static str>,
}

impl CallPlacer for Desk {
    fn place(&self, request: u32, contact: Contact, to: &str, plugin: &str) -> Result<(), Failure> {
        if let Some(code) = self.refuses {
            return Err(Failure::new(code, "for a test"));
        }
        self.taken.lock().unwrap().push((request, contact, to.to_owned(), plugin.to_owned()));
        Ok(())
    }
}

fn step(request: u32, step: Placed) -> Event {
    Event::Placed { request, step }
}

#[test]
fn each_step_is_told_and_none_after_the_last() {
    let (mut call, desk) = (answered(), Desk::default());
    let request = call.place(&desk, Contact::Call, "+1555", "echo").unwrap();
    assert_eq!(*desk.taken.lock().unwrap(), [(request, Contact::Call, "+1555".to_owned(), "echo".to_owned())]);
    call.handle_placed(request, Placed::Claimed("s".into()));
    call.handle_placed(request, Placed::Answered("c".into()));
    call.handle_placed(request + 1, Placed::Claimed("of nobody".into()));
    call.handle_placed(request, Placed::Ended("terminated"));
    call.handle_placed(request, Placed::Ended("closed"));
    let expected = [Placed::Claimed("s".into()), Placed::Answered("c".into()), Placed::Ended("terminated")];
    assert_eq!(events(&mut call), expected.map(|told| step(request, told)));
}

#[test]
fn a_refused_one_leaves_no_trace() {
    let (mut call, busy) = (answered(), Desk { refuses: Some("INVALID"), ..Desk::default() });
    for _ in 0..100 {
        assert_eq!(code(call.place(&busy, Contact::Chat, "", "")), "INVALID");
    }
    assert_eq!(call.place(&Desk::default(), Contact::Call, "+1555", "echo").unwrap(), 1);
}

#[test]
fn so_many_at_once_so_many_a_second_and_no_more_under_way() {
    let (mut call, desk) = (answered(), Desk::default());
    let place = |call: &mut call::Call| call.place(&desk, Contact::Call, "+1555", "echo");
    for _ in 0..PLACES_BURST_MAX {
        place(&mut call).unwrap();
    }
    assert_eq!(code(place(&mut call)), "FULL");
    pass(&mut call, 1_000 / u64::from(PLACES_PER_S_MAX));
    place(&mut call).unwrap();
    assert_eq!(code(place(&mut call)), "FULL");
    pass(&mut call, 60_000);
    for _ in PLACES_BURST_MAX as usize + 1..PLACED_MAX {
        place(&mut call).unwrap();
    }
    pass(&mut call, 60_000);
    assert_eq!(code(place(&mut call)), "FULL", "all are under way");
    call.handle_placed(3, Placed::Failed(Failure::new("BUSY", "")));
    assert_eq!(code(place(&mut call)), "FULL", "its last step was not taken");
    assert_eq!(events(&mut call), [step(3, Placed::Failed(Failure::new("BUSY", "")))]);
    place(&mut call).unwrap();
    assert_eq!(code(place(&mut call)), "FULL");
}

#[test]
fn after_the_end_it_may_place_and_is_told_nothing() {
    let (mut call, desk) = (answered(), Desk::default());
    let before = call.place(&desk, Contact::Call, "+1555", "echo").unwrap();
    call.handle_ended(EndReason::Terminated);
    let after = call.place(&desk, Contact::Call, "+1555", "echo").unwrap();
    call.handle_placed(before, Placed::Ended("terminated"));
    call.handle_placed(after, Placed::Claimed("s".into()));
    assert_eq!(events(&mut call), [Event::Ended(EndReason::Terminated)]);
}

#[test]
fn what_a_carrier_says_is_cut() {
    let (mut call, desk) = (answered(), Desk::default());
    let request = call.place(&desk, Contact::Call, "+1555", "echo").unwrap();
    call.handle_placed(request, Placed::Claimed("s".repeat(1 << 20)));
    call.handle_placed(request, Placed::Failed(Failure::new("C".repeat(1 << 20), "m".repeat(1 << 20))));
    for event in events(&mut call) {
        assert!(format!("{event:?}").len() < 100, "nothing of it is shown");
        let Event::Placed { step, .. } = event else { panic!("{event:?}") };
        let bytes =
            step.into_value().map_or_else(|failure| failure.code.len() + failure.message.len(), |text| text.len());
        assert!(bytes <= 1_024 + 64, "{bytes}");
    }
}

#[test]
fn a_chat_keeps_the_same_books() {
    let config = ChatConfig { info: ChatInfo::default(), idle_max: Duration::from_secs(60) };
    let (mut chat, desk) = (Chat::new(config, Instant::now()), Desk::default());
    let request = chat.place(&desk, Contact::Chat, "+1555", "echo").unwrap();
    chat.handle_placed(request, Placed::Claimed("s".into()));
    chat.handle_placed(request, Placed::Ended("idle"));
    for _ in 1..PLACES_BURST_MAX {
        chat.place(&desk, Contact::Call, "+1555", "echo").unwrap();
    }
    assert_eq!(code(chat.place(&desk, Contact::Call, "+1555", "echo")), "FULL");
    for told in [Placed::Claimed("s".into()), Placed::Ended("idle")] {
        assert_eq!(chat.next(), Next::Event(ChatEvent::Placed { request, step: told }));
    }
    chat.handle_end(ChatEnd::SessionClosed);
    chat.handle_placed(2, Placed::Ended("idle"));
    assert_eq!(chat.next(), Next::Event(ChatEvent::Closed(ChatEnd::SessionClosed)));
}

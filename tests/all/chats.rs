//! Chats from the person's message to the handler and back, and what goes wrong between.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Trial;
use sim::ChatAnswer;
use switchhook_tests::clock;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{World, WorldConfig};
use telcoflow::frame::manager::CloseReason;

const PERSON: &str = "+15550104477";
const NUMBER: &str = "+15550100";

pub(crate) fn trials() -> Vec<Trial> {
    let hostile = ["chat-spin", "chat-deaf", "chat-wrong-interface", "chat-return", "no-such-mode"].map(|mode| {
        simulated(format!("chats::a_handler_that_fails_ends_its_chat_alone::{mode}"), move |_| fails(mode))
    });
    let others = vec![
        simulated("chats::a_keyword_is_answered_and_goodbye_closes", |_| async {
            autoreply(World::simulated(autoreplying()).await).await;
        }),
        real("chats::a_keyword_is_answered_over_sockets", |_| async {
            autoreply(World::real(autoreplying()).await).await;
        }),
        simulated("chats::thousands_of_messages_come_back_once_and_in_order", |_| in_order()),
        simulated("chats::a_cut_link_loses_no_message_and_no_outcome", cut_link),
        simulated("chats::a_chat_that_is_busy_after_a_cut_is_over", busy_after_a_cut),
        simulated("chats::the_codes_of_the_server_reach_the_handler", codes),
        simulated("chats::a_flood_of_messages_is_held_back", flood),
        simulated("chats::the_server_closes", server_closes),
        simulated("chats::a_drain_leaves_the_chat_open_for_others", drained),
        simulated("chats::a_chat_without_a_handler_is_left_alone", |_| not_routed()),
    ];
    hostile.into_iter().chain(others).collect()
}

fn autoreplying() -> WorldConfig {
    WorldConfig::with("wa-autoreply", &[("replies", "hours: 9 to 5"), ("otherwise", "Sorry?")])
}

fn echoing() -> WorldConfig {
    WorldConfig::with("hostile", &[("mode", "chat-echo")])
}

async fn autoreply(world: World) {
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("what are your hours?");
    let reply = chat.heard().await.expect("a reply");
    assert_eq!((&reply.data["text"], reply.api_version.as_str()), (&"9 to 5".into(), "v1"));
    chat.say("bye");
    assert_eq!(chat.heard().await.expect("a reply").data["text"], "Sorry?");
    assert_eq!(chat.closed().await, CloseReason::SdkRequest);
    assert!(chat.heard().await.is_none());
    world.close().await;
}

async fn in_order() {
    let world = World::simulated(echoing()).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    for wave in 0..8 {
        for n in 0..500 {
            chat.say(&(wave * 500 + n).to_string());
        }
        for n in 0..500 {
            let heard = chat.heard().await.expect("an echo");
            assert_eq!(heard.data["text"], (wave * 500 + n).to_string(), "in order, each once");
        }
    }
    chat.close(CloseReason::ForceClose);
    world.close().await;
    assert_eq!(chat.try_heard(), None);
}

/// How often the guest logged this.
fn logged(log: &TestLog, what: &str) -> usize {
    log.lines_with(what).len()
}

async fn until_logged(log: &TestLog, what: &str, times: usize) {
    clock::until(|| logged(log, what) >= times).await;
}

async fn cut_link(log: Arc<TestLog>) {
    let world = World::simulated(echoing()).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.answer(ChatAnswer::Nothing);
    (0..10).for_each(|n| chat.say(&n.to_string()));
    // The first is under way, and the others wait for it.
    clock::pass(Duration::from_secs(1)).await;
    world.sim.cut_session_managers();
    chat.say("10");
    for n in 1..=10 {
        assert_eq!(chat.heard().await.expect("an echo").data["text"], n.to_string());
    }
    until_logged(&log, "outcome send", 11).await;
    clock::pass(Duration::from_secs(60)).await;
    assert_eq!((logged(&log, "outcome send LINK_LOST"), logged(&log, "outcome send OK")), (1, 10), "one outcome each");
    assert!(chat.is_open());
    chat.close(CloseReason::ForceClose);
    world.close().await;
}

async fn busy_after_a_cut(log: Arc<TestLog>) {
    let world = World::simulated(echoing()).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("hello");
    chat.heard().await.expect("an echo");
    chat.refuse_claim("SESSION_BUSY");
    world.sim.cut_session_managers();
    until_logged(&log, "closed lost", 1).await;
    // It is claimed anew when something is written.
    chat.say("again");
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "again");
    chat.close(CloseReason::ForceClose);
    world.close().await;
}

async fn codes(log: Arc<TestLog>) {
    let world = World::simulated(echoing()).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    let codes = ["INVALID_PAYLOAD", "OVERFLOW", "REMOTE_ERROR", "SOMETHING_NEWER"];
    codes.iter().for_each(|code| chat.answer(ChatAnswer::Refused((*code).to_owned(), Some("why".into()))));
    (0..5).for_each(|n| chat.say(&n.to_string()));
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "4");
    until_logged(&log, "outcome send OK", 1).await;
    codes.iter().for_each(|code| assert_eq!(logged(&log, &format!("outcome send {code}")), 1, "{code}"));
    chat.close(CloseReason::ForceClose);
    world.close().await;
}

async fn flood(log: Arc<TestLog>) {
    let world = World::simulated(WorldConfig::with("hostile", &[("mode", "chat-flood")])).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("go");
    for _ in 0..32 {
        assert_eq!(chat.heard().await.expect("a message").data["text"], "flood");
    }
    assert_eq!(logged(&log, "flood 32 then FULL"), 1);
    chat.close(CloseReason::ForceClose);
    world.close().await;
}

async fn server_closes(log: Arc<TestLog>) {
    let world = World::simulated(echoing()).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("hello");
    chat.heard().await.expect("an echo");
    chat.close(CloseReason::ForceClose);
    until_logged(&log, "closed session-closed", 1).await;
    world.close().await;
}

async fn drained(log: Arc<TestLog>) {
    let world = World::simulated(echoing()).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("hello");
    chat.heard().await.expect("an echo");
    world.close().await;
    assert_eq!(logged(&log, "closed drained"), 1);
    assert!(chat.is_open(), "its session is for another host");
}

async fn fails(mode: &'static str) {
    let world = World::simulated(WorldConfig::with("hostile", &[("mode", mode)])).await;
    let mut chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("hello");
    assert_eq!(chat.closed().await, CloseReason::SdkRequest, "the host closes it");
    world.close().await;
}

/// `echo` handles calls only.
async fn not_routed() {
    let world = World::simulated(WorldConfig::default()).await;
    let chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("hello");
    clock::pass(Duration::from_secs(5)).await;
    assert_eq!(world.sim.counts().claims, 0);
    world.close().await;
}

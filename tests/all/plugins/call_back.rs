//! The call back: asked for by a key or in a chat, placed when the line is free, picked up or not.

use libtest_mimic::Trial;
use sim::{Caller, Outbound, Outcome, Remote, SimConfig, Step};
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

use super::{commands, keys, wait};
use crate::outbound::up;

/// Who asks for it, by telephone and in a chat.
const ASKER: &str = "+15550104477";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        simulated("plugins::call_back_calls_when_the_line_is_free", |_| by_key()),
        simulated("plugins::call_back_tells_a_chat_what_became_of_it", |_| by_chat()),
    ]
}

async fn world(remote: Remote) -> World {
    let base = WorldConfig::with("call-back", &[("plugin", "first")]);
    let sim = SimConfig { outbound: vec![(ASKER.into(), Outbound::rings(remote))], ..base.sim.clone() };
    up(World::simulated(WorldConfig { sim, may_place: true, ..base }).await).await
}

/// Their number is called when they have hung up; they pick up and are connected.
async fn by_key() {
    let mut world = world(Remote::new(Caller::new(vec![wait(20_000)]))).await;
    let script = vec![Step::WaitAnswered, wait(500), keys("1"), wait(60_000)];
    let asked = world.sim.place_call(Caller { from: ASKER.into(), ..Caller::new(script) }).finished().await;
    assert_eq!(asked.outcome, Outcome::AgentClosed);
    assert_eq!(commands(&asked), [("call.answer", None), ("call.close", None)]);
    let called = world.sim.outbound_call().await.finished().await;
    assert_eq!(commands(&called), [("call.answer", None), ("call.connect", None), ("call.close", None)]);
    world.record().await;
    world.record().await;
    world.close().await;
}

async fn by_chat() {
    for (remote, told) in [
        (Remote::new(Caller::new(vec![Step::WaitAnswered, wait(3_000), Step::HangUp])), "Thank you for the call."),
        (Remote::never_answers(5_000), "We could not reach you."),
    ] {
        let mut world = world(remote).await;
        let mut chat = world.sim.open_chat(ASKER, "+15550100");
        chat.say("Please call me");
        assert_eq!(chat.heard().await.expect("a word").data["text"], "We are calling you.");
        assert_eq!(chat.heard().await.expect("a word").data["text"], told);
        chat.close(telcoflow::frame::manager::CloseReason::ForceClose);
        world.record().await;
        world.close().await;
    }
}

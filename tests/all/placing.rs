//! Calls and chats that handlers place, and chats that the operator begins: what becomes of them, who learns of it, and who
//! may not.

use std::sync::Arc;
use std::time::Duration;

use ::call::{ChatEnd, Contact, EndReason};
use exchange::{OutboundCall, Pattern, PlaceRefused, Step};
use libtest_mimic::Trial;
use sim::{Caller, Outbound, Remote, SimConfig};
use switchhook_tests::clock;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::{Neighbour, World, WorldConfig, pairs};
use telcoflow::frame::manager::CloseReason;

use crate::calls::assert_whole_echo;
use crate::outbound::{TO, call, steps, up};

const PERSON: &str = "+15550104477";
const NUMBER: &str = "+15550100";

pub(crate) fn trials() -> Vec<Trial> {
    let languages = ["js", "python", "go", "c"].into_iter().map(|language| {
        simulated(format!("placing::an_sdk_follows_what_it_placed::{language}"), move |log| async move {
            by_sdk(language, log).await;
        })
    });
    let trials = vec![
        simulated("placing::a_handler_learns_every_step_of_its_call", |log| async move {
            every_step(World::simulated(placing("place", ringing(1_000))).await, log).await;
        }),
        real("placing::a_handler_learns_every_step_over_sockets", |log| async move {
            every_step(World::real(placing("place", ringing(1_000))).await, log).await;
        }),
        simulated("placing::a_placed_call_outlives_its_handler", |_| outlives()),
        simulated("placing::a_call_may_be_placed_when_the_own_one_is_over", |_| late()),
        simulated("placing::a_failure_keeps_the_code_of_the_carrier", failures),
        simulated("placing::what_cannot_be_placed_is_refused_at_once", refusals),
        simulated("placing::nobody_reaches_a_plugin_of_another_tenant", other_tenants),
        simulated("placing::a_lost_link_refuses_and_fails", link_lost),
        simulated("placing::a_flood_is_refused", flood),
        simulated("placing::a_chat_places_a_call", from_chat),
        simulated("placing::a_handler_begins_a_chat", begins_chat),
        simulated("placing::a_begun_chat_talks_and_ends", |_| async {
            chat_talks(World::simulated(chatting()).await).await;
        }),
        real("placing::a_begun_chat_talks_over_sockets", |_| async {
            chat_talks(World::real(chatting()).await).await;
        }),
        simulated("placing::a_begun_chat_that_comes_again_keeps_its_plugin", chat_again),
        simulated("placing::a_begun_chat_goes_by_route_on_another_host", |_| chat_elsewhere()),
        simulated("placing::a_chat_that_cannot_be_begun_keeps_its_code", |_| chat_refused()),
        simulated("placing::a_begun_chat_whose_handler_does_not_start_fails", |_| chat_without_handler()),
    ];
    trials.into_iter().chain(languages).collect()
}

/// A telephone that rings at somebody's who says this for so long, and hears it back.
fn ringing(echo_ms: u32) -> Outbound {
    Outbound::rings(Remote::new(Caller::echo(echo_ms)))
}

/// The first plugin places a call to `TO` for the second, an echo.
fn placing(mode: &str, plan: Outbound) -> WorldConfig {
    placing_with(&[("mode", mode), ("to", TO), ("plugin", "other-0")], plan)
}

fn placing_with(config: &[(&str, &str)], plan: Outbound) -> WorldConfig {
    let base = WorldConfig::with("hostile", config);
    let echo = (Pattern::Exact("+15550177".into()), "echo".to_owned(), Vec::new());
    let sim = SimConfig { outbound: vec![(TO.into(), plan)], ..base.sim.clone() };
    WorldConfig { sim, may_place: true, others: vec![echo], ..base }
}

/// Steps that the handler has logged, in order: what follows `step `.
fn told(log: &TestLog) -> Vec<String> {
    let lines = log.lines_with("step ");
    lines.iter().filter_map(|line| Some(line.split_once("step ")?.1.trim().to_owned())).collect()
}

async fn until_told(log: &TestLog, step: &str) {
    clock::until(|| told(log).iter().any(|told| told.contains(step))).await;
}

/// Somebody whose call is answered, and who hangs up after so long.
fn waiting(ms: u32) -> Caller {
    Caller::new(vec![sim::Step::WaitAnswered, sim::Step::Wait { ms }, sim::Step::HangUp])
}

async fn every_step(world: World, log: Arc<TestLog>) {
    let mut world = up(world).await;
    let own = world.sim.place_call(waiting(4_000));
    let remote = world.sim.outbound_call().await;
    let session = remote.session_id().to_owned();
    let (own, placed) = tokio::join!(own.finished(), remote.finished());
    assert_whole_echo(&placed);
    let records = [world.record().await, world.record().await];
    let echo = records.iter().find(|record| record.plugin == "other-0").expect("the echo's");
    assert_eq!((echo.end, echo.session_id.as_str()), (EndReason::Terminated, session.as_str()));
    let expected = [format!("1 claimed {session}"), format!("1 answered {}", echo.id), "1 ended terminated".to_owned()];
    assert_eq!(told(&log), expected);
    assert_ne!(own.session_id, session);
    world.close().await;
}

async fn by_sdk(language: &str, log: Arc<TestLog>) {
    let config = placing_with(&[("only", "place"), ("to", TO), ("plugin", "other-0")], ringing(1_000));
    let world = World::simulated(WorldConfig { plugin: format!("wrappers.{language}"), ..config }).await;
    let mut world = up(world).await;
    let own = world.sim.place_call(waiting(20_000));
    let remote = world.sim.outbound_call().await;
    let (own, placed) = tokio::join!(own.finished(), remote.finished());
    assert_whole_echo(&placed);
    assert_eq!(own.outcome.as_str(), "agent-closed");
    assert_eq!(log.lines_with("wrap placed terminated").len(), 1);
    for _ in 0..2 {
        assert_eq!(world.record().await.trouble, None);
    }
    world.close().await;
}

async fn outlives() {
    let mut world = up(World::simulated(placing("place", ringing(3_000))).await).await;
    let own = world.sim.place_call(waiting(700));
    let remote = world.sim.outbound_call().await;
    let (_, placed) = tokio::join!(own.finished(), remote.finished());
    let first = world.record().await;
    assert_eq!((first.plugin.as_str(), first.end), ("first", EndReason::Terminated));
    assert_whole_echo(&placed);
    assert_eq!(world.record().await.plugin, "other-0");
    world.close().await;
}

async fn late() {
    let mut world = up(World::simulated(placing("place-late", ringing(1_000))).await).await;
    world.sim.place_call(waiting(200)).finished().await;
    let placed = world.sim.outbound_call().await.finished().await;
    assert_whole_echo(&placed);
    world.record().await;
    world.record().await;
    world.close().await;
}

async fn failures(log: Arc<TestLog>) {
    let plans = [
        (Outbound::refused("QUOTA_EXCEEDED"), "QUOTA_EXCEEDED"),
        (Outbound::refused("CHANNEL_NOT_CONFIGURED"), "CHANNEL_NOT_CONFIGURED"),
        (Outbound::rings(Remote::never_answers(3_000)), "CALL_UNANSWERED"),
    ];
    for (plan, code) in plans {
        let world = up(World::simulated(placing("place", plan)).await).await;
        let own = world.sim.place_call(waiting(60_000));
        until_told(&log, &format!("1 failed {code}")).await;
        own.hang_up();
        own.finished().await;
        world.close().await;
    }
}

async fn refusals(log: Arc<TestLog>) {
    let cases = [(TO, "none", "INVALID"), ("+1 555", "other-0", "INVALID"), ("", "other-0", "INVALID")];
    for (to, plugin, code) in cases {
        let config = placing_with(&[("mode", "place"), ("to", to), ("plugin", plugin)], ringing(100));
        refused(World::simulated(config).await, &log, code).await;
    }
    // An echo handles no chats.
    let chat = [("mode", "place"), ("to", TO), ("plugin", "other-0"), ("chat", "1")];
    refused(World::simulated(placing_with(&chat, ringing(100))).await, &log, "INVALID").await;
    let ungranted = WorldConfig { may_place: false, ..placing("place", ringing(100)) };
    refused(World::simulated(ungranted).await, &log, "NOT_GRANTED").await;
    let full = WorldConfig {
        calls_max: 1,
        ..placing_with(&[("mode", "place"), ("to", TO), ("plugin", "first")], ringing(100))
    };
    refused(World::simulated(full).await, &log, "FULL").await;
}

/// One call whose handler is refused so, before the carrier is asked for anything.
async fn refused(world: World, log: &TestLog, code: &str) {
    let world = up(world).await;
    let before = log.lines_with("placing refused").len();
    world.sim.place_call(waiting(500)).finished().await;
    let lines = log.lines_with("placing refused");
    assert_eq!(lines.len(), before + 1);
    assert!(lines[before].contains(&format!("placing refused {code}")), "{}", lines[before]);
    assert_eq!(world.sim.counts().creations, 0);
    world.close().await;
}

async fn other_tenants(log: Arc<TestLog>) {
    let base = placing_with(&[("mode", "place"), ("to", TO), ("plugin", "only")], ringing(100));
    let neighbours = vec![Neighbour::with("other", "+15550999", "echo", &[])];
    let world = World::simulated(WorldConfig { neighbours, ..base }).await;
    refused(world, &log, "INVALID").await;
}

async fn link_lost(log: Arc<TestLog>) {
    let world = up(World::simulated(placing("place-late", ringing(1_000))).await).await;
    let own = world.sim.place_call(waiting(60_000));
    clock::pass(Duration::from_secs(2)).await;
    world.sim.cut_session_managers();
    clock::pass(Duration::from_millis(10)).await;
    // A call that talks needs no session manager; one that is placed does.
    own.hang_up();
    own.finished().await;
    clock::until(|| !log.lines_with("placing refused LINK_LOST").is_empty()).await;
    world.close().await;
}

async fn flood(log: Arc<TestLog>) {
    let mut world = up(World::simulated(placing("flood-place", Outbound::refused("QUOTA_EXCEEDED"))).await).await;
    world.sim.place_call(waiting(2_000)).finished().await;
    assert_eq!(log.lines_with("placed 10 then FULL").len(), 1);
    assert_eq!(world.sim.counts().creations, 10);
    world.record().await;
    world.close().await;
}

async fn from_chat(log: Arc<TestLog>) {
    let mut world = up(World::simulated(placing("chat-place", ringing(1_000))).await).await;
    let chat = world.sim.open_chat(PERSON, NUMBER);
    chat.say("call");
    let placed = world.sim.outbound_call().await.finished().await;
    assert_whole_echo(&placed);
    until_told(&log, "1 ended terminated").await;
    assert_eq!(told(&log).len(), 3);
    world.record().await;
    chat.close(CloseReason::ForceClose);
    world.close().await;
}

async fn begins_chat(log: Arc<TestLog>) {
    let config = [("mode", "place"), ("to", PERSON), ("plugin", "other-1"), ("chat", "1")];
    let mut config = placing_with(&config, ringing(100));
    let echo = pairs(&[("mode", "chat-echo")]);
    config.others.push((Pattern::Exact("+15550178".into()), "hostile".to_owned(), echo));
    let world = up(World::simulated(config).await).await;
    let own = world.sim.place_call(waiting(60_000));
    let mut chat = world.sim.outbound_chat().await;
    chat.say("hello");
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "hello");
    chat.close(CloseReason::ForceClose);
    until_told(&log, "1 ended session-closed").await;
    assert_eq!(told(&log), [format!("1 claimed {}", chat.session_id()), "1 ended session-closed".to_owned()]);
    own.hang_up();
    own.finished().await;
    world.close().await;
}

fn chatting() -> WorldConfig {
    WorldConfig::with("hostile", &[("mode", "chat-echo")])
}

fn a_chat() -> OutboundCall {
    OutboundCall { to: PERSON.into(), contact: Contact::Chat, ..call() }
}

/// A chat that the operator begins.
async fn chat_talks(world: World) {
    let world = up(world).await;
    let placed = world.exchange.place(&a_chat()).await.expect("the chat is begun");
    let mut chat = world.sim.outbound_chat().await;
    assert_eq!(chat.session_id(), placed.session_id());
    chat.say("hello");
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "hello");
    let again = world.exchange.place(&a_chat()).await.expect_err("there is one with them");
    assert_eq!(again.code(), "SESSION_ALREADY_EXISTS");
    chat.close(CloseReason::ForceClose);
    assert_eq!(steps(placed).await, [Step::Closed(ChatEnd::SessionClosed)]);
    world.close().await;
}

/// Another socket has it for a while, and then it is announced again: its own plugin gets it, not the one of the routes.
async fn chat_again(log: Arc<TestLog>) {
    let base = WorldConfig::with("wa-autoreply", &[("otherwise", "Sorry?")]);
    let echo = (Pattern::Exact("+15550178".into()), "hostile".to_owned(), pairs(&[("mode", "chat-echo")]));
    let world = up(World::simulated(WorldConfig { others: vec![echo], ..base }).await).await;
    let begun = OutboundCall { plugin: Some("other-0".into()), ..a_chat() };
    let placed = world.exchange.place(&begun).await.expect("the chat is begun");
    let mut chat = world.sim.outbound_chat().await;
    chat.say("hello");
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "hello");
    chat.refuse_claim("SESSION_BUSY");
    world.sim.cut_session_managers();
    assert_eq!(steps(placed).await, [Step::Closed(ChatEnd::Lost)]);
    chat.say("again");
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "again");
    assert_eq!(log.lines_with("closed lost").len(), 1);
    chat.close(CloseReason::ForceClose);
    world.close().await;
}

/// A host that never knew of it goes by its routes: the wire does not say who began a chat, or for whom.
async fn chat_elsewhere() {
    let world = up(World::simulated(chatting()).await).await;
    world.exchange.place(&a_chat()).await.expect("the chat is begun");
    let mut chat = world.sim.outbound_chat().await;
    chat.say("hello");
    assert_eq!(chat.heard().await.expect("an echo").data["text"], "hello");
    let second = world.beside(WorldConfig::with("wa-autoreply", &[("otherwise", "Sorry?")]));
    clock::until(|| second.exchange.connectors().iter().any(|connector| connector.up)).await;
    world.leave().await;
    chat.say("again");
    assert_eq!(chat.heard().await.expect("a reply").data["text"], "Sorry?");
    chat.close(CloseReason::ForceClose);
    second.close().await;
}

async fn chat_refused() {
    for code in ["QUOTA_EXCEEDED", "CHANNEL_NOT_CONFIGURED"] {
        let base = chatting();
        let sim = SimConfig { outbound: vec![(PERSON.into(), Outbound::refused(code))], ..base.sim.clone() };
        let world = up(World::simulated(WorldConfig { sim, ..base }).await).await;
        let refused = world.exchange.place(&a_chat()).await.expect_err("the carrier refuses");
        assert_eq!(refused.code(), code);
        world.close().await;
    }
    let world = up(World::simulated(WorldConfig::default()).await).await;
    let refused = world.exchange.place(&a_chat()).await.expect_err("an echo handles no chats");
    assert_eq!(refused, PlaceRefused::Unfit);
    assert_eq!(world.sim.counts().creations, 0);
    world.close().await;
}

async fn chat_without_handler() {
    let base = chatting();
    // Less than the guest needs to begin with.
    let limits = sandbox::GuestLimits { memory_bytes_max: 1 << 10, ..base.limits.clone() };
    let world = up(World::simulated(WorldConfig { limits, ..base }).await).await;
    let placed = world.exchange.place(&a_chat()).await.expect("the carrier has a session for it");
    let mut chat = world.sim.outbound_chat().await;
    assert_eq!(chat.closed().await, CloseReason::SdkRequest, "the session is given back");
    assert_eq!(crate::outbound::failed(&steps(placed).await), "HANDLER_FAILED");
    clock::pass(Duration::from_secs(1)).await;
    world.close().await;
}

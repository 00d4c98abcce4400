//! Who is hosted changes while calls and chats go on, under a virtual clock: what is kept, what follows, what is refused.

use std::sync::Arc;
use std::time::Duration;

use ::sandbox::GuestSetup;
use exchange::{ConnectorReload, PluginReload, Quota, Reload, ReloadRefused, Route, TenantReload};
use libtest_mimic::Trial;
use sim::{Caller, Outcome};
use switchhook_tests::clock;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("reload::a_connector_that_cannot_follow_leaves_the_old_one_a_while", cannot_follow),
        simulated("reload::chats_are_left_when_the_last_call_is_over", chats_are_left),
        simulated("reload::what_is_not_there_cannot_be_kept", |_| not_there()),
        simulated("reload::quotas_places_and_settings_hold_from_the_next_call_on", |_| next_call()),
    ]
}

/// The tenant that every world has, as it is.
fn as_it_is() -> TenantReload {
    TenantReload {
        name: "acme".into(),
        quota: Quota::default(),
        connectors: vec![ConnectorReload::Keep("main".into())],
        plugins: vec![PluginReload::Keep("first".into())],
        routes: vec![Route { plugin: "first".into(), ..Route::default() }],
    }
}

fn reload(world: &World, tenant: TenantReload) -> Result<(), ReloadRefused> {
    world.exchange.handle().reload(Reload { tenants: vec![tenant] })
}

fn starting(world: &World, config: &WorldConfig) -> TenantReload {
    let connector = Box::new(world.connector(config, "main", &config.api_key));
    TenantReload { connectors: vec![ConnectorReload::Start(connector)], ..as_it_is() }
}

async fn outcome(world: &World) -> Outcome {
    let caller = Caller { ring_ms: 500, ..Caller::echo(100) };
    world.sim.place_call(caller).finished().await.outcome
}

async fn cannot_follow(log: Arc<TestLog>) {
    let world = World::simulated(WorldConfig::default()).await;
    let wrong = WorldConfig { api_key: "another key".into(), ..WorldConfig::default() };
    reload(&world, starting(&world, &wrong)).expect("it is taken");
    clock::until(|| world.sim.counts().refusals > 0).await;
    assert_eq!(log.expect_errors("refuses"), 1);
    assert_eq!(outcome(&world).await, Outcome::CallerHungUp, "the one before still takes calls");
    clock::pass(Duration::from_millis(exchange::limits::SUCCESSOR_MS_MAX)).await;
    assert_eq!(outcome(&world).await, Outcome::Unanswered, "not for ever");
    clock::until(|| world.sim.session_managers_up() == 0).await;
    // What was wrong is put right: another one follows, and nothing is left of those before.
    reload(&world, starting(&world, &WorldConfig::default())).expect("it is taken");
    world.sim.session_managers(1).await;
    assert_eq!(outcome(&world).await, Outcome::CallerHungUp);
    assert_eq!(world.exchange.connectors().len(), 1);
    world.close().await;
}

async fn chats_are_left(_: Arc<TestLog>) {
    let config = || WorldConfig::with("hostile", &[("mode", "chat-echo")]);
    let others = vec![(exchange::Pattern::Exact("+15550199".into()), "echo".to_owned(), Vec::new())];
    let world = World::simulated(WorldConfig { others, ..config() }).await;
    let mut chat = world.sim.open_chat("+15550104477", "+15550100");
    chat.say("hello");
    chat.heard().await.expect("an echo");
    let mut call = world.sim.place_call(Caller::echo(3_000));
    assert!(call.reached(sim::Milestone::Answered).await);
    world.exchange.handle().reload(Reload::default()).expect("it is taken");
    assert_eq!(world.exchange.handle().tenants().len(), 0);
    chat.say("still there?");
    chat.heard().await.expect("as long as a call holds the link");
    let report = call.finished().await;
    assert_eq!((report.outcome, report.frames_unsent), (Outcome::CallerHungUp, 0));
    clock::until(|| world.sim.session_managers_up() == 0).await;
    assert!(chat.is_open(), "its session is for whoever is told of it next");
    assert_eq!(outcome(&world).await, Outcome::Unanswered);
    world.close().await;
}

async fn not_there() {
    let world = World::simulated(WorldConfig::default()).await;
    let other = |connector: &str, plugin: &str, tenant: &str| TenantReload {
        name: tenant.into(),
        connectors: vec![ConnectorReload::Keep(connector.into())],
        plugins: vec![PluginReload::Keep(plugin.into())],
        routes: Vec::new(),
        ..as_it_is()
    };
    for (wanted, what) in [
        (other("spare", "first", "acme"), "connector spare of acme"),
        (other("main", "second", "acme"), "plugin second of acme"),
        (other("main", "first", "ajax"), "connector main of ajax"),
    ] {
        assert_eq!(reload(&world, wanted), Err(ReloadRefused::Unknown(what.to_owned())));
        assert_eq!(outcome(&world).await, Outcome::CallerHungUp, "nothing has changed");
    }
    assert_eq!(world.sim.counts().links, 1);
    world.exchange.handle().request_drain();
    assert_eq!(reload(&world, as_it_is()), Err(ReloadRefused::Draining));
    world.close().await;
}

async fn next_call() {
    let world = World::simulated(WorldConfig::default()).await;
    let mut call = world.sim.place_call(Caller::echo(5_000));
    assert!(call.reached(sim::Milestone::Answered).await);
    let quota = Quota { calls_max: Some(1), ..Quota::default() };
    reload(&world, TenantReload { quota, ..as_it_is() }).expect("it is taken");
    assert_eq!(outcome(&world).await, Outcome::Unanswered, "the quota's one call is here");
    let plugin = |calls_max| PluginReload::Renew {
        name: "first".into(),
        setup: GuestSetup::default(),
        faults: Arc::default(),
        calls_max,
    };
    reload(&world, TenantReload { plugins: vec![plugin(1)], ..as_it_is() }).expect("it is taken");
    assert_eq!(world.exchange.handle().tenants()[0].quota.quota, Quota::default());
    assert_eq!(outcome(&world).await, Outcome::Unanswered, "the plugin's one call is here");
    reload(&world, TenantReload { plugins: vec![plugin(2)], ..as_it_is() }).expect("it is taken");
    assert_eq!(outcome(&world).await, Outcome::CallerHungUp);
    let report = call.finished().await;
    assert_eq!((report.outcome, report.frames_unsent), (Outcome::CallerHungUp, 0));
    assert_eq!(world.sim.counts().links, 1);
    world.close().await;
}

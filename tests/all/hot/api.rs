//! What the admin interface does with versions, and what it refuses.

use std::sync::Arc;

use ::sandbox::CompileLimits;
use libtest_mimic::Trial;
use loader::{LoadRefused, Loader};
use registry::RegistryError;
use serde_json::Value;
use sim::Caller;
use switchhook_tests::components::bytes;
use switchhook_tests::run::{real, threaded};
use switchhook_tests::world::{World, WorldConfig};

use super::kit::{Hot, Keep, hosted, slot, variant};
use crate::admin::client::{Admin, Reply};
use crate::calls::assert_whole_echo;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        real("hot::a_pushed_version_answers_the_next_call", |_| pushed()),
        threaded("hot::what_widens_is_shown_and_wants_an_approval", 2, |_| widens()),
        threaded("hot::what_cannot_be_used_is_refused_and_changes_nothing", 2, |_| refused()),
        threaded("hot::tenants_do_not_reach_each_others_versions", 2, |_| tenants()),
        threaded("hot::a_host_without_a_registry_says_so", 2, |_| without()),
        threaded("hot::no_more_than_so_many_are_brought_in_at_once", 2, |_| places()),
    ]
}

const PLUGIN: &str = "/v1/tenants/acme/plugins/first";

async fn put(admin: &Admin, path: &str, wasm: &[u8]) -> Reply {
    let headers = format!("{}content-type: application/wasm\r\ncontent-length: {}\r\n", admin.bearer(), wasm.len());
    admin.raw_bytes("PUT", path, &headers, wasm).await
}

async fn promote(admin: &Admin, number: &Value, query: &str) -> Reply {
    admin.request("POST", &format!("{PLUGIN}/promote{query}"), &format!(r#"{{"version":{number}}}"#)).await
}

async fn rollback(admin: &Admin) -> Reply {
    admin.post(&format!("{PLUGIN}/rollback")).await
}

/// The plugin as it is listed.
async fn listed(admin: &Admin) -> Value {
    admin.get("/v1/tenants/acme/plugins").await.json()["plugins"][0].clone()
}

fn version(plugin: &Value, number: &Value) -> Value {
    let versions = plugin["versions"].as_array().expect("a list");
    versions.iter().find(|version| version["number"] == *number).expect("it is listed").clone()
}

async fn pushed() {
    let mut hot = Hot::new(WorldConfig::default(), CompileLimits::default()).await;
    let mut next = crate::admin::follow(&hot.desk.admin).await;
    let wasm = variant("echo", 1, 0);
    let brought = put(&hot.desk.admin, PLUGIN, &wasm).await;
    assert_eq!(brought.status, 201, "{brought:?}");
    let brought = brought.json();
    assert_eq!((&brought["interface"], &brought["known"]), (&"call-handler".into(), &false.into()), "{brought}");
    assert_eq!((&brought["number"], &brought["size_bytes"]), (&1.into(), &wasm.len().into()), "{brought}");
    assert!(brought["compile_ms"].is_u64() && brought["also_wants"] == Value::Array(Vec::new()), "{brought}");

    // It is kept, and calls go where they went.
    let call = hot.desk.world.sim.place_call(Caller::echo(100));
    assert_whole_echo(&call.finished().await);
    assert_ne!(hot.desk.world.record().await.version, brought["version"].as_str().expect("text"));
    let again = put(&hot.desk.admin, PLUGIN, &wasm).await;
    assert_eq!((again.status, &again.json()["known"]), (200, &true.into()), "{again:?}");

    let live = promote(&hot.desk.admin, &brought["number"], "").await;
    assert_eq!(live.status, 200, "{live:?}");
    assert_eq!(live.json()["digest"], brought["digest"]);
    let call = hot.desk.world.sim.place_call(Caller::echo(100));
    assert_whole_echo(&call.finished().await);
    assert_eq!(hot.desk.world.record().await.version, brought["version"].as_str().expect("text"));
    let mut told = Vec::new();
    while told.last().is_none_or(|name| name != "version.served") {
        let (name, data) = next().await;
        if name.starts_with("version.") && data["version"] == brought["version"] {
            told.push(name);
        }
    }
    assert_eq!(told, ["version.live", "version.served"]);
    let plugin = listed(&hot.desk.admin).await;
    let shown = version(&plugin, &brought["number"]);
    assert_eq!((&plugin["live"], &shown["live"], &shown["origin"]), (&1.into(), &true.into(), &"upload".into()));
    for time in ["live_unix_ms", "first_call_unix_ms", "added_unix_s"] {
        assert!(shown[time].as_u64().is_some_and(|time| time > 0), "{time}: {shown}");
    }
    assert_eq!(shown["compile_ms"], brought["compile_ms"]);

    // There, back, and back again.
    let second = put(&hot.desk.admin, PLUGIN, &variant("echo", 2, 0)).await.json();
    assert_eq!(promote(&hot.desk.admin, &second["number"], "").await.status, 200);
    assert_eq!(listed(&hot.desk.admin).await["previous"], 1);
    for number in [1, 2, 1] {
        let back = rollback(&hot.desk.admin).await;
        assert_eq!((back.status, &back.json()["number"]), (200, &number.into()), "{back:?}");
        assert_eq!(hot.slot.live().and_then(|live| live.number()), Some(number));
    }
    hot.close().await;
}

async fn widens() {
    let hot = Hot::new(WorldConfig::default(), CompileLimits::default()).await;
    let admin = &hot.desk.admin;
    let echo = put(admin, PLUGIN, &variant("echo", 1, 0)).await.json();
    assert_eq!(promote(admin, &echo["number"], "").await.status, 200);
    let brought = put(admin, PLUGIN, &bytes("voicemail")).await.json();
    let also = &brought["also_wants"][0];
    assert_eq!(
        (&also["interface"], &also["grant"], &also["granted"]),
        (&"recording".into(), &"recording".into(), &false.into())
    );
    for query in ["", "?approve=false"] {
        let refused = promote(admin, &brought["number"], query).await;
        refused.assert_problem(409, "widens");
        let detail = refused.json()["detail"].as_str().expect("text").to_owned();
        assert!(detail.starts_with("this version also wants recording"), "{detail}");
    }
    assert_eq!(listed(admin).await["live"], echo["number"]);
    assert_eq!(promote(admin, &brought["number"], "?approve=true").await.status, 200);
    // What was live before was agreed to before.
    for number in [&echo["number"], &brought["number"]] {
        assert_eq!(rollback(admin).await.json()["number"], *number);
    }
    // Of WASI's interfaces one needs a grant: that of hosts.
    let also = &put(admin, PLUGIN, &bytes("wasi-http")).await.json()["also_wants"];
    assert_eq!((also.as_array().map(Vec::len), &also[0]["interface"]), (Some(1), &"wasi:http".into()), "{also}");
    assert_eq!((&also[0]["grant"], &also[0]["granted"]), (&"hosts".into(), &false.into()), "{also}");
    let fewer = put(admin, PLUGIN, &variant("echo", 2, 0)).await.json();
    assert_eq!(promote(admin, &fewer["number"], "").await.status, 200, "less is not more");
    hot.close().await;
}

async fn refused() {
    let hot = Hot::new(WorldConfig::default(), CompileLimits::default()).await;
    let admin = &hot.desk.admin;
    rollback(admin).await.assert_problem(409, "conflict");
    let good = put(admin, PLUGIN, &variant("echo", 1, 0)).await.json();
    assert_eq!(promote(admin, &good["number"], "").await.status, 200);
    let live = hot.slot.live().expect("a live version");

    for (wasm, words) in [
        (Vec::new(), "this is not WebAssembly"),
        (b"garbage".to_vec(), "this is not WebAssembly"),
        (b"\0asm\x01\0\0\0".to_vec(), "core module"),
        (bytes("wrong-world"), "exports no function `handle`"),
        (bytes("echo")[..40_000].to_vec(), "malformed"),
        (bytes("wa-autoreply"), "it handles no calls"),
    ] {
        let reply = put(admin, PLUGIN, &wasm).await;
        reply.assert_problem(422, "refused");
        assert!(reply.body.contains(words), "{words}: {reply:?}");
    }
    let long = format!("{}content-length: 67108865\r\n", admin.bearer());
    admin.raw("PUT", PLUGIN, &long, "").await.assert_problem(413, "too-large");
    for path in
        ["/v1/tenants/acme/plugins/nothing", "/v1/tenants/nobody/plugins/first", "/v1/tenants/a%2Fb/plugins/%ff"]
    {
        let status = put(admin, path, &bytes("echo")).await.status;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
    promote(admin, &2.into(), "").await.assert_problem(404, "not-found");
    promote(admin, &"one".into(), "").await.assert_problem(422, "unusable");
    promote(admin, &good["number"], "?approve=perhaps").await.assert_problem(400, "bad-request");
    for (method, path) in
        [("PUT", PLUGIN.to_owned()), ("POST", format!("{PLUGIN}/promote")), ("POST", format!("{PLUGIN}/rollback"))]
    {
        admin.raw(method, &path, "", "").await.assert_problem(401, "unauthorized");
    }
    assert!(Arc::ptr_eq(&live, &hot.slot.live().expect("a live version")), "nothing has changed");
    assert_eq!(listed(admin).await["versions"].as_array().map(Vec::len), Some(2), "nothing was added");
    hot.close().await;
}

/// Two tenants of one registry, each with a plugin `first`.
async fn tenants() {
    let (acme, globex) = (World::real(WorldConfig::default()).await, World::real(WorldConfig::default()).await);
    let keep = Keep::new(CompileLimits::default());
    let (ours, theirs) = (slot(&acme), slot(&globex));
    let plugins = vec![
        hosted("acme", &ours, loader::Source::File("a".into())),
        hosted("globex", &theirs, loader::Source::File("b".into())),
    ];
    let loader = Loader::new(keep.stock.clone(), plugins, Arc::new(()));
    let push = async |tenant: &str, number| {
        let place = loader.place(tenant, "first").expect("a place");
        let pushed = loader.push(tenant, "first", variant("echo", number, 0).into(), "test", place).await;
        pushed.expect("it is good").receipt
    };
    let theirs_only = push("globex", 1).await;
    loader.promote("globex", "first", theirs_only.number, false).await.expect("it is theirs");
    let foreign = loader.promote("acme", "first", theirs_only.number, true).await;
    assert!(matches!(foreign, Err(LoadRefused::Registry(RegistryError::NoSuchVersion { .. }))), "{foreign:?}");
    assert!(matches!(loader.rollback("acme", "first").await, Err(LoadRefused::Registry(RegistryError::NothingBefore))));
    assert_eq!(ours.live().and_then(|live| live.number()), None, "what it started with");
    // The same bytes are each tenant's own version.
    let same = push("acme", 1).await;
    assert_eq!((same.number, &same.digest), (1, &theirs_only.digest));
    push("acme", 2).await;
    let numbers = async |tenant: &str| {
        let listed = loader.list(tenant).await.expect("it can be read");
        let entry = listed[0].entry.clone().expect("there are versions");
        entry.versions.iter().map(|version| version.number).collect::<Vec<_>>()
    };
    assert_eq!((numbers("acme").await, numbers("globex").await), (vec![1, 2], vec![1]));
    acme.close().await;
    globex.close().await;
}

async fn without() {
    let desk = crate::admin::client::Desk::new(WorldConfig::default()).await;
    put(&desk.admin, PLUGIN, &bytes("echo")).await.assert_problem(409, "conflict");
    rollback(&desk.admin).await.assert_problem(409, "conflict");
    let plugin = listed(&desk.admin).await;
    assert_eq!((&plugin["live"], &plugin["versions"][0]["live"]), (&Value::Null, &true.into()), "{plugin}");
    desk.close().await;
}

async fn places() {
    let hot = Hot::new(WorldConfig::default(), CompileLimits::default()).await;
    let mut held = Vec::new();
    for _ in 0..loader::limits::PUSHES_MAX {
        held.push(hot.loader.place("acme", "first").expect("a place"));
    }
    put(&hot.desk.admin, PLUGIN, &bytes("echo")).await.assert_problem(503, "unavailable");
    held.pop();
    assert_eq!(put(&hot.desk.admin, PLUGIN, &bytes("echo")).await.status, 201);
    drop(held);
    hot.close().await;
}

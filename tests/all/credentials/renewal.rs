//! Certificates that are renewed while calls are up.

use std::sync::Arc;
use std::time::Duration;

use admin::Watch;
use carriers::{TcpDialer, TlsFile};
use exchange::Exchange;
use libtest_mimic::Trial;
use sim::{Caller, Milestone, Plane, Simulator};
use switchhook::plugins::Plugins;
use switchhook::reload::Reloader;
use switchhook::services::Services;
use switchhook::{config, running};
use switchhook_tests::certificates::{Issued, Valid};
use switchhook_tests::clock;
use switchhook_tests::components::{root, sandbox};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::real;
use switchhook_tests::world::{World, WorldConfig};
use tracing::Level;

use super::{Desk, HOST, assert_serves, without_key, world};
use crate::calls::assert_whole_echo;

const RENEWED: &str = "a renewed file of TLS is in use";
const KEPT: &str = "a file of TLS changed and cannot be used: the one before stays in use";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("credentials::a_certificate_is_renewed_during_a_call", |log| async move { during_a_call(&log).await }),
        real("credentials::a_half_replaced_pair_keeps_the_old_one", |log| async move { half_replaced(&log).await }),
        real("credentials::another_certificate_is_named_by_a_reload", |log| async move { another(&log).await }),
        real("credentials::a_ca_is_renewed", |log| async move { authority(&log).await }),
    ]
}

/// The certificates that the server saw, one for each session-manager socket.
fn shown(sim: &Simulator) -> Vec<Option<String>> {
    let managers = sim.upgrades().into_iter().filter(|upgrade| upgrade.plane == Plane::SessionManager);
    managers.map(|upgrade| upgrade.certificate_sha256).collect()
}

/// Cuts the session manager and waits for the next one, which must show this certificate.
async fn reconnects_with(world: &World, issued: &Issued) {
    let before = shown(&world.sim).len();
    world.sim.cut_session_managers();
    world.sim.session_managers(1).await;
    let shown = shown(&world.sim);
    assert_eq!(shown.len(), before + 1);
    assert_eq!(shown.last(), Some(&Some(issued.sha256.clone())));
}

fn warned(log: &TestLog) -> Vec<String> {
    log.lines_at(Level::WARN, KEPT)
}

/// The call goes on over its socket, and the session manager that is lost meanwhile comes back with the new certificate.
async fn during_a_call(log: &TestLog) {
    let desk = Desk::new();
    let (old, new) = (desk.known(), desk.known());
    let mut world = world(without_key(desk.client(&old)), desk.good_server(&desk.known_clients())).await;
    world.sim.session_managers(1).await;
    let mut call = world.sim.place_call(Caller::echo(4_000));
    assert!(call.reached(Milestone::Answered).await);
    desk.client(&new);
    reconnects_with(&world, &new).await;
    assert_eq!(log.lines_at(Level::INFO, RENEWED).len(), 1);
    assert_eq!(world.exchange.calls().len(), 1, "the call is still up");
    let report = call.finished().await;
    assert_whole_echo(&report);
    assert_eq!(report.voice_sockets, 1);
    assert_eq!(world.record().await.end.as_str(), "terminated");
    assert_serves(&mut world).await;
    assert_eq!(shown(&world.sim), [Some(old.sha256), Some(new.sha256)]);
    assert_eq!(warned(log), <[String; 0]>::default());
    world.close().await;
}

/// The certificate comes before its key; then the key, half of it first.
async fn half_replaced(log: &TestLog) {
    let desk = Desk::new();
    let (old, new) = (desk.known(), desk.known());
    let mut world = world(without_key(desk.client(&old)), desk.good_server(&desk.known_clients())).await;
    assert_serves(&mut world).await;
    desk.folder.put("client.pem", &new.cert_pem);
    for _ in 0..2 {
        reconnects_with(&world, &old).await;
    }
    let lines = warned(log);
    assert_eq!(lines.len(), 1, "said once: {lines:?}");
    let key = TlsFile::Key.config_key();
    assert!(lines[0].contains(key) && lines[0].contains("is not the private key of the certificate in"), "{lines:?}");
    assert!(lines[0].contains("put the certificate and the key of one pair there"), "{lines:?}");

    desk.folder.put("client.key", &new.key_pem[..new.key_pem.len() / 2]);
    for _ in 0..2 {
        reconnects_with(&world, &old).await;
    }
    let lines = warned(log);
    assert_eq!(lines.len(), 2, "another reason is said again: {lines:?}");
    assert!(lines[1].contains("holds PEM that is broken or not complete"), "{lines:?}");

    desk.folder.put("client.key", &new.key_pem);
    reconnects_with(&world, &new).await;
    assert_eq!((warned(log).len(), log.lines_at(Level::INFO, RENEWED).len()), (2, 1));
    std::fs::remove_file(desk.folder.path("client.key")).expect("it was there");
    reconnects_with(&world, &new).await;
    assert!(warned(log)[2].contains("does not exist"), "{:?}", warned(log));
    assert_serves(&mut world).await;
    world.close().await;
}

/// The configuration names other files: another connector dials with them, and the call goes on. Files that are not there change
/// nothing.
async fn another(log: &TestLog) {
    let desk = Desk::new();
    let (old, new) = (desk.known(), desk.known());
    desk.client(&old);
    desk.folder.put_pair("next", &new);
    let sim = Simulator::new(WorldConfig::default().sim);
    let address = sim.listen_tls(&format!("{HOST}:0"), desk.good_server(&desk.known_clients())).await;
    let address = address.expect("a free port");
    let echo = root().join("plugins/echo.wasm");
    let text = |pair: &str| {
        format!(
            "[[tenant]]\nname = \"acme\"\n[[tenant.telcoflow]]\nname = \"main\"\nbase_url = \"wss://{address}\"\n\
             cert_path = \"{pair}.pem\"\nkey_path = \"{pair}.key\"\nca_path = \"servers.pem\"\n\
             [[tenant.plugin]]\nname = \"echo\"\nsource = {echo:?}\n[[tenant.route]]\nplugin = \"echo\"\n"
        )
    };
    let file = desk.folder.put("t.toml", &text("client"));
    let config = config::load(&file, &|_| None).expect("a good file");
    let services = Services::open(&config).expect("nothing is granted");
    let (plugins, _) = Plugins::load(&config, sandbox(), None, &services).await;
    let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
    let exchange = running::exchange_config(&config, plugins, &services, dialer, Arc::new(())).expect("good files");
    let mut exchange = Exchange::start(exchange);
    let watch = Arc::new(Watch::default());
    let reloader = Reloader::new(config, services, exchange.handle(), None, watch).expect("a thread");
    sim.session_managers(1).await;
    let mut call = sim.place_call(Caller::echo(3_000));
    assert!(call.reached(Milestone::Answered).await);

    desk.folder.put("t.toml", &text("gone"));
    let refused = reloader.reload().await.expect_err("there is no such file");
    let admin::ReloadRefused::Problems(problems) = refused else { panic!("{refused:?}") };
    assert!(problems.iter().any(|problem| problem.contains("gone.pem")), "{problems:?}");
    assert_eq!(shown(&sim).len(), 1);
    desk.folder.put("t.toml", &text("next"));
    let reloaded = reloader.reload().await.expect("it is good");
    assert_eq!(reloaded.changes, ["tenant acme: connector main changed"]);
    clock::until(|| shown(&sim).len() == 2).await;
    assert_eq!(shown(&sim), [Some(old.sha256), Some(new.sha256)]);
    let report = call.finished().await;
    assert_whole_echo(&report);
    assert_eq!(report.voice_sockets, 1);
    exchange.drain(Duration::from_secs(30)).await;
    sim.shutdown().await;
    assert_eq!(log.lines_with("the configuration is refused").len(), 1);
}

/// Voice sockets read the CA again too: a server that is signed by the next one is trusted without a restart.
async fn authority(log: &TestLog) {
    let (desk, next) = (Desk::new(), Desk::new());
    let known = desk.known();
    let mut world = world(without_key(desk.client(&known)), desk.good_server(&desk.known_clients())).await;
    assert_serves(&mut world).await;
    desk.folder.put("servers.pem", "a word");
    assert_serves(&mut world).await;
    assert_eq!(warned(log).len(), 1);
    assert!(warned(log)[0].contains("holds no PEM"), "{:?}", warned(log));

    desk.folder.put("servers.pem", &(desk.servers.pem() + &next.servers.pem()));
    let shown = next.servers.issue("server", &[HOST], Valid::Now);
    let moved = world.sim.listen_tls(&format!("{HOST}:0"), desk.server(&shown, &desk.known_clients())).await;
    world.sim.set_public_base(&format!("wss://{}", moved.expect("a free port")));
    assert_serves(&mut world).await;
    assert_eq!((warned(log).len(), log.lines_at(Level::INFO, RENEWED).len()), (1, 1));
    reconnects_with(&world, &known).await;
    world.close().await;
}
